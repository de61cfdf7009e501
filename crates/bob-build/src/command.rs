//! The upload command that a formula leaves: `s5cmd cp FILE s3://…`, `s3cmd put FILE s3://…` and the
//! like. It is read for the names in it, never run.

use manifest::FILE_SUFFIX;

/// The words of a command, as a shell would see them; between spaces, where its quotes do not close.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    shlex::split(command).unwrap_or_else(|| command.split_whitespace().map(str::to_owned).collect())
}

/// The name that the command gives the manifest in the bucket.
#[must_use]
pub fn target(words: &[String]) -> Option<String> {
    words
        .iter()
        .filter(|word| word.starts_with("s3://") && word.ends_with(FILE_SUFFIX))
        .find_map(|word| word.rsplit('/').next().map(str::to_owned))
}
