//! Regions, as names and as the host labels of old.

use crate::Error;

/// What `S3_REGION` holds: nothing, a region, or a historical host label.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Region(Form);

#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Form {
    #[default]
    Unset,
    /// `s3`, `s3-eu-west-1`, `s3.eu-west-1`: the first part of a host name.
    Label(String),
    /// `eu-west-1`.
    Name(String),
}

const DEFAULT: &str = "us-east-1";

impl Region {
    /// Reads a region or label; `None` and an empty text are an unset region.
    ///
    /// # Errors
    /// [`Error::Region`] when it could not be part of a host name.
    pub fn parse(text: Option<&str>) -> Result<Self, Error> {
        let text = text.unwrap_or_default();
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if text.is_empty() {
            return Ok(Self::default());
        }
        let label = text == "s3" || text.starts_with("s3-") || text.starts_with("s3.");
        let edges = text.starts_with(['-', '.']) || text.ends_with(['-', '.']);
        if !text.chars().all(fits) || edges || text.contains("..") || (!label && text.contains('.'))
        {
            return Err(Error::Region { value: text.to_owned() });
        }
        let text = text.to_owned();
        Ok(Self(if label { Form::Label(text) } else { Form::Name(text) }))
    }

    /// Whether a region was given at all.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.0 != Form::Unset
    }

    /// The region or label as it was given; `None` where none was.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.0 {
            Form::Unset => None,
            Form::Label(text) | Form::Name(text) => Some(text),
        }
    }

    /// The region's name, as requests are signed for: `us-east-1` where none was given.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Form::Unset => DEFAULT,
            Form::Name(name) => name,
            Form::Label(label) => {
                let rest = label.strip_prefix("s3").unwrap_or(label);
                let rest = rest.strip_prefix(".dualstack").unwrap_or(rest);
                match rest.get(1..) {
                    None | Some("" | "external-1") => DEFAULT,
                    Some(name) => name,
                }
            }
        }
    }

    /// What stands between the bucket and `.amazonaws.com` in a URL.
    #[must_use]
    pub fn host(&self) -> String {
        match &self.0 {
            Form::Unset => "s3".to_owned(),
            Form::Label(label) => label.clone(),
            Form::Name(name) => format!("s3.dualstack.{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_labels() {
        let cases = [
            (None, "us-east-1", "s3"),
            (Some(""), "us-east-1", "s3"),
            (Some("s3"), "us-east-1", "s3"),
            (Some("s3-external-1"), "us-east-1", "s3-external-1"),
            (Some("s3-eu-west-1"), "eu-west-1", "s3-eu-west-1"),
            (Some("s3.eu-west-1"), "eu-west-1", "s3.eu-west-1"),
            (Some("s3.dualstack.eu-west-1"), "eu-west-1", "s3.dualstack.eu-west-1"),
            (Some("eu-west-1"), "eu-west-1", "s3.dualstack.eu-west-1"),
        ];
        for (text, name, host) in cases {
            let region = Region::parse(text).unwrap();
            assert_eq!((region.name(), region.host().as_str()), (name, host), "{text:?}");
        }
        for text in ["EU", "a b", "evil.example/x", "a.b", "s3..x", "s3."] {
            assert!(Region::parse(Some(text)).is_err(), "{text:?}");
        }
    }
}
