//! Archives that would do harm are refused by name, before anything is written.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};

use archive::{Error, Limits, Refusal};
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
        (
            "write through a link that leads outside",
            good().link(b"l", b"/etc").file(b"l/x", b""),
            "l/x",
            Refusal::BelowLink,
        ),
        (
            "folder through a link that leads outside",
            good().link(b"l", b"..").folder(b"l/build-evil/new/"),
            "l/build-evil/new/",
            Refusal::BelowLink,
        ),
        (
            "pipe through a link that leads outside",
            good().link(b"l", b"../build-evil").member(b'6', b"l/p", b"", 0, b""),
            "l/p",
            Refusal::BelowLink,
        ),
        (
            "link through a link that leads outside",
            good().link(b"l", b"../build-evil").link(b"l/m", b"x"),
            "l/m",
            Refusal::BelowLink,
        ),
        (
            "hard link through a link that leads outside",
            good().link(b"l", b"..").hard_link(b"h", b"l/secret"),
            "h",
            Refusal::BelowLink,
        ),
        (
            "below a hard link to a link that leads outside",
            good().link(b"l", b"../build-evil").hard_link(b"h", b"l").file(b"h/x", b""),
            "h/x",
            Refusal::BelowLink,
        ),
        ("empty link", good().link(b"l", b""), "l", Refusal::LinkEmpty),
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
        ("hard link to a folder", good().hard_link(b"h", b"bin"), "h", Refusal::HardLinkTarget),
        ("hard link to the root", good().hard_link(b"h", b"."), "h", Refusal::HardLinkTarget),
        (
            "hard link by way of a link",
            good().link(b"l", b"bin").hard_link(b"h", b"l/php"),
            "h",
            Refusal::BelowLink,
        ),
        ("other volume", good().member(b'M', b"m", b"", 0, b""), "m", Refusal::OtherVolume),
        (
            "other volume of pax",
            good().pax(&[("GNU.volume.filename", b"m")]).file(b"m", b""),
            "m",
            Refusal::OtherVolume,
        ),
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

/// Real packages have such links. They are made, and nothing behind them is touched.
#[test]
fn links_may_lead_outside() {
    let site = Site::new();
    let inside = site.build().join("bin/php");
    let targets: [&[u8]; 9] = [
        b"..",
        b"/",
        b"/dev/stdout",
        b"/etc/ssl/certs/ca-certificates.crt",
        b"../secret",
        b"../build-evil",
        b"bin/../../secret",
        b"../../../../../../usr/lib/x",
        inside.to_str().unwrap().as_bytes(),
    ];
    let mut tar = Tar::new().folder(b"a/").link(b"a/out", b"../..").link(b"a/by-way", b"out/x");
    for (number, target) in targets.iter().enumerate() {
        let name = format!("link-{number}");
        tar = tar.pax(&[("linkpath", target)]).link(name.as_bytes(), b"x");
        tar = tar.hard_link(format!("hard-{number}").as_bytes(), name.as_bytes());
    }
    let tar = tar.gzipped();
    assert!(archive::verify(&tar[..], &Limits::default()).is_ok());
    // Twice: the second time over the links of the first.
    for _ in 0..2 {
        site.unpack(&tar).unwrap();
        for (number, target) in targets.iter().enumerate() {
            for name in ["link", "hard"] {
                let link = fs::read_link(site.build().join(format!("{name}-{number}"))).unwrap();
                assert_eq!(link.as_os_str().as_encoded_bytes(), *target);
            }
        }
    }
    assert_eq!(fs::read(site.folder.path().join("secret")).unwrap(), b"as it was");
    assert_eq!(fs::read_dir(site.folder.path().join("build-evil")).unwrap().count(), 0);

    // What is unpacked over them later does not pass through them either.
    let below = Tar::new().file(b"good", b"").file(b"link-5/x", b"evil").gzipped();
    site.refuses("later", &below, "link-5/x", Refusal::BelowDiskLink);
    let over = Tar::new().file(b"link-4", b"new").folder(b"link-5/").file(b"link-5/x", b"new");
    site.unpack(&over.gzipped()).unwrap();
    assert_eq!(fs::read(site.folder.path().join("secret")).unwrap(), b"as it was");
    assert_eq!(fs::read_dir(site.folder.path().join("build-evil")).unwrap().count(), 0);
}

/// Only root can make device files, and then they are made.
#[test]
fn devices() {
    let tar = Tar::new().file(b"good", b"").device(b'3', b"null", (1, 3)).gzipped();
    let site = Site::new();
    if !rustix::process::geteuid().is_root() {
        site.refuses("device", &tar, "null", Refusal::Device);
        return;
    }
    match site.unpack(&tar) {
        Ok(_) => {
            let made = fs::symlink_metadata(site.build().join("null")).unwrap();
            assert_eq!(made.rdev(), rustix::fs::makedev(1, 3));
            assert_eq!(made.mode() & 0o7777, 0o644);
        }
        // In a container, even root may not.
        Err(Error::Extract { path, source }) => {
            assert_eq!(source.kind(), ErrorKind::PermissionDenied);
            assert_eq!(path, site.build().join("null"));
        }
        Err(other) => panic!("{other}"),
    }
}
