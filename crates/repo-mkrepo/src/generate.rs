//! `packages.json` without publishing it.

use std::io::{BufWriter, Write as _};

use repo_tool::open;
use repository::publish::Step;
use repository::{Error, Manifests, index};
use tool::{Failure, Io};

use crate::args::Options;
use crate::output::Output;

/// How much is handed to the system at once.
const PIECE: usize = 64 << 10;

/// Prints the index; to a terminal, writes it to the working folder instead.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let manifests = if options.manifests.is_empty() {
        fetch(options, io)?
    } else {
        Manifests::read_files(&options.manifests)?
    };
    io.say(format!("-----> {}", Step::Generating));
    let index = manifests.into_index();
    if io.stdout_is_terminal() {
        Output::open(&io.folder().join(index::FILE_NAME))?.write(&index.to_bytes())?;
        io.say(format!("-----> Done. Run '{}' to upload repository.", command(options, io)));
        return Ok(());
    }
    let mut out = BufWriter::with_capacity(PIECE, io.stdout());
    let written = index.write_to(&mut out).and_then(|()| out.flush());
    // The process ends now: taking the index apart would only take time.
    std::mem::forget(index);
    written.map_err(|error| tool::cannot_write(&error))
}

fn fetch(options: &Options, io: &Io) -> Result<Manifests, Failure> {
    let location = options.place.location(io)?;
    let store = open::readable(io, &location, None)?;
    io.say(format!("-----> {}", Step::Fetching));
    let cache = options.cache.folder(io);
    let manifests = Manifests::fetch(&store, &location, cache.as_deref())?;
    if manifests.entries.is_empty() {
        return Err(Error::NoManifests { place: location.to_string() }.into());
    }
    Ok(manifests)
}

/// The command that publishes what was generated.
fn command(options: &Options, io: &Io) -> String {
    let place = options.place.words().cloned();
    let manifests = options.manifests.iter().map(|path| path.display().to_string());
    let words =
        [if io.is_bob() { "mkrepo.sh" } else { "repo-mkrepo" }, "--upload"].map(str::to_owned);
    let snapshot = options.snapshot.iter().flat_map(|name| ["-c".to_owned(), name.clone()]);
    let words = words.into_iter().chain(snapshot).chain(place).chain(manifests);
    let quoted: Vec<String> = words.map(quote).collect();
    quoted.join(" ")
}

/// Quotes a word for the shell where it needs it.
fn quote(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:+=@%,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_they_must_be() {
        for (word, quoted) in
            [("dist/", "dist/"), ("", "''"), ("a b", "'a b'"), ("it's", r"'it'\''s'")]
        {
            assert_eq!(quote(word.to_owned()), quoted);
        }
    }
}
