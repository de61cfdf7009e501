//! Credentials for web servers, as Composer is given them: `COMPOSER_AUTH`, `auth.json`, and the
//! section `config` of its other files.

use std::collections::BTreeMap;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use location::Env;
use serde_json::{Map, Value};
use ureq::http::{HeaderName, HeaderValue};
use url::Url;

use crate::Error;
use crate::password::pair;

/// The variable that holds such a document itself.
const VARIABLE: &str = "COMPOSER_AUTH";
const BASIC: &str = "http-basic";
const BEARER: &str = "bearer";
const HEADERS: &str = "custom-headers";

/// Headers by the host that they are for, and for no other. Never shown.
#[derive(Clone, Default)]
pub struct Auth(BTreeMap<String, Vec<(HeaderName, HeaderValue)>>);

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Auth {
    /// Reads what there is for a project in `folder`. What comes later goes before what comes first,
    /// host by host: `config.json` and `auth.json` in Composer's home, `composer.json` and `auth.json`
    /// in the folder, `COMPOSER_AUTH`. For one host, custom headers go before a token, and that
    /// before user and password.
    ///
    /// # Errors
    /// [`Error::Auth`] for what is not valid; it quotes nothing. [`Error::Local`] for a file that
    /// cannot be read. A variable that is no JSON is not used, and `warn` says why: no request may
    /// need it.
    pub fn read(env: Env<'_>, folder: &Path, warn: &dyn Fn(&Error)) -> Result<Self, Error> {
        let mut config = Config::default();
        if let Some(home) = home(env) {
            config.merge_section(&home.join("config.json"))?;
            config.merge_file(&home.join("auth.json"))?;
        }
        config.merge_section(&folder.join("composer.json"))?;
        config.merge_file(&folder.join("auth.json"))?;
        if let Some(text) = env(VARIABLE).filter(|text| !text.is_empty()) {
            match object(VARIABLE, &text) {
                Ok(document) => config.merge(VARIABLE, document)?,
                Err(error) => warn(&error),
            }
        }
        config.into_auth()
    }

    /// The headers for a request to this address.
    pub(crate) fn headers(&self, url: &Url) -> &[(HeaderName, HeaderValue)] {
        let Some(host) = url.host_str() else { return &[] };
        let found = match url.port() {
            Some(port) => self.0.get(&format!("{host}:{port}")),
            // Composer goes by what the address says: a port that is usual may be written out.
            None => self.0.get(host).or_else(|| {
                self.0.get(&format!("{host}:{}", url.port_or_known_default().unwrap_or_default()))
            }),
        };
        found.map_or(&[], Vec::as_slice)
    }
}

/// Composer's home: the first of its folders that is there.
fn home(env: Env<'_>) -> Option<PathBuf> {
    let set = |name: &str| env(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = set("COMPOSER_HOME") {
        return Some(home);
    }
    let user = set("HOME");
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(user.as_ref()?.join(".config")));
    let folders = [config.map(|config| config.join("composer")), user.map(|u| u.join(".composer"))];
    folders.into_iter().flatten().find(|folder| folder.is_dir())
}

/// What all sources say, by kind.
#[derive(Default)]
struct Config {
    basic: Map<String, Value>,
    bearer: Map<String, Value>,
    headers: Map<String, Value>,
    /// Which source said something of a kind last: for messages.
    from: BTreeMap<&'static str, String>,
}

impl Config {
    /// A document that is all about credentials; nothing where there is no such file.
    fn merge_file(&mut self, path: &Path) -> Result<(), Error> {
        let name = path.display().to_string();
        match read(path)? {
            Some(text) => self.merge(&name, object(&name, &text)?),
            None => Ok(()),
        }
    }

    /// The same in the section `config` of a file that others judge.
    fn merge_section(&mut self, path: &Path) -> Result<(), Error> {
        let Some(text) = read(path)? else { return Ok(()) };
        match serde_json::from_str::<Value>(&text)
            .ok()
            .as_mut()
            .and_then(|all| all.get_mut("config"))
        {
            Some(Value::Object(section)) => {
                self.merge(&path.display().to_string(), std::mem::take(section))
            }
            _ => Ok(()),
        }
    }

