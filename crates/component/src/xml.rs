//! Small changes to XML files: Tomcat's configuration.
//!
//! What is not changed stays what it was, but for white space: files are written as the historical
//! buildpack wrote them, indented by four.

mod parse;
mod pretty;

/// Why a text is not XML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it is not well-formed XML: {0}")]
pub struct Error(String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Node {
    Element(Element),
    /// As it stands in the file, entities and all.
    Text(String),
    Comment(String),
    CData(String),
    /// What stands between `<?` and `?>`.
    Instruction(String),
    /// As it stands in the file.
    Doctype(String),
}

/// An element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    name: String,
    /// Names and values, the latter as they stand in the file.
    attributes: Vec<(String, String)>,
    children: Vec<Node>,
}

impl Element {
    /// One without attributes and children.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self { name: name.to_owned(), attributes: Vec::new(), children: Vec::new() }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The same with an attribute more.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.set_attribute(name, value);
        self
    }

    /// Sets an attribute.
    pub fn set_attribute(&mut self, name: &str, value: &str) {
        let value = escaped(value);
        match self.attributes.iter_mut().find(|(known, _)| known == name) {
            Some((_, old)) => *old = value,
            None => self.attributes.push((name.to_owned(), value)),
        }
    }

    /// Adds a child at the end.
    pub fn push(&mut self, child: Element) {
        self.children.push(Node::Element(child));
    }

    /// Adds a child before the first one of a name, or at the end where there is none.
    pub fn insert_before(&mut self, name: &str, child: Element) {
        let is_wanted =
            |node: &Node| matches!(node, Node::Element(element) if element.name == name);
        let at = self.children.iter().position(is_wanted).unwrap_or(self.children.len());
        self.children.insert(at, Node::Element(child));
    }
}

/// A value as it stands in a file.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&apos;")
}

/// A whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Version, encoding, whether it stands alone.
    declaration: Option<Declaration>,
    children: Vec<Node>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Declaration {
    version: String,
    encoding: Option<String>,
    standalone: Option<String>,
}

impl Document {
    /// Reads a file's text.
    ///
    /// # Errors
    /// When it is not XML.
    pub fn parse(text: &str) -> Result<Self, Error> {
        parse::document(text)
    }

    /// The outermost element.
    pub fn root_mut(&mut self) -> Option<&mut Element> {
        self.children.iter_mut().find_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The text of the file, without a line end.
    #[must_use]
    pub fn pretty(&self) -> String {
        pretty::document(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn change(change: &str, root: &mut Element) {
        match change {
            "none" => {}
            "attribute" => root.set_attribute("allowLinking", "true"),
            "resources" => root.push(Element::new("Resources").with("allowLinking", "true")),
            "redis" => {
                root.push(Element::new("Valve").with("className", "V"));
                let mut manager = Element::new("Manager").with("className", "M");
                let password = "p&<>'\"ss &amp; &x;";
                let store = Element::new("Store").with("className", "R").with("host", "h");
                manager.push(store.with("port", "6379").with("password", password));
                root.push(manager);
            }
            "listener" => {
                let has = |node: &Node| matches!(node, Node::Element(e) if e.name == "Service");
                if root.children.iter().any(has) {
                    root.insert_before("Service", Element::new("Listener").with("className", "J"));
                }
            }
            other => panic!("{other}"),
        }
    }

    /// Each line: a change, a file and what Ruby's REXML writes, the latter two as JSON.
    #[test]
    fn files_as_ruby_writes_them() {
        for line in include_str!("../tests/data/xml.tsv").lines() {
            let [kind, text, expected] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("three columns: {line}");
            };
            let [text, expected]: [String; 2] =
                [text, expected].map(|text| serde_json::from_str(text).unwrap());
            let mut document = Document::parse(&text).unwrap();
            change(kind, document.root_mut().unwrap());
            assert_eq!(document.pretty(), expected, "{kind} {text}");
        }
    }

    #[test]
    fn what_is_no_xml() {
        for text in [
            "",
            "text",
            "<a>",
            "<a></b>",
            "<a b></a>",
            "<a b=c/>",
            "</a>",
            "<a/><b/>",
            "<a><!--",
            "<a b='<'/>",
            "<a>&</a",
            "<",
        ] {
            assert!(Document::parse(text).is_err(), "{text}");
        }
        assert!(Document::parse(&"<a>".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[<>/a b='!\\-\\[\\]?&;\n\"]{0,40}|.*") {
            if let Ok(document) = Document::parse(&text) {
                let written = document.pretty();
                prop_assert!(Document::parse(&written).is_ok(), "{}", written);
            }
        }
    }
}
