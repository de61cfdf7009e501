//! The in-process S3 server as a program, for tests that are shell scripts.
//!
//! `test-s3-server [--public] BUCKET…` makes the buckets (readable by anybody with `--public`),
//! prints shell assignments for the environment (`export NAME='value'`), then a line `ready`, and
//! runs until its standard input closes.
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::io::{Read as _, Write as _};

fn main() -> std::io::Result<()> {
    let server = test_kit::s3::Server::start();
    let mut public = false;
    for argument in std::env::args().skip(1) {
        if argument == "--public" {
            public = true;
        } else {
            server.create_bucket(&argument);
            server.set_public(&argument, public);
        }
    }
    for (name, value) in server.env() {
        println!("export {name}='{value}'");
    }
    println!("ready");
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
