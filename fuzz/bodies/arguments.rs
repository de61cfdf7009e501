//! Arguments as people and scripts give them, a line each: of the planner `repo-sync ops`, which is
//! run on folders that are not there, and the name of a snapshot.

use std::path::Path;

use location::{Location, Prefix, Region, Service};
use tool::Io;

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    // Nothing leads to a real folder, and nothing is an option: with these, what is left may be
    // the arguments of a sync, which would ask the network.
    let plain = |line: &&str| !line.contains(['/', '.', '\0']) && !line.starts_with('-');
    let lines: Vec<&str> = text.split('\n').filter(plain).collect();
    if lines.len() > 5 {
        let arguments = ["ops", "--dry-run"].iter().chain(&lines).map(Into::into).collect();
        let folder = Path::new("/nonexistent");
        let mut io = Io::of_parts(b"", std::io::sink(), std::io::sink(), &[], folder);
        let _ = tool::run(&repo_sync::TOOL, arguments, &mut io);
    }

    let service = Service::Aws { region: Region::default() };
    let prefix = Prefix::parse("p/").expect("a prefix");
    let location = Location::new(service, "b", prefix).expect("a bucket");
    if let Ok(key) = repository::snapshot::key(&location, &text) {
        let file = key.strip_prefix("p/").expect("below the prefix");
        assert!(repository::snapshot::is_file_name(file) && !file.contains('/'), "{file:?}");
    }
}
