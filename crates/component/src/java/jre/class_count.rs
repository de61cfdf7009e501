//! How many classes an application will load, by what lies in it.

use std::fs::File;
use std::io;
use std::path::Path;

use walkdir::WalkDir;

/// The classes of Java's own modules, from Java 9 on.
const JAVA_9: u64 = 42_215;

/// The classes below a folder: files of their own where nothing is hidden, and those in JARs
/// everywhere. No link to a folder is followed.
pub(super) fn classes(root: &Path) -> io::Result<u64> {
    let mut count = 0;
    for entry in WalkDir::new(root).min_depth(1) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy();
        let inside = entry.path().strip_prefix(root).unwrap_or(entry.path());
        let hidden = inside.iter().any(|part| part.as_encoded_bytes().starts_with(b"."));
        if !hidden && is_class(&name) {
            count += 1;
        } else if name.ends_with(".jar") && entry.path().is_file() {
            count += in_archive(entry.path());
        }
    }
    Ok(count)
}

/// The classes in a JAR; none in what is no JAR.
fn in_archive(path: &Path) -> u64 {
    let Ok(Ok(archive)) = File::open(path).map(zip::ZipArchive::new) else {
        return 0;
    };
    archive.file_names().filter(|name| name.as_ref().is_ok_and(|name| is_class(name))).count()
        as u64
}

fn is_class(name: &str) -> bool {
    name.ends_with(".class") || name.ends_with(".groovy")
}

/// How many of the classes are loaded at one time: about a third.
pub(super) fn loaded(classes: u64, is_java_9: bool) -> u64 {
    let all = classes + if is_java_9 { JAVA_9 } else { 0 };
    // In floating point, as it has always been.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "no application has 2^52 classes"
    )]
    let loaded = (0.35 * all as f64).ceil() as u64;
    loaded
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write as _;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_counts() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for file in ["a/X.class", "Y.class", "z.groovy", ".hidden/H.class", "no.txt"] {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write(root.join(file), "").unwrap();
        }
        let jar = |path: &Path| {
            let mut writer = zip::ZipWriter::new(File::create(path).unwrap());
            for name in ["A.class", "b/B.class", "c.groovy", "d.txt"] {
                writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
                writer.write_all(b"x").unwrap();
            }
            writer.finish().unwrap();
        };
        jar(&root.join("lib.jar"));
        jar(&root.join(".hidden/h.jar"));
        fs::write(root.join("broken.jar"), "no archive").unwrap();
        symlink("lib.jar", root.join("link.jar")).unwrap();
        // Whatever opened it would wait for ever.
        let pipe = std::process::Command::new("mkfifo").arg(root.join("pipe.jar")).status();
        assert!(pipe.unwrap().success());
        symlink("a", root.join("linked")).unwrap();
        assert_eq!(classes(root).unwrap(), 3 + 3 * 3);
    }

    #[test]
    fn a_third_rounded_up() {
        assert_eq!(loaded(0, true), 14_776);
        assert_eq!(loaded(0, false), 0);
        assert_eq!(loaded(1, false), 1);
    }
}
