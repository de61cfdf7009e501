//! Paths of a droplet, as texts: nothing here touches a disk.

use std::cmp::Ordering;
use std::path::{Component, Path, PathBuf};

/// The path without `.` and `..`, as far as its text tells.
#[must_use]
pub fn clean(path: &Path) -> PathBuf {
    let mut cleaned = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                let inside = matches!(cleaned.components().next_back(), Some(Component::Normal(_)));
                if inside {
                    cleaned.pop();
                } else if !cleaned.has_root() {
                    cleaned.push("..");
                }
            }
            other => cleaned.push(other),
        }
    }
    cleaned
}

/// What the folder's `entry` is: the `.` and `..` that it begins with are gone, so that `./b` comes
/// after `a` in the order of paths.
#[must_use]
pub fn entry_of(folder: &Path, entry: &Path) -> PathBuf {
    let mut joined = folder.to_owned();
    let mut rest = entry.components();
    loop {
        let left = rest.as_path();
        match rest.next() {
            Some(Component::CurDir) => {}
            Some(Component::ParentDir) => {
                joined.pop();
            }
            Some(_) => return joined.join(left),
            None => return joined,
        }
    }
}

/// How to come from the folder `from` to `path`, both absolute; `.` where they are the same.
#[must_use]
pub fn relative(path: &Path, from: &Path) -> PathBuf {
    let (path, from) = (clean(path), clean(from));
    let mut to: Vec<Component<'_>> = path.components().collect();
    let mut back: Vec<Component<'_>> = from.components().collect();
    let same = to.iter().zip(&back).take_while(|(a, b)| a == b).count();
    to.drain(..same);
    back.drain(..same);
    let up = back.iter().map(|_| Component::ParentDir);
    let relative: PathBuf = up.chain(to).collect();
    if relative.as_os_str().is_empty() { PathBuf::from(".") } else { relative }
}

/// The path as the released command writes it: below `$PWD`, which is the application at run time.
#[must_use]
pub fn qualify(path: &Path, root: &Path) -> String {
    format!("$PWD/{}", relative(path, root).display())
}

/// The order of paths: a folder comes before all that is in it, then what has a longer name.
#[must_use]
pub fn compare(one: &Path, other: &Path) -> Ordering {
    let key = |path: &Path| -> Vec<u8> {
        let bytes = path.as_os_str().as_encoded_bytes().iter();
        bytes.map(|byte| if *byte == b'/' { 0 } else { *byte }).collect()
    };
    key(one).cmp(&key(other))
}

/// Whether `path` is `folder` or in it, as far as the texts tell.
#[must_use]
pub fn is_in(path: &Path, folder: &Path) -> bool {
    clean(path).starts_with(clean(folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualified() {
        for (path, expected) in [
            ("/app", "$PWD/."),
            ("/app/", "$PWD/."),
            ("/app/a/b", "$PWD/a/b"),
            ("/app/a/../b/./c", "$PWD/b/c"),
            ("/lib/x.jar", "$PWD/../lib/x.jar"),
            ("/app/../x", "$PWD/../x"),
            ("/../app/x", "$PWD/x"),
        ] {
            assert_eq!(qualify(Path::new(path), Path::new("/app")), expected, "{path}");
        }
    }

    #[test]
    fn links_go_up_and_down() {
        let relative = |path: &str, from: &str| relative(Path::new(path), Path::new(from));
        assert_eq!(relative("/a/index.html", "/a/.b/t/ROOT"), Path::new("../../../index.html"));
        assert_eq!(relative("/a/b", "/a/b"), Path::new("."));
        assert_eq!(relative("/a", "/a/b"), Path::new(".."));
    }

    #[test]
    fn folders_come_before_longer_names() {
        let mut paths = ["/a-b", "/a/c", "/a", "/a.b", "/a/b"].map(Path::new);
        paths.sort_by(|one, other| compare(one, other));
        assert_eq!(paths, ["/a", "/a/b", "/a/c", "/a-b", "/a.b"].map(Path::new));
    }

    #[test]
    fn nothing_leads_out_unseen() {
        assert!(is_in(Path::new("/app/x/.."), Path::new("/app")));
        assert!(!is_in(Path::new("/app/../etc"), Path::new("/app")));
        assert!(!is_in(Path::new("/application"), Path::new("/app")));
    }
}
