//! The services bound to an application: `VCAP_SERVICES`.

use std::fmt;

use regex::Regex;
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

/// All bound services, whatever they are grouped by.
#[derive(Debug, Clone, Default)]
pub struct Services(Vec<Json>);

/// A credential that a service must have, or any of several.
#[derive(Debug, Clone, Copy)]
pub enum Credential<'a> {
    /// This one.
    One(&'a str),
    /// One of these.
    Any(&'a [&'a str]),
}

impl<'a> From<&'a str> for Credential<'a> {
    fn from(key: &'a str) -> Self {
        Self::One(key)
    }
}

impl Services {
    /// The services of a `VCAP_SERVICES` document.
    #[cfg(test)]
    fn new(document: &Json) -> Self {
        let mut services = Vec::new();
        if let Json::Object(groups) = document {
            groups.values().for_each(|group| flatten(group, &mut services));
        }
        Self(services)
    }

    /// The services of a `VCAP_SERVICES` text, in the order in which they stand there.
    ///
    /// # Errors
    /// When it is not JSON.
    pub fn parse(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Json> {
        self.0.iter()
    }

    /// Those whose name, label or any tag matches.
    fn matching<'a>(&'a self, filter: &Regex) -> impl Iterator<Item = &'a Json> {
        let matches =
            |value: Option<&Json>| value.and_then(Json::as_str).is_some_and(|t| filter.is_match(t));
        self.0.iter().filter(move |service| {
            // Tags that are null or absent are no tags.
            let mut tags = service.get("tags").and_then(Json::as_array).into_iter().flatten();
            matches(service.get("name"))
                || matches(service.get("label"))
                || tags.any(|tag| matches(Some(tag)))
        })
    }

    /// The first service that matches and has the credentials.
    #[must_use]
    pub fn find_service(&self, filter: &Regex, credentials: &[Credential<'_>]) -> Option<&Json> {
        self.matching(filter).find(|service| has(service, credentials))
    }

    /// Whether exactly one service matches and has the credentials.
    #[must_use]
    pub fn one_service(&self, filter: &Regex, credentials: &[Credential<'_>]) -> bool {
        self.matching(filter).filter(|service| has(service, credentials)).count() == 1
    }

    /// The first service that matches and has exactly one volume.
    #[must_use]
    pub fn find_volume_service(&self, filter: &Regex) -> Option<&Json> {
        self.matching(filter).find(|service| has_one_volume(service))
    }

    /// Whether exactly one service matches and has exactly one volume.
    #[must_use]
    pub fn one_volume_service(&self, filter: &Regex) -> bool {
        self.matching(filter).filter(|service| has_one_volume(service)).count() == 1
    }

    /// As one JSON list.
    #[must_use]
    pub fn to_json(&self) -> Json {
        Json::Array(self.0.clone())
    }
}

impl<'de> Deserialize<'de> for Services {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Groups;

        impl<'de> Visitor<'de> for Groups {
            type Value = Services;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("services in groups")
            }

            fn visit_unit<E>(self) -> Result<Services, E> {
                Ok(Services::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Services, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Services::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Services, A::Error> {
                let mut services = Vec::new();
                while let Some((_, group)) = map.next_entry::<IgnoredAny, Json>()? {
                    flatten(&group, &mut services);
                }
                Ok(Services(services))
            }
        }

        deserializer.deserialize_any(Groups)
    }
}

/// Lists in lists count as one.
fn flatten(value: &Json, into: &mut Vec<Json>) {
    match value {
        Json::Array(list) => list.iter().for_each(|value| flatten(value, into)),
        Json::Null => {}
        service => into.push(service.clone()),
    }
}

fn has(service: &Json, wanted: &[Credential<'_>]) -> bool {
    let Some(Json::Object(credentials)) = service.get("credentials") else {
        return false;
    };
    wanted.iter().all(|credential| match credential {
        Credential::One(key) => credentials.contains_key(*key),
        Credential::Any(keys) => keys.iter().any(|key| credentials.contains_key(*key)),
    })
}

fn has_one_volume(service: &Json) -> bool {
    service.get("volume_mounts").and_then(Json::as_array).is_some_and(|mounts| mounts.len() == 1)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn services() -> Services {
        Services::new(&json!({
            "mysql": [
                {"name": "db", "label": "mysql", "tags": null, "credentials": {"uri": "u"}},
                {"name": "other", "label": "x", "tags": ["mysql-like"], "credentials": {}},
            ],
            "user-provided": [[
                {"name": "session-replication", "credentials": {"host": "h", "port": 1}},
                {"name": "dump", "tags": ["heap-dump"], "volume_mounts": [{"container_dir": "/v"}]},
                {"name": "heap-dump-2", "volume_mounts": []},
            ]],
        }))
    }

    fn regex(text: &str) -> Regex {
        Regex::new(text).unwrap()
    }

    #[test]
    fn one_service_means_exactly_one() {
        let services = services();
        let one =
            |filter: &str, keys: &[Credential<'_>]| services.one_service(&regex(filter), keys);
        assert!(one("mysql", &["uri".into()]));
        assert!(!one("mysql", &[]));
        assert!(!one("MYSQL", &["uri".into()]));
        assert!(one("^other$", &[]));
        let host = Credential::Any(&["hostname", "host"]);
        assert!(one("session", &[host, "port".into()]));
        assert!(!one("session", &[host, "password".into()]));
        assert!(!one("dump", &[]), "no credentials at all");
        assert!(services.one_volume_service(&regex("heap-dump")));
        let found = services.find_volume_service(&regex("dump")).unwrap();
        assert_eq!(found["name"], "dump");
        assert_eq!(services.find_service(&regex("mysql"), &[]).unwrap()["name"], "db");
    }

    #[test]
    fn the_order_is_that_of_the_text() {
        let text = r#"{"z": [{"name": "db-1"}], "a": [{"name": "db-2"}]}"#;
        let services = Services::parse(text).unwrap();
        let names: Vec<&str> = services.iter().filter_map(|s| s["name"].as_str()).collect();
        assert_eq!(names, ["db-1", "db-2"]);
        for text in ["null", "[1]", "{}"] {
            assert_eq!(Services::parse(text).unwrap().iter().count(), 0);
        }
        assert!(Services::parse("{").is_err());
    }

    #[test]
    fn odd_documents_are_no_services() {
        for document in [json!(null), json!([1]), json!({}), json!({"a": null}), json!({"a": [1]})]
        {
            assert!(!Services::new(&document).one_service(&regex(""), &[]), "{document}");
        }
    }
}
