//! The library `store` from a command line, for measurements and for tests that need other processes.
//!
//! The bucket and its service come from the environment (`S3_BUCKET`, `AWS_ENDPOINT_URL_S3`, …).
//!
//! ```text
//! bucket fill PREFIX COUNT SIZE    writes so many objects of so many bytes
//! bucket list PREFIX               lists, and says how many
//! bucket fetch PREFIX FOLDER       writes all objects to files of their last names in FOLDER
//! bucket increment KEY TIMES       adds 1 so often to the number in KEY, by compare-and-swap
//! bucket rewrite KEY               writes KEY anew, longer each time, until it is killed
//! ```
#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;
use std::fs::File;
use std::path::Path;

use location::{Location, Role};
use store::{Condition, Options, Store, Upload, parallel};

fn main() -> Result<(), Box<dyn Error>> {
    let env = |name: &str| std::env::var(name).ok();
    let location = Location::from_env(Role::Own, &env)?.ok_or("S3_BUCKET is not set")?;
    let store = Store::open(&location.service, &location.bucket, Options::default(), &env)?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["fill", prefix, count, size] => fill(&store, prefix, count.parse()?, size.parse()?),
        ["list", prefix] => {
            println!("{} objects", store.list(prefix)?.len());
            Ok(())
        }
        ["fetch", prefix, folder] => fetch(&store, prefix, folder.as_ref()),
        ["increment", key, times] => (0..times.parse()?).try_for_each(|_| increment(&store, key)),
        ["rewrite", key] => rewrite(&store, key),
        _ => Err("see the documentation at the head of this example".into()),
    }
}

fn fill(store: &Store, prefix: &str, count: usize, size: usize) -> Result<(), Box<dyn Error>> {
    let bytes = vec![b'x'; size];
    let numbers: Vec<usize> = (0..count).collect();
    parallel::map(store.parallel(), &numbers, |number| {
        let upload = Upload::new("application/octet-stream");
        store.put(&format!("{prefix}{number}"), &bytes, &upload)
    })?;
    Ok(())
}

fn fetch(store: &Store, prefix: &str, folder: &Path) -> Result<(), Box<dyn Error>> {
    let objects = store.list(prefix)?;
    parallel::map(store.parallel(), &objects, |object| {
        let name = object.key.rsplit('/').next().unwrap_or_default();
        let mut file = File::create(folder.join(name))?;
        store.download(&object.key, &mut file)?.ok_or("deleted meanwhile")?;
        Ok::<(), Box<dyn Error + Send + Sync>>(())
    })
    .map_err(|error| error.to_string())?;
    println!("{} objects", objects.len());
    Ok(())
}

fn increment(store: &Store, key: &str) -> Result<(), Box<dyn Error>> {
    loop {
        let content = store.get(key)?.ok_or("there is no such key")?;
        let next = String::from_utf8(content.bytes)?.parse::<u64>()? + 1;
        let upload = Upload {
            condition: Condition::IfMatch(content.head.etag),
            ..Upload::new("text/plain")
        };
        match store.put(key, next.to_string().as_bytes(), &upload) {
            Ok(_) => return Ok(()),
            Err(store::Error::Precondition { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn rewrite(store: &Store, key: &str) -> Result<(), Box<dyn Error>> {
    for state in 0_usize.. {
        let letter = b'a' + (state % 26) as u8;
        store.put(key, &vec![letter; 100_000 + state], &Upload::new("text/plain"))?;
    }
    Ok(())
}
