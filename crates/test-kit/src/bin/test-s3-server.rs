//! An S3 server as a program, for tests and measurements that are scripts.
//!
//! `test-s3-server [--seaweedfs] [--public] BUCKET…` makes the buckets, prints shell assignments for
//! the environment (`export NAME='value'`), then a line `ready`, and runs until its standard input
//! closes. With `--seaweedfs` it is a real SeaweedFS, else the server of the tests. Anybody can read
//! buckets that follow `--public`; with SeaweedFS, those whose names begin with `public-`.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use test_kit::{s3, seaweed};

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let all = arguments.len();
    arguments.retain(|argument| argument != "--seaweedfs");
    if arguments.len() < all {
        let server = seaweed::Server::start();
        for bucket in &arguments {
            server.create_bucket_named(bucket);
        }
        return serve(&server.env());
    }
    let server = s3::Server::start();
    let mut public = false;
    for argument in &arguments {
        if argument == "--public" {
            public = true;
        } else {
            server.create_bucket(argument);
            server.set_public(argument, public);
        }
    }
    serve(&server.env())
}

/// Says where the server is, and waits for the end of standard input.
fn serve(env: &BTreeMap<String, String>) -> std::io::Result<()> {
    for (name, value) in env {
        println!("export {name}='{value}'");
    }
    println!("ready");
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
