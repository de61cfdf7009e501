//! Fetching from a bucket or a folder: `s3://bucket/key`, `file:///path`.

use std::path::Path;

use location::{Region, Service};
use store::{Access, Options, Store};

use super::entry::{Entry, Replace};
use super::{Fetched, Trouble, chain};
use crate::application::Environment;

/// Makes the entry right. The service of a bucket is that of the environment.
pub(super) fn fetch(
    uri: &str,
    entry: &Entry,
    environment: &Environment,
) -> Result<Fetched, Trouble> {
    let of = |name: &str| environment.get(name).filter(|value| !value.is_empty()).cloned();
    // What the profile says about endpoints counts here, too.
    let endpoints = store::aws::endpoints(&of, None);
    let env = |name: &str| match endpoints.iter().find(|(variable, _)| *variable == name) {
        Some((_, value)) => Some(value.clone()).filter(|value| !value.is_empty()),
        None => of(name),
    };
    let other = |error: &dyn std::error::Error| Trouble::Other(chain(error));
    let (service, bucket, key) = if let Some(rest) = uri.strip_prefix("s3://") {
        let (bucket, key) = rest
            .split_once('/')
            .filter(|(_, key)| !key.is_empty())
            .ok_or_else(|| Trouble::Other(format!("{uri} names no object")))?;
        let region = Region::parse(env("S3_REGION").as_deref()).map_err(|error| other(&error))?;
        let service = Service::from_env(&env, region).map_err(|error| other(&error))?;
        (service, bucket.to_owned(), key.to_owned())
    } else if uri.starts_with("file://") {
        folder(uri)?
    } else {
        return Err(Trouble::Other(format!(
            "{uri}: expected http://, https://, s3:// or file:///"
        )));
    };
    let open = |access| {
        let options = Options { access, ..Options::default() };
        Store::open(&service, &bucket, options, &env)
    };
    let store = match open(Access::Credentials) {
        Err(store::Error::NoCredentials { .. }) => open(Access::Anonymous),
        opened => opened,
    }
    .map_err(|error| other(&error))?;
    match fetch_from(&store, &key, entry) {
        // When nobody may read it, the first refusal is what the user can act on.
        Err(denied @ Problem::Denied(_)) => {
            fetch_from(&store.anonymous(), &key, entry).map_err(|_| denied)
        }
        done => done,
    }
    .map_err(|problem| match problem {
        Problem::Store(store::Error::NoBucket { .. }) if uri.starts_with("file://") => {
            Trouble::Other(format!("{uri} does not exist"))
        }
        Problem::Missing => Trouble::Other(format!("{uri} does not exist")),
        Problem::Denied(error) | Problem::Store(error) => other(&error),
        Problem::Disk(error) => other(&error),
    })
}

enum Problem {
    Denied(store::Error),
    Missing,
    Store(store::Error),
    Disk(std::io::Error),
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error {
            error @ store::Error::AccessDenied { .. } => Self::Denied(error),
            error => Self::Store(error),
        }
    }
}

fn fetch_from(store: &Store, key: &str, entry: &Entry) -> Result<Fetched, Problem> {
    if let Some(known) = entry.etag() {
        let head = store.head(key)?.ok_or(Problem::Missing)?;
        if head.etag == known {
            return Ok(Fetched::StillRight);
        }
    }
    let folder = entry.cached().parent().unwrap_or(Path::new("."));
    let mut file = scratch::File::new_in(folder, ".download-").map_err(Problem::Disk)?;
    let download = store.download(key, file.file())?.ok_or(Problem::Missing)?;
    let mut content = std::fs::File::open(file.path()).map_err(Problem::Disk)?;
    match entry.replace(&mut content, Some(&download.head.etag), None, Some(download.head.size)) {
        Ok(_) => Ok(Fetched::Anew),
        Err(Replace::Disk(error) | Replace::Body(error)) => Err(Problem::Disk(error)),
        Err(Replace::Length(_)) => Err(Problem::Missing),
    }
}

/// A file as an object: its folder is the bucket.
fn folder(uri: &str) -> Result<(Service, String, String), Trouble> {
    let unfit = || Trouble::Other(format!("{uri} names no file"));
    let service = Service::from_endpoint("the repository root", uri, Region::default())
        .map_err(|error| Trouble::Other(error.to_string()))?;
    let Service::Folder { root } = service else {
        return Err(unfit());
    };
    let name = |path: &Path| path.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let key = name(&root).ok_or_else(unfit)?;
    let parent = root.parent().ok_or_else(unfit)?;
    let bucket = name(parent).ok_or_else(unfit)?;
    let above = parent.parent().ok_or_else(unfit)?;
    Ok((Service::Folder { root: above.to_owned() }, bucket, key))
}
