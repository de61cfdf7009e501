//! Reading what URLs name, as a consumer of repositories does.
//!
//! - [`Origin`]: a repository's address, and what its packages may point at
//! - [`Client`]: reads documents into memory and archives into files, with retries, over connections
//!   that are resumed where they break
//! - [`Auth`]: credentials by host, as Composer is given them
//! - [`Cache`]: archives by their content, shared by any number of processes
//! - [`Expected`]: what is known of an archive, so that nothing else is taken for it
//!
//! Deliberately absent: what a repository or a package is, argv, stdio, and the process environment
//! (it is passed in).

mod auth;
mod cache;
mod client;
mod error;
mod http;
mod origin;
mod password;
mod verify;

pub use auth::Auth;
pub use cache::Cache;
pub use client::Client;
pub use error::Error;
pub use origin::{Origin, Place, show};
pub use verify::{Expected, Sums, sums};
