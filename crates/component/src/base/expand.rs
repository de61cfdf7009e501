//! Archives over folders of the droplet. Nothing of an archive ever leaves its folder.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use archive::{Limits, Selection};

use crate::droplet::check_inside;
use crate::error::Error;

/// Compressions that programs of the system undo: how a file begins, and the program.
const PROGRAMS: [(&[u8], &str); 4] =
    [(b"BZh", "bzip2"), (b"\xfd7zXZ\0", "xz"), (b"\x28\xb5\x2f\xfd", "zstd"), (b"LZIP", "lzip")];

fn failed<'a>(name: &'a str) -> impl Fn(&dyn std::fmt::Display) -> Error + 'a {
    move |detail| Error::Expand { name: name.to_owned(), detail: detail.to_string() }
}

/// With its causes.
fn told(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Unpacks a tar archive over a folder.
pub(super) fn tar(
    file: &Path,
    selection: &Selection,
    into: &Path,
    limits: &Limits,
    name: &str,
) -> Result<(), Error> {
    let failed = failed(name);
    let plain = decompressed(file, limits).map_err(|error| failed(&error))?;
    let opened = fs::File::open(plain.as_ref().map_or(file, scratch::File::path));
    let opened = opened.map_err(|error| failed(&error))?;
    archive::unpack_selected(opened, into, limits, selection)
        .map_err(|error| failed(&told(&error)))?;
    Ok(())
}

/// The content of what is compressed otherwise than with gzip.
fn decompressed(file: &Path, limits: &Limits) -> io::Result<Option<scratch::File>> {
    let mut beginning = Vec::new();
    fs::File::open(file)?.take(8).read_to_end(&mut beginning)?;
    let known = PROGRAMS.iter().find(|(magic, _)| beginning.starts_with(magic));
    let Some((_, program)) = known else {
        return Ok(None);
    };
    let folder = std::env::temp_dir();
    let mut content = scratch::File::new_in(&folder, "slipway-tar-")?;
    let packed = fs::File::open(file)?;
    let most = limits.most_from(packed.metadata()?.len());
    let mut child = Command::new(program)
        .arg("-dc")
        .stdin(packed)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| io::Error::new(error.kind(), format!("cannot run {program}: {error}")))?;
    // Dropped here, so that a program with more to say ends.
    let copied = match child.stdout.take() {
        Some(out) => io::copy(&mut out.take(most.saturating_add(1)), content.file()),
        None => Ok(0),
    };
    let status = child.wait()?;
    if copied? > most {
        return Err(too_much(most));
    }
    if !status.success() {
        return Err(io::Error::other(format!("{program} cannot read it ({status})")));
    }
    Ok(Some(content))
}

/// The only file of an archive.
pub(super) struct Single {
    _folder: scratch::Folder,
    path: PathBuf,
}

