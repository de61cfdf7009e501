//! What applications get from a repository, found out with the resolver that they use.
//!
//! - [`Offer`]: a `packages.json`, and which stacks and series of PHP it is for
//! - [`check()`]: does each package resolve somewhere, does `*` give the highest PHP
//! - [`picks()`]: what is installed for the usual requirements, to compare two repositories
//! - [`Lock`]: an application, as far as it matters for that
//!
//! Pure: texts come in, findings go out.

mod batch;
mod check;
mod lock;
mod offer;
mod parallel;
mod picks;
mod question;

pub use check::{Finding, Kind, check};
pub use lock::Lock;
pub use offer::{Offer, Stack};
pub use picks::{Difference, Pick, compare, picks};

/// Why a repository, or an application, cannot be judged.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The text is no repository that Composer would read.
    #[error(transparent)]
    Repository(#[from] composer::repository::Invalid),
    /// A lock is not JSON.
    #[error("{name} is not valid JSON")]
    Json {
        /// The file.
        name: String,
        /// Where and why.
        source: php_json::Error,
    },
    /// A lock is JSON, but not an object.
    #[error("{name}: expected an object, found {found}")]
    Shape {
        /// The file.
        name: String,
        /// What it is.
        found: &'static str,
    },
    /// No platform can be made for a lock.
    #[error(transparent)]
    Lock(#[from] platform::Error),
    /// What a lock makes is none that Composer would read.
    #[error("{name}: what it asks of the platform cannot be read")]
    Platform {
        /// The file.
        name: String,
        /// Where and why.
        source: composer::root::Invalid,
    },
    /// The resolver failed.
    #[error("the resolver failed")]
    Resolver(#[source] composer::Error),
}
