//! Archives that are cut, damaged or too large, and readers that fail: each is told from the others.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::io::{self, Cursor, Read};
use std::path::Path;

use archive::{Error, Kind, LimitKind, Limits};
use support::{Site, Tar, gzip};

#[test]
fn damaged_archives() {
    let good = Tar::new().file(b"one", &[1; 3000]).file(b"two", &[2; 3000]);
    let whole = good.clone().gzipped();
    let site = Site::new();
    let before = site.all();
    let mut truncated = 0;
    for end in 0..whole.len() {
        match site.unpack(&whole[..end]) {
            Err(error @ Error::Truncated { .. }) => {
                assert_eq!(error.kind(), Kind::BadArchive);
                truncated += 1;
            }
            other => panic!("{end}: {other:?}"),
        }
    }
    assert_eq!(truncated, whole.len());
    let cut = gzip(&good.0[..good.0.len() - 512]);
    assert!(matches!(site.unpack(&cut), Err(Error::Truncated { after }) if after == "two"));
    let half_a_header = gzip(&[&good.0[..], &good.0[..100]].concat());
    assert!(
        matches!(site.unpack(&half_a_header), Err(Error::Truncated { after }) if after == "two")
    );

    let flip = |place: usize| {
        let mut tar = good.clone();
        tar.0[place] ^= 1;
        tar.gzipped()
    };
    let damaged: Vec<(&str, Vec<u8>)> = vec![
        ("garbage after the gzip", [&whole[..], b"garbage and more"].concat()),
        ("garbage after zeros", [&whole[..], &[0; 600], b"garbage"].concat()),
        ("an archive after zeros", [&whole[..], &[0; 600], &whole[..]].concat()),
        ("garbage after the tar", gzip(&[&good.0[..], &[0; 1024], b"garbage"].concat())),
        ("no gzip", b"<html>Not found</html> and so on".to_vec()),
        ("no tar", gzip(&[b'x'; 2048])),
        ("header", flip(0)),
        ("second header", flip(512 + 3072 + 3)),
        ("checksum of the gzip", {
            let mut bytes = whole.clone();
            let place = bytes.len() - 8;
            bytes[place] ^= 1;
            bytes
        }),
        ("pax", Tar::new().member(b'x', b"p", b"", 4, b"9999").file(b"f", b"").gzipped()),
        ("pax without a member", Tar::new().pax(&[("path", b"x")]).gzipped()),
        ("pax size", Tar::new().pax(&[("size", b"-1")]).file(b"f", b"").gzipped()),
        ("pax mtime", Tar::new().pax(&[("mtime", b"now")]).file(b"f", b"").gzipped()),
        (
            "sparse of pax without a size",
            Tar::new().pax(&[("GNU.sparse.map", b"0,0")]).file(b"f", b"").gzipped(),
        ),
        (
            "sparse of pax with another map",
            Tar::new()
                .pax(&[("GNU.sparse.map", b"0,512"), ("GNU.sparse.size", b"9999")])
                .file(b"f", b"only a few")
                .gzipped(),
        ),
        (
            "sparse of pax without its map",
            Tar::new()
                .pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9999")])
                .file(b"f", b"")
                .gzipped(),
        ),
        ("sparse without a map", Tar::new().member(b'S', b"s", b"", 3, b"abc").gzipped()),
        ("link with content", Tar::new().member(b'2', b"l", b"x", 3, b"abc").gzipped()),
        ("global name", Tar::new().member(b'g', b"p", b"", 9, b"9 path=x\n").gzipped()),
    ];
    for (label, bytes) in damaged {
        match site.unpack(&bytes) {
            Err(error @ Error::Damaged { .. }) => assert_eq!(error.kind(), Kind::BadArchive),
            other => panic!("{label}: {other:?}"),
        }
    }
    assert_eq!(site.all(), before);
}

