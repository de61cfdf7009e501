//! Lists of versions, shortened.

use std::sync::Arc;

use crate::version::compare;

/// Versions as they are shown, each once.
#[derive(Debug, Default)]
pub(super) struct List {
    versions: Vec<(Arc<str>, String)>,
}

impl List {
    /// Adds a version; the same one again is shown as it was written last.
    pub(super) fn put(&mut self, version: &str, pretty: &str) {
        match self.versions.iter_mut().find(|(known, _)| **known == *version) {
            Some(entry) => pretty.clone_into(&mut entry.1),
            None => self.versions.push((version.into(), pretty.to_owned())),
        }
    }

    pub(super) fn remove(&mut self, version: &str) {
        self.versions.retain(|(known, _)| **known != *version);
    }

    /// The versions from the lowest to the highest. Where there are more than `most`, of each
    /// first number only the lowest and the highest stay.
    pub(super) fn condensed(mut self, most: usize) -> Vec<String> {
        self.versions.sort_by(|(a, _), (b, _)| compare(a, b));
        if self.versions.len() <= most {
            return self.versions.into_iter().map(|(_, pretty)| pretty).collect();
        }
        let mut majors: Vec<(&str, Vec<&str>)> = Vec::new();
        for (version, pretty) in &self.versions {
            let number = version.split_once('.').map(|(first, _)| first);
            let major = match number {
                _ if crate::version::strip_prefix_ignoring_case(version, "dev-").is_some() => "dev",
                Some(first) if first.bytes().all(|byte| byte.is_ascii_digit()) => first,
                _ => version,
            };
            match majors.iter_mut().find(|(known, _)| *known == major) {
                Some((_, list)) => list.push(pretty),
                None => majors.push((major, vec![pretty])),
            }
        }
        let mut shown = Vec::new();
        for (major, list) in majors {
            let most = if major == "dev" { 16 } else { most };
            match list.as_slice() {
                [first, .., last] if list.len() > most => shown.extend([*first, "...", *last]),
                _ => shown.extend(list),
            }
        }
        shown.into_iter().map(str::to_owned).collect()
    }
}
