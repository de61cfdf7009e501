//! Java properties, as far as manifests and `java.security` files need them.

/// Keys and values, each key once: the last value counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties(Vec<(String, String)>);

impl Properties {
    /// Reads a file's text. A line that begins with a space goes on with the one before; nothing
    /// is unescaped; sections do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut properties = Self::default();
        for line in joined(text).split('\n') {
            if let Some((key, value)) = pair(line) {
                properties.set(key, value);
            }
        }
        properties
    }

    fn set(&mut self, key: &str, value: &str) {
        match self.0.iter_mut().find(|(name, _)| name == key) {
            Some((_, old)) => value.clone_into(old),
            None => self.0.push((key.to_owned(), value.to_owned())),
        }
    }

    /// The value of a key, spelt exactly so.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Keys and values, in the order in which the keys first came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (&**key, &**value))
    }
}

/// The text with line ends taken out that a space follows, and the space.
fn joined(text: &str) -> String {
    let is_end = |letter: char| matches!(letter, '\r' | '\n' | '\u{c}');
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_end) {
        let (before, ends) = rest.split_at(at);
        let after = ends.trim_start_matches(is_end);
        joined.push_str(before);
        match after.strip_prefix(' ') {
            Some(continued) => rest = continued,
            None => {
                joined.push_str(&ends[..ends.len() - after.len()]);
                rest = after;
            }
        }
    }
    joined + rest
}

fn pair(line: &str) -> Option<(&str, &str)> {
    let is_space = |letter: char| letter.is_ascii_whitespace() || letter == '\u{b}';
    let line = line.trim_start_matches(is_space);
    if line.starts_with(['#', '!']) {
        return None;
    }
    let end = line.find(|c: char| is_space(c) || c == ':' || c == '=').unwrap_or(line.len());
    let (key, rest) = line.split_at(end);
    if key.is_empty() {
        return None;
    }
    let rest = rest.trim_start_matches(is_space);
    let rest = rest.strip_prefix(['=', ':']).unwrap_or(rest);
    Some((key, rest.trim_matches(is_space)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_as_ruby_reads_them() {
        for line in include_str!("../tests/data/properties.tsv").lines() {
            let (text, pairs) = line.split_once('\t').unwrap();
            let text: String = serde_json::from_str(text).unwrap();
            let expected: Vec<(String, String)> = serde_json::from_str(pairs).unwrap();
            assert_eq!(Properties::parse(&text).0, expected, "{text:?}");
        }
    }
}
