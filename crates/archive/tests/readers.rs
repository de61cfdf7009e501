//! What other readers make of our archives. The table of `docs/archives.md` is measured with this.
//!
//! What GNU tar, bsdtar, busybox, Python and Go read, they must read right. Of the others, the test
//! prints what differs from the table; plain files must be right everywhere.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use archive::PackOptions;
use support::oracle::{left_out, say, shell};
use support::{Picture, What, pack, picture, saved};

/// What may be in a package: the table's columns. Each is tried in an archive of its own, beside a
/// plain file.
const CONTENTS: [(&str, &str); 11] = [
    ("file", "mkdir -p bin; echo run > bin/run; chmod 755 bin/run; : > empty; echo ü > grüße"),
    ("name of 100 bytes", "echo x > $(printf %0100d 1)"),
    ("longer name", "n=$(printf %0120d 1); mkdir -p $n/$n; echo x > $n/$n/$n"),
    ("symbolic link", "mkdir bin; ln -s ../plain bin/link; ln -s /dev/stdout log; ln -s bin d"),
    ("longer target", "ln -s $(printf %0120d 1) link"),
    ("hard link", "echo x > a; ln a b"),
    ("empty folder", "mkdir -p empty/deep"),
    ("set-uid", "echo x > suid; chmod 4755 suid"),
    ("pipe", "mkfifo pipe"),
    ("time", "echo x > file"),
    ("long name of pax", "n=$(printf %0120d 1); mkdir $n; echo x > $n/$n"),
];

/// How a reader treats a content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    /// As it is.
    Right,
    /// Otherwise, without a word.
    Other,
    /// Not at all: the reader fails.
    Fails,
}

use Read::{Fails, Other, Right};

const ALL: [Read; 11] = [Right; 11];

/// The readers, the table's rows: whether one is there, and how it unpacks the archive `$1` into the
/// folder `$2`, with our scripts in `$3`.
#[rustfmt::skip]
const READERS: [(&str, &str, &str, [Read; 11]); 11] = [
    ("GNU tar 1.34", "type -P tar", "tar -xpzf $1 -C $2", ALL),
    ("bsdtar 3.6.2", "type -P bsdtar", "bsdtar -xpzf $1 -C $2", ALL),
    ("busybox 1.35 `tar`", "type -P busybox", "busybox tar -xpzf $1 -C $2", ALL),
    ("Python 3.11 `tarfile`", "type -P python3", "python3 $3/tarfile_all.py $1 $2", ALL),
    ("Go 1.24 `archive/tar`", "type -P go", "go run $3/archive_tar.go $1 $2", ALL),
    ("Python 3.11, filter `data`", "python3 -c 'import tarfile as t; t.data_filter'",
        "python3 $3/tarfile_all.py $1 $2 data",
        [Right, Right, Right, Fails, Right, Right, Right, Other, Fails, Right, Right]),
    ("Perl 5.36 `Archive::Tar`", "type -P perl", "perl $3/archive_tar.pl $1 $2",
        [Right, Right, Right, Right, Other, Right, Right, Right, Right, Right, Fails]),
    ("PHP 8.2 `PharData`", "type -P php", "php $3/phar.php $1 $2",
        [Right, Right, Right, Other, Fails, Other, Other, Other, Other, Other, Other]),
    ("Composer 2.5.5, type `tar`", "type -P composer", "bash $3/composer.sh $1 $2",
        [Right, Right, Right, Other, Fails, Other, Other, Other, Other, Other, Other]),
    ("RubyGems 3.3 `TarReader`", "type -P ruby", "ruby $3/gem.rb $1 $2",
        [Right, Right, Fails, Right, Other, Other, Right, Right, Other, Other, Fails]),
    ("minitar 0.9", "ruby -e 'require \"minitar\"'", "ruby $3/minitar.rb $1 $2",
        [Right, Right, Right, Other, Other, Other, Right, Right, Other, Other, Fails]),
];

/// An archive with these contents beside a plain file, and the tree that is in it.
fn archive_of(content: &str, script: &str, folder: &Path) -> PathBuf {
    let tree = folder.join("tree");
    fs::create_dir(&tree).unwrap();
    shell(&tree, &format!("echo plain > plain; {script}"));
    if content.ends_with("of pax") {
        shell(folder, "tar --format=posix -czf archive.tar.gz -C tree $(ls tree)");
        return folder.join("archive.tar.gz");
    }
    saved(folder, &pack(&tree, &PackOptions::default()).1)
}

/// What is in a tree; times only of files, and only if asked for.
fn seen(tree: &Path, times: bool) -> Picture {
    let mut picture = picture(tree);
    for seen in picture.values_mut() {
        if !times || !matches!(seen.what, What::File(..)) {
            seen.mtime = 0;
        }
    }
    picture
}

fn read(content: &str, made: &str, how: &str) -> Read {
    let folder = tempfile::tempdir().unwrap();
    let archive = archive_of(content, made, folder.path());
    let into = folder.path().join("into");
    fs::create_dir(&into).unwrap();
    let scripts = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/readers");
    let mut bash = Command::new("bash");
    bash.args(["-c", how, "bash"]).arg(&archive).arg(&into).arg(scripts);
    let output = bash.stdin(Stdio::null()).current_dir(folder.path()).output().unwrap();
    let times = content == "time";
    let mut expected = seen(&folder.path().join("tree"), times);
    if times {
        for seen in expected.values_mut().filter(|seen| matches!(seen.what, What::File(..))) {
            seen.mtime = archive::DEFAULT_TIME_LIMIT;
        }
    }
    match (output.status.success(), seen(&into, times) == expected) {
        (true, true) => Right,
        (true, false) => Other,
        (false, _) => Fails,
    }
}

#[test]
fn what_they_make_of_ours() {
    for (reader, probe, how, all) in READERS {
        let probed = Command::new("bash").args(["-c", probe]).output().unwrap();
        if !probed.status.success() {
            left_out(&format!("{reader}, which is not installed"));
            continue;
        }
        for ((content, made), expected) in CONTENTS.iter().zip(all) {
            let found = read(content, made, how);
            // Other versions may be better, or worse, than those of the table.
            if all == ALL || *content == "file" {
                assert_eq!(found, Right, "{reader}: {content}");
            } else if found != expected {
                say(&format!("{reader}, as installed here: {content}: {found:?}"));
            }
        }
    }
}

#[test]
fn the_table_is_what_was_measured() {
    let table = include_str!("../../../docs/archives.md");
    let row = |name: &str, cells: [&str; 11]| format!("| {name} | {} |", cells.join(" | "));
    let head = row("reader", CONTENTS.map(|(content, _)| content));
    assert!(table.contains(&head), "{head}");
    for (reader, _, _, expected) in READERS {
        let word = |read| match read {
            Right => "yes",
            Other => "**no**",
            Fails => "fails",
        };
        let row = row(reader, expected.map(word));
        assert!(table.contains(&row), "{row}");
    }
}
