//! Object storage: S3 and the folder store behind one small blocking face.
//!
//! [`Store`] is one open bucket. Tools read as straight-line code; concurrency, retries, deadlines
//! and connection reuse live behind it. What both services share (checking keys, sorting listings,
//! resuming and hashing downloads, copying between services, work side by side) is done once, in
//! [`Store`]; a backend only says how its service does the single steps.
//!
//! Deliberately absent: repositories, manifests, URLs for readers (see `location`), argv, stdio and
//! the process environment (it is passed in). Only the module `s3` knows the S3 client library.

pub mod aws;
mod backend;
mod copying;
mod credentials;
mod encoding;
mod error;
mod folder;
pub mod http;
mod inquiry;
mod key;
mod object;
mod options;
mod promise;
mod reason;
pub mod retry;
mod s3;
mod shared;
mod store;
mod stream;
#[cfg(test)]
mod stub;
mod transfer;
mod unfinished;

pub use ::parallel;
pub use error::Error;
pub use inquiry::{Inquiry, Reply, Scratch};
pub use object::{Condition, Content, Download, Head, Object, Tags, Upload, proves_content};
pub use options::{Access, LARGEST, Options, Patience, is_canned_acl};
pub use reason::Reason;
pub use store::Store;
pub use stream::Stream;
pub use unfinished::give_back;