#[test]
fn limits() {
    let site = Site::new();
    let check = |tar: Tar, limits: Limits, what: LimitKind, limit: u64| {
        let before = site.all();
        let result = archive::unpack(Cursor::new(tar.gzipped()), &site.build(), &limits);
        match result {
            Err(error @ Error::Limit { .. }) => {
                assert_eq!(error.kind(), Kind::BadArchive);
                let Error::Limit { what: named, limit: said, .. } = error else { unreachable!() };
                assert_eq!((named, said), (what, limit));
            }
            other => panic!("{what}: {other:?}"),
        }
        assert_eq!(site.all(), before);
    };
    let zeros = vec![0; 1 << 20];
    let plain = Limits::default();
    let two = Tar::new().file(b"a", b"12345").file(b"b", b"12345");
    check(two.clone(), Limits { bytes: 9, ..plain.clone() }, LimitKind::Bytes, 9);
    check(two.clone(), Limits { entries: 1, ..plain.clone() }, LimitKind::Entries, 1);
    let bomb = Tar::new().file(b"bomb", &zeros);
    let tight = Limits { ratio: 100, ratio_from: 1 << 19, ..plain.clone() };
    check(bomb.clone(), tight, LimitKind::Ratio, 100);
    // The size in the header counts before a byte of the content is read.
    let liar = Tar::new().pax(&[("size", b"99999999999999")]).file(b"liar", b"");
    check(liar, plain.clone(), LimitKind::Bytes, plain.bytes);
    let names = Tar::new().member(b'L', b"l", b"", 2 << 20, &vec![b'x'; 2 << 20]);
    check(names, plain.clone(), LimitKind::Headers, 1 << 20);
    let mut chain = Tar::new();
    for _ in 0..2100 {
        chain = chain.member(b'L', b"l", b"", 0, b"");
    }
    check(chain, plain.clone(), LimitKind::Headers, 1 << 20);
    let mut tail = Tar::new();
    tail.0.resize(1 << 20, 0);
    let tight = Limits { bytes: 10, entries: 2, ..plain.clone() };
    check(tail, tight, LimitKind::Bytes, 10 + 2 * 8192);

    // Gigabytes do not come out of a megabyte, unless somebody says that they may.
    assert!(plain.most_from(1 << 20) < 1 << 30);
    assert_eq!(plain.most_from(1 << 30), plain.bytes + plain.entries * 8192);

    let enough = Limits { bytes: 10, entries: 2, ..plain };
    let done = archive::unpack(Cursor::new(two.gzipped()), &site.build(), &enough).unwrap();
    assert_eq!((done.entries, done.bytes), (2, 10));
}

#[test]
fn what_is_only_looked_at_is_checked_all_the_same() {
    let good = Tar::new().file(b"one", &[1; 3000]).file(b"two", &[2; 3000]);
    let limits = Limits::default();
    let seen = archive::verify(Cursor::new(good.clone().gzipped()), &limits).unwrap();
    assert_eq!((seen.entries, seen.bytes), (2, 6000));
    let whole = good.gzipped();
    for end in [0, 20, whole.len() - 1] {
        let error = archive::verify(&whole[..end], &limits).unwrap_err();
        assert!(matches!(error, Error::Truncated { .. }), "{end}: {error}");
    }
    let hostile = Tar::new().file(b"../x", b"").gzipped();
    assert!(matches!(archive::verify(&hostile[..], &limits), Err(Error::Unsafe { .. })));
}

#[test]
fn a_failing_reader_is_not_a_bad_archive() {
    struct Failing(usize, Vec<u8>);
    impl Read for Failing {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::Error::from_raw_os_error(5));
            }
            let count = buffer.len().min(self.0);
            buffer[..count].copy_from_slice(&self.1[..count]);
            self.1.drain(..count);
            self.0 -= count;
            Ok(count)
        }
    }
    let whole = Tar::new().file(b"one", &[1; 3000]).gzipped();
    for good in [0, 5, 20, whole.len() - 3] {
        let error =
            archive::inspect(Failing(good, whole.clone()), None, &Limits::default()).unwrap_err();
        assert_eq!(error.kind(), Kind::LocalIo, "{good}");
        let Error::ReadArchive { source } = error else { panic!("{good}: {error:?}") };
        assert_eq!(source.raw_os_error(), Some(5));
    }
    let missing = Path::new("/nowhere/archive.tar.gz");
    let error = archive::unpack_file(missing, Path::new("/nowhere"), &Limits::default());
    assert!(matches!(error, Err(Error::Read { path, .. }) if path == missing));
}
