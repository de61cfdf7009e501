//! For tests only: S3 servers, workspaces and processes.
//!
//! - [`s3::Server`]: an S3 server inside the test process, with faults and a record of requests.
//! - [`seaweed::Server`]: a real SeaweedFS in a process of its own.
//! - [`web::Server`]: a web server for a folder, with faults.
//! - [`proxy::Proxy`]: a proxy of every kind.
//! - [`Workspace`]: a temporary folder, with formulae and an environment.
//! - [`Site`]: repositories on either store, seen alike.
//! - [`Process`]: runs a program with nothing in its environment that the test did not put there.
//!
//! A test kit reports what went wrong by panicking, so that the test fails there and then.
#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a failure here is a failed test")]

mod help;
mod modes;
mod process;
pub mod proxy;
pub mod s3;
pub mod seaweed;
mod site;
pub mod web;
mod workspace;

use std::collections::BTreeMap;

pub use help::options_in;
pub use modes::writable_by_all;
pub use process::{Output, Process, Running, binary};
pub use site::{Site, without_undo};
pub use workspace::Workspace;

/// The variables that point a process at an S3 service with path-style addressing.
#[must_use]
pub fn s3_env(endpoint: &str, access_key: &str, secret_key: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL_S3", endpoint),
        ("AWS_ACCESS_KEY_ID", access_key),
        ("AWS_SECRET_ACCESS_KEY", secret_key),
        // No credentials and no settings but these: not the machine's files, not its metadata.
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect()
}
