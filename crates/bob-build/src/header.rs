//! What the header of a formula says.

/// The comments at the start of lines that mean something.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// `# Build Path:` where the build is installed.
    pub build_path: Option<String>,
    /// `# Build Deps:` names of other formulae, `*` is a wildcard.
    pub dependencies: Vec<String>,
}

/// Hundreds of dependencies have room in it. Other lines may be of any length.
const LONGEST: usize = 64 << 10;

impl Header {
    /// Reads the header's lines, wherever in the file they are; the first one of a kind counts.
    ///
    /// # Errors
    /// With the line and what is wrong with it: a value that is not UTF-8, has a NUL in it, or is
    /// longer than any can be that is meant.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let mut build_path = None;
        let mut dependencies = None;
        for (number, line) in text.split(|byte| *byte == b'\n').enumerate() {
            let value = |kind: &str| -> Option<Result<String, String>> {
                let value = line.strip_prefix(b"# ")?.strip_prefix(kind.as_bytes())?;
                let text = std::str::from_utf8(value)
                    .map(|value| value.trim().to_owned())
                    .map_err(|_| format!("line {} ({kind}) is not UTF-8", number + 1));
                Some(text.and_then(|text| {
                    let wrong = if text.contains('\0') {
                        "has a NUL in it"
                    } else if text.len() > LONGEST {
                        "is longer than 64 KiB"
                    } else {
                        return Ok(text);
                    };
                    Err(format!("line {} ({kind}) {wrong}", number + 1))
                }))
            };
            if build_path.is_none() {
                build_path = value("Build Path:").transpose()?;
            }
            if dependencies.is_none() {
                dependencies = value("Build Deps:").transpose()?;
            }
        }
        let dependencies = dependencies.unwrap_or_default();
        Ok(Self {
            build_path: build_path.filter(|path| !path.is_empty()),
            dependencies: dependencies
                .split([',', ' ', '\t'])
                .filter(|name| !name.is_empty())
                .map(str::to_owned)
                .collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_of_a_kind_counts() {
        let check = |text: &str, path: Option<&str>, dependencies: &[&str]| {
            let header = Header::parse(text.as_bytes()).unwrap();
            assert_eq!(header.build_path.as_deref(), path, "{text:?}");
            assert_eq!(header.dependencies, dependencies, "{text:?}");
        };
        check(
            "#!/bin/bash\n# Build Path: /app/\n# Build Deps: a-1, b-*",
            Some("/app/"),
            &["a-1", "b-*"],
        );
        check("# Build Deps: a,b ,  c,\n", None, &["a", "b", "c"]);
        check("# Build Deps:\n# Build Deps: late\n", None, &[]);
        check("# Build Path: /a b\r\n# Build Path: /late\r\n", Some("/a b"), &[]);
        check("echo # Build Path: /no\n #Build Deps: no\n", None, &[]);
        check("", None, &[]);
        check("# Build Deps: a, b\r\n# Build Path: /app\r\n", Some("/app"), &["a", "b"]);
        // The last line needs no newline, and lines that say nothing have no limit of their own.
        let long = "x".repeat(2 << 20);
        check(&format!("{long}\n# Build Path: /x"), Some("/x"), &[]);
        let error = Header::parse(format!("# Build Deps: {long}").as_bytes()).unwrap_err();
        assert_eq!(error, "line 1 (Build Deps:) is longer than 64 KiB");
        assert!(Header::parse(b"# Build Path: /\xff\n").is_err());
        let binary = Header::parse(b"\xff\xfe\x00\n# Build Path: /app\n\0").unwrap();
        assert_eq!(binary.build_path.as_deref(), Some("/app"));
        for (text, expected) in [
            (&b"\n# Build Path: a\0b"[..], "line 2 (Build Path:) has a NUL in it"),
            (b"# Build Deps: \xc3", "line 1 (Build Deps:) is not UTF-8"),
        ] {
            assert_eq!(Header::parse(text), Err(expected.to_owned()));
        }
    }
}
