//! Archives that would do harm are refused by name, before anything is written.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use archive::{Limits, Refusal};
use support::{Site, Tar};

/// Each archive begins with a good file, which must not be extracted either.
#[test]
fn refused_by_name() {
    let good = || Tar::new().folder(b"bin/").file(b"bin/php", b"php");
    let long = "n".repeat(256);
    let table: Vec<(&str, Tar, &str, Refusal)> = vec![
        ("absolute", good().file(b"/etc/x", b""), "/etc/x", Refusal::AbsoluteName),
        ("parent", good().file(b"../x", b""), "../x", Refusal::ParentName),
        ("sibling", good().file(b"../build-evil/x", b""), "../build-evil/x", Refusal::ParentName),
        ("parent inside", good().file(b"bin/../x", b""), "bin/../x", Refusal::ParentName),
        ("parent, last", good().folder(b"bin/.."), "bin/..", Refusal::ParentName),
        ("parent folder", good().folder(b"../build-evil/"), "../build-evil/", Refusal::ParentName),
        ("no name", good().file(b"", b""), "", Refusal::NoName),
        ("root as a link", good().link(b".", b"bin"), ".", Refusal::NoName),
        ("root as a file", good().file(b"./.", b"x"), "./.", Refusal::NoName),
        (
            "pax name",
            good().pax(&[("path", b"../../x")]).file(b"innocent", b""),
            "../../x",
            Refusal::ParentName,
        ),
        (
            "long name of GNU tar",
            good().member(b'L', b"l", b"", 8, b"../../x\0").file(b"innocent", b""),
            "../../x",
            Refusal::ParentName,
        ),
        ("NUL", good().pax(&[("path", b"a\0b")]).file(b"innocent", b""), "a\0b", Refusal::NulByte),
        (
            "NUL in a target",
            good().pax(&[("linkpath", b"a\0b")]).link(b"l", b"x"),
            "l",
            Refusal::NulByte,
        ),
        (
            "long part",
            good().pax(&[("path", long.as_bytes())]).file(b"x", b""),
            &long,
            Refusal::LongName,
        ),
        ("link up", good().link(b"l", b".."), "l", Refusal::LinkOutside),
        ("link up from below", good().link(b"a/l", b"../../x"), "a/l", Refusal::LinkOutside),
        ("link to a sibling", good().link(b"l", b"../build-evil"), "l", Refusal::LinkOutside),
        ("link down and up", good().link(b"l", b"bin/../../x"), "l", Refusal::LinkOutside),
        ("absolute link", good().link(b"l", b"/etc/passwd"), "l", Refusal::LinkOutside),
        ("link to the top", good().link(b"l", b"/"), "l", Refusal::LinkOutside),
        ("empty link", good().link(b"l", b""), "l", Refusal::LinkEmpty),
        (
            "long target of GNU tar",
            good().member(b'K', b"k", b"", 8, b"../../x\0").link(b"l", b"php"),
            "l",
            Refusal::LinkOutside,
        ),
        (
            // By its text it stays inside; through the first link it does not.
            "link by way of a link",
            good().folder(b"s/d/").link(b"s/d/x", b"../..").link(b"s/d/y", b"x/../secret"),
            "s/d/y",
            Refusal::LinkOutside,
        ),
        (
            "link by way of a later link",
            good().link(b"s/d/y", b"x/../secret").link(b"s/d/x", b"../.."),
            "s/d/y",
            Refusal::LinkOutside,
        ),
        (
            "write through a link",
            good().link(b"l", b"bin").file(b"l/x", b""),
            "l/x",
            Refusal::BelowLink,
        ),
        (
            "write through a link, twice over",
            good().link(b"a", b"bin").link(b"bin/b", b"..").file(b"a/b/x", b""),
            "a/b/x",
            Refusal::BelowLink,
        ),
        ("below a file", good().file(b"bin/php/x", b""), "bin/php/x", Refusal::BelowFile),
        ("over a full folder", good().file(b"bin", b""), "bin", Refusal::OverFolder),
        ("link over a full folder", good().link(b"bin", b"x"), "bin", Refusal::OverFolder),
        ("hard link up", good().hard_link(b"h", b"../secret"), "h", Refusal::HardLinkOutside),
        (
            "absolute hard link",
            good().hard_link(b"h", b"/etc/passwd"),
            "h",
            Refusal::HardLinkOutside,
        ),
        (
            "hard link to nothing",
            good().hard_link(b"h", b"bin/ruby"),
            "h",
            Refusal::HardLinkMissing,
        ),
        ("hard link far off", good().hard_link(b"h", b"a/b/c"), "h", Refusal::HardLinkMissing),
        (
            "hard link to itself",
            good().hard_link(b"bin/php", b"./bin/php"),
            "bin/php",
            Refusal::HardLinkTarget,
        ),
        ("hard link to a folder", good().hard_link(b"h", b"bin"), "h", Refusal::HardLinkTarget),
        ("hard link to the root", good().hard_link(b"h", b"."), "h", Refusal::HardLinkTarget),
        (
            "hard link by way of a link",
            good().link(b"l", b"bin").hard_link(b"h", b"l/php"),
            "h",
            Refusal::BelowLink,
        ),
        (
            // From where the other name lies, the same text leads outside.
            "hard link to a link",
            good().link(b"bin/l", b"../bin/php").hard_link(b"h", b"bin/l"),
            "h",
            Refusal::LinkOutside,
        ),
        ("character device", good().member(b'3', b"d", b"", 0, b""), "d", Refusal::Device),
        ("block device", good().member(b'4', b"d", b"", 0, b""), "d", Refusal::Device),
        ("named pipe", good().member(b'6', b"p", b"", 0, b""), "p", Refusal::Device),
        ("sparse", good().member(b'S', b"s", b"", 0, b""), "s", Refusal::Sparse),
        (
            "sparse of pax",
            good()
                .pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"99999999999")])
                .file(b"s", b""),
            "s",
            Refusal::Sparse,
        ),
        ("multi-volume", good().member(b'M', b"m", b"", 0, b""), "m", Refusal::UnknownType),
        ("folder with content", good().member(b'5', b"f/", b"", 3, b"abc"), "f/", Refusal::Content),
        ("link with content", good().member(b'2', b"l", b"x", 3, b"abc"), "l", Refusal::Content),
        ("terminal", good().file(b"/\x1b[2J", b""), "/\u{1b}[2J", Refusal::AbsoluteName),
    ];
    for (label, tar, member, expected) in table {
        Site::new().refuses(label, &tar.gzipped(), member, expected);
    }
}

