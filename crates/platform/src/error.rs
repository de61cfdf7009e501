//! Why there is no platform for a lock.

/// What is wrong with a lock.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is JSON, but not what it should be.
    #[error("{name}: {problem}")]
    Content {
        /// The file.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// It has no `plugin-api-version`: it is older than Composer 1.10.
    #[error("no plugin-api-version is recorded in {lock}; the file must be very old")]
    VeryOld {
        /// The file.
        lock: String,
    },
    /// A runtime is required for development only.
    #[error("a PHP version is required by development packages only")]
    RuntimeInDevOnly {
        /// The file in which it should be.
        json: String,
    },
}
