//! With GNU tar and Python: they read ours, we read theirs.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::ffi::OsStr;
use std::fs;

use archive::Limits;
use support::{Picture, What, full_tree, keeping_times, pack, picture, run, saved};

fn os(text: &str) -> &OsStr {
    OsStr::new(text)
}

#[test]
fn they_read_ours() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    full_tree(&tree);
    let (packed, bytes) = pack(&tree, &keeping_times());
    let archive = saved(folder.path(), &bytes);
    let expected = picture(&tree);

    let by_tar = folder.path().join("by-tar");
    fs::create_dir(&by_tar).unwrap();
    run("tar", &[os("-xpzf"), archive.as_os_str(), os("-C"), by_tar.as_os_str()]);
    same("GNU tar", &picture(&by_tar), &expected);

    let by_python = folder.path().join("by-python");
    let script = "import sys, tarfile\n\
        with tarfile.open(sys.argv[1]) as archive:\n\
        \tassert all((m.uid, m.gid, m.uname, m.gname) == (0, 0, '', '') for m in archive)\n\
        \tarchive.extractall(sys.argv[2], **({'filter': 'fully_trusted'}\n\
        \t\tif hasattr(tarfile, 'data_filter') else {}))\n\
        \tprint(len(archive.getmembers()))";
    let count = run("python3", &[os("-c"), os(script), archive.as_os_str(), by_python.as_os_str()]);
    assert_eq!(String::from_utf8_lossy(&count).trim(), packed.entries.to_string());
    // Python leaves the times of links alone.
    let without_link_times = |mut picture: Picture| {
        for seen in picture.values_mut().filter(|seen| matches!(seen.what, What::Link(_))) {
            seen.mtime = 0;
        }
        picture
    };
    same("Python", &without_link_times(picture(&by_python)), &without_link_times(expected));
}

#[test]
fn the_gzip_header_has_no_name_and_no_time() {
    let folder = tempfile::tempdir().unwrap();
    let (_, bytes) = pack(folder.path(), &keeping_times());
    assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3]);
    let archive = saved(folder.path(), &bytes);
    run("gzip", &[os("-t"), archive.as_os_str()]);
}

#[test]
fn we_read_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    full_tree(&tree);
    let expected = picture(&tree);
    let python = |format: &str| {
        format!(
            "import sys, tarfile\n\
             with tarfile.open(sys.argv[1], 'w:gz', format=tarfile.{format}) as archive:\n\
             \tarchive.add(sys.argv[2], arcname='')"
        )
    };
    let archive = folder.path().join("theirs.tar.gz");
    let unpacks = |label: &str| {
        let into = folder.path().join("into");
        archive::unpack_file(&archive, &into, &Limits::default()).unwrap();
        same(label, &picture(&into), &expected);
        fs::remove_dir_all(into).unwrap();
    };
    // The first begins with `./`, as most archives do; the second has the names alone.
    for format in ["gnu", "posix"] {
        let format = format!("--format={format}");
        let from = [os(&format), os("-czf"), archive.as_os_str(), os("-C"), tree.as_os_str()];
        run("tar", &[&from[..], &[os(".")]].concat());
        unpacks(&format);
        let names: Vec<_> = fs::read_dir(&tree).unwrap().map(|e| e.unwrap().file_name()).collect();
        let names: Vec<_> = names.iter().map(AsRef::as_ref).collect();
        run("tar", &[&from[..], &names].concat());
        unpacks(&format);
    }
    for format in ["GNU_FORMAT", "PAX_FORMAT"] {
        let script = python(format);
        run("python3", &[os("-c"), os(&script), archive.as_os_str(), tree.as_os_str()]);
        unpacks(format);
    }
}

/// POSIX's first format has a second field for the front part of a name.
#[test]
fn we_read_ustar() {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    let deep = format!("{}/{}", "a".repeat(90), "b".repeat(90));
    fs::create_dir_all(tree.join(&deep)).unwrap();
    fs::write(tree.join(&deep).join("file"), "deep").unwrap();
    let archive = folder.path().join("ustar.tar.gz");
    run(
        "tar",
        &[
            os("--format=ustar"),
            os("-czf"),
            archive.as_os_str(),
            os("-C"),
            tree.as_os_str(),
            os("."),
        ],
    );
    let into = folder.path().join("into");
    archive::unpack_file(&archive, &into, &Limits::default()).unwrap();
    assert_eq!(fs::read(into.join(deep).join("file")).unwrap(), b"deep");
}

/// Says which paths differ, and not what is in them: that is half a megabyte.
#[track_caller]
fn same(label: &str, one: &Picture, other: &Picture) {
    let names = one.keys().chain(other.keys());
    let differing = names.filter(|name| one.get(*name) != other.get(*name));
    let differing: Vec<_> = differing.map(|name| String::from_utf8_lossy(name)).collect();
    assert!(differing.is_empty(), "{label}: {differing:?}");
}
