//! Where credentials come from, in the AWS order: environment, web identity, profile files,
//! `credential_process`, container endpoint, instance metadata (version 2). What expires is renewed
//! before it does.
//!
//! Single sign-on and role chaining are left to `credential_process`.

mod container;
mod instance;
mod json;
mod process;
mod profile;
mod web_identity;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use location::Env;

use crate::shared::{explicit_profile, set};
use crate::{Error, Patience};

/// Credentials are renewed when they have less than this left.
const RENEWED_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// The most that is read of an answer or a file with credentials.
const LARGEST: u64 = 1024 * 1024;

/// Whom requests are signed as. Shown without its secrets.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Credentials {
    key: String,
    secret: String,
    token: Option<String>,
    expires: Option<Timestamp>,
}

impl Credentials {
    pub(crate) fn key(&self) -> &str {
        &self.key
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    fn lasts(&self, left: SignedDuration) -> bool {
        self.expires.is_none_or(|expires| expires.duration_since(Timestamp::now()) > left)
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// A place that gives credentials, and the last ones that it gave.
pub(crate) struct Provider {
    source: Source,
    last: Mutex<Option<Credentials>>,
}

/// Everything needed to ask again; the environment is read once.
enum Source {
    /// The environment, or keys in a file.
    Fixed(Credentials),
    WebIdentity(web_identity::WebIdentity),
    Process(process::Process),
    Container(container::Container),
    Instance(instance::Instance),
}

impl Provider {
    /// Goes through the AWS order. `None`: no place has any.
    ///
    /// A place that is set up, but fails, is an error: the next place may well hold somebody else's
    /// credentials.
    pub(crate) fn find(env: Env<'_>, profile: Option<&str>) -> Result<Option<Self>, Error> {
        // A profile that is asked for by an option goes before what the environment has.
        if explicit_profile(env, profile).is_none() {
            if let Some(found) = environment(env)? {
                return Ok(Some(Self::new(Source::Fixed(found))));
            }
            if let Some(identity) = web_identity::WebIdentity::find(env, None, None)? {
                return Self::asked(Source::WebIdentity(identity)).map(Some);
            }
        }
        match profile::find(env, profile)? {
            Some(profile::Found::Keys(found)) => return Ok(Some(Self::new(Source::Fixed(found)))),
            Some(profile::Found::WebIdentity(identity)) => {
                return Self::asked(Source::WebIdentity(*identity)).map(Some);
            }
            Some(profile::Found::Process(process)) => {
                return Self::asked(Source::Process(process)).map(Some);
            }
            None => {}
        }
        if let Some(container) = container::Container::find(env)? {
            return Self::asked(Source::Container(container)).map(Some);
        }
        let Some(instance) = instance::Instance::find(env)? else {
            return Ok(None);
        };
        let Some(found) = instance.ask()? else {
            return Ok(None);
        };
        let provider = Self::new(Source::Instance(instance));
        provider.keep(found);
        Ok(Some(provider))
    }

    fn new(source: Source) -> Self {
        Self { source, last: Mutex::new(None) }
    }

    /// Asks once, so that a place that does not work is found out before any work is done.
    fn asked(source: Source) -> Result<Self, Error> {
        let provider = Self::new(source);
        provider.current()?;
        Ok(provider)
    }

    /// Credentials that are good for now.
    pub(crate) fn current(&self) -> Result<Credentials, Error> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = last.as_ref().filter(|found| found.lasts(RENEWED_BEFORE)) {
            return Ok(found.clone());
        }
        let asked = match &self.source {
            Source::Fixed(found) => return Ok(found.clone()),
            Source::WebIdentity(identity) => identity.ask(),
            Source::Process(process) => process.ask(),
            Source::Container(container) => container.ask(),
            Source::Instance(instance) => instance.ask().and_then(|found| {
                found.ok_or_else(|| instance.failure("it gives no credentials any more"))
            }),
        };
        match (asked, last.as_ref()) {
            (Ok(found), _) => {
                *last = Some(found.clone());
                Ok(found)
            }
            // Not renewed in time, but still good: perhaps the next request has more luck.
            (Err(_), Some(found)) if found.lasts(SignedDuration::ZERO) => Ok(found.clone()),
            (Err(error), _) => Err(error),
        }
    }

    /// The service says that these are no longer good.
    pub(crate) fn forget(&self, key: &str) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|found| found.key == key) {
            *last = None;
        }
    }

    fn keep(&self, found: Credentials) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
    }
}

fn environment(env: Env<'_>) -> Result<Option<Credentials>, Error> {
    let half = |have: &str, lack: &str| Error::Credentials {
        from: "the environment".to_owned(),
        detail: format!("{have} is set, but {lack} is not"),
    };
    match (set(env, "AWS_ACCESS_KEY_ID"), set(env, "AWS_SECRET_ACCESS_KEY")) {
        (None, None) => Ok(None),
        (Some(_), None) => Err(half("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
        (None, Some(_)) => Err(half("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID")),
        (Some(key), Some(secret)) => {
            let token = set(env, "AWS_SESSION_TOKEN").or_else(|| set(env, "AWS_SECURITY_TOKEN"));
            Ok(Some(Credentials { key, secret, token, expires: None }))
        }
    }
}

/// Whether an endpoint for credentials names a host, and a port that can be one.
fn check_address(variable: &str, url: &str) -> Result<(), Error> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    location::Authority::parse(authority).map(drop).map_err(|invalid| Error::Credentials {
        from: format!("the endpoint that {variable} names"),
        detail: invalid.to_string(),
    })
}

/// Deadlines for endpoints that are near, or are not there at all.
fn near(limit: Duration) -> Patience {
    Patience { connect: limit, idle: limit, ..Patience::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: [(&str, &str); 2] =
        [("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "geheim")];

    fn env<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned())
    }

    #[test]
    fn the_environment_comes_first() {
        let found = Provider::find(&env(&PAIR), None).unwrap().unwrap().current().unwrap();
        assert_eq!((found.key(), found.secret(), found.token()), ("AKIAEXAMPLE", "geheim", None));
        let pairs = [PAIR[0], PAIR[1], ("AWS_SESSION_TOKEN", " token\n")];
        let found = Provider::find(&env(&pairs), None).unwrap().unwrap().current().unwrap();
        assert_eq!(found.token(), Some("token"));
    }

    #[test]
    fn half_a_pair_is_an_error_that_names_the_other_half() {
        let Err(error) = Provider::find(&env(&PAIR[..1]), None) else { panic!("no error") };
        assert!(error.to_string().contains("AWS_SECRET_ACCESS_KEY is not"), "{error}");
        assert!(Provider::find(&env(&PAIR[1..]), None).is_err());
    }

    #[test]
    fn no_place_has_any() {
        let pairs = [("AWS_EC2_METADATA_DISABLED", "true"), ("HOME", "/nonexistent")];
        assert!(Provider::find(&env(&pairs), None).unwrap().is_none());
        // An instance endpoint where nobody listens is no instance.
        let pairs =
            [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:9"), ("HOME", "/nonexistent")];
        assert!(Provider::find(&env(&pairs), None).unwrap().is_none());
    }

    #[test]
    fn secrets_are_not_shown() {
        let found = Credentials {
            key: "AKIAEXAMPLE".into(),
            secret: "geheim".into(),
            token: Some("marke".into()),
            expires: None,
        };
        let shown = format!("{found:?}");
        assert!(shown.contains("AKIAEXAMPLE"));
        assert!(!shown.contains("geheim") && !shown.contains("marke"), "{shown}");
    }
}
