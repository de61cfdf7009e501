//! The shared AWS files: no panic, and no failure that quotes them.

use location::{Location, Role};
use store::{Options, Store};

/// What must not be said.
const SECRET: &str = "gheim7";

/// Takes one input, for both files.
pub fn run(data: &[u8]) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join("file");
    std::fs::write(&file, data).expect("a file");
    let file = file.to_str().expect("its name is text").to_owned();
    let env = move |name: &str| match name {
        "S3_BUCKET" => Some("bucket".to_owned()),
        "S3_REGION" => Some("us-east-1".to_owned()),
        "AWS_EC2_METADATA_DISABLED" => Some("true".to_owned()),
        "AWS_SHARED_CREDENTIALS_FILE" | "AWS_CONFIG_FILE" => Some(file.clone()),
        _ => None,
    };
    // A process that gives credentials is a program that a file names, a web identity asks a service on
    // the network, and both are named in messages, as a file of certificates is: not with such files.
    for word in ["process", "web_identity", "ca_bundle"] {
        if data.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes())) {
            return;
        }
    }
    let location = Location::from_env(Role::Own, &env).expect("a bucket").expect("is named");
    let opened = Store::open(&location.service, &location.bucket, Options::default(), &env);
    if let Err(error) = opened {
        assert!(!error.to_string().contains(SECRET), "{error}");
    }
}