/// Links that are there before: those that lead outside are never written through.
#[test]
fn links_on_disk() {
    let below = Tar::new().file(b"good", b"").file(b"l/x", b"evil").gzipped();
    for target in ["..", "../build-evil", "/", "/etc", "nowhere", "l", "../build-evil/../build/bin"]
    {
        let site = Site::new();
        symlink(target, site.build().join("l")).unwrap();
        site.refuses(target, &below, "l/x", Refusal::BelowDiskLink);
    }
    let site = Site::new();
    fs::create_dir(site.build().join("d")).unwrap();
    symlink("d", site.build().join("to-d")).unwrap();
    symlink(site.build().join("to-d"), site.build().join("l")).unwrap();
    site.unpack(&below).unwrap();
    assert_eq!(fs::read(site.build().join("d/x")).unwrap(), b"evil");

    // A new link is judged with those that are there before.
    let site = Site::new();
    fs::create_dir_all(site.build().join("s/d")).unwrap();
    symlink("../..", site.build().join("s/d/x")).unwrap();
    let tar = Tar::new().file(b"good", b"").link(b"s/d/y", b"x/../secret").gzipped();
    site.refuses("by way of a link on disk", &tar, "s/d/y", Refusal::LinkOutside);

    let site = Site::new();
    symlink("../build-evil", site.build().join("l")).unwrap();
    let tar = Tar::new().file(b"good", b"").hard_link(b"h", b"l/x").gzipped();
    site.refuses("hard link through a link on disk", &tar, "h", Refusal::BelowDiskLink);

    let site = Site::new();
    fs::create_dir(site.build().join("full")).unwrap();
    fs::write(site.build().join("full/file"), "").unwrap();
    let tar = Tar::new().file(b"good", b"").file(b"full", b"").gzipped();
    site.refuses("over a full folder on disk", &tar, "full", Refusal::OverFolder);
}

/// What replaces a link or a file never reaches what it led to, or its other names.
#[test]
fn nothing_is_written_through() {
    let site = Site::new();
    symlink("../secret", site.build().join("file")).unwrap();
    symlink("../build-evil", site.build().join("folder")).unwrap();
    symlink("../secret", site.build().join("link")).unwrap();
    fs::hard_link(site.folder.path().join("secret"), site.build().join("shared")).unwrap();
    let tar = Tar::new()
        .file(b"file", b"new")
        .folder(b"folder/")
        .file(b"folder/x", b"new")
        .link(b"link", b"file")
        .file(b"shared", b"new");
    site.unpack(&tar.gzipped()).unwrap();
    assert_eq!(fs::read(site.folder.path().join("secret")).unwrap(), b"as it was");
    assert_eq!(fs::read_dir(site.folder.path().join("build-evil")).unwrap().count(), 0);
    assert_eq!(fs::read(site.build().join("shared")).unwrap(), b"new");
    assert_eq!(fs::read(site.build().join("folder/x")).unwrap(), b"new");
}

#[test]
fn absolute_links_into_the_folder_are_fine() {
    let site = Site::new();
    let inside = site.build().join("bin/php");
    let target = inside.to_str().unwrap().as_bytes();
    let tar = Tar::new().pax(&[("linkpath", target)]).link(b"php", b"x").gzipped();
    site.unpack(&tar).unwrap();
    assert_eq!(fs::read_link(site.build().join("php")).unwrap(), inside);
    assert!(archive::inspect(&tar[..], Some(&site.build()), &Limits::default()).is_ok());
    assert!(archive::inspect(&tar[..], None, &Limits::default()).is_err());

    for outside in ["build/../secret", "build-evil/x", "build/bin/../../secret"] {
        let target = site.folder.path().join(outside);
        let target = target.to_str().unwrap().as_bytes();
        let tar = Tar::new().pax(&[("linkpath", target)]).link(b"l", b"x").gzipped();
        site.refuses(outside, &tar, "l", Refusal::LinkOutside);
    }
}
