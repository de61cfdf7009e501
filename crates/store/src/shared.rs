//! The shared AWS files, `~/.aws/credentials` and `~/.aws/config`.
//!
//! They are read as the Python SDK reads them: `key = value` and `key: value`, indented or not. What
//! is indented below an empty setting belongs to it (`s3 =`, then `endpoint_url = …`), and is kept
//! as `s3.endpoint_url`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use location::Env;

use crate::Error;

/// The most that is read of a file.
const LARGEST: u64 = 1024 * 1024;

/// The settings of one section, by name in lower case.
pub(crate) type Section = BTreeMap<String, String>;

/// A variable that is set to something.
pub(crate) fn set(env: Env<'_>, name: &str) -> Option<String> {
    env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Whether a setting says yes.
pub(crate) fn is_true(value: Option<&String>) -> bool {
    value.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// The profile that the user names, and not only the environment for all programs: by an option of
/// ours, or for s5cmd. It goes before the keys of the environment.
pub(crate) fn explicit_profile(env: Env<'_>, option: Option<&str>) -> Option<String> {
    option.map(str::to_owned).or_else(|| set(env, "S5CMD_PROFILE"))
}

/// The profile that is asked for; `None`: `default`, if there is one.
pub(crate) fn profile_name(env: Env<'_>, option: Option<&str>) -> Option<String> {
    let by_variable = || set(env, "AWS_PROFILE").or_else(|| set(env, "AWS_DEFAULT_PROFILE"));
    explicit_profile(env, option).or_else(by_variable)
}

/// What both files hold.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// Where they are, or would be.
    pub paths: Vec<PathBuf>,
    credentials: BTreeMap<String, Section>,
    profiles: BTreeMap<String, Section>,
    services: BTreeMap<String, Section>,
}

impl Files {
    /// Reads the files that there are.
    pub(crate) fn read(env: Env<'_>) -> Result<Self, Error> {
        let mut files = Self::default();
        if let Some(path) = path(env, "AWS_SHARED_CREDENTIALS_FILE", "credentials") {
            files.credentials = parse(&text(&path)?, |name| Some(name.to_owned()));
            files.paths.push(path);
        }
        if let Some(path) = path(env, "AWS_CONFIG_FILE", "config") {
            let text = text(&path)?;
            files.profiles = parse(&text, |name| match named(name, "profile") {
                None if name == "default" => Some(name.to_owned()),
                profile => profile,
            });
            files.services = parse(&text, |name| named(name, "services"));
            files.paths.push(path);
        }
        Ok(files)
    }

    /// The settings of a profile; those of the credentials file go before the others. A pair of keys
    /// is not put together from two files.
    pub(crate) fn profile(&self, name: &str) -> Option<Section> {
        let (first, second) = (self.credentials.get(name), self.profiles.get(name));
        let mut all = first.or(second)?.clone();
        let whole = all.contains_key("aws_access_key_id");
        for (key, value) in second.into_iter().flatten() {
            if !(whole && key.starts_with("aws_se")) {
                all.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Some(all)
    }

    /// The endpoint of a service (`s3`) that a profile names: in its section of services, else for
    /// all services.
    pub(crate) fn endpoint(&self, profile: &Section, service: &str) -> Option<String> {
        let services = profile.get("services").and_then(|name| self.services.get(name));
        let own = services.and_then(|services| services.get(&format!("{service}.endpoint_url")));
        let url = own.filter(|url| !url.is_empty()).or_else(|| profile.get("endpoint_url"));
        url.filter(|url| !url.is_empty()).cloned()
    }
}

fn path(env: Env<'_>, variable: &str, file: &str) -> Option<PathBuf> {
    let home = || set(env, "HOME").map(PathBuf::from);
    match set(env, variable) {
        Some(path) => match path.strip_prefix("~/") {
            Some(below) => Some(home()?.join(below)),
            None => Some(PathBuf::from(path)),
        },
        None => Some(home()?.join(".aws").join(file)),
    }
}

/// The text of a file; empty where there is none.
fn text(path: &Path) -> Result<String, Error> {
    let failure = |detail: String| Error::Credentials { from: path.display().to_string(), detail };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(String::new());
        }
        // In the home of another user: not even its folder can be looked into.
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied && path.metadata().is_err() =>
        {
            return Ok(String::new());
        }
        Err(error) => return Err(failure(error.to_string())),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| failure(error.to_string()))?;
    String::from_utf8(bytes).map_err(|_| failure("it is not UTF-8".to_owned()))
}

/// The name in a head like `profile NAME`.
fn named(head: &str, kind: &str) -> Option<String> {
    let name = head.strip_prefix(kind).filter(|rest| rest.starts_with([' ', '\t']))?;
    Some(name.trim().trim_matches(['"', '\'']).to_owned())
}

/// Reads the sections whose heads `name` knows.
fn parse(text: &str, name: impl Fn(&str) -> Option<String>) -> BTreeMap<String, Section> {
    let mut sections = BTreeMap::new();
    let mut section: Option<&mut Section> = None;
    // The last setting that was not indented more than one before it, and how far it is.
    let mut last: Option<(String, usize)> = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        let content = line.trim();
        if content.is_empty() || content.starts_with(['#', ';']) {
            continue;
        }
        if let Some(head) = content.strip_prefix('[') {
            let head = head.split(']').next().unwrap_or_default().trim();
            section = name(head).map(|name| sections.entry(name).or_default());
            last = None;
            continue;
        }
        let Some(section) = section.as_deref_mut() else { continue };
        let indent = line.len() - line.trim_start().len();
        let setting = setting(content);
        let outer = last.as_ref().filter(|(_, outer)| indent > *outer).map(|(key, _)| key.clone());
        match (outer, setting) {
            (Some(outer), setting) => {
                let nested = section.get(&outer).is_some_and(String::is_empty);
                match setting {
                    Some((key, value)) if nested => {
                        section.insert(format!("{outer}.{key}"), value);
                    }
                    // A setting that somebody indented; what is no name of one goes on a value.
                    Some((key, value)) if is_name(&key) => _ = section.insert(key, value),
                    _ if nested => {}
                    _ => {
                        let value = section.entry(outer).or_default();
                        value.push(' ');
                        value.push_str(content);
                    }
                }
            }
            (None, Some((key, value))) => {
                section.insert(key.clone(), value);
                last = Some((key, indent));
            }
            (None, None) => {}
        }
    }
    sections
}

