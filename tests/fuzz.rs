//! What the fuzz targets do, without a fuzzer: with each file of the corpus as it is, and changed at
//! random some hundred times, the same in every run. A finding is to become a file of the corpus.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[path = "../fuzz/bodies/mod.rs"]
mod bodies;

/// What parsers look for.
const TOKENS: [&[u8]; 24] = [
    b"\0",
    b"\n",
    b"\r\n",
    b"\t",
    b" ",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\\ud800",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b",",
    b"null",
    b"-1e999",
    b"/",
    b"..",
    b"%2F",
    b"+",
    b"*",
    b"\xff",
    b"\xef\xbb\xbf",
];

/// A small generator of numbers that look random; no test needs more.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    /// A part of a text; it may be empty.
    fn part(&mut self, length: usize) -> std::ops::Range<usize> {
        let start = self.below(length + 1);
        start..start + self.below((length - start).min(40) + 1)
    }
}

/// One change: something goes, comes twice, is turned, or comes from elsewhere.
fn change(text: &mut Vec<u8>, others: &[Vec<u8>], draw: &mut Draw) {
    let part = draw.part(text.len());
    let at = draw.below(text.len() + 1);
    match draw.below(7) {
        0 => _ = text.drain(part),
        1 => {
            let copy = text[part].to_vec();
            text.splice(at..at, copy);
        }
        2 => text.truncate(at),
        3 => {
            let other = &others[draw.below(others.len())];
            let piece = other[draw.part(other.len())].to_vec();
            text.splice(part, piece);
        }
        4 if at < text.len() => text[at] ^= 1 << draw.below(8),
        _ => {
            let token = TOKENS[draw.below(TOKENS.len())];
            text.splice(at..at, token.iter().copied());
        }
    }
}

/// Runs the target with the corpus, and with `number` changed forms of each file.
fn replay(target: &str, number: usize, run: fn(&[u8])) {
    let folder = format!("{}/../fuzz/corpus/{target}", env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 4, "a corpus of {} files", files.len());
    let texts: Vec<Vec<u8>> = files.iter().map(|path| fs::read(path).unwrap()).collect();
    let mut draw = Draw(number as u64);
    for (file, text) in files.iter().zip(&texts) {
        for round in 0..=number {
            let mut changed = text.clone();
            // First as it is; then a few changes, at times a few more.
            let changes = if round == 0 { 0 } else { 1 + draw.below(1 + round % 8) };
            (0..changes).for_each(|_| change(&mut changed, &texts, &mut draw));
            if catch_unwind(AssertUnwindSafe(|| run(&changed))).is_err() {
                panic!("{target}: {}, round {round}: {}", file.display(), changed.escape_ascii());
            }
        }
    }
}

macro_rules! targets {
    ($($target:ident $number:literal,)*) => {
        $(#[test]
        fn $target() {
            replay(stringify!($target), $number, bodies::$target::run);
        })*
    };
}

targets! {
    arguments 300,
    command 300,
    component_version 300,
    component_xml 300,
    component_yaml 300,
    constraints 60,
    formula 300,
    index 200,
    listing 100,
    location 400,
    lock 200,
    manifest 400,
    packages 100,
    php_json 300,
    plan 200,
    profile 200,
    records 300,
    unpack 40,
    version 200,
}
