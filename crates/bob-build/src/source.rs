//! A bucket that dependencies come from. One that refuses the credentials, or none at all, is read
//! anonymously: buckets with public packages are the rule.

use std::cell::{Cell, RefCell};

use location::Location;
use store::{Access, Error, Object, Options, Store};
use tool::Notes;

/// A place to look for archives.
pub(crate) struct Source {
    /// Where it is.
    pub location: Location,
    store: RefCell<Store>,
    anonymous: Cell<bool>,
    notes: Notes,
}

impl Source {
    /// Opens a place. Nothing is asked of it yet.
    pub(crate) fn open(
        location: Location,
        options: &Options,
        env: location::Env<'_>,
        notes: Notes,
    ) -> Result<Self, Error> {
        let open = |access| {
            let options = Options { access, ..options.clone() };
            Store::open(&location.service, &location.bucket, options, env)
        };
        let (store, anonymous) = match open(Access::Credentials) {
            Err(Error::NoCredentials { bucket }) => {
                notes.say(format!("NOTICE: No AWS credentials; reading {bucket} anonymously."));
                (open(Access::Anonymous)?, true)
            }
            other => (other?, false),
        };
        Ok(Self { location, store: store.into(), anonymous: anonymous.into(), notes })
    }

    /// The bucket, in the way that has worked so far.
    pub(crate) fn store(&self) -> Store {
        self.store.borrow().clone()
    }

    /// Whether a key is there.
    pub(crate) fn head(&self, key: &str) -> Result<Option<store::Head>, Error> {
        self.readable(|store| store.head(key))
    }

    /// All objects whose keys start with `prefix`.
    pub(crate) fn list(&self, prefix: &str) -> Result<Vec<Object>, Error> {
        self.readable(|store| store.list(prefix))
    }

    /// Does `work`; once more, and from then on, anonymously when the credentials are refused.
    fn readable<T>(&self, work: impl Fn(&Store) -> Result<T, Error>) -> Result<T, Error> {
        let store = self.store();
        let refused = match work(&store) {
            Err(error @ Error::AccessDenied { .. }) if !self.anonymous.get() => error,
            other => return other,
        };
        let anonymous = store.anonymous();
        // When that fails too, the refusal of the credentials is what the user can act on.
        let Ok(done) = work(&anonymous) else { return Err(refused) };
        let bucket = store.bucket();
        self.notes.say(format!(
            "NOTICE: {bucket} refuses the AWS credentials: {refused}; reading it anonymously."
        ));
        self.store.replace(anonymous);
        self.anonymous.set(true);
        Ok(done)
    }
}