    fn merge(&mut self, from: &str, mut document: Map<String, Value>) -> Result<(), Error> {
        for kind in [BASIC, BEARER, HEADERS] {
            let hosts = match document.remove(kind) {
                None => continue,
                // PHP writes an empty object so.
                Some(Value::Array(list)) if list.is_empty() => Map::new(),
                Some(Value::Object(hosts)) => hosts,
                Some(_) => return Err(invalid(from, format!("'{kind}' is not an object"))),
            };
            self.from.insert(kind, from.to_owned());
            match kind {
                BASIC => self.basic.extend(hosts),
                BEARER => self.bearer.extend(hosts),
                // As in Composer: these are not put together.
                _ => self.headers = hosts,
            }
        }
        Ok(())
    }

    fn into_auth(self) -> Result<Auth, Error> {
        let mut found = BTreeMap::new();
        let wrong = |kind: &str, host: &str, what: &str| {
            invalid(
                self.from.get(kind).map_or("", String::as_str),
                format!("'{kind}' of {host} {what}"),
            )
        };
        let value = |kind: &'static str, host: &str, text: &str| {
            let mut value = HeaderValue::from_str(text)
                .map_err(|_| wrong(kind, host, "has a character that no header can have"))?;
            value.set_sensitive(true);
            Ok::<_, Error>(value)
        };
        let authorization = || HeaderName::from_static("authorization");
        for (host, entry) in &self.basic {
            let part = |name: &str| entry.get(name).and_then(Value::as_str);
            let (Some(user), Some(password)) = (part("username"), part("password")) else {
                return Err(wrong(BASIC, host, "lacks a username or a password"));
            };
            let value = value(BASIC, host, &pair(user.as_bytes(), password.as_bytes()))?;
            found.insert(host.to_lowercase(), vec![(authorization(), value)]);
        }
        for (host, entry) in &self.bearer {
            let token = entry.as_str().ok_or_else(|| wrong(BEARER, host, "is not a text"))?;
            let value = value(BEARER, host, &format!("Bearer {token}"))?;
            found.insert(host.to_lowercase(), vec![(authorization(), value)]);
        }
        for (host, entry) in self.headers.iter().filter(|(_, entry)| !entry.is_null()) {
            let list = entry.as_array().ok_or_else(|| wrong(HEADERS, host, "is not a list"))?;
            let mut headers = Vec::new();
            for line in list {
                let line = line.as_str().and_then(|line| line.split_once(':'));
                let header = line.and_then(|(name, text)| {
                    Some((HeaderName::from_bytes(name.trim().as_bytes()).ok()?, text.trim()))
                });
                let (name, text) = header.ok_or_else(|| {
                    wrong(HEADERS, host, "has an entry that is not 'Name: value'")
                })?;
                headers.push((name, value(HEADERS, host, text)?));
            }
            found.insert(host.to_lowercase(), headers);
        }
        Ok(Auth(found))
    }
}

/// A file's text; `None` where there is no such file, or where it may not be looked for.
fn read(path: &Path) -> Result<Option<String>, Error> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::NotFound | ErrorKind::NotADirectory | ErrorKind::PermissionDenied
            ) && !path.is_file() =>
        {
            Ok(None)
        }
        Err(source) => Err(Error::Local { path: path.to_owned(), source }),
    }
}

fn object(from: &str, text: &str) -> Result<Map<String, Value>, Error> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        Ok(_) => Err(invalid(from, "it is not a JSON object".to_owned())),
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            Err(invalid(from, format!("it is not valid JSON (line {line}, column {column})")))
        }
    }
}

