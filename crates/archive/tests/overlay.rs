//! Archives over what is there, later over earlier.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use archive::Limits;
use support::{Tar, chmod, gzip, picture};

fn unpack(tar: Tar, into: &Path) -> archive::Unpacked {
    archive::unpack(Cursor::new(tar.gzipped()), into, &Limits::default()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

#[test]
fn folders_merge_and_files_replace() {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("not/there/yet");
    unpack(Tar::new().file(b"bin/a", b"1").file(b"bin/b", b"1").link(b"l", b"bin"), &into);
    let inode = fs::metadata(into.join("bin/a")).unwrap().ino();
    let kept = fs::File::open(into.join("bin/b")).unwrap();
    unpack(Tar::new().file(b"bin/b", b"2").file(b"bin/c", b"2").file(b"l", b"2"), &into);
    let read = |name: &str| fs::read_to_string(into.join(name)).unwrap();
    assert_eq!([read("bin/a"), read("bin/b"), read("bin/c"), read("l")], ["1", "2", "2", "2"]);
    assert_eq!(fs::metadata(into.join("bin/a")).unwrap().ino(), inode);
    // Whoever has the old file open keeps the old file.
    assert_eq!(kept.metadata().unwrap().nlink(), 0);
}

#[test]
fn a_name_given_twice_ends_as_the_last() {
    let folder = tempfile::tempdir().unwrap();
    let tar = Tar::new()
        .file(b"f", b"first")
        .hard_link(b"h", b"f")
        .file(b"f", b"last")
        .folder(b"empty/")
        .link(b"empty", b"f")
        .link(b"l", b"f")
        .folder(b"l/")
        .file(b"l/x", b"");
    unpack(tar, folder.path());
    assert_eq!(fs::read(folder.path().join("f")).unwrap(), b"last");
    assert_eq!(fs::read(folder.path().join("h")).unwrap(), b"first");
    assert_eq!(fs::read_link(folder.path().join("empty")).unwrap(), Path::new("f"));
    assert!(folder.path().join("l/x").is_file());
}

#[test]
fn names_that_differ_in_case_are_different() {
    let folder = tempfile::tempdir().unwrap();
    unpack(Tar::new().file(b"Name", b"upper").file(b"name", b"lower"), folder.path());
    assert_eq!(fs::read(folder.path().join("Name")).unwrap(), b"upper");
    assert_eq!(fs::read(folder.path().join("name")).unwrap(), b"lower");
}

#[test]
fn hard_links_to_what_is_there() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("there"), "content").unwrap();
    let tar = Tar::new().hard_link(b"sub/h", b"./there").hard_link(b"i", b"sub/h");
    unpack(tar.clone(), folder.path());
    // Once more, when they are all one file already.
    unpack(tar, folder.path());
    let inode = |name: &str| fs::metadata(folder.path().join(name)).unwrap().ino();
    assert_eq!(inode("sub/h"), inode("there"));
    assert_eq!(inode("i"), inode("there"));
}

#[test]
fn an_empty_folder_gives_way() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("a/b")).unwrap();
    unpack(Tar::new().file(b"a/c", b"").file(b"a/b", b"file").link(b"z", b"a"), folder.path());
    assert_eq!(fs::read(folder.path().join("a/b")).unwrap(), b"file");
}

#[test]
fn other_ways_to_write_names() {
    let folder = tempfile::tempdir().unwrap();
    let before = mode(folder.path());
    let done = unpack(
        Tar::new()
            .folder(b"./")
            .folder(b".")
            .file(b"./a", b"1")
            .file(b"b//c", b"2")
            .folder(b"d/./e"),
        folder.path(),
    );
    assert_eq!(done.entries, 3);
    let names: Vec<_> = picture(folder.path()).into_keys().collect();
    assert_eq!(names, [&b"a"[..], b"b", b"b/c", b"d", b"d/e"]);
    assert_eq!(mode(folder.path()), before);
    // Before POSIX a folder was a file with a slash.
    unpack(Tar::new().member(0, b"old/", b"", 0, b""), folder.path());
    assert!(folder.path().join("old").is_dir());
}

