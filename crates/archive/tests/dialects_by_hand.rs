//! Archives in dialects of tar that no tool here writes, byte by byte: GNU tar says what is in them,
//! and ours must say the same, or refuse with a reason.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use support::oracle::{by_tar, by_us, difference};
use support::{Tar, gzip, saved};

/// Names, numbers and kinds that no tool here writes.
#[test]
fn what_bytes_can_say() {
    let old = |tar: Tar| tar.edit(0, |header| header[257..265].fill(0));
    let field = |range: std::ops::Range<usize>, text: &'static [u8]| {
        move |header: &mut [u8]| header[range.clone()].copy_from_slice(text)
    };
    let file = || Tar::new().file(b"f", b"text");
    let star = |header: &mut [u8]| {
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[345..351].copy_from_slice(b"prefix");
        header[476..500].copy_from_slice(b"07346545000 07346545000 ");
        header[508..512].copy_from_slice(b"tar\0");
    };
    // In its own format GNU tar does not look for such a map.
    let map = |records: &[(&str, &[u8])], data: &[u8]| {
        let pax = Tar::new().pax(records);
        let place = pax.0.len();
        let magic = |header: &mut [u8]| header[257..265].copy_from_slice(b"ustar\x0000");
        pax.file(b"s", data).edit(place, magic)
    };
    let table: Vec<(&str, Tar)> = vec![
        ("V7", old(file())),
        ("V7 folder", old(Tar::new().member(0, b"d/", b"", 0, b"")).file(b"d/x", b"")),
        ("V7 file", old(Tar::new().member(0, b"d", b"", 4, b"text"))),
        ("contiguous", Tar::new().member(b'7', b"f", b"", 4, b"text")),
        ("contiguous folder", Tar::new().member(b'7', b"d/", b"", 0, b"")),
        ("folder with a size", Tar::new().member(b'5', b"d/", b"", 4096, b"").file(b"d/x", b"x")),
        ("link with a size", file().member(b'2', b"l", b"f", 4, b"")),
        ("hard link with a size", file().member(b'1', b"h", b"f", 4, b"")),
        ("pipe with a size", Tar::new().member(b'6', b"p", b"", 4, b"")),
        ("folder without a name", Tar::new().folder(b"").file(b"f", b"")),
        ("label with content", Tar::new().member(b'V', b"l", b"", 4, b"text").file(b"f", b"")),
        ("label", Tar::new().member(b'V', b"label", b"", 0, b"").file(b"f", b"")),
        ("list of names", Tar::new().member(b'D', b"d/", b"", 4, b"Yx\0\0").file(b"d/x", b"")),
        ("kind of a vendor", Tar::new().member(b'Q', b"f", b"", 4, b"text")),
        ("ACL of Solaris", Tar::new().member(b'A', b"f", b"", 4, b"1000").file(b"f", b"text")),
        ("extended, of Solaris", {
            let pax = Tar::new().pax(&[("path", b"long")]).edit(0, |header| header[156] = b'X');
            pax.file(b"short", b"text")
        }),
        ("prefix of POSIX", file().edit(0, field(257..271, b"ustar\x0000a/b/c\0"))),
        (
            "prefix",
            file().edit(0, |header| {
                header[257..265].copy_from_slice(b"ustar\x0000");
                header[345..348].copy_from_slice(b"a/b");
            }),
        ),
        (
            "prefix of another version",
            file().edit(0, |header| {
                header[257..265].copy_from_slice(b"ustar\0\0\0");
                header[345..348].copy_from_slice(b"a/b");
            }),
        ),
        (
            "prefix and a whole name",
            Tar::new().file(&[b'n'; 100], b"").edit(0, |header| {
                header[257..265].copy_from_slice(b"ustar\x0000");
                header[345..500].fill(b'p');
            }),
        ),
        (
            "no prefix before POSIX",
            old(file()).edit(0, |header| {
                header[345..348].copy_from_slice(b"a/b");
            }),
        ),
        ("star", file().edit(0, star)),
        (
            "times of GNU",
            file().edit(0, |header| {
                header[345..369].copy_from_slice(b"07346545000\x0007346545000\0");
            }),
        ),
        ("size in base 256", file().edit(0, field(124..136, b"\x80\0\0\0\0\0\0\0\0\0\0\x04"))),
        ("time in base 256", file().edit(0, field(136..148, b"\x80\0\0\0\0\0\0\0\x3b\x9a\xca\0"))),
        ("time before 1970", file().edit(0, field(136..148, &[0xff; 12]))),
        ("mode in base 256", file().edit(0, field(100..108, b"\x80\0\0\0\0\0\x01\xed"))),
        ("mode with the file's kind", file().edit(0, field(100..108, b"0100755\0"))),
        ("mode with blanks", file().edit(0, field(100..108, b"   644 \0"))),
        ("mode without an end", file().edit(0, field(100..108, b"00000644"))),
        ("size with blanks", file().edit(0, field(124..136, b"         4 \0"))),
        ("size without an end", file().edit(0, field(124..136, b"000000000004"))),
        ("checksum with signs", {
            let mut tar = Tar::new().file("ü".as_bytes(), b"");
            tar.0[148..156].fill(b' ');
            let sum: i32 = tar.0[..512].iter().map(|byte| i32::from(byte.cast_signed())).sum();
            tar.0[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
            tar
        }),
        ("checksum otherwise", {
            let mut tar = file().edit(0, |_| ());
            let text = tar.0[149..154].to_vec();
            tar.0[148..156].copy_from_slice(&[b" ", &text[..], b" \0"].concat());
            tar
        }),
        ("long name", Tar::new().member(b'L', b"././@LongLink", b"", 5, b"long\0").file(b"f", b"")),
        (
            "long name without its NUL",
            Tar::new().member(b'L', b"L", b"", 4, b"long").file(b"f", b""),
        ),
        (
            "long name of a folder",
            Tar::new().member(b'L', b"L", b"", 3, b"d/\0").member(0, b"d", b"", 0, b""),
        ),
        ("long target", file().member(b'K', b"K", b"", 2, b"f\0").link(b"l", b"x")),
        (
            "long name and target",
            file()
                .member(b'K', b"K", b"", 2, b"f\0")
                .member(b'L', b"L", b"", 2, b"m\0")
                .link(b"l", b"x"),
        ),
        (
            "both ways to a long name",
            Tar::new()
                .member(b'L', b"L", b"", 4, b"gnu\0")
                .pax(&[("path", b"pax")])
                .file(b"f", b""),
        ),
        (
            "both ways, turned",
            Tar::new()
                .pax(&[("path", b"pax")])
                .member(b'L', b"L", b"", 4, b"gnu\0")
                .file(b"f", b""),
        ),
        ("pax size", Tar::new().pax(&[("size", b"4")]).member(b'0', b"f", b"", 0, b"text")),
        (
            "pax size over a wrong one",
            Tar::new().pax(&[("size", b"4")]).member(b'0', b"f", b"", 999, b"text"),
        ),
        ("pax mtime", Tar::new().pax(&[("mtime", b"1234567.125")]).file(b"f", b"")),
        ("pax mtime before 1970", Tar::new().pax(&[("mtime", b"-7.5")]).file(b"f", b"")),
        ("pax, empty", Tar::new().member(b'x', b"p", b"", 0, b"").file(b"f", b"")),
        (
            "pax with padding",
            Tar::new()
                .member(b'x', b"p", b"", 20, b"11 path=ab\n\0\0\0\0\0\0\0\0\0")
                .file(b"f", b""),
        ),
        (
            "pax with blanks",
            Tar::new().member(b'x', b"p", b"", 13, b"  13 path=ab\n").file(b"f", b""),
        ),
        (
            "pax of all kinds",
            Tar::new()
                .pax(&[
                    ("atime", b"1.5"),
                    ("ctime", b"2"),
                    ("uid", b"99999999"),
                    ("gname", b"g"),
                    ("uname", "ü".as_bytes()),
                    ("charset", b"x"),
                    ("hdrcharset", b"ISO-IR 10646 2000 UTF-8"),
                    ("comment", b"a=b\nc"),
                    ("SCHILY.dev", b"1"),
                    ("SCHILY.xattr.user.a", b"\0\xff"),
                    ("LIBARCHIVE.creationtime", b"1"),
                    ("LIBARCHIVE.xattr.user.a", b"YQ"),
                    ("RHT.security.selinux", b"x"),
                    ("SCHILY.fflags", b"nodump"),
                    ("VENDOR.key", b""),
                    ("path", b"f=g"),
                ])
                .file(b"f", b""),
        ),
        (
            "global pax",
            Tar::new()
                .pax(&[("mtime", b"1234567"), ("comment", b"c")])
                .edit(0, |header| header[156] = b'g')
                .file(b"f", b"")
                .pax(&[("mtime", b"7")])
                .file(b"g", b""),
        ),
        (
            "global pax alone",
            Tar::new().pax(&[("comment", b"c")]).edit(0, |header| header[156] = b'g'),
        ),
        (
            "label of pax",
            Tar::new()
                .pax(&[("GNU.volume.label", b"l")])
                .edit(0, |header| header[156] = b'g')
                .file(b"f", b""),
        ),
        (
            "sparse 0.0",
            map(
                &[
                    ("GNU.sparse.size", b"2000"),
                    ("GNU.sparse.numblocks", b"3"),
                    ("GNU.sparse.offset", b"512"),
                    ("GNU.sparse.numbytes", b"512"),
                    ("GNU.sparse.offset", b"1536"),
                    ("GNU.sparse.numbytes", b"4"),
                    ("GNU.sparse.offset", b"2000"),
                    ("GNU.sparse.numbytes", b"0"),
                ],
                &[b'x'; 516],
            ),
        ),
        (
            "sparse 0.1",
            map(
                &[
                    ("GNU.sparse.size", b"2000"),
                    ("GNU.sparse.numblocks", b"3"),
                    ("GNU.sparse.name", b"named"),
                    ("GNU.sparse.map", b"0,512,1536,4,2000,0"),
                ],
                &[b'x'; 516],
            ),
        ),
        (
            "sparse 1.0",
            map(
                &[
                    ("GNU.sparse.major", b"1"),
                    ("GNU.sparse.minor", b"0"),
                    ("GNU.sparse.name", b"d/named"),
                    ("GNU.sparse.realsize", b"2000"),
                    ("path", b"other"),
                ],
                &[&b"3\n0\n512\n1536\n4\n2000\n0\n"[..], &[0; 490], &[b'x'; 516]].concat(),
            ),
        ),
        (
            "sparse without data",
            map(
                &[
                    ("GNU.sparse.major", b"1"),
                    ("GNU.sparse.minor", b"0"),
                    ("GNU.sparse.name", b"named"),
                    ("GNU.sparse.realsize", b"200000"),
                ],
                &[&b"1\n200000\n0\n"[..], &[0; 501]].concat(),
            ),
        ),
        (
            "sparse of old GNU",
            Tar::new().member(b'S', b"s", b"", 516, &[b'x'; 516]).edit(0, |header| {
                let map = b"00000000000\x0000000001000\x0000000003000\x0000000000004\0";
                header[386..434].copy_from_slice(map);
                header[434..458].copy_from_slice(b"00000003720\x0000000000000\0");
                header[483..495].copy_from_slice(b"00000003720\0");
            }),
        ),
        ("sparse of star", {
            let sparse = Tar::new().member(b'S', b"s", b"", 516, &[b'x'; 516]);
            sparse.edit(0, star).edit(0, |header| {
                header[345..351].fill(0);
                let map =
                    b"00000000000 00000001000 00000003000 00000000004 00000003720 00000000000 ";
                header[356..428].copy_from_slice(map);
                header[452..464].copy_from_slice(b"00000003720 ");
            })
        }),
        ("sparse of star with its map in a block", {
            let mut map = [0; 1028];
            map[..48].copy_from_slice(b"00000000000 00000001000 00000003000 00000000004 ");
            map[48..72].copy_from_slice(b"00000003720 00000000000 ");
            map[512..].fill(b'x');
            let sparse = Tar::new().member(b'S', b"s", b"", 516, &map);
            sparse.edit(0, star).edit(0, |header| {
                header[345..351].fill(0);
                header[452..464].copy_from_slice(b"00000003720 ");
            })
        }),
        (
            "names with . and //",
            Tar::new().folder(b".//a/").file(b".//b", b"x").link(b"./l/", b"a"),
        ),
        (
            "name twice",
            Tar::new().file(b"f", b"1").file(b"f", b"2").link(b"l", b"f").file(b"l", b"3"),
        ),
        ("hard link to a link", file().link(b"l", b"../x").hard_link(b"h", b"l")),
        ("hard link to itself", file().hard_link(b"f", b"f")),
        (
            "links to anywhere",
            Tar::new().link(b"a", b"/dev/stdout").link(b"b", b"../../x").link(b"c", b"/"),
        ),
        ("folder over a link", Tar::new().link(b"l", b"d").folder(b"l/").file(b"l/x", b"x")),
    ];
    let differing = table.into_iter().filter_map(|(label, tar)| {
        let folder = tempfile::tempdir().unwrap();
        difference(label, &saved(folder.path(), &tar.gzipped()))
    });
    assert_eq!(differing.collect::<Vec<_>>(), [""; 0]);
}

