#!/usr/bin/env bash
# zlib-rs 0.6.8 (by flate2 1.1.10): inflating changes bytes behind those that it says it has written.
#
# A caller that gives a buffer with something in it, and goes by the count that comes back, finds some
# bytes (7 to 30 here) behind that count overwritten, since copies are made in whole vectors. C's zlib
# leaves them alone. Who keeps other data in the rest of one buffer, or compares it, has to know.
# Source: zlib's own manual on inflate (next_out and avail_out say what was written); flate2, Decompress.
set -euo pipefail

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

mkdir "$dir/src"
cat >"$dir/Cargo.toml" <<'TOML'
[package]
name = "behind"
version = "0.1.0"
edition = "2021"

[dependencies]
flate2 = { version = "=1.1.10", default-features = false, features = ["zlib-rs"] }
zlib-rs = "=0.6.8"
TOML
cat >"$dir/src/main.rs" <<'RUST'
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};

fn main() {
    let content: Vec<u8> = (0..2000_u32).map(|n| (n % 7) as u8).collect();
    let mut packed = Vec::with_capacity(4096);
    let mut compress = Compress::new(Compression::default(), false);
    compress.compress_vec(&content, &mut packed, FlushCompress::Finish).unwrap();

    let mut most = 0;
    for length in 1..=packed.len() {
        let mut buffer = vec![0xaa_u8; 4096];
        let mut inflate = Decompress::new(false);
        inflate.decompress(&packed[..length], &mut buffer, FlushDecompress::None).unwrap();
        let count = inflate.total_out() as usize;
        most = most.max(buffer[count..].iter().filter(|byte| **byte != 0xaa).count());
    }
    println!("bytes changed behind the count, at most: {most}");
    assert!(most > 0);
}
RUST
cargo run --quiet --manifest-path "$dir/Cargo.toml" --target-dir "$dir/target"
