//! The S3 backend against servers that fail and lie. What a well-behaved service must do is in the
//! crate's conformance suite.

mod faults;
mod hostile;
mod race;
mod route;
mod service;

use std::time::Duration;

use location::{Region, Service};

use crate::{Access, Options, Patience, Store};

/// Pauses that tests can wait for.
fn options() -> Options {
    Options { patience: Some(quick()), ..Options::default() }
}

fn quick() -> Patience {
    Patience {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(5),
        ..Patience::default()
    }
}

/// An open bucket `own` at a URL, with credentials that the test server knows.
fn open(url: &str, options: Options) -> Store {
    let service = Service::Endpoint { url: url.to_owned(), region: Region::default() };
    let env = |name: &str| match name {
        "AWS_ACCESS_KEY_ID" => Some(test_kit::s3::ACCESS_KEY.to_owned()),
        "AWS_SECRET_ACCESS_KEY" => Some(test_kit::s3::SECRET_KEY.to_owned()),
        _ => None,
    };
    Store::open(&service, "own", options, &env).unwrap()
}

fn anonymous(url: &str) -> Store {
    open(url, Options { access: Access::Anonymous, ..options() })
}
