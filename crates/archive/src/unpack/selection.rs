//! Which members of an archive are unpacked, and under which names.

use super::{Entry, EntryKind};

/// A part of an archive. By default all of it, as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// So many folders are cut off the front of each name, as `tar --strip-components` does. What
    /// has no more of them is left out. A leading `.` counts.
    pub strip: usize,
    /// What has one of these as a part of its name is left out, as with `tar --exclude`.
    pub exclude: Vec<String>,
    /// The archive need not be compressed.
    pub plain: bool,
}

impl Selection {
    /// The member under its new name, or nothing if it is left out.
    pub(super) fn pick(&self, mut entry: Entry) -> Option<Entry> {
        let mut parts = entry.name.split(|byte| *byte == b'/');
        if parts.any(|part| self.exclude.iter().any(|name| name.as_bytes() == part)) {
            return None;
        }
        if self.strip == 0 {
            return Some(entry);
        }
        entry.name = stripped(&entry.name, self.strip)?;
        // A hard link names another member; a symbolic link does not.
        if entry.kind == EntryKind::HardLink {
            entry.target = stripped(&entry.target, self.strip)?;
        }
        Some(entry)
    }
}

fn stripped(name: &[u8], strip: usize) -> Option<Vec<u8>> {
    let mut rest = name;
    for _ in 0..strip {
        let slash = rest.iter().position(|byte| *byte == b'/')?;
        let after = &rest[slash..];
        rest = &after[after.iter().take_while(|byte| **byte == b'/').count()..];
    }
    (!rest.is_empty()).then(|| rest.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(selection: &Selection, name: &str) -> Option<String> {
        let entry = Entry {
            name: name.into(),
            kind: EntryKind::HardLink,
            target: b"top/target".to_vec(),
            size: 0,
            mode: 0o644,
            mtime: 0,
            mtime_nanos: 0,
            device: (0, 0),
        };
        let picked = selection.pick(entry)?;
        let kept = if selection.strip == 0 { "top/target" } else { "target" };
        assert_eq!(picked.target, kept.as_bytes());
        Some(String::from_utf8(picked.name).unwrap())
    }

    #[test]
    fn names_as_tar_makes_them() {
        let strip = Selection { strip: 1, ..Selection::default() };
        for (name, expected) in [
            ("./bin/java", Some("bin/java")),
            ("jre/bin/java", Some("bin/java")),
            ("jre//bin/java", Some("bin/java")),
            ("jre/", None),
            ("jre", None),
            ("./", None),
            ("jre/bin/", Some("bin/")),
            ("a/../../x", Some("../../x")),
        ] {
            assert_eq!(pick(&strip, name).as_deref(), expected, "{name}");
        }
        let exclude = Selection { exclude: vec!["webapps".into()], ..Selection::default() };
        assert_eq!(pick(&exclude, "tomcat/webapps/x"), None);
        assert_eq!(pick(&exclude, "tomcat/webapps2/x").as_deref(), Some("tomcat/webapps2/x"));
    }
}
