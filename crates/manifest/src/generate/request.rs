//! What a formula says about its package: as arguments, or as one JSON object.

use super::Error;
use crate::json::{self, Object, Value};
use crate::package::Kind;

/// What is known of a finished archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// SHA-1 in hexadecimal, which Composer verifies.
    pub sha1: String,
    /// SHA-256 in hexadecimal, which our own tools verify.
    pub sha256: String,
    /// Length in bytes.
    pub size: u64,
}

/// A package about to be described.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Request {
    /// The package's type.
    pub kind: String,
    /// The package's name.
    pub name: String,
    /// The package's version.
    pub version: String,
    /// The archive's path below the prefix, such as `extensions/x/apcu-5.1.3.tar.gz`.
    pub archive: String,
    /// Required packages, without the stack and the installer plugin.
    pub require: Object,
    /// Packages that cannot stand beside this one.
    pub conflict: Object,
    /// Packages that this one stands for.
    pub replace: Object,
    /// Virtual packages that this one offers.
    pub provide: Object,
    /// Everything else.
    pub extra: Object,
    /// What is known of the archive, where it is at hand.
    pub facts: Option<ArchiveFacts>,
}

/// The arguments in their order; in the JSON form their names are in lower case.
pub const ARGUMENTS: [&str; 9] =
    ["TYPE", "NAME", "VERSION", "ARCHIVE", "REQUIRE", "CONFLICT", "REPLACE", "PROVIDE", "EXTRA"];

impl Request {
    /// Reads `TYPE NAME VERSION ARCHIVE [REQUIRE [CONFLICT [REPLACE [PROVIDE [EXTRA]]]]]`.
    ///
    /// The helper of 2016 had no PROVIDE, so its eighth argument was EXTRA. An eighth and last
    /// argument that cannot be a PROVIDE is taken as that: a value that is no text, or a name
    /// that no package can have (a virtual package is `vendor/name`).
    ///
    /// # Errors
    /// Where the number is wrong, or an argument is not the JSON object that it has to be.
    pub fn from_args<S: AsRef<str>>(args: &[S]) -> Result<Self, Error> {
        let [kind, name, version, archive, objects @ ..] = args else {
            return Err(Error::Arity { got: args.len() });
        };
        if objects.len() > 5 {
            return Err(Error::Arity { got: args.len() });
        }
        let object = |position: usize| match objects.get(position) {
            None => Ok(Object::new()),
            Some(text) => json::parse_object(text.as_ref()).map_err(|source| Error::Json {
                argument: ARGUMENTS[position + 4].to_owned(),
                source,
            }),
        };
        let mut request = Request {
            kind: kind.as_ref().to_owned(),
            name: name.as_ref().to_owned(),
            version: version.as_ref().to_owned(),
            archive: archive.as_ref().to_owned(),
            require: object(0)?,
            conflict: object(1)?,
            replace: object(2)?,
            provide: object(3)?,
            extra: object(4)?,
            facts: None,
        };
        if objects.len() == 4 && !could_be_links(&request.provide) {
            request.extra = std::mem::take(&mut request.provide);
        }
        Ok(request)
    }

    /// Reads one JSON object with the same as members: `type`, `name`, `version`, `archive`,
    /// `require`, `conflict`, `replace`, `provide`, `extra`.
    ///
    /// # Errors
    /// Where the text is no JSON object, a member is missing, unknown or of the wrong type.
    pub fn from_json(text: impl AsRef<[u8]>) -> Result<Self, Error> {
        let mut members = json::parse_object(text)
            .map_err(|source| Error::Json { argument: "stdin".to_owned(), source })?;
        let problem = |argument: &str, problem: &str| Error::Value {
            argument: argument.to_owned(),
            problem: problem.to_owned(),
        };
        let mut text = |key: &str| match members.remove(key) {
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(problem(key, "expected a string")),
            None => Err(problem(key, "missing")),
        };
        let [kind, name, version, archive] =
            [text("type")?, text("name")?, text("version")?, text("archive")?];
        let mut object = |key: &str| match members.remove(key) {
            Some(Value::Object(object)) => Ok(object),
            Some(Value::Array(list)) if list.is_empty() => Ok(Object::new()),
            None | Some(Value::Null) => Ok(Object::new()),
            Some(_) => Err(problem(key, "expected an object")),
        };
        let [require, conflict, replace, provide, extra] = [
            object("require")?,
            object("conflict")?,
            object("replace")?,
            object("provide")?,
            object("extra")?,
        ];
        if let Some(key) = members.keys().next() {
            return Err(problem(key, "unknown member"));
        }
        Ok(Request {
            kind,
            name,
            version,
            archive,
            require,
            conflict,
            replace,
            provide,
            extra,
            facts: None,
        })
    }

    /// What no repository could use, first problem first; empty where all is well.
    ///
    /// Callers refuse the request for the first of these, or let it pass with warnings.
    #[must_use]
    pub fn problems(&self) -> Vec<Error> {
        let mut problems = Vec::new();
        let mut report = |argument: &str, problem: String| {
            problems.push(Error::Value { argument: argument.to_owned(), problem });
        };
        let platform = self.kind.starts_with(Kind::PLATFORM_PREFIX);
        if self.kind.is_empty() {
            report("TYPE", "empty".to_owned());
        } else if Kind::of(&self.kind).is_none() {
            report("TYPE", format!("unknown platform type {:?}", self.kind));
        }
        if self.name.is_empty() {
            report("NAME", "empty".to_owned());
        } else if platform && !has_prefix(&self.name) {
            let name = &self.name;
            report("NAME", format!("{name:?} of type {:?} lacks \"heroku-sys/\"", self.kind));
        }
        if self.version.is_empty() {
            report("VERSION", "empty".to_owned());
        }
        if self.archive.is_empty() {
            report("ARCHIVE", "empty".to_owned());
        }
        let links = [
            ("REQUIRE", &self.require),
            ("CONFLICT", &self.conflict),
            ("REPLACE", &self.replace),
            ("PROVIDE", &self.provide),
        ];
        for (argument, links) in links {
            if let Some((name, _)) = links.iter().find(|(_, constraint)| !constraint.is_string()) {
                report(argument, format!("{name}: expected a version constraint as a string"));
            }
        }
        problems
    }
}

fn has_prefix(name: &str) -> bool {
    name.strip_prefix("heroku-sys/").is_some_and(|rest| !rest.is_empty())
}

/// Whether an object can be a list of virtual packages with their versions.
fn could_be_links(object: &Object) -> bool {
    object.iter().all(|(name, version)| version.is_string() && name.contains('/'))
}
