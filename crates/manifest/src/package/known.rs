//! Which members of a manifest are which.

use super::Error;
use crate::json::text::Member;

/// The keys whose values are objects where they stand at all.
const OBJECTS: [&str; 5] = ["require", "conflict", "replace", "provide", "dist"];

/// The places of members among all members.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) name: usize,
    pub(super) version: usize,
    pub(super) kind: Option<usize>,
}

impl Known {
    /// Finds them, and checks that this is the description of a package.
    pub(super) fn of(text: &str, members: &[Member]) -> Result<Self, Error> {
        let (mut name, mut version, mut kind) = (None, None, None);
        for (at, member) in members.iter().enumerate() {
            let value = member.value(text);
            let string = value.starts_with('"');
            match member.key(text) {
                "name" if string => name = Some(at),
                "version" if string => version = Some(at),
                "name" => return Err(Error::WrongType { key: "name", expected: "a string" }),
                "version" => return Err(Error::WrongType { key: "version", expected: "a string" }),
                "type" => kind = Some(at),
                key => {
                    let object = value.starts_with('{') || matches!(value, "null" | "[]");
                    if let Some(key) = OBJECTS.iter().find(|o| **o == key)
                        && !object
                    {
                        return Err(Error::WrongType { key, expected: "an object" });
                    }
                }
            }
        }
        let name = name.ok_or(Error::Missing { key: "name" })?;
        let version = version.ok_or(Error::Missing { key: "version" })?;
        Ok(Known { name, version, kind })
    }

    /// Another member has been inserted.
    pub(super) fn inserted(&mut self, at: usize) {
        for known in [&mut self.name, &mut self.version].into_iter().chain(&mut self.kind) {
            *known += usize::from(*known >= at);
        }
    }
}