/// A line's name and value, without a comment behind these.
fn setting(line: &str) -> Option<(String, String)> {
    let (key, value) = line.split_once(['=', ':'])?;
    let comment = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
    Some((key.trim().to_ascii_lowercase(), value[..comment].trim().to_owned()))
}

fn is_name(key: &str) -> bool {
    key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[(&str, &str, &str)]) {
        let sections = parse(text, |name| Some(name.to_owned()));
        let found: Vec<(&str, &str, &str)> = sections
            .iter()
            .flat_map(|(name, section)| section.iter().map(move |(k, v)| (&**name, &**k, &**v)))
            .collect();
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn forms_of_settings() {
        check(
            "[a]\nk = v\nl=w\r\nM: x=y\n",
            &[("a", "k", "v"), ("a", "l", "w"), ("a", "m", "x=y")],
        );
        check(
            "\u{feff}[a]\n  k = v\n  l: w\n[ b ]\n\tk\t=\tx # y\n",
            &[("a", "k", "v"), ("a", "l", "w"), ("b", "k", "x")],
        );
        // Only the first one is not indented.
        check("[a]\nk = v\n  l = w\n", &[("a", "k", "v"), ("a", "l", "w")]);
        check("[a]\nk = /bin/x\n  --a b=c\n", &[("a", "k", "/bin/x --a b=c")]);
        check("[a]\n# k = v\n ; l = w\nk = a#b;c\n", &[("a", "k", "a#b;c")]);
        check("k = v\n[a]\nnothing\n", &[]);
        check(
            "[a]\ns3 =\n  endpoint_url = http://h:1\n  x = y\nk = v\n",
            &[
                ("a", "k", "v"),
                ("a", "s3", ""),
                ("a", "s3.endpoint_url", "http://h:1"),
                ("a", "s3.x", "y"),
            ],
        );
        check(
            "[a]\n  s3 =\n    endpoint_url: http://h:1\n  k = v\n",
            &[("a", "k", "v"), ("a", "s3", ""), ("a", "s3.endpoint_url", "http://h:1")],
        );
    }

    fn files(credentials: &str, config: &str) -> Files {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        let home = home.path().to_str().unwrap().to_owned();
        Files::read(&|name: &str| (name == "HOME").then(|| home.clone())).unwrap()
    }

    #[test]
    fn the_endpoint_of_s3_goes_before_that_of_all_services() {
        let files = files(
            "[both]\nendpoint_url = http://credentials\n",
            "[default]\nregion = x\n[profile all]\nendpoint_url = http://all\nservices = gone\n\
             [profile s3]\nendpoint_url = http://all\nservices = mine\n[profile both]\n\
             endpoint_url = http://config\n[services mine]\ns3 =\n  endpoint_url = http://s3\n\
             sts =\n  endpoint_url = http://sts\n[profile \"with space\"]\nservices=mine\n",
        );
        for (profile, endpoint) in [
            ("default", None),
            ("all", Some("http://all")),
            ("s3", Some("http://s3")),
            ("both", Some("http://credentials")),
            ("with space", Some("http://s3")),
        ] {
            let section = files.profile(profile).unwrap();
            assert_eq!(files.endpoint(&section, "s3").as_deref(), endpoint, "{profile}");
        }
        assert!(files.profile("mine").is_none());
    }

    #[test]
    fn which_profile() {
        let all = ["S5CMD_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"];
        for (from, option, expected) in [
            (0, Some("option"), Some("option")),
            (0, None, Some("S5CMD_PROFILE")),
            (1, None, Some("AWS_PROFILE")),
            (2, None, Some("AWS_DEFAULT_PROFILE")),
            (3, None, None),
        ] {
            let env = |name: &str| match all.iter().position(|variable| *variable == name) {
                Some(at) if at >= from => Some(name.to_owned()),
                Some(_) => Some(String::new()),
                None => None,
            };
            assert_eq!(profile_name(&env, option).as_deref(), expected);
        }
    }
}
