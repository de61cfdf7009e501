//! The numbers at the beginning of file names, which decide what is read first.

use std::io::ErrorKind;
use std::path::Path;

use crate::Error;

/// Counts in tens: 100, 110, 120 …
#[derive(Debug, PartialEq, Eq)]
pub struct Counter(u32);

impl Default for Counter {
    fn default() -> Self {
        Self(10)
    }
}

impl Counter {
    /// Goes on above the files of `folder` that begin with a number and end in `suffix`.
    pub fn above(folder: &Path, suffix: &str) -> Result<Self, Error> {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(Self::default());
            }
            Err(error) => return Err(Error::local("read", folder)(error)),
        };
        let mut highest = None;
        for entry in entries {
            let entry = entry.map_err(Error::local("read", folder))?;
            let number = entry.file_name().to_str().and_then(|name| number(name, suffix));
            highest = highest.max(number);
        }
        Ok(highest.map_or_else(Self::default, Self::after))
    }

    /// The historical rule, with its oddity: after 000 and 010 alone comes 020.
    fn after(highest: u32) -> Self {
        Self(highest.max(10).div_ceil(10) + 1)
    }

    /// The next number, with three digits.
    pub fn next(&mut self) -> String {
        let number = self.0 * 10;
        self.0 += 1;
        format!("{number:03}")
    }
}

/// The number of `NNN-name.suffix`.
fn number(name: &str, suffix: &str) -> Option<u32> {
    let (digits, _) = name.strip_suffix(suffix)?.split_once('-')?;
    let is_number = digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on_above_what_is_there() {
        let next = |names: &[&str]| {
            let folder = tempfile::tempdir().unwrap();
            for name in names {
                std::fs::write(folder.path().join(name), "").unwrap();
            }
            Counter::above(folder.path(), ".ini").unwrap().next()
        };
        assert_eq!(next(&[]), "100");
        assert_eq!(next(&["x.ini", "1000-x.ini", "110-x.sh", "12-x.ini", "110.ini"]), "100");
        assert_eq!(next(&["100-ext-a.ini", "110-ext-b.ini"]), "120");
        assert_eq!(next(&["111-ext-b.ini"]), "130");
        assert_eq!(next(&["000-php.ini", "010-ext-zend_opcache.ini"]), "020");
        assert_eq!(Counter::above(Path::new("/nonexistent"), ".ini").unwrap(), Counter(10));
    }
}
