//! Pack, unpack, compare: any tree comes back as it was, and packs to the same bytes again.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::io::Cursor;
use std::num::NonZeroUsize;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use archive::{Effort, EntryKind, Error, Kind, LimitKind, Limits, PackOptions};
use proptest::prelude::*;
use support::oracle::left_out;
use support::{bytes, chmod, full_tree, keeping_times, pack, picture, run, saved, touch};

fn unpack(archive: &[u8], into: &Path) {
    archive::unpack(Cursor::new(archive), into, &Limits::default()).unwrap();
}

#[test]
fn everything_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, again) = (folder.path().join("tree"), folder.path().join("again"));
    full_tree(&tree);
    let (packed, archive) = pack(&tree, &keeping_times());
    unpack(&archive, &again);
    assert_eq!(picture(&again), picture(&tree));
    assert_eq!(packed.size, archive.len() as u64);
    assert_eq!(packed.entries, picture(&tree).len() as u64);
    let path = saved(folder.path(), &archive);
    let summed = run("sha256sum", &[path.as_os_str()]);
    assert_eq!(packed.sha256.as_bytes(), &summed[..64]);
}

#[test]
fn names_are_relative_and_sorted_by_bytes() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["b", "B", "a/z", "a-b", "a.b", "ä"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, name).unwrap();
    }
    let (_, archive) = pack(folder.path(), &PackOptions::default());
    let entries = archive::inspect(&archive[..], None, &Limits::default()).unwrap();
    let names: Vec<_> =
        entries.iter().map(|entry| std::str::from_utf8(&entry.name).unwrap()).collect();
    assert_eq!(names, ["B", "a", "a-b", "a.b", "a/z", "b", "ä"]);
    assert_eq!(entries[1].kind, EntryKind::Directory);
    assert!(entries.iter().all(|entry| entry.mtime == archive::DEFAULT_TIME_LIMIT));
}

/// What must not matter: threads, times above the limit, the order in which names were made,
/// hard links to outside, the umask.
#[test]
fn same_tree_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (folder.path().join("one"), folder.path().join("two"));
    // Neither constant nor noise, and several blocks long.
    let content: Vec<u8> =
        (0..1_400_000_u64).map(|n| (n * n / 977 % 251 * (n % 7)) as u8).collect();
    for (tree, names) in [(&one, ["a", "b", "c"]), (&two, ["c", "b", "a"])] {
        fs::create_dir(tree).unwrap();
        for name in names {
            fs::write(tree.join(name), &content).unwrap();
            fs::create_dir(tree.join(format!("dir-{name}"))).unwrap();
        }
    }
    fs::hard_link(two.join("b"), folder.path().join("outside")).unwrap();
    touch(&two.join("c"), 1_900_000_000);
    for effort in [Effort::Normal, Effort::Best] {
        let options = |threads| PackOptions {
            threads: NonZeroUsize::new(threads),
            effort,
            ..PackOptions::default()
        };
        let (packed, archive) = pack(&one, &options(1));
        for threads in [1, 2, 3, 16] {
            let (other, bytes) = pack(&two, &options(threads));
            assert_eq!(other, packed, "{effort:?}, {threads} threads");
            assert!(bytes == archive, "{effort:?}, {threads} threads");
        }
    }
}

#[test]
fn times_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    for (name, time) in [("before-1970", -5), ("old", 1000), ("new", 1_700_000_000)] {
        fs::write(folder.path().join(name), "").unwrap();
        touch(&folder.path().join(name), time);
    }
    let times = |mtime_limit| {
        let options = PackOptions { mtime_limit, ..PackOptions::default() };
        let (_, archive) = pack(folder.path(), &options);
        let entries = archive::inspect(&archive[..], None, &Limits::default()).unwrap();
        entries.iter().map(|entry| entry.mtime).collect::<Vec<_>>()
    };
    // In the order of names: before-1970, new, old.
    assert_eq!(times(None), [0, 315_532_800, 1000]);
    assert_eq!(times(Some(1_600_000_000)), [0, 1_600_000_000, 1000]);
    assert_eq!(times(Some(0)), [0, 0, 0]);
}

#[test]
fn an_empty_tree_is_an_empty_archive() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, again) = (folder.path().join("tree"), folder.path().join("again"));
    fs::create_dir(&tree).unwrap();
    let (packed, archive) = pack(&tree, &PackOptions::default());
    assert_eq!(packed.entries, 0);
    unpack(&archive, &again);
    assert!(picture(&again).is_empty());
}

