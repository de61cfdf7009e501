//! Buckets, named by arguments rather than by the environment alone.

use location::{Location, Prefix, Region, Role, Service};
use repository::rollback;
use store::{Access, Options, Store};
use tool::{Failure, Io};

/// A place as arguments name it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// Its region or historical host label, where given.
    pub region: Option<String>,
    /// Its service, with the name of the option that names it; else that of the environment.
    pub endpoint: Option<(&'static str, String)>,
    /// The profile of the AWS files that names a service, in place of the environment's.
    pub profile: Option<String>,
}

impl Place {
    /// The location. `S3_PUBLIC_URL` belongs to `S3_BUCKET`: it is taken for that bucket only.
    ///
    /// # Errors
    /// When one of the parts is not valid.
    pub fn location(&self, io: &Io) -> Result<Location, Failure> {
        let env = io.env_of(self.profile.as_deref());
        let region = Region::parse(self.region.as_deref())?;
        let service = match &self.endpoint {
            Some((option, url)) => Service::from_endpoint(option, url, region)?,
            None => Service::from_env(&env, region)?,
        };
        let prefix = Prefix::parse(&self.prefix)?;
        let mut location = Location::new(service, &self.bucket, prefix)?;
        let own = Location::from_env(Role::Own, &env)?;
        if self.endpoint.is_none() && own.is_some_and(|own| own.bucket == self.bucket) {
            location.public_url = location::public_url(&env)?;
        }
        Ok(location)
    }
}

/// Opens a bucket that is written to.
///
/// # Errors
/// When there are no credentials.
pub fn writable(io: &Io, location: &Location, profile: Option<&str>) -> Result<Store, Failure> {
    let store = open(io, location, profile, Access::Credentials)?;
    io.caution(&store);
    Ok(store)
}

/// Completes or undoes what a process left that died in a change of this repository: to be called
/// before another change.
///
/// # Errors
/// When the store does not answer as it should.
pub fn mend(store: &Store, location: &Location) -> Result<(), repository::Error> {
    rollback::mend(store, location, &tool::is_at_work)
}

/// Opens a bucket that is only read. One that refuses the credentials, or for which there are
/// none, is read anonymously; a notice says so, and why.
///
/// # Errors
/// When the bucket does not exist or cannot be reached; the refusal of the credentials, when nobody
/// may read it without.
pub fn readable(io: &Io, location: &Location, profile: Option<&str>) -> Result<Store, Failure> {
    let anonymously = |why: &str| io.say(format!("NOTICE: {why}; reading {location} anonymously."));
    match open(io, location, profile, Access::Credentials) {
        Ok(store) => match store.check_access(&location.key("")) {
            Ok(()) => Ok(store),
            Err(refused @ store::Error::AccessDenied { .. }) => {
                let anonymous = store.anonymous();
                if anonymous.check_access(&location.key("")).is_err() {
                    return Err(refused.into());
                }
                anonymously(&format!("with the given credentials, {refused}"));
                Ok(anonymous)
            }
            Err(error) => Err(error.into()),
        },
        Err(store::Error::NoCredentials { .. }) => {
            anonymously("no credentials found");
            Ok(open(io, location, profile, Access::Anonymous)?)
        }
        Err(error) => Err(error.into()),
    }
}

fn open(
    io: &Io,
    location: &Location,
    profile: Option<&str>,
    access: Access,
) -> Result<Store, store::Error> {
    let env = io.env_of(profile);
    let profile = profile.map(str::to_owned);
    let options = Options { profile, access, ..io.store_options() };
    Store::open(&location.service, &location.bucket, options, &env)
}
