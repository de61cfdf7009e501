//! The repositories that the arguments name, as Composer wants them.

use php_json::{Object, Value};

use crate::Error;
use crate::query::{self, Key, Node};
use platform::{Level, Notices};

/// The parts of a URL that matter here.
#[derive(Debug, PartialEq, Eq)]
struct Url<'a> {
    scheme: &'a str,
    host: &'a str,
    port: Option<u16>,
    path: Option<&'a str>,
    query: Option<&'a str>,
}

/// Reads the arguments, which come in ascending order of precedence: the last is looked up first.
pub fn read(urls: &[String], list: bool, notices: &dyn Notices) -> Result<Vec<Value>, Error> {
    if list {
        notices.tell(Level::Notice, "Platform repositories used (in lookup order):");
    }
    urls.iter().rev().map(|text| one(text, list, notices)).collect()
}

fn one(text: &str, list: bool, notices: &dyn Notices) -> Result<Value, Error> {
    let url = parse(text).ok_or_else(|| Error::Url { url: without_secrets(text) })?;
    let shown = || {
        let port = url.port.map(|port| format!(":{port}")).unwrap_or_default();
        let path = url.path.unwrap_or("/");
        format!("{}://{}{port}{path}", url.scheme, url.host)
    };
    if list {
        notices.line(&format!("- {}", shown()));
    }
    let mut repository = Object::new();
    repository.insert("type".to_owned(), "composer".into());
    repository.insert("url".to_owned(), text.into());
    let variables = query::parse(url.query.unwrap_or_default());
    if let Some(value) = variables.get("composer-repository-canonical") {
        repository.insert("canonical".to_owned(), Value::Bool(is_true(value)));
    }
    for (key, name) in
        [("exclude", "composer-repository-exclude"), ("only", "composer-repository-only")]
    {
        if let Some(value) = variables.get(name) {
            let problem = |problem| Error::Query { url: shown(), name, problem };
            repository.insert(key.to_owned(), names(value).map_err(problem)?);
        }
    }
    Ok(Value::Object(repository))
}

/// As PHP's `filter_var` reads a boolean: what is no word for yes is no.
fn is_true(value: &Node) -> bool {
    let Node::Text(text) = value else {
        return false;
    };
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\x0b' | b'\r');
    let start = text.iter().position(|byte| !blank(byte)).unwrap_or(text.len());
    let end = text.iter().rposition(|byte| !blank(byte)).map_or(start, |at| at + 1);
    matches!(text[start..end].to_ascii_lowercase().as_slice(), b"1" | b"true" | b"on" | b"yes")
}

/// A list of package names, or an object of them where the query has keys.
fn names(value: &Node) -> Result<Value, &'static str> {
    match value {
        Node::Text(text) => {
            let names = text.split(|byte| *byte == b',').map(name);
            Ok(Value::List(names.collect::<Result<_, _>>()?))
        }
        Node::Array(array) => {
            let mut members = Object::new();
            for (key, value) in array.iter() {
                let Node::Text(text) = value else {
                    return Err("has lists within lists");
                };
                members.insert(key_text(key)?, name(text)?);
            }
            Ok(match array.is_list() {
                true => Value::List(members.into_values().collect()),
                false => Value::Object(members),
            })
        }
    }
}

fn name(text: &[u8]) -> Result<Value, &'static str> {
    let text = std::str::from_utf8(text).map_err(|_| "is not UTF-8")?;
    let text = text.trim_matches([' ', '\t', '\n', '\r', '\0', '\x0b']);
    let prefix = if text.contains('/') { "" } else { "heroku-sys/" };
    Ok(Value::String(format!("{prefix}{text}")))
}

fn key_text(key: &Key) -> Result<String, &'static str> {
    match key {
        Key::Number(number) => Ok(number.to_string()),
        Key::Text(text) => String::from_utf8(text.clone()).map_err(|_| "is not UTF-8"),
    }
}

/// Takes a URL apart as PHP's `parse_url` does; `None` where that finds no scheme or no host.
fn parse(text: &str) -> Option<Url<'_>> {
    let (scheme, rest) = text.split_once("://")?;
    let is_scheme = |byte: u8| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte);
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return None;
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    let place = authority.rsplit_once('@').map_or(authority, |(_, place)| place);
    let (host, port) = match place.rfind(':') {
        // The colons of an IPv6 address stand in brackets.
        Some(at) if !place[at..].contains(']') => (&place[..at], Some(&place[at + 1..])),
        _ => (place, None),
    };
    let port = match port {
        None | Some("") => None,
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            Some(digits.parse().ok()?)
        }
        Some(_) => return None,
    };
    if host.is_empty() {
        return None;
    }
    let tail = tail.split_once('#').map_or(tail, |(before, _)| before);
    let (path, query) = match tail.split_once('?') {
        None => (tail, None),
        Some((path, query)) => (path, Some(query)),
    };
    Some(Url { scheme, host, port, path: Some(path).filter(|path| !path.is_empty()), query })
}

/// What may be shown of an argument that is no URL: not what stands before an `@`, and no query.
fn without_secrets(text: &str) -> String {
    let text = text.split('?').next().unwrap_or(text);
    match text.rsplit_once('@') {
        None => text.to_owned(),
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://***@{after}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let check = |text: &str, expected: Option<(&str, &str, Option<u16>, Option<&str>)>| {
            let url = parse(text);
            let parts = url.as_ref().map(|url| (url.scheme, url.host, url.port, url.path));
            assert_eq!(parts, expected, "{text}");
        };
        check("https://h", Some(("https", "h", None, None)));
        check(
            "https://u:p@h:8080/a/b.json?x#y",
            Some(("https", "h", Some(8080), Some("/a/b.json"))),
        );
        check("https://u:p@ss@h/", Some(("https", "h", None, Some("/"))));
        check("http://h:/x", Some(("http", "h", None, Some("/x"))));
        check("http://[::1]:80/x", Some(("http", "[::1]", Some(80), Some("/x"))));
        check("http://[::1]/x", Some(("http", "[::1]", None, Some("/x"))));
        check("s3://bucket/prefix/", Some(("s3", "bucket", None, Some("/prefix/"))));
        check("h?http://x", None);
        for bad in [
            "",
            "-",
            "host/path",
            "//host/x",
            "https:///x",
            "file:///srv/x",
            "http://h:99999/",
            "http://h:x/",
            "http://u@/x",
            "ht tp://x",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(without_secrets("https://u:p@:x/y?z"), "https://***@:x/y");
        assert_eq!(without_secrets("u:p@host"), "://***@host");
        assert_eq!(without_secrets("plain"), "plain");
    }
}
