//! Packs a folder or unpacks an archive, for the benchmarks and for a look by hand:
//! `pack TREE ARCHIVE` (on `$THREADS` threads, else on all cores) and `pack --unpack ARCHIVE FOLDER`.

use std::error::Error;
use std::fs::File;
use std::io::{Write, stdout};
use std::path::Path;

use archive::{Limits, PackOptions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["--unpack", archive, folder] => {
            let done = archive::unpack_file(archive, Path::new(folder), &Limits::default())?;
            writeln!(stdout(), "{} members, {} bytes", done.entries, done.bytes)?;
        }
        [tree, archive] => {
            let mut out =
                File::options().read(true).write(true).create(true).truncate(true).open(archive)?;
            let threads = std::env::var("THREADS").ok().and_then(|threads| threads.parse().ok());
            let options = PackOptions { threads, ..PackOptions::default() };
            let packed = archive::pack(Path::new(tree), &mut out, &options)?;
            writeln!(stdout(), "{} {}", packed.sha256, packed.size)?;
        }
        _ => return Err("usage: pack TREE ARCHIVE | pack --unpack ARCHIVE FOLDER".into()),
    }
    Ok(())
}