/// What GNU tar fails with, we refuse, and say why; before anything is written.
#[test]
fn what_neither_reads() {
    let file = || Tar::new().file(b"f", b"text");
    let table: Vec<(&str, Tar, &str)> = vec![
        (
            "hard link to a later file",
            Tar::new().hard_link(b"h", b"f").file(b"f", b""),
            "a file that is not there",
        ),
        ("name with ..", Tar::new().file(b"a/../f", b""), "its name has a `..`"),
        ("empty link", file().link(b"l", b""), "a link without a target"),
        ("other volume", file().member(b'M', b"m", b"", 4, b"text"), "in other volumes"),
        ("content of a link", file().member(b'2', b"l", b"f", 4, b"text"), "checksum is wrong"),
        (
            "content of a hard link",
            file().member(b'1', b"h", b"f", 4, b"text"),
            "checksum is wrong",
        ),
        (
            "below a link to outside",
            file().link(b"l", b"/").file(b"l/x", b""),
            "below a symbolic link",
        ),
        (
            "size that is no number",
            file().edit(0, |header| header[124] = b'x'),
            "size cannot be read",
        ),
        (
            "record without its end",
            Tar::new().member(b'x', b"p", b"", 9, b"11 path=a").file(b"f", b""),
            "extended header cannot be read",
        ),
        (
            "hard link to a folder",
            file().folder(b"d/").hard_link(b"h", b"d"),
            "a hard link to a folder",
        ),
        (
            "name that is too long",
            Tar::new().pax(&[("path", &[b'n'; 300])]).file(b"f", b""),
            "too long",
        ),
    ];
    for (label, tar, why) in table {
        let folder = tempfile::tempdir().unwrap();
        let archive = saved(folder.path(), &tar.gzipped());
        assert!(by_tar(&archive).is_err(), "{label}");
        let error = by_us(&archive).expect_err(label);
        assert!(error.contains(why), "{label}: {error}");
    }
}

