//! GNU tar beside ours: what each makes of an archive.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use archive::Limits;

use super::{Picture, What, picture};

/// Runs a script in a folder to its end.
#[track_caller]
pub fn shell(folder: &Path, script: &str) {
    let mut bash = Command::new("bash");
    let output = bash.args(["-euc", script]).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Says what a test leaves out, also where the test passes.
pub fn left_out(what: &str) {
    say(&format!("LEFT OUT: {what}"));
}

/// Says something, also where the test passes: not by a macro, whose words are kept back.
pub fn say(line: &str) {
    io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}

/// Whether a program is installed.
pub fn is_there(tool: &str) -> bool {
    let mut bash = Command::new("bash");
    bash.args(["-c", "type -P \"$1\"", "bash", tool]).output().unwrap().status.success()
}

/// A tree without the times of folders: GNU tar does not restore all of them where members of one
/// folder do not follow one another.
fn seen(tree: &Path) -> Picture {
    let mut picture = picture(tree);
    for seen in picture.values_mut().filter(|seen| seen.what == What::Directory) {
        seen.mtime = 0;
    }
    picture
}

/// What GNU tar makes of an archive, if it likes it.
pub fn by_tar(archive: &Path) -> Result<Picture, String> {
    let into = tempfile::tempdir().unwrap();
    let mut tar = Command::new("tar");
    tar.args(["--no-same-owner", "-xpzf"]).arg(archive).arg("-C").arg(into.path());
    let output = tar.env("LC_ALL", "C.UTF-8").stdin(Stdio::null()).output().unwrap();
    match output.status.success() {
        true => Ok(seen(into.path())),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

/// What ours makes of it. Of what is refused, nothing is written.
pub fn by_us(archive: &Path) -> Result<Picture, String> {
    let into = tempfile::tempdir().unwrap();
    let unpacked = archive::unpack_file(archive, into.path(), &Limits::default());
    let checked = archive::verify(fs::File::open(archive).unwrap(), &Limits::default());
    match (unpacked, checked) {
        (Ok(unpacked), Ok(checked)) => {
            assert_eq!(unpacked, checked);
            Ok(seen(into.path()))
        }
        (Err(unpacked), Err(checked)) => {
            assert_eq!(unpacked.to_string(), checked.to_string());
            assert!(picture(into.path()).is_empty(), "{unpacked}");
            Err(unpacked.to_string())
        }
        (unpacked, checked) => panic!("{unpacked:?} {checked:?}"),
    }
}

/// What differs between the tree that GNU tar makes of an archive and ours.
pub fn difference(label: &str, archive: &Path) -> Option<String> {
    match (by_tar(archive), by_us(archive)) {
        (Ok(theirs), Ok(ours)) => {
            let mut names = theirs.keys().chain(ours.keys());
            let name = names.find(|name| theirs.get(*name) != ours.get(*name))?;
            let seen = |picture: &Picture| {
                let text = format!("{:?}", picture.get(name));
                text.chars().take(300).collect::<String>()
            };
            let (theirs, ours) = (seen(&theirs), seen(&ours));
            Some(format!("{label}: {}: GNU tar {theirs}, ours {ours}", name.escape_ascii()))
        }
        (theirs, ours) => {
            Some(format!("{label}: GNU tar {:?}, ours {:?}", theirs.err(), ours.err()))
        }
    }
}

#[track_caller]
pub fn same(label: &str, archive: &Path) {
    assert_eq!(difference(label, archive), None);
}