fn invalid(from: &str, problem: String) -> Error {
    Error::Auth { from: from.to_owned(), problem }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent to an address, as lines, where these files and this variable are there.
    fn sent(files: &[(&str, &str)], variable: &str, url: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let env = |name: &str| match name {
            "HOME" => Some(folder.path().join("user").display().to_string()),
            VARIABLE => Some(variable.to_owned()),
            _ => None,
        };
        let auth = Auth::read(&env, &folder.path().join("app"), &|_| ())
            .map_err(|error| error.to_string())?;
        let headers = auth.headers(&Url::parse(url).unwrap()).iter();
        let lines = headers.map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()));
        Ok(lines.collect())
    }

    fn bearer(token: &str) -> String {
        format!(r#"{{"bearer":{{"h":"{token}"}}}}"#)
    }

    #[test]
    fn later_sources_go_before_earlier_ones() {
        let section = |token: &str| format!(r#"{{"config":{}}}"#, bearer(token));
        let all = [
            ("user/.composer/config.json", section("1")),
            ("user/.composer/auth.json", bearer("2")),
            ("app/composer.json", section("3")),
            ("app/auth.json", bearer("4")),
        ];
        for count in 0..=all.len() {
            let files: Vec<(&str, &str)> =
                all[..count].iter().map(|(name, text)| (*name, text.as_str())).collect();
            let expected = match count {
                0 => vec![],
                count => vec![format!("authorization: Bearer {count}")],
            };
            assert_eq!(sent(&files, "", "https://h/x").unwrap(), expected);
            let found = sent(&files, &bearer("5"), "https://h/x").unwrap();
            assert_eq!(found, ["authorization: Bearer 5"]);
        }
        // Of two homes, the first one that is there.
        let both = [
            ("user/.composer/auth.json", bearer("old")),
            ("user/.config/composer/auth.json", bearer("new")),
        ];
        let files = both.each_ref().map(|(name, text)| (*name, text.as_str()));
        assert_eq!(sent(&files, "", "https://h/").unwrap(), ["authorization: Bearer new"]);
    }

    #[test]
    fn kinds() {
        let variable = r#"{"http-basic":{"a":{"username":"Aladdin","password":"open sesame"},
            "b":{"username":"u","password":"p"},"c":{"username":"u","password":"p"}},
            "bearer":{"b":"t","c":"t"},"custom-headers":{"c":["X-One: 1","x-two:2 : 3"],"d":null},
            "github-oauth":{"github.com":"x"}}"#;
        for (host, expected) in [
            ("a", &["authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="][..]),
            ("b", &["authorization: Bearer t"]),
            ("c", &["x-one: 1", "x-two: 2 : 3"]),
            ("d", &[]),
        ] {
            assert_eq!(sent(&[], variable, &format!("https://{host}/")).unwrap(), expected);
        }
        // Hosts are put together but for headers, which each source has whole.
        let files = [
            ("user/.composer/auth.json", r#"{"bearer":{"a":"1"},"custom-headers":{"b":["X: 1"]}}"#),
            ("app/auth.json", r#"{"bearer":{"c":"2"},"custom-headers":{"d":["X: 2"]}}"#),
        ];
        for (host, count) in [("a", 1), ("b", 0), ("c", 1), ("d", 1)] {
            let found = sent(&files, "", &format!("https://{host}/")).unwrap();
            assert_eq!(found.len(), count, "{host}");
        }
    }

    #[test]
    fn only_the_host_that_is_named() {
        let variable = r#"{"bearer":{"h":"1","h:8080":"2","UP.example":"3","p:443":"4"}}"#;
        for (url, expected) in [
            ("https://h/", Some("1")),
            ("http://h/", Some("1")),
            ("https://h:443/", Some("1")),
            ("https://h:8080/", Some("2")),
            ("https://h:8081/", None),
            ("https://sub.h/", None),
            ("https://h.evil/", None),
            ("https://up.EXAMPLE/", Some("3")),
            ("https://p/", Some("4")),
        ] {
            let expected: Vec<String> =
                expected.iter().map(|token| format!("authorization: Bearer {token}")).collect();
            assert_eq!(sent(&[], variable, url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn what_is_not_valid_is_an_error_that_quotes_nothing() {
        for (variable, problem) in [
            ("geheim", "not valid JSON"),
            ("\"geheim\"", "not a JSON object"),
            (r#"{"bearer":"geheim"}"#, "'bearer' is not an object"),
            (r#"{"bearer":{"h":["geheim"]}}"#, "'bearer' of h is not a text"),
            (r#"{"bearer":{"h":"geheim\n"}}"#, "no header can have"),
            (r#"{"http-basic":{"h":{"username":"geheim"}}}"#, "lacks a username or a password"),
            (r#"{"custom-headers":{"h":"geheim"}}"#, "is not a list"),
            (r#"{"custom-headers":{"h":["geheim"]}}"#, "not 'Name: value'"),
        ] {
            // A variable that is no document is passed over, with a warning.
            match sent(&[], variable, "https://h/") {
                Ok(headers) => assert!(
                    headers.is_empty()
                        && ["not valid JSON", "not a JSON object"].contains(&problem)
                ),
                Err(error) => {
                    assert!(error.contains(problem) && error.contains(VARIABLE), "{error}");
                    assert!(!error.contains("geheim"), "{error}");
                }
            }
            let error = sent(&[("app/auth.json", variable)], "", "https://h/").unwrap_err();
            assert!(error.contains(problem) && error.contains("auth.json"), "{error}");
        }
        for empty in ["{}", "[]", r#"{"bearer":[]}"#] {
            assert!(sent(&[], empty, "https://h/").unwrap().is_empty());
        }
        let auth = Auth(BTreeMap::from([("h".to_owned(), Vec::new())]));
        assert_eq!(format!("{auth:?}"), r#"["h"]"#);
    }
}
