//! From an application's `composer.lock` to the platform's `composer.json`: what PHP, which
//! extensions and which web server it asks for, as packages of our repositories.
//!
//! Pure: the lock comes in as JSON ([`php_json`]), and so does the day.

mod error;
mod generate;
mod metapackage;
mod notice;

pub use error::Error;
pub use generate::{Platform, Settings, generate, parse_stack};
pub use metapackage::PREFIX;
pub use notice::{Level, Notices};

/// The plugin that has Composer install packages of the platform. All of them require it.
pub const INSTALLER: &str = "heroku/installer-plugin";
/// The version of it that our own tools are as good as.
pub const INSTALLER_VERSION: &str = "1.8.7";

/// What the application's files are called.
#[derive(Debug, Clone)]
pub struct Names {
    /// Its `composer.json`.
    pub json: String,
    /// Its lock.
    pub lock: String,
}