#[test]
fn modes_do_not_depend_on_the_umask_and_folders_come_last() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Tar::new();
    let set_mode = |tar: &mut Tar, place: usize, mode: &[u8; 8]| {
        tar.0[place + 100..place + 108].copy_from_slice(mode);
        let header = &mut tar.0[place..place + 512];
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    };
    for (name, kind, text) in [
        (&b"locked/"[..], b'5', b"0000555\0"),
        (b"locked/suid", b'0', b"0006777\0"),
        (b"implied/x", b'0', b"0000000\0"),
    ] {
        let place = tar.0.len();
        tar = tar.member(kind, name, b"", 0, b"");
        set_mode(&mut tar, place, text);
    }
    let at = |name: &str| folder.path().join(name);
    // The second time over a folder that forbids writing.
    for _ in 0..2 {
        unpack(tar.clone(), folder.path());
        assert_eq!(mode(&at("locked")), 0o555);
        assert_eq!(mode(&at("locked/suid")), 0o6777);
        assert_eq!(mode(&at("implied")), 0o755);
        assert_eq!(mode(&at("implied/x")), 0);
        assert_eq!(fs::metadata(at("locked")).unwrap().mtime(), 1_000_000_000);
    }
    chmod(&at("locked"), 0o755);
}

#[test]
fn the_folder_may_be_a_link() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().join("real"), folder.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink("real", &link).unwrap();
    // Both ways to write the folder's path are inside.
    let target = |base: &Path| base.join("a").into_os_string().into_encoded_bytes();
    let tar = Tar::new()
        .pax(&[("linkpath", &target(&real))])
        .link(b"one", b"x")
        .pax(&[("linkpath", &target(&link))])
        .link(b"two", b"x")
        .file(b"a", b"");
    unpack(tar, &link);
    assert_eq!(picture(&real).len(), 3);
}

#[test]
fn a_tree_may_be_put_together_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (stage, home) = (folder.path().join("stage"), folder.path().join("home"));
    let linked = |base: &Path| {
        let target = base.join("a").into_os_string().into_encoded_bytes();
        let tar = Tar::new().folder(b"a/").pax(&[("linkpath", &target)]).link(b"one", b"x");
        Cursor::new(tar.gzipped())
    };
    let below = || Cursor::new(Tar::new().file(b"one/x", b"").gzipped());
    let limits = Limits::default();
    archive::unpack_for(linked(&home), &stage, &home, &limits).unwrap();
    assert_eq!(fs::read_link(stage.join("one")).unwrap(), home.join("a"));
    archive::unpack_for(below(), &stage, &home, &limits).unwrap();
    assert!(stage.join("a/x").is_file());
    // A link to where the tree is put together leads nowhere, once the tree is at home.
    archive::unpack_for(linked(&stage), &stage, &home, &limits).unwrap();
    assert!(archive::unpack_for(below(), &stage, &home, &limits).is_err());
}

#[test]
fn several_gzip_members_are_one_archive() {
    let folder = tempfile::tempdir().unwrap();
    let mut tar = Tar::new().file(b"a", &[1; 2000]).0;
    tar.extend([0; 1024]);
    let archive: Vec<u8> = tar.chunks(700).flat_map(gzip).collect();
    archive::unpack(Cursor::new(archive), folder.path(), &Limits::default()).unwrap();
    assert_eq!(fs::read(folder.path().join("a")).unwrap(), [1; 2000]);
}

/// Gzip says nothing about zeros behind the compressed data, and neither does tar about an archive
/// without empty blocks at its end.
#[test]
fn other_ends() {
    let tar = Tar::new().file(b"a", &[1; 2000]);
    let whole = tar.clone().gzipped();
    let chunks: Vec<u8> = tar.0.chunks(700).flat_map(gzip).collect();
    for (number, archive) in [
        gzip(&tar.0),
        gzip(&[&tar.0[..], &[0; 100]].concat()),
        gzip(&[&tar.0[..], &[0; 512]].concat()),
        gzip(&[&tar.0[..], &[0; 512], &[0; 100]].concat()),
        [&whole[..], &[0]].concat(),
        [&whole[..], &[0; 200_000]].concat(),
        [&chunks[..], &[0; 512]].concat(),
    ]
    .into_iter()
    .enumerate()
    {
        let folder = tempfile::tempdir().unwrap();
        let done = archive::unpack(Cursor::new(archive), folder.path(), &Limits::default());
        assert!(done.is_ok(), "{number}: {done:?}");
        assert_eq!(fs::read(folder.path().join("a")).unwrap(), [1; 2000]);
    }
    for empty in [Vec::new(), vec![0; 100], vec![0; 512], vec![0; 10_240]] {
        let folder = tempfile::tempdir().unwrap();
        let archive = Cursor::new(gzip(&empty));
        let done = archive::unpack(archive, folder.path(), &Limits::default()).unwrap();
        assert_eq!(done.entries, 0);
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_not_a_bad_archive() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "").unwrap();
    let archive = Tar::new().file(b"x", b"").gzipped();
    let into = folder.path().join("file/below");
    let error = archive::unpack(Cursor::new(archive), &into, &Limits::default()).unwrap_err();
    assert_eq!(error.kind(), archive::Kind::LocalIo, "{error:?}");
}
