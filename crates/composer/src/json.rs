//! JSON as PHP reads it: objects keep their order, and of two equal keys the last value counts, at
//! the place of the first.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// An object or a list, its values unread. (To PHP both are arrays.)
#[derive(Debug, Default)]
pub(crate) struct Array<'t> {
    /// The values with their keys; the elements of a list have none.
    pub entries: Vec<(Option<Cow<'t, str>>, &'t RawValue)>,
}

impl<'t> Array<'t> {
    /// Reads one. `null` is an empty one.
    pub(crate) fn parse(text: &'t str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The value of a key, `null` being none.
    pub(crate) fn get(&self, key: &str) -> Option<&'t RawValue> {
        let found = self.entries.iter().find(|(known, _)| known.as_deref() == Some(key));
        found.map(|(_, value)| *value).filter(|value| value.get() != "null")
    }

    /// The value of a key, where it is a string.
    pub(crate) fn string(&self, key: &str) -> Option<Cow<'t, str>> {
        self.get(key).and_then(string)
    }
}

/// A string's text; nothing where it is none.
pub(crate) fn string(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text<'_>>(value.get()).ok().map(|text| text.0)
}

/// A string, borrowed where it has no escapes.
pub(crate) struct Text<'t>(pub Cow<'t, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Reader)
    }
}

impl<'de> Deserialize<'de> for Array<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Array<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or a list")
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Array::default())
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries: Vec<(Option<Cow<'de, str>>, &RawValue)> = Vec::new();
                // Many keys are looked up, few are compared one by one.
                let mut known = std::collections::HashMap::new();
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
                    match known.get(&key) {
                        Some(at) => {
                            let at: usize = *at;
                            entries[at].1 = value;
                        }
                        None => {
                            known.insert(key.clone(), entries.len());
                            entries.push((Some(key), value));
                        }
                    }
                }
                Ok(Array { entries })
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(value) = list.next_element()? {
                    entries.push((None, value));
                }
                Ok(Array { entries })
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