/// The last block may be empty, full, or one byte long.
#[test]
fn content_that_ends_with_a_block() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, again) = (folder.path().join("tree"), folder.path().join("again"));
    fs::create_dir(&tree).unwrap();
    // A header and the end take 1,536 bytes.
    for size in [131_072 - 1536, 131_072 - 1535, 131_072 - 1024, 2 * 131_072 - 1536] {
        fs::write(tree.join("file"), vec![b'x'; size]).unwrap();
        let (_, archive) = pack(&tree, &keeping_times());
        unpack(&archive, &again);
        assert_eq!(picture(&again), picture(&tree), "{size}");
    }
}

/// What is packed can be unpacked: nothing is refused only when it is installed.
#[test]
fn special_files_come_back() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, again) = (folder.path().join("tree"), folder.path().join("again"));
    fs::create_dir_all(tree.join("var/run")).unwrap();
    let sockets = [tree.join("var/mysql.sock"), tree.join("var/run/php-fpm.sock")];
    let listeners: Vec<_> = sockets.iter().map(|path| UnixListener::bind(path).unwrap()).collect();
    for (name, target) in [
        ("access.log", "/dev/stdout"),
        ("cacerts", "/etc/ssl/certs/java/cacerts"),
        ("up", "../../../../etc"),
        ("nowhere", "/no/such/file"),
    ] {
        symlink(target, tree.join("var").join(name)).unwrap();
    }
    // No umask makes such a mode.
    for (name, mode) in [("pipe", 0o666), ("own", 0o600), ("none", 0)] {
        let path = tree.join("var").join(name);
        run("mkfifo", &[path.as_os_str()]);
        chmod(&path, mode);
        touch(&path, 400_000_000);
    }
    let mut can_make_devices = true;
    for (name, kind, numbers) in [("null", "c", ["1", "3"]), ("disk", "b", ["259", "1048575"])] {
        let mut mknod = Command::new("mknod");
        mknod.arg(tree.join(name)).arg(kind).args(numbers);
        can_make_devices &= mknod.output().unwrap().status.success();
    }
    if !can_make_devices {
        left_out("device files, which cannot be made here");
    }
    let (packed, archive) = pack(&tree, &keeping_times());
    assert_eq!(packed.sockets, sockets);
    assert!(archive::verify(&archive[..], &Limits::default()).is_ok());
    // The second time over what is there.
    for _ in 0..2 {
        unpack(&archive, &again);
    }
    drop(listeners);
    for path in sockets {
        fs::remove_file(path).unwrap();
    }
    for folder in ["var", "var/run"] {
        touch(&tree.join(folder), 500_000_000);
        touch(&again.join(folder), 500_000_000);
    }
    assert_eq!(picture(&again), picture(&tree));

    // GNU tar reads them, too.
    let (path, by_tar) = (saved(folder.path(), &archive), folder.path().join("by-tar"));
    fs::create_dir(&by_tar).unwrap();
    run("tar", &[OsStr::new("-xpzf"), path.as_os_str(), OsStr::new("-C"), by_tar.as_os_str()]);
    for folder in ["var", "var/run"] {
        touch(&by_tar.join(folder), 500_000_000);
    }
    assert_eq!(picture(&by_tar), picture(&tree));
}

#[test]
fn limits_that_a_new_archive_exceeds() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("zeros"), vec![0; 3 << 20]).unwrap();
    fs::write(folder.path().join("more"), "text").unwrap();
    let (packed, _) = pack(folder.path(), &PackOptions::default());
    let content = (3 << 20) + 4;
    assert_eq!((packed.entries, packed.content), (2, content));
    assert_eq!(packed.uncompressed, (3 << 20) + 3 * 512 + 1024);
    let plain = Limits::default();
    assert_eq!(plain.exceeded_by(&packed), None);
    let tight = Limits { ratio_from: 1 << 20, ..plain.clone() };
    assert_eq!(tight.exceeded_by(&packed), Some((LimitKind::Ratio, 200)));
    let few = Limits { entries: 1, ..plain.clone() };
    assert_eq!(few.exceeded_by(&packed), Some((LimitKind::Entries, 1)));
    let small = Limits { bytes: content - 1, ..plain };
    assert_eq!(small.exceeded_by(&packed), Some((LimitKind::Bytes, content - 1)));
}

/// `/proc` files say that they are empty and are not: as if they grew after they were listed.
#[test]
fn a_file_that_grows_is_named() {
    let tree = Path::new("/proc/self/net");
    let mut out = tempfile::tempfile().unwrap();
    let error = archive::pack(tree, &mut out, &PackOptions::default()).unwrap_err();
    assert!(matches!(&error, Error::Changed { path } if path.starts_with(tree)), "{error:?}");
}

