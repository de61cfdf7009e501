//! Which buildpack this is.

use std::path::Path;
use std::process::Command;

use printable::Line;

use crate::application::Environment;
use crate::text::{Paint, Style};
use crate::value::{Map, Value};

/// What is known of the buildpack's version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuildpackVersion {
    /// Its number.
    pub version: Option<String>,
    /// Its commit.
    pub hash: Option<String>,
    /// Where it comes from.
    pub remote: Option<String>,
    /// Whether it holds all that it needs.
    pub offline: bool,
}

impl BuildpackVersion {
    /// From the configuration `version`, else from git, else from `$VERSION` and `$OFFLINE`.
    #[must_use]
    pub fn new(settings: &Map, buildpack: &Path, environment: &Environment) -> Self {
        let set = |key: &str| match settings.get(key) {
            Some(Value::Bool(false)) | None => None,
            Some(value) => Some(value.written().map_or_else(|| value.to_string(), str::to_owned)),
        };
        let variable =
            |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
        let hash = set("hash").or_else(|| git(buildpack, &["rev-parse", "--short", "HEAD"]));
        let remote =
            set("remote").or_else(|| git(buildpack, &["config", "--get", "remote.origin.url"]));
        let is_off = |value: &String| {
            ["false", "0", "no", ""].contains(&value.trim().to_ascii_lowercase().as_str())
        };
        let offline = settings.get("offline").is_some_and(Value::is_truthy)
            || environment.get("OFFLINE").is_some_and(|value| !is_off(value));
        let version = set("version").or_else(|| variable("VERSION")).or_else(|| hash.clone());
        Self { version, hash, remote, offline }
    }

    /// For people: `v4.50 (offline) | https://example.org/buildpack#abcdef`.
    #[must_use]
    pub fn human(&self, paint: Paint) -> Line {
        let blue = |text: &str| paint.paint(text, &[Style::Blue]);
        let mut parts: Vec<Line> = self.version.iter().map(|version| blue(version)).collect();
        if self.offline {
            parts.push(blue("(offline)"));
        }
        if let Some(place) = self.place() {
            if self.version.is_some() {
                parts.push("|".into());
            }
            parts.push(place.into());
        }
        joined(parts, " ", paint)
    }

    /// For the detect tag: `v4.50-offline-https://example.org/buildpack#abcdef`.
    #[must_use]
    pub fn tag(&self, paint: Paint) -> Line {
        let offline = self.offline.then(|| "offline".to_owned());
        let parts = self.version.clone().into_iter().chain(offline).chain(self.place());
        joined(parts.map(Line::from).collect(), "-", paint)
    }

    fn place(&self) -> Option<String> {
        let filled = |text: &&String| !text.is_empty();
        let remote = self.remote.as_ref().filter(filled)?;
        let hash = self.hash.as_ref().filter(filled)?;
        Some(format!("{remote}#{hash}"))
    }
}

fn joined(parts: Vec<Line>, gap: &str, paint: Paint) -> Line {
    let parts = parts.into_iter().reduce(|all, part| all.text(gap).append(&part));
    parts.unwrap_or_else(|| paint.paint("unknown", &[Style::Yellow]))
}

/// What git says of a buildpack that was cloned; nothing of all others.
fn git(buildpack: &Path, arguments: &[&str]) -> Option<String> {
    let folder = buildpack.join(".git");
    if !folder.exists() {
        return None;
    }
    let output = Command::new("git").arg("--git-dir").arg(folder).args(arguments).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    (output.status.success() && !text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml;

    fn check(settings: &str, variables: &[(&str, &str)], human: &str, tag: &str) {
        let settings = match yaml::parse(settings).unwrap() {
            Some(Value::Map(map)) => map,
            _ => Map::default(),
        };
        let environment: Environment =
            variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let version = BuildpackVersion::new(&settings, Path::new("/absent"), &environment);
        let paint = Paint { colours: false };
        let shown = (version.human(paint).to_string(), version.tag(paint).to_string());
        assert_eq!(shown, (human.to_owned(), tag.to_owned()));
    }

    #[test]
    fn versions() {
        check("", &[], "unknown", "unknown");
        check("version: v1", &[("VERSION", "v2")], "v1", "v1");
        check("version: 4.50", &[], "4.50", "4.50");
        check("", &[("VERSION", "v2")], "v2", "v2");
        check("{version: v1, offline: true}", &[], "v1 (offline)", "v1-offline");
        check("{hash: abc, remote: http://r}", &[], "abc | http://r#abc", "abc-http://r#abc");
        check("{version: v, hash: a, remote: r}", &[], "v | r#a", "v-r#a");
        check("remote: r", &[], "unknown", "unknown");
        for (value, offline) in [
            ("true", true),
            ("yes", true),
            ("1", true),
            ("false", false),
            ("0", false),
            ("no", false),
            ("", false),
        ] {
            let (human, tag) = if offline { ("v (offline)", "v-offline") } else { ("v", "v") };
            check("version: v", &[("OFFLINE", value)], human, tag);
        }
    }

    #[test]
    fn unknown_is_yellow_also_in_the_tag() {
        let version =
            BuildpackVersion::new(&Map::default(), Path::new("/absent"), &Environment::new());
        assert_eq!(version.tag(Paint { colours: true }).to_string(), "\u{1b}[33munknown\u{1b}[0m");
    }
}
