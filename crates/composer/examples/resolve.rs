//! Resolves the `composer.json` of a folder, whose repositories are files, and prints what is to
//! be done. For measurements.
//!
//!     resolve FOLDER [TIMES]
#![allow(clippy::print_stdout, reason = "an example")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use composer::root::Source;
use composer::{Package, Repository, RepositorySet, Request, Root};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("which folder?")?;
    let times: u32 = arguments.next().map_or(Ok(1), |times| times.parse())?;
    for _ in 1..times {
        resolve(Path::new(&folder), false)?;
    }
    resolve(Path::new(&folder), true)
}

fn resolve(folder: &Path, print: bool) -> Result<(), Box<dyn Error>> {
    let root = Root::parse(&std::fs::read_to_string(folder.join("composer.json"))?)?;
    let start = Instant::now();
    let mut repositories = Vec::new();
    for declared in &root.repositories {
        let filter = declared.filter.clone();
        repositories.push(match &declared.source {
            Source::Composer { url } => {
                let path = url.strip_prefix("file://").ok_or("a file:// URL, please")?;
                let text = std::fs::read_to_string(Path::new(path).join("packages.json"))?;
                Repository::composer(url, text, filter)?
            }
            Source::Package { json } => Repository::inline("package repo", json.clone(), filter)?,
            other => return Err(format!("{other:?} cannot be read").into()),
        });
    }
    let repositories = RepositorySet::new(repositories);
    let read = start.elapsed();
    let platform = vec![Arc::new(Package::platform("composer-plugin-api", "2.6.0")?)];
    let request =
        Request { root: &root, repositories: &repositories, platform, locked: Vec::new() };
    let solution = composer::solve(&request)?;
    if print {
        for operation in solution.operations(false) {
            println!("{operation}");
        }
        println!("read in {read:?}, resolved in {:?}", start.elapsed() - read);
    }
    Ok(())
}
