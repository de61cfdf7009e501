//! Archives, repositories and folders that are not as they should be: nothing is written.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a failure here is a failed test")]

mod support;

use std::fs;
use std::os::unix::fs::symlink;

use support::Lab;
use test_kit::Running;
use test_kit::web::Fault;

const PROGRAM: &str = "heroku-sys-program";

/// A repository whose `zz` is installed last, after `aa` and `mm`, which are fine.
fn lab(bytes: &[u8], more: &str) -> Lab {
    let mut lab = Lab::new();
    lab.archive("mm", "1.0.0", PROGRAM, &[("bin/mm", "m"), ("share/x", "m")], "");
    lab.archive("aa", "1.0.0", PROGRAM, &[("bin/aa", "a")], "");
    let comma = if more.is_empty() { "" } else { "," };
    let more = format!(r#""require":{{"heroku-sys/mm":"*","heroku-sys/aa":"*"}}{comma}{more}"#);
    lab.bytes("zz", "1.0.0", PROGRAM, bytes, &more);
    lab.workspace.write("app/bin/kept", "kept");
    lab.workspace.write("app/bin/mm", "of before");
    lab.require(r#""heroku-sys/zz":"*""#);
    lab
}

fn refused(lab: &Lab, status: i32, says: &[&str]) {
    let before = lab.picture();
    let output = lab
        .install()
        .env("profile_dir_path", lab.workspace.path("profile"))
        .env("export_file_path", lab.workspace.path("export"))
        .run()
        .expect(status);
    for text in says {
        assert!(output.stderr.contains(text), "{text}:\n{}", output.stderr);
    }
    assert_eq!(lab.picture(), before, "{}", output.stderr);
    assert!(!lab.workspace.path("profile").exists() && !lab.workspace.path("export").exists());
    let litter = fs::read_dir(lab.app("")).unwrap();
    let names: Vec<_> = litter.map(|entry| entry.unwrap().file_name()).collect();
    assert!(!names.iter().any(|name| name.to_string_lossy().starts_with('.')), "{names:?}");
    assert_eq!(lab.workspace.litter(), [""; 0]);
}

const NAMES: [&str; 2] = ["zz 1.0.0", "/zz-1.0.0.tar.gz"];

/// A tar archive with one member of a kind, packed.
fn member(name: &str, kind: u8, target: &str) -> Vec<u8> {
    use std::io::Write as _;
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(b"00000000000\0");
    header[136..148].copy_from_slice(b"00000000000\0");
    header[156] = kind;
    header[157..157 + target.len()].copy_from_slice(target.as_bytes());
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(&header).unwrap();
    packed.write_all(&[0; 1024]).unwrap();
    packed.finish().unwrap()
}

#[test]
fn archives_that_are_none() {
    let whole = Lab::new().pack(&[("bin/zz", &"z".repeat(100_000)), ("bin/y", "y")]);
    refused(&lab(b"<html>not found</html>", ""), 6, &NAMES);
    refused(&lab(b"", ""), 6, &NAMES);
    refused(&lab(&whole[..whole.len() - 20], ""), 6, &NAMES);
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    refused(&lab(&damaged, ""), 6, &NAMES);
    let missing = lab(&whole, "");
    fs::remove_file(missing.workspace.path("web/zz-1.0.0.tar.gz")).unwrap();
    refused(&missing, 7, &NAMES);
}

#[test]
fn archives_that_lead_outside() {
    for (name, kind, target) in
        [("../evil", b'0', ""), ("/etc/evil", b'0', ""), ("hard", b'1', "/etc/passwd")]
    {
        refused(&lab(&member(name, kind, target), ""), 6, &[NAMES[0], NAMES[1], "refused"]);
    }
}

/// Packages may refer to files of the system. Nothing is written through such a link, neither by
/// another package nor by what we write ourselves.
#[test]
fn links_that_lead_outside() {
    let links = [
        ("log/access.log", "-> /dev/stdout"),
        ("cacerts", "-> /etc/ssl/certs/ca-certificates.crt"),
        ("up", "-> ../../x"),
    ];
    let lab = lab(&Lab::new().pack(&links), "");
    lab.install().run().success();
    for (name, target) in links {
        assert_eq!(lab.picture()[name], target);
    }

    let through = |link: &str, files: &[(&str, &str)]| {
        let mut lab = Lab::new();
        fs::create_dir(lab.workspace.path("outside")).unwrap();
        let target = format!("-> {}", lab.workspace.path("outside").display());
        lab.archive("aa", "1.0.0", PROGRAM, &[(link, &target)], "");
        lab.archive("bb", "1.0.0", PROGRAM, files, r#""require":{"heroku-sys/aa":"*"}"#);
        lab.require(r#""heroku-sys/bb":"*""#);
        lab
    };
    let written = |lab: &Lab| fs::read_dir(lab.workspace.path("outside")).unwrap().count();
    // A folder of that name replaces the link, as with tar.
    let another = through("share", &[("share/x", "x")]);
    another.install().run().success();
    assert_eq!((written(&another), another.read("share/x").as_str()), (0, "x"));
    // Composer's own files.
    let ours = through("vendor", &[("bin/x", "x")]);
    refused(&ours, 6, &["vendor"]);
    assert_eq!(written(&ours), 0);
    let mut plugin = through("vendor/heroku", &[("bin/x", "x")]);
    let text = r#"{"name":"heroku/installer-plugin","version":"1.7.0","type":"composer-plugin",
        "extra":{"class":"Plugin"}}"#;
    plugin.workspace.write("no-installer/composer.json", text);
    plugin.workspace.write("no-installer/src/Plugin.php", "<?php");
    let more = r#""require":{"heroku/installer-plugin":"^1.6.0","heroku-sys/aa":"*"}"#;
    plugin.archive("cc", "1.0.0", PROGRAM, &[("bin/c", "c")], more);
    plugin.require(r#""heroku-sys/cc":"*""#);
    let output = plugin.install().run();
    assert_eq!(written(&plugin), 0, "{}", output.stderr);
}

#[test]
fn archives_that_hold_too_much() {
    let bytes = Lab::new().pack(&[("bin/zz", &"z".repeat(2 << 20))]);
    let lab = lab(&bytes, "");
    for (option, value) in
        [("--max-unpacked", "1M"), ("--max-members", "1"), ("--max-ratio", "100")]
    {
        let before = lab.picture();
        let output = lab.install().args([option, value]).run().expect(6);
        assert!(output.stderr.contains(option), "the way out: {}", output.stderr);
        assert_eq!(lab.picture(), before);
    }
    lab.install().args(["--max-unpacked", "3M"]).run().success();
}

#[test]
fn checksums_are_heeded() {
    let bytes = Lab::new().pack(&[("bin/zz", "z")]);
    let size = bytes.len();
    let sha256 = "0".repeat(64);
    for (extra, says) in [
        (format!(r#""extra":{{"sha256":"{sha256}"}}"#), "SHA-256"),
        (format!(r#""extra":{{"size":{}}}"#, size + 1), "size"),
        (format!(r#""extra":{{"size":{}}}"#, size - 1), "larger than"),
    ] {
        refused(&lab(&bytes, &extra), 6, &[NAMES[0], NAMES[1], says]);
    }
    let mut wrong = lab(&bytes, "");
    let url = format!("{}/zz-1.0.0.tar.gz", wrong.server.url());
    let dist = format!(
        r#""dist":{{"type":"heroku-sys-tar","url":"{url}","shasum":"{}"}}"#,
        "0".repeat(40)
    );
    wrong.package("yy", "1.0.0", PROGRAM, &dist);
    wrong.require(r#""heroku-sys/yy":"*""#);
    refused(&wrong, 6, &["yy 1.0.0", NAMES[1], "SHA-1"]);
    // A damaged transfer is repeated; damaged each time, it is refused.
    let sha256 = format!(r#""extra":{{"sha256":"{}"}}"#, checksum::of_bytes(&bytes));
    let damaged = lab(&bytes, &sha256);
    for _ in 0..2 {
        damaged.server.fault("/zz-1.0.0.tar.gz", Fault::Damage);
    }
    refused(&damaged, 6, &[NAMES[0], NAMES[1]]);
    damaged.server.fault("/zz-1.0.0.tar.gz", Fault::Damage);
    damaged.install().run().success();
}

#[test]
fn repositories_that_point_elsewhere() {
    for url in ["file:///etc/passwd", "/etc/passwd", "s3://bucket/x", "gopher://x/y"] {
        let mut lab = lab(b"", "");
        let dist = format!(r#""dist":{{"type":"heroku-sys-tar","url":"{url}"}}"#);
        lab.package("yy", "1.0.0", PROGRAM, &dist);
        lab.require(r#""heroku-sys/yy":"*""#);
        refused(&lab, 6, &["yy 1.0.0", url]);
    }
    let to_file = lab(b"", "");
    to_file.server.fault("/zz-1.0.0.tar.gz", Fault::Redirect("file:///etc/passwd".to_owned()));
    refused(&to_file, 6, &["zz 1.0.0", "redirect"]);
}

/// What nobody knows to unpack is not taken for installed.
#[test]
fn packages_without_an_archive_of_ours() {
    for (dist, says) in [
        (r#""dist":{"type":"zip","url":"https://x.example/yy.zip"}"#, "of type 'zip'"),
        (r#""source":{"type":"git","url":"https://x.example/","reference":"1"}"#, "no archive"),
        ("", "no archive"),
    ] {
        let mut lab = lab(&Lab::new().pack(&[("bin/zz", "z")]), "");
        lab.package("yy", "1.0.0", PROGRAM, dist);
        lab.require(r#""heroku-sys/yy":"*","heroku-sys/zz":"*""#);
        refused(&lab, 6, &["yy 1.0.0", says]);
    }
}

#[test]
fn repositories_that_are_none() {
    for (text, status) in [("", 6), ("{", 6), ("[]", 6), (r#"{"packages":7}"#, 6)] {
        let lab = lab(b"", "");
        lab.workspace.write("web/packages.json", text);
        refused(&lab, status, &["127.0.0.1"]);
    }
    let gone = lab(b"", "");
    fs::remove_file(gone.workspace.path("web/packages.json")).unwrap();
    refused(&gone, 7, &["/packages.json does not exist"]);
    let secret = lab(b"", "");
    secret.server.fault("/packages.json", Fault::Status(403));
    refused(&secret, 8, &["/packages.json", "403"]);
    let mut no_json = Lab::new();
    no_json.publish();
    no_json.install().run().expect(7);
    no_json.workspace.write("app/composer.json", "{");
    no_json.install().run().expect(6);
    no_json.package("x", "1.0.0", PROGRAM, "");
}

#[test]
fn names_that_lead_outside() {
    let files = [("bin/zz", "z"), ("i.ini", "x"), ("out", "-> bin")];
    let bytes = Lab::new().pack(&files);
    for extra in [
        r#""extra":{"profile":"../composer.json"}"#,
        r#""extra":{"profile":"/etc/passwd"}"#,
        r#""extra":{"profile":"gone"}"#,
        r#""extra":{"profile":true}"#,
        r#""extra":{"export":"../../x"}"#,
        r#""extra":{"export":7}"#,
        r#""extra":{"export":{"A":["x"]}}"#,
    ] {
        refused(&lab(&bytes, extra), 6, &["zz 1.0.0", "extra"]);
    }
    for config in [r#""../i.ini""#, r#""/etc/passwd""#, r#""gone.ini""#, "7", r#""../x.so""#] {
        let mut lab = Lab::new();
        let more = format!(r#""extra":{{"config":{config}}}"#);
        lab.bytes("ext-zz", "1.0.0", "heroku-sys-php-extension", &bytes, &more);
        lab.require(r#""heroku-sys/ext-zz":"*""#);
        refused(&lab, 6, &["ext-zz 1.0.0", "config"]);
    }
}

#[test]
fn files_and_folders_that_clash() {
    // With another package.
    let bytes = Lab::new().pack(&[("bin/mm/x", "z")]);
    refused(&lab(&bytes, ""), 6, &["bin/mm"]);
    let bytes = Lab::new().pack(&[("share", "file")]);
    refused(&lab(&bytes, ""), 6, &["zz 1.0.0"]);
    // With what is in the folder.
    let bytes = Lab::new().pack(&[("mine", "file")]);
    let folder = lab(&bytes, "");
    folder.workspace.write("app/mine/x", "");
    refused(&folder, 6, &["mine is a folder here"]);
    let bytes = Lab::new().pack(&[("mine/x", "file")]);
    let file = lab(&bytes, "");
    file.workspace.write("app/mine", "");
    refused(&file, 6, &["mine is a folder here"]);
    // A link that leads out of the folder is not followed.
    let link = lab(&bytes, "");
    fs::create_dir(link.workspace.path("outside")).unwrap();
    symlink("../outside", link.app("mine")).unwrap();
    refused(&link, 6, &["mine"]);
    assert_eq!(fs::read_dir(link.workspace.path("outside")).unwrap().count(), 0);
    // One that stays inside is.
    let inside = lab(&bytes, "");
    symlink("bin", inside.app("mine")).unwrap();
    inside.install().run().success();
    assert_eq!(inside.read("bin/x"), "file");
    assert_eq!(inside.read("bin/kept"), "kept");
    assert_eq!(inside.read("bin/mm"), "m");
}

#[test]
fn links_of_packages_are_kept_and_not_written_through() {
    let files = [("lib64", "-> lib"), ("lib/x", "z"), ("etc", "-> lib")];
    let lab = lab(&Lab::new().pack(&files), "");
    lab.install().run().success();
    let picture = lab.picture();
    assert_eq!(picture["lib64"], "-> lib");
    assert_eq!(picture["lib/x"], "z");
}

/// A run that is fetching an archive, and never gets it in full.
fn at_it(lab: &Lab) -> Running {
    for _ in 0..8 {
        lab.server.fault("/zz-1.0.0.tar.gz", Fault::Stall);
    }
    let running = lab.install().spawn();
    while !lab.server.requests().iter().any(|request| request.target.contains("zz-1")) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    running
}

#[test]
fn an_interrupted_run_leaves_nothing() {
    let lab = lab(&Lab::new().pack(&[("bin/zz", "z")]), "");
    let before = lab.picture();
    let running = at_it(&lab);
    running.interrupt();
    assert_eq!(running.wait().status, 130);
    assert_eq!(lab.picture(), before);
}

#[test]
fn what_a_killed_run_leaves_goes_with_the_next_one() {
    let bytes = Lab::new().pack(&[("bin/zz", "z")]);
    let killed = lab(&bytes, "");
    let running = at_it(&killed);
    running.kill();
    assert_eq!(running.wait().status, 137);
    let left = |lab: &Lab| {
        let entries = fs::read_dir(lab.app("")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.starts_with('.')).count()
    };
    assert_eq!(left(&killed), 1);
    // Another folder's server, since this one's is still faulty.
    let fresh = lab(&bytes, "");
    fs::remove_dir_all(fresh.app("")).unwrap();
    fs::rename(killed.app(""), fresh.app("")).unwrap();
    fresh.require(r#""heroku-sys/zz":"*""#);
    fresh.install().arg("--dry-run").run().success();
    assert_eq!(left(&fresh), 1, "a dry run changes nothing");
    fresh.install().run().success();
    assert_eq!(left(&fresh), 0);
    assert_eq!(fresh.read("bin/zz"), "z");
}

#[test]
fn packages_do_not_write_what_a_later_run_would_take_for_its_own() {
    let bytes = Lab::new().pack(&[(".platform-install-x/moves", "bin/zz\0bin/kept\0")]);
    refused(&lab(&bytes, ""), 6, &[".platform-install-x", "keeps for itself"]);
}

#[test]
fn two_at_once_wait_for_each_other() {
    let lab = lab(&Lab::new().pack(&[("bin/zz", "z")]), "");
    let runs: Vec<_> = (0..3).map(|_| lab.install().spawn()).collect();
    let outputs: Vec<_> = runs.into_iter().map(|run| run.wait().success().stderr).collect();
    let nothing = outputs.iter().filter(|text| *text == "Nothing to install.\n").count();
    assert_eq!(nothing, 2, "{outputs:?}");
}