/// GNU tar changes the names of these, leaves members out, or writes through links. We refuse them,
/// and say why.
#[test]
fn what_only_gnu_tar_reads() {
    let file = || Tar::new().file(b"f", b"text");
    let table: Vec<(&str, Vec<u8>, &str)> = vec![
        ("absolute name", Tar::new().file(b"/f", b"").gzipped(), "its name is absolute"),
        (
            "cut in a header",
            gzip(&[&file().0[..], &file().0[..300]].concat()),
            "archive is truncated",
        ),
        (
            "through a link",
            Tar::new().folder(b"d/").link(b"l", b"d").file(b"l/x", b"").gzipped(),
            "below a symbolic link",
        ),
        (
            "behind a lone empty block",
            gzip(&[&file().0[..], &[0; 512], &file().0, &[0; 1024]].concat()),
            "something follows the archive's end",
        ),
        (
            "behind the end",
            gzip(&[&file().0[..], &[0; 1024], &file().0].concat()),
            "something follows the archive's end",
        ),
    ];
    for (label, bytes, why) in table {
        let folder = tempfile::tempdir().unwrap();
        let archive = saved(folder.path(), &bytes);
        assert!(by_tar(&archive).is_ok(), "{label}");
        let error = by_us(&archive).expect_err(label);
        assert!(error.contains(why), "{label}: {error}");
    }
}
