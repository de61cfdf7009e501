//! Archives of every dialect of tar that a tool here writes: GNU tar says what is in them, and ours
//! must say the same.
//!
//! A tool that is not installed is named on stderr; `.ci/setup` installs all of them.
#![allow(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod support;

use std::fs;
use std::path::Path;

use support::oracle::{by_tar, by_us, difference, is_there, left_out, same, shell};
use support::{Tar, full_tree, gzip, saved};

/// What stands in `small`, `full` and `sparse`, written by these tools to `a.tar`.
const WRITTEN: [(&str, &str); 41] = [
    ("tar", "tar --format=v7 --exclude=pipe -cf a.tar -C small ."),
    ("tar", "tar --format=oldgnu -cf a.tar -C full ."),
    ("tar", "tar --format=gnu -cf a.tar -C full ."),
    ("tar", "tar --format=ustar -cf a.tar -C small ."),
    ("tar", "tar --format=posix -cf a.tar -C full ."),
    ("tar", "tar --format=posix --pax-option=mtime=1234567 -cf a.tar -C full ."),
    ("tar", "tar --format=posix --pax-option=mtime:=1234567.9 -cf a.tar -C full ."),
    ("tar", "tar --format=posix --pax-option=comment=global,comment:=each -cf a.tar -C full ."),
    ("tar", "tar --format=posix --pax-option=delete=mtime,hdrcharset=BINARY -cf a.tar -C full ."),
    ("tar", "tar --format=posix --xattrs --acls --selinux -cf a.tar -C full ."),
    ("tar", "tar --format=gnu -V label -cf a.tar -C full ."),
    ("tar", "tar --format=posix -V label -cf a.tar -C full ."),
    ("tar", "tar --format=gnu -g snapshot -cf a.tar -C full ."),
    ("tar", "tar --format=posix -g snapshot -cf a.tar -C full ."),
    ("tar", "tar --format=gnu --sparse -cf a.tar -C sparse ."),
    ("tar", "tar --format=oldgnu --sparse -cf a.tar -C sparse ."),
    ("tar", "tar --format=posix --sparse --sparse-version=0.0 -cf a.tar -C sparse ."),
    ("tar", "tar --format=posix --sparse --sparse-version=0.1 -cf a.tar -C sparse ."),
    ("tar", "tar --format=posix --sparse --sparse-version=1.0 -cf a.tar -C sparse ."),
    ("tar", "tar --hard-dereference -b 1 -cf a.tar -C full ."),
    ("tar", "cd small && tar -cf ../a.tar f && tar -rf ../a.tar g f && tar -rf ../a.tar l d f"),
    ("tar", "cd small && tar -cf ../a.tar f g f g"),
    ("tar", "tar -cf a.tar -C small f g && tar -cf b.tar -C small d l && tar -Af a.tar b.tar"),
    ("tar", "tar -cf a.tar -C small . && tar --delete -f a.tar ./d"),
    ("tar", "tar -cf a.tar -T /dev/null"),
    ("tar", "tar -cf a.tar --owner=:4000000000 --group=:99999999 -C small ."),
    ("tar", "tar -cf a.tar --mtime=@-5.5 -C small ."),
    ("tar", "tar --format=posix --mtime=@-5.5 -cf a.tar -C small ."),
    (
        "git",
        "git init -q r && cp small/f r && cd r && git add . && git -c user.name=a \
             -c user.email=a@b commit -qm x && git archive -o ../a.tar HEAD",
    ),
    (
        "git",
        "git init -q r && cd r && git -c user.name=a -c user.email=a@b commit -qm x \
             --allow-empty && git archive -o ../a.tar HEAD",
    ),
    ("bsdtar", "bsdtar --format=v7 --exclude=pipe -cf a.tar -C small ."),
    ("bsdtar", "bsdtar --format=ustar -cf a.tar -C small ."),
    ("bsdtar", "bsdtar --format=gnutar -cf a.tar -C full ."),
    ("bsdtar", "bsdtar --format=pax --xattrs -cf a.tar -C full ."),
    ("bsdtar", "bsdtar --format=pax --read-sparse -cf a.tar -C sparse ."),
    ("busybox", "busybox tar -cf a.tar -C full ."),
    ("cpio", "cd small && find . | cpio --quiet -o -H ustar > ../a.tar"),
    ("cpio", "cd small && find . | cpio --quiet -o -H tar > ../a.tar"),
    ("pax", "cd small && pax -w -x ustar . > ../a.tar"),
    ("pax", "cd small && find . ! -name pipe | pax -w -d -x tar > ../a.tar"),
    (
        "perl",
        "cd small && perl -MArchive::Tar -e \
              'Archive::Tar->create_archive(\"../a.tar\", 0, \"f\", \"l\", \"d\", \"d/x\")'",
    ),
];

