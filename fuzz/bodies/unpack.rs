//! Unpacks whatever comes: no panic, and nothing outside the folder is touched.
//!
//! The input is a tar archive; the target sets the checksums and gzips it, because a fuzzer does
//! not guess them.

use std::fs;
use std::io::{Cursor, Write};

use archive::Limits;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Takes one input.
pub fn run(data: &[u8]) {
    let limits = Limits { bytes: 1 << 20, entries: 200, ratio: 200, ratio_from: 1 << 20 };
    let mut tar = data.to_vec();
    for header in tar.chunks_exact_mut(512).filter(|block| block[257..].starts_with(b"ustar")) {
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    encoder.write_all(&tar).expect("memory takes it");
    let gzipped = encoder.finish().expect("memory takes it");

    let outside = tempfile::tempdir().expect("a temporary folder");
    let into = outside.path().join("build");
    fs::create_dir_all(into.join("there")).expect("a folder");
    fs::write(outside.path().join("secret"), "secret").expect("a file");
    // Links that are there before, one that stays inside and one that does not.
    std::os::unix::fs::symlink("there", into.join("in")).expect("a link");
    std::os::unix::fs::symlink("..", into.join("out")).expect("a link");

    for archive in [&gzipped[..], data] {
        let checked = archive::inspect(archive, Some(&into), &limits);
        let unpacked = archive::unpack(Cursor::new(archive), &into, &limits);
        if let (Err(refused), Ok(_)) = (&checked, &unpacked) {
            panic!("refused and unpacked: {refused}");
        }
    }
    let names: Vec<_> = fs::read_dir(outside.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(fs::read(outside.path().join("secret")).expect("a file"), b"secret");
}