#[test]
fn a_missing_tree_a_file_and_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    // More than the pipeline holds, so that the writer is met while there is input left.
    fs::write(&file, vec![7; 40 << 20]).unwrap();
    let mut out = tempfile::tempfile().unwrap();
    for path in [file, folder.path().join("missing")] {
        let error = archive::pack(&path, &mut out, &PackOptions::default()).unwrap_err();
        assert!(matches!(&error, Error::Read { path: named, .. } if *named == path), "{error:?}");
    }
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = archive::pack(folder.path(), &mut full, &PackOptions::default()).unwrap_err();
    assert!(matches!(error, Error::WriteArchive { .. }), "{error:?}");
    assert_eq!(error.kind(), Kind::LocalIo);
}

/// One step in making a random tree.
#[derive(Debug, Clone)]
enum Step {
    Directory(u32),
    File(usize, u32),
    /// To a name in the root, by way of `..`.
    Link(Vec<u8>),
    /// To the file made so many files ago.
    HardLink(usize),
}

fn part() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => prop::sample::select(vec!["a", "b", "c", "lib", "-x", ".hidden", "sp ace", "\n", "ü", "世"])
            .prop_map(|name| name.as_bytes().to_vec()),
        1 => (90_usize..=255).prop_map(|length| vec![b'n'; length]),
        1 => prop::collection::vec(1_u8..=255, 1..12).prop_filter("not a plain name", |name| {
            !name.contains(&b'/') && name != b"." && name != b".."
        }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let mode = 0_u32..0o10000;
    prop_oneof![
        4 => mode.clone().prop_map(Step::Directory),
        4 => (0_usize..3000, mode.clone()).prop_map(|(size, mode)| Step::File(size, mode)),
        1 => (100_000_usize..300_000, mode).prop_map(|(size, mode)| Step::File(size, mode)),
        4 => part().prop_map(Step::Link),
        4 => (0_usize..5).prop_map(Step::HardLink),
    ]
}

/// Makes the steps that fit; names may be taken, or lie below a file.
fn build(tree: &Path, steps: &[(Vec<Vec<u8>>, Step, i64)]) {
    fs::create_dir(tree).unwrap();
    let mut files: Vec<std::path::PathBuf> = Vec::new();
    for (number, (parts, step, _)) in steps.iter().enumerate() {
        let path = tree.join(bytes(&parts.join(&b'/')));
        let parent = path.parent().unwrap();
        // Through links things would land elsewhere, and maybe twice.
        let through_link = parent
            .ancestors()
            .take_while(|at| *at != tree)
            .any(|at| fs::symlink_metadata(at).is_ok_and(|found| found.is_symlink()));
        if through_link || fs::create_dir_all(parent).is_err() || path.symlink_metadata().is_ok() {
            continue;
        }
        match step {
            // Whoever runs the test must be able to read what it made.
            Step::Directory(mode) => {
                fs::create_dir(&path).unwrap();
                chmod(&path, mode | 0o700);
            }
            Step::File(size, mode) => {
                let byte = |place: usize| (place * place * (number + 3) / 1000) as u8;
                fs::write(&path, (0..*size).map(byte).collect::<Vec<u8>>()).unwrap();
                chmod(&path, mode | 0o400);
                files.push(path);
            }
            Step::Link(name) => {
                let mut target = b"../".repeat(parts.len() - 1);
                target.extend_from_slice(name);
                std::os::unix::fs::symlink(bytes(&target), &path).unwrap();
            }
            Step::HardLink(back) => {
                if let Some(file) = files.iter().rev().nth(*back) {
                    fs::hard_link(file, &path).unwrap();
                }
            }
        }
    }
    for (parts, _, time) in steps.iter().rev() {
        let path = tree.join(bytes(&parts.join(&b'/')));
        if path.symlink_metadata().is_ok() {
            touch(&path, *time);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn any_tree_comes_back(
        steps in prop::collection::vec(
            (prop::collection::vec(part(), 1..5), step(), 0_i64..2_000_000_000),
            0..25,
        ),
        threads in 1_usize..5,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (tree, again) = (folder.path().join("tree"), folder.path().join("again"));
        build(&tree, &steps);
        let options = keeping_times();
        let (packed, archive) = pack(&tree, &options);
        unpack(&archive, &again);
        prop_assert_eq!(picture(&again), picture(&tree));

        let options = PackOptions { threads: NonZeroUsize::new(threads), ..options };
        let (same, bytes) = pack(&again, &options);
        prop_assert_eq!(same, packed);
        prop_assert!(bytes == archive);

        // Over itself, everything is replaced by the same.
        unpack(&archive, &again);
        prop_assert_eq!(picture(&again), picture(&tree));
    }
}
