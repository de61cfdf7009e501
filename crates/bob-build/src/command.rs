//! The upload command that a formula leaves: `s5cmd cp FILE s3://…`, `s3cmd put FILE s3://…` and the
//! like. It is read for the names in it, never run.

use manifest::FILE_SUFFIX;

/// The words of a command, as a shell would see them; between spaces, where its quotes do not close.
#[must_use]
pub fn words(command: &str) -> Vec<String> {
    shlex::split(command).unwrap_or_else(|| command.split_whitespace().map(str::to_owned).collect())
}

/// The canned ACL that the command gives the manifest: `--acl-public` or `-P` of s3cmd, `--acl NAME`
/// of the others.
#[must_use]
pub fn acl(words: &[String]) -> Option<String> {
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let named = match word {
            "--acl-public" | "-P" => return Some("public-read".to_owned()),
            "--acl-private" => return Some("private".to_owned()),
            "--acl" => words.next(),
            word => word.strip_prefix("--acl="),
        };
        if let Some(acl) = named.filter(|acl| store::is_canned_acl(acl)) {
            return Some(acl.to_owned());
        }
    }
    None
}

/// The name that the command gives the manifest in the bucket.
#[must_use]
pub fn target(words: &[String]) -> Option<String> {
    words
        .iter()
        .filter(|word| word.starts_with("s3://") && word.ends_with(FILE_SUFFIX))
        .find_map(|word| word.rsplit('/').next().map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acls() {
        for (command, expected) in [
            ("s5cmd cp f s3://b/f", None),
            ("s3cmd --ssl --acl-public -m application/json put f s3://b/f", Some("public-read")),
            ("s3cmd put -P f s3://b/f", Some("public-read")),
            ("s3cmd put --acl-private f s3://b/f", Some("private")),
            (
                "s5cmd cp --acl bucket-owner-full-control f s3://b/f",
                Some("bucket-owner-full-control"),
            ),
            ("aws s3 cp --acl=public-read f s3://b/f", Some("public-read")),
            ("s5cmd cp --acl everything f s3://b/f", None),
            ("s5cmd cp f s3://b/f --acl", None),
        ] {
            assert_eq!(acl(&words(command)).as_deref(), expected, "{command}");
        }
    }
}