/// Folders with what most, only some, and only sparse formats can hold.
fn trees(folder: &Path) {
    full_tree(&folder.join("full"));
    let script = "mkdir -p small/d/e sparse && cd small && echo f > f && ln f g && ln -s f l \
        && ln -s /dev/stdout out && echo x > d/x && chmod 4711 d/x && mkfifo pipe && cd ../sparse \
        && truncate -s 3M hole && truncate -s 3M ends && printf end >> ends && truncate -s 9M many \
        && for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29; do \
            printf %s $n | dd of=many bs=64K seek=$((n * 4)) conv=notrunc status=none; done \
        && printf first > first && truncate -s 1M first && echo whole > whole \
        && find . ../small -exec touch -h -d @400000000 {} +";
    shell(folder, script);
}

#[test]
fn what_tools_write() {
    let (mut missing, mut differences) = (Vec::new(), Vec::new());
    let folder = tempfile::tempdir().unwrap();
    trees(folder.path());
    for (tool, script) in WRITTEN {
        if !is_there(tool) {
            missing.push(tool);
            continue;
        }
        shell(folder.path(), "rm -rf a.tar* b.tar r snapshot");
        shell(folder.path(), script);
        shell(folder.path(), "gzip a.tar");
        differences.extend(difference(script, &folder.path().join("a.tar.gz")));
    }
    assert_eq!(differences, [""; 0]);
    missing.dedup();
    if !missing.is_empty() {
        left_out(&format!("archives of {missing:?}, because they are not installed"));
    }
}

#[test]
fn what_python_writes() {
    let folder = tempfile::tempdir().unwrap();
    trees(folder.path());
    for format in ["USTAR_FORMAT", "GNU_FORMAT", "PAX_FORMAT"] {
        for (tree, encoding) in [("small", "utf-8"), ("full", "utf-8"), ("small", "latin-1")] {
            if tree == "full" && format == "USTAR_FORMAT" {
                continue;
            }
            let script = format!(
                "import tarfile\n\
                 with tarfile.open('a.tar.gz', 'w:gz', format=tarfile.{format}, \
                 encoding='{encoding}', errors='surrogateescape', \
                 pax_headers={{'comment': 'all', 'SCHILY.xattr.user.x': 'y'}}) as archive:\n\
                 \tarchive.add('{tree}', arcname='{tree}')"
            );
            fs::write(folder.path().join("make.py"), script).unwrap();
            shell(folder.path(), "python3 make.py");
            same(&format!("{format} {tree} {encoding}"), &folder.path().join("a.tar.gz"));
        }
    }
}

/// The first of several volumes ends in the middle of a file.
#[test]
fn archives_of_several_volumes() {
    for format in ["gnu", "posix"] {
        let folder = tempfile::tempdir().unwrap();
        let script = format!(
            "head -c 300000 /dev/urandom > big; tar --format={format} -c -M -L 200 -f 1.tar -f 2.tar big; \
             gzip 1.tar 2.tar"
        );
        shell(folder.path(), &script);
        for (number, why) in [(1, "archive is truncated"), (2, "in other volumes")] {
            let error = by_us(&folder.path().join(format!("{number}.tar.gz"))).unwrap_err();
            assert!(error.contains(why), "{format} {number}: {error}");
        }
    }
}

/// Ends of archives, and of their compression.
#[test]
fn ends() {
    let tar = Tar::new().file(b"f", &[b'x'; 1000]);
    let whole = tar.clone().gzipped();
    let with = |rest: &[u8]| gzip(&[&tar.0[..], rest].concat());
    let table: Vec<(&str, Vec<u8>, bool)> = vec![
        ("without end blocks", with(&[]), true),
        ("one end block", with(&[0; 512]), true),
        ("half an end block", with(&[0; 100]), true),
        ("a large record", with(&[0; 100_000]), true),
        ("zeros behind", [&whole[..], &[0; 5000]].concat(), true),
        (
            "members of gzip",
            whole.chunks(20).map(<[u8]>::to_vec).collect::<Vec<_>>().concat(),
            true,
        ),
        ("members of gzip for each block", tar.0.chunks(512).flat_map(gzip).collect(), true),
        ("nothing at all, compressed", gzip(&[]), true),
        ("nothing but zeros", gzip(&[0; 10_240]), true),
        ("nothing at all", Vec::new(), false),
        ("not compressed", [&tar.0[..], &[0; 1024]].concat(), false),
        ("cut in a file", gzip(&tar.0[..1000]), false),
        ("cut in the compression", whole[..whole.len() - 4].to_vec(), false),
        ("garbage behind", [&whole[..], b"garbage"].concat(), false),
        ("garbage behind zeros", [&whole[..], &[0; 9], b"garbage"].concat(), false),
    ];
    for (label, bytes, good) in table {
        let folder = tempfile::tempdir().unwrap();
        let archive = saved(folder.path(), &bytes);
        if good {
            same(label, &archive);
        } else {
            assert!(by_tar(&archive).is_err(), "{label}");
            assert!(by_us(&archive).is_err(), "{label}");
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let named = saved(folder.path(), &whole);
    shell(folder.path(), "gzip -dc archive.tar.gz > name.tar && gzip -9 --name name.tar");
    same("a name in the header of gzip", &folder.path().join("name.tar.gz"));
    same("the same without", &named);
}
