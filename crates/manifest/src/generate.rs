//! A new manifest, from what a formula knows about its package.

use crate::json::{self, Object, Value};
use crate::package::{self, Kind, Manifest};

mod request;

pub use request::{ARGUMENTS, ArchiveFacts, Request};

/// What cannot become a manifest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// An argument is missing, or there are too many.
    #[error("expected 4 to 9 arguments, got {got}")]
    Arity {
        /// How many there were.
        got: usize,
    },
    /// An argument is not the JSON that it has to be.
    #[error("{argument}")]
    Json {
        /// The argument's name, as the help text has it.
        argument: String,
        /// What is wrong, and where.
        source: json::Error,
    },
    /// An argument has a value that nobody could use.
    #[error("{argument}: {problem}")]
    Value {
        /// The argument's name, as the help text has it.
        argument: String,
        /// What is wrong with it.
        problem: String,
    },
    /// `STACK` does not name a stack.
    #[error("STACK: {stack:?} does not start with the name of a stack")]
    Stack {
        /// The value.
        stack: String,
    },
    /// The result is not a manifest.
    #[error(transparent)]
    Manifest(#[from] package::Error),
}

/// What a manifest needs from around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context<'a> {
    /// The stack, such as `heroku-24-amd64`.
    pub stack: &'a str,
    /// The time of the build, UTC, `YYYY-MM-DD HH:MM:SS`.
    pub now: &'a str,
    /// The URL at which the archive will be found.
    pub dist_url: &'a str,
}

/// Makes the manifest of a package.
///
/// # Errors
/// Where the stack's name is none, or a shared extension's version is no text.
pub fn generate(request: Request, context: &Context<'_>) -> Result<Manifest, Error> {
    let Request { kind, name, version, require, conflict, replace, provide, mut extra, .. } =
        request;
    let platform = kind.starts_with(Kind::PLATFORM_PREFIX);
    let mut require = require;
    let (stack, constraint) = stack_requirement(context.stack)?;
    require.insert(stack, Value::String(constraint));
    if platform {
        let plugin = installer_plugin(&kind).to_owned();
        require.insert("heroku/installer-plugin".to_owned(), Value::String(plugin));
    }

    let mut dist = Object::new();
    let dist_type = if platform { "heroku-sys-tar" } else { "tar" };
    dist.insert("type".to_owned(), dist_type.into());
    dist.insert("url".to_owned(), context.dist_url.into());
    if let Some(facts) = &request.facts {
        dist.insert("shasum".to_owned(), facts.sha1.as_str().into());
        extra.insert("sha256".to_owned(), facts.sha256.as_str().into());
        extra.insert("size".to_owned(), facts.size.into());
    }

    // PHP always says which extensions are shared, even where none is.
    if Kind::of(&kind) == Some(Kind::Php)
        && let Value::Object(shared) =
            extra.entry("shared").or_insert_with(|| Value::Object(Object::new()))
    {
        let php = Php { version: &version, require: &require, conflict: &conflict, context };
        php.expand(shared)?;
    }

    let mut object = Object::new();
    object.insert("type".to_owned(), kind.into());
    object.insert("name".to_owned(), name.into());
    object.insert("version".to_owned(), version.into());
    object.insert("dist".to_owned(), dist.into());
    object.insert("require".to_owned(), require.into());
    object.insert("conflict".to_owned(), conflict.into());
    object.insert("replace".to_owned(), replace.into());
    object.insert("provide".to_owned(), provide.into());
    object.insert("extra".to_owned(), extra.into());
    object.insert("time".to_owned(), context.now.into());
    Ok(Manifest::from_object(object)?)
}

/// The package that stands for a stack, with its constraint: `heroku-24-amd64` →
/// `heroku-sys/heroku`, `^24.0.0`.
fn stack_requirement(stack: &str) -> Result<(String, String), Error> {
    let mut parts = stack.split('-');
    let name = parts.next().unwrap_or_default();
    if name.is_empty() {
        return Err(Error::Stack { stack: stack.to_owned() });
    }
    let rest = parts.next().unwrap_or_default();
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let release = if digits == 0 { "1" } else { &rest[..digits] };
    Ok((format!("heroku-sys/{name}"), format!("^{release}.0.0")))
}

/// Which generation of the installer plugin a platform package needs.
fn installer_plugin(kind: &str) -> &'static str {
    match Kind::of(kind) {
        Some(Kind::Library) => "^1.3.0",
        Some(Kind::Program) => "^1.4.0",
        Some(Kind::Php | Kind::PhpExtension) => "^1.6.0",
        Some(Kind::Hhvm | Kind::Webserver | Kind::Internal | Kind::Plain) | None => "^1.2.0",
    }
}

/// What the manifests of PHP's shared extensions take from PHP's own.
struct Php<'a> {
    version: &'a str,
    require: &'a Object,
    conflict: &'a Object,
    context: &'a Context<'a>,
}

impl Php<'_> {
    /// Puts a whole manifest in the place of each extension's version.
    fn expand(&self, shared: &mut Object) -> Result<(), Error> {
        for (name, value) in shared.iter_mut() {
            let version = match value {
                Value::String(version) if version == "self.version" => self.version,
                Value::String(version) => version,
                // Already whole, or switched off by the caller.
                Value::Object(_) | Value::Bool(_) => continue,
                _ => {
                    return Err(Error::Value {
                        argument: "EXTRA".to_owned(),
                        problem: format!("shared.{name}: expected a version"),
                    });
                }
            };
            *value = Value::Object(self.extension(name, version));
        }
        Ok(())
    }

    fn extension(&self, name: &str, version: &str) -> Object {
        let mut require = self.require.clone();
        require.insert("heroku-sys/php".to_owned(), self.version.into());
        let mut dist = Object::new();
        dist.insert("type".to_owned(), "heroku-sys-php-bundled-extension".into());
        let url = shared_extension_url(self.context.dist_url, name);
        dist.insert("url".to_owned(), url.into());
        let mut object = Object::new();
        object.insert("type".to_owned(), "heroku-sys-php-extension".into());
        object.insert("name".to_owned(), name.into());
        object.insert("version".to_owned(), version.into());
        object.insert("time".to_owned(), self.context.now.into());
        object.insert("conflict".to_owned(), self.conflict.clone().into());
        object.insert("require".to_owned(), require.into());
        object.insert("dist".to_owned(), dist.into());
        object
    }
}

/// The URL of an extension inside PHP's archive: PHP's own, and the extension's name as a form
/// field (`/` → `%2F`, space → `+`).
pub(crate) fn shared_extension_url(php: &str, extension: &str) -> String {
    let mut url = format!("{php}?extension=");
    for byte in extension.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'-' | b'~' => {
                url.push(char::from(byte));
            }
            b' ' => url.push('+'),
            other => url.push_str(&format!("%{other:02X}")),
        }
    }
    url
}

#[cfg(test)]
mod tests;