impl Single {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What a download is meant to be when it comes in a `.tar.gz`: the one file in it. Nothing where
/// the download is the file itself.
pub(super) fn single_file(
    file: &Path,
    uri: &str,
    limits: &Limits,
    name: &str,
) -> Result<Option<Single>, Error> {
    let path = uri.split(['?', '#']).next().unwrap_or_default();
    if !path.ends_with(".tar.gz") && !path.ends_with(".tgz") {
        return Ok(None);
    }
    let failed = failed(name);
    let folder = scratch::Folder::new("slipway-file-").map_err(|error| failed(&error))?;
    archive::unpack_file(file, folder.path(), limits).map_err(|error| failed(&told(&error)))?;
    let entries = walkdir::WalkDir::new(folder.path()).into_iter();
    let files: Vec<PathBuf> = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .collect();
    match &files[..] {
        [path] => Ok(Some(Single { path: path.clone(), _folder: folder })),
        _ => Err(failed(&format!("{path} holds {} files where one is wanted", files.len()))),
    }
}

/// Unpacks a ZIP archive over a folder, or its first top entry as that folder.
pub(super) fn zip(
    file: &Path,
    strip: bool,
    into: &Path,
    limits: &Limits,
    name: &str,
) -> Result<(), Error> {
    let failed = failed(name);
    if !strip {
        return unzip(file, into, limits).map_err(|error| failed(&error));
    }
    if into.symlink_metadata().is_ok() {
        return Err(failed(&format!("{} exists already", into.display())));
    }
    let parent = into.parent().unwrap_or(into);
    let folder = scratch::Folder::new_in(parent, ".expand-").map_err(|error| failed(&error))?;
    unzip(file, folder.path(), limits).map_err(|error| failed(&error))?;
    let entries = fs::read_dir(folder.path()).map_err(|error| failed(&error))?;
    let mut tops: Vec<PathBuf> = entries.filter_map(Result::ok).map(|top| top.path()).collect();
    tops.sort();
    let Some(top) = tops.first() else {
        return Err(failed(&"the archive is empty"));
    };
    fs::rename(top, into).map_err(|error| failed(&error))
}

fn too_much(most: u64) -> io::Error {
    io::Error::other(format!(
        "more than {most} bytes would come out of it; see --max-unpacked, --max-ratio"
    ))
}

fn unzip(file: &Path, into: &Path, limits: &Limits) -> io::Result<()> {
    let wrong = |error: zip::result::ZipError| io::Error::other(error.to_string());
    let file = fs::File::open(file)?;
    let most = limits.most_from(file.metadata()?.len());
    let mut archive = zip::ZipArchive::new(file).map_err(wrong)?;
    if archive.len() as u64 > limits.entries {
        let most = limits.entries;
        return Err(io::Error::other(format!("more than {most} members; see --max-members")));
    }
    let mut left = most;
    let mut links = Vec::new();
    for at in 0..archive.len() {
        let mut member = archive.by_index(at).map_err(wrong)?;
        let refused = |why: &str| {
            let name = String::from_utf8_lossy(member.name_raw()).escape_debug().to_string();
            io::Error::other(format!("member `{name}` is refused: {why}"))
        };
        let Some(name) = member.enclosed_name() else {
            return Err(refused("it leads outside"));
        };
        let target = into.join(&name);
        // A link that was there before may lead anywhere.
        check_inside(target.parent().unwrap_or(into), into)?;
        let mode = member.unix_mode();
        if member.is_dir() {
            check_inside(&target, into)?;
            fs::create_dir_all(&target)?;
            continue;
        }
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        if member.is_symlink() {
            let mut text = String::new();
            if (&mut member).take(4096).read_to_string(&mut text).is_err() {
                return Err(io::Error::other(format!("{} is no link", name.display())));
            }
            if text.is_empty() {
                return Err(io::Error::other(format!(
                    "member `{}` is refused: it is a link without a target",
                    name.display()
                )));
            }
            // As with tar archives, it may lead anywhere.
            links.push((target, text));
            continue;
        }
        // No link of the archive is there yet: what is written goes where it says.
        if target.is_symlink() {
            fs::remove_file(&target)?;
        }
        let mut written = fs::File::create(&target)?;
        let count = io::copy(&mut (&mut member).take(left.saturating_add(1)), &mut written)?;
        left = left.checked_sub(count).ok_or_else(|| too_much(most))?;
        if let Some(mode) = mode.filter(|mode| mode & 0o777 != 0) {
            fs::set_permissions(&target, fs::Permissions::from_mode(mode & 0o777))?;
        }
    }
    for (link, text) in links {
        if link.symlink_metadata().is_ok() {
            return Err(io::Error::other(format!("{} is there twice", link.display())));
        }
        symlink(text, link)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn zip_of(folder: &Path, members: &[(&str, &str, Option<u32>)]) -> PathBuf {
        let path = folder.join("a.zip");
        let mut writer = zip::ZipWriter::new(fs::File::create(&path).unwrap());
        for (name, content, mode) in members {
            let options = zip::write::SimpleFileOptions::default();
            match mode {
                None => writer.add_symlink(*name, *content, options).unwrap(),
                Some(mode) => {
                    writer.start_file(*name, options.unix_permissions(*mode)).unwrap();
                    writer.write_all(content.as_bytes()).unwrap();
                }
            }
        }
        writer.finish().unwrap();
        path
    }

    #[test]
    fn zips() {
        let folder = tempfile::tempdir().unwrap();
        let members = [
            ("top/bin/x", "run", Some(0o755)),
            ("top/a", "text", Some(0o644)),
            ("top/l", "a", None),
        ];
        let file = zip_of(folder.path(), &members);
        let into = folder.path().join("into");
        zip(&file, true, &into, &Limits::default(), "X").unwrap();
        assert_eq!(fs::read_to_string(into.join("l")).unwrap(), "text");
        let mode = fs::metadata(into.join("bin/x")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o755);
        let error = zip(&file, true, &into, &Limits::default(), "X").unwrap_err();
        assert!(error.to_string().starts_with("cannot expand X: "), "{error}");
        assert!(error.to_string().ends_with("exists already"), "{error}");
        zip(&file, false, &folder.path().join("whole"), &Limits::default(), "X").unwrap();
        assert!(folder.path().join("whole/top/a").exists());
    }

    #[test]
    fn zips_that_lead_outside() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("into");
        fs::create_dir_all(&into).unwrap();
        let unpack = |members: &[(&str, &str, Option<u32>)]| {
            zip(&zip_of(folder.path(), members), false, &into, &Limits::default(), "X")
        };
        assert!(unpack(&[("../x", "x", Some(0o644))]).is_err());
        // A link first, then something below it.
        assert!(unpack(&[("d", ".", None), ("d/x", "x", Some(0o644))]).is_err());
        assert!(!folder.path().join("x").exists());

        // Links may lead anywhere, as those of tar archives; nothing is written through them.
        unpack(&[("l", "/etc", None), ("a/l", "../..", None)]).unwrap();
        assert_eq!(fs::read_link(into.join("l")).unwrap(), Path::new("/etc"));
        for members in [
            [("a/l/x", "x", Some(0o644))],
            [("a/l/into-evil/x", "x", Some(0o644))],
            [("a/l/folder/", "", Some(0o755))],
            [("a/l/m", "x", None)],
        ] {
            let error = unpack(&members).unwrap_err().to_string();
            assert!(error.contains("is outside of the droplet"), "{error}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    #[test]
    fn tars_of_all_kinds() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("top/webapps")).unwrap();
        fs::write(path("top/a"), "text").unwrap();
        fs::write(path("top/webapps/x"), "x").unwrap();
        for (option, name) in
            [("-cf", "a.tar"), ("-czf", "a.tgz"), ("-cjf", "a.tbz"), ("-cJf", "a.txz")]
        {
            let status = Command::new("tar")
                .args([option, name, "./top"])
                .current_dir(folder.path())
                .status()
                .unwrap();
            if !status.success() {
                // Not every machine has every compressor.
                continue;
            }
            let into = path(&format!("into-{name}"));
            let selection = Selection { strip: 2, exclude: vec!["webapps".into()], plain: true };
            tar(&path(name), &selection, &into, &Limits::default(), "X").unwrap();
            assert_eq!(fs::read_to_string(into.join("a")).unwrap(), "text", "{name}");
            assert!(!into.join("webapps").exists());
        }
        fs::write(path("broken"), "no archive").unwrap();
        assert!(
            tar(&path("broken"), &Selection::default(), &path("into"), &Limits::default(), "X")
                .is_err()
        );
    }

    #[test]
    fn nothing_holds_more_than_is_allowed() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let zeros = "0".repeat(2 << 20);
        fs::write(path("zeros"), &zeros).unwrap();
        let tight = Limits { ratio: 50, ratio_from: 1 << 20, ..Limits::default() };
        for (option, name) in [("-czf", "a.tgz"), ("-cjf", "a.tbz"), ("-cJf", "a.txz")] {
            let mut command = Command::new("tar");
            command.args([option, name, "zeros"]).current_dir(folder.path());
            if !command.status().unwrap().success() {
                // Not every machine has every compressor.
                continue;
            }
            let into = path(&format!("into-{name}"));
            let unpack = |limits| {
                let selection = Selection { plain: true, ..Selection::default() };
                tar(&path(name), &selection, &into, limits, "X")
            };
            assert!(unpack(&tight).is_err(), "{name}");
            assert!(!into.join("zeros").exists(), "{name}");
            unpack(&Limits::default()).unwrap();
        }
        let file = zip_of(folder.path(), &[("zeros", &zeros, Some(0o644)), ("b", "", Some(0o644))]);
        let one = Limits { entries: 1, ..Limits::default() };
        for (limits, says) in [(&tight, "--max-ratio"), (&one, "--max-members")] {
            let error = zip(&file, false, &path("unzipped"), limits, "X").unwrap_err();
            assert!(error.to_string().contains(says), "{error}");
        }
    }

    #[test]
    fn single_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("x.jar"), "jar").unwrap();
        fs::write(path("y.jar"), "jar").unwrap();
        let pack = |name: &str, members: &[&str]| {
            let mut command = Command::new("tar");
            command.arg("-czf").arg(name).args(members).current_dir(folder.path());
            assert!(command.status().unwrap().success());
        };
        pack("one", &["x.jar"]);
        pack("two", &["x.jar", "y.jar"]);
        assert!(
            single_file(&path("one"), "http://h/a.jar", &Limits::default(), "X").unwrap().is_none()
        );
        let single = single_file(&path("one"), "http://h/a.tar.gz?x", &Limits::default(), "X")
            .unwrap()
            .unwrap();
        assert_eq!(fs::read_to_string(single.path()).unwrap(), "jar");
        let error = single_file(&path("two"), "http://h/a.tgz", &Limits::default(), "X")
            .map(|_| ())
            .unwrap_err();
        assert!(error.to_string().contains("holds 2 files where one is wanted"), "{error}");
    }
}
