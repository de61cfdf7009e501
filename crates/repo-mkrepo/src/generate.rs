//! `packages.json` without publishing it.

use repo_tool::open;
use repository::publish::Step;
use repository::{Error, Manifests, index};
use tool::{Exit, Failure, Io};

use crate::args::Options;
use crate::output;

/// Prints the index; to a terminal, writes it to the working folder instead.
pub fn run(options: &Options, io: &mut Io) -> Result<(), Failure> {
    let manifests = if options.manifests.is_empty() {
        fetch(options, io)?
    } else {
        Manifests::read_files(&options.manifests)?
    };
    io.say(&format!("-----> {}", Step::Generating));
    let bytes = manifests.into_index().to_bytes();
    if io.stdout_is_terminal() {
        output::write(&io.folder().join(index::FILE_NAME), &bytes)?;
        io.say(&format!("-----> Done. Run '{}' to upload repository.", command(options)));
        return Ok(());
    }
    let text = String::from_utf8(bytes)
        .map_err(|error| Failure::new(Exit::Failure, format!("packages.json: {error}")))?;
    io.print(&text)
}

fn fetch(options: &Options, io: &Io) -> Result<Manifests, Failure> {
    let location = options.place.location(io)?;
    let store = open::readable(io, &location, None)?;
    io.say(&format!("-----> {}", Step::Fetching));
    let cache = options.cache.folder(io);
    let manifests = Manifests::fetch(&store, &location, cache.as_deref())?;
    if manifests.entries.is_empty() {
        return Err(Error::NoManifests { place: location.to_string() }.into());
    }
    Ok(manifests)
}

/// The command that publishes what was generated.
fn command(options: &Options) -> String {
    let place = options.place.words().cloned();
    let manifests = options.manifests.iter().map(|path| path.display().to_string());
    let words = ["repo-mkrepo", "--upload"].map(str::to_owned);
    let quoted: Vec<String> = words.into_iter().chain(place).chain(manifests).map(quote).collect();
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
