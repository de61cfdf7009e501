//! Which keys we read and write: those that mean the same in S3, in a folder and in a URL.

use crate::Error;

/// The longest key in S3, in bytes.
const LONGEST: usize = 1024;
/// So much of one that is too long is shown.
const SHOWN: usize = 80;

/// Refuses keys that are empty, over 1,024 bytes, hold control characters, or whose segments
/// between slashes are empty, `.` or `..`.
pub(crate) fn check(key: &str) -> Result<(), Error> {
    let refuse = |reason| Err(Error::InvalidKey { key: key.to_owned(), reason });
    if key.is_empty() {
        return refuse("it is empty");
    }
    if key.len() > LONGEST {
        // Nobody reads a message of megabytes.
        let key = format!("{}…", key.chars().take(SHOWN).collect::<String>());
        return Err(Error::InvalidKey { key, reason: "it is longer than 1024 bytes" });
    }
    if key.chars().any(char::is_control) {
        return refuse("it holds a control character");
    }
    for segment in key.split('/') {
        match segment {
            "" => return refuse("it starts or ends with a slash, or holds two in a row"),
            "." | ".." => return refuse("it holds a segment `.` or `..`"),
            _ => {}
        }
    }
    Ok(())
}

/// The same for the start of a key. What follows the last slash may be anything.
pub(crate) fn check_prefix(prefix: &str) -> Result<(), Error> {
    match prefix.rsplit_once('/') {
        Some((folders, rest)) => {
            check(folders)?;
            if rest.is_empty() { Ok(()) } else { check(&format!("{rest}x")) }
        }
        None if prefix.is_empty() => Ok(()),
        None => check(&format!("{prefix}x")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in ["a", "a/b", "dist/ä b+c%20.tar.gz", ".hidden", "a/...", "~", "a\\b"] {
            assert!(check(good).is_ok(), "{good}");
        }
        let long = "x".repeat(1025);
        for bad in ["", "/", "/a", "a/", "a//b", ".", "..", "a/../b", "a/.", "a\0", "a\nb", &long] {
            assert!(matches!(check(bad), Err(Error::InvalidKey { .. })), "{bad:?}");
        }
    }

    #[test]
    fn prefixes() {
        for good in ["", "a", "a/", "a/b", ".", "..", "a/.", "dist/php-8.3."] {
            assert!(check_prefix(good).is_ok(), "{good}");
        }
        for bad in ["/", "/a", "../", "a/../b", "a//", "a\0"] {
            assert!(check_prefix(bad).is_err(), "{bad:?}");
        }
    }
}
