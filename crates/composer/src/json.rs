//! JSON as PHP reads it: objects keep their order, and of two equal keys the last value counts, at
//! the place of the first.

mod walk;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

pub(crate) use walk::Walker;

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
                let mut array = Array { entries: Vec::with_capacity(8) };
                let mut index = Index::default();
                while let Some((Text(key), value)) = map.next_entry::<Text<'de>, &RawValue>()? {
                    match index.find(&array, &key) {
                        Some(at) => array.entries[at].1 = value,
                        None => array.entries.push((Some(key), value)),
                    }
                }
                Ok(array)
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

/// Finds keys among those that came before: one by one as long as there are few, so that small
/// objects cost nothing, and by their hash in large ones.
#[derive(Default)]
struct Index<'t> {
    places: HashMap<Cow<'t, str>, usize>,
}

impl<'t> Index<'t> {
    const FEW: usize = 24;

    fn find(&mut self, array: &Array<'t>, key: &str) -> Option<usize> {
        let entries = &array.entries;
        if entries.len() <= Self::FEW {
            return entries.iter().position(|(known, _)| known.as_deref() == Some(key));
        }
        for (place, (known, _)) in entries.iter().enumerate().skip(self.places.len()) {
            if let Some(known) = known {
                self.places.insert(known.clone(), place);
            }
        }
        self.places.get(key).copied()
    }
}
