//! Reading XML.

use super::{Declaration, Document, Element, Error, Node};

/// No configuration is nested deeper.
const DEPTH: usize = 200;

pub(super) fn document(text: &str) -> Result<Document, Error> {
    let mut reader = Reader { rest: text.strip_prefix('\u{feff}').unwrap_or(text) };
    let mut document = Document { declaration: None, children: Vec::new() };
    if reader.rest.starts_with("<?xml") && !reader.rest.starts_with("<?xml-") {
        let instruction = reader.between("<?xml", "?>")?;
        document.declaration = Some(declaration(instruction)?);
    }
    let mut open: Vec<Element> = Vec::new();
    while !reader.rest.is_empty() {
        if let Some(name) = reader.closing()? {
            let element = open.pop().filter(|element| element.name == name);
            let element = element.ok_or_else(|| wrong(format!("</{name}> closes nothing")))?;
            add(&mut document, &mut open, Node::Element(element))?;
        } else if reader.is_element() {
            let (element, closed) = reader.element()?;
            if open.len() == DEPTH {
                return Err(wrong("nested too deep"));
            }
            if closed {
                add(&mut document, &mut open, Node::Element(element))?;
            } else {
                open.push(element);
            }
        } else {
            let node = reader.other()?;
            add(&mut document, &mut open, node)?;
        }
    }
    match (open.last(), document.root_mut().is_some()) {
        (Some(element), _) => Err(wrong(format!("<{}> is never closed", element.name))),
        (None, false) => Err(wrong("there is no element")),
        (None, true) => Ok(document),
    }
}

fn wrong(what: impl Into<String>) -> Error {
    Error(what.into())
}

fn add(document: &mut Document, open: &mut [Element], node: Node) -> Result<(), Error> {
    if let Some(element) = open.last_mut() {
        element.children.push(node);
        return Ok(());
    }
    match &node {
        Node::Text(text) if !text.trim().is_empty() => {
            return Err(wrong("text outside of the root"));
        }
        Node::CData(_) => return Err(wrong("text outside of the root")),
        Node::Element(_) if document.root_mut().is_some() => return Err(wrong("two roots")),
        _ => {}
    }
    document.children.push(node);
    Ok(())
}

fn declaration(text: &str) -> Result<Declaration, Error> {
    let mut reader = Reader { rest: text };
    let attributes = reader.attributes()?;
    let get = |name: &str| {
        attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    };
    let encoding = get("encoding");
    if encoding.as_ref().is_some_and(|encoding| !encoding.eq_ignore_ascii_case("utf-8")) {
        return Err(wrong("only UTF-8 is read"));
    }
    let version = get("version").ok_or_else(|| wrong("the declaration has no version"))?;
    Ok(Declaration { version, encoding, standalone: get("standalone") })
}

struct Reader<'a> {
    rest: &'a str,
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || "_:-.".contains(letter)
}

impl<'a> Reader<'a> {
    fn skip_space(&mut self) -> bool {
        let trimmed = self.rest.trim_start();
        let any = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        any
    }

    fn between(&mut self, start: &str, end: &str) -> Result<&'a str, Error> {
        let inner = self.rest.strip_prefix(start).and_then(|rest| rest.split_once(end));
        let (inner, rest) = inner.ok_or_else(|| wrong(format!("{start} is never ended")))?;
        self.rest = rest;
        Ok(inner)
    }

    fn name(&mut self) -> Result<String, Error> {
        let end = self.rest.find(|c| !is_name(c)).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit() || c == '-' || c == '.')
        {
            return Err(wrong("a name is missing"));
        }
        self.rest = rest;
        Ok(name.to_owned())
    }

    /// The name in a closing tag, if there is one here.
    fn closing(&mut self) -> Result<Option<String>, Error> {
        let Some(rest) = self.rest.strip_prefix("</") else {
            return Ok(None);
        };
        self.rest = rest;
        let name = self.name()?;
        self.skip_space();
        self.rest = self.rest.strip_prefix('>').ok_or_else(|| wrong("'>' is missing"))?;
        Ok(Some(name))
    }

    fn is_element(&self) -> bool {
        self.rest.strip_prefix('<').is_some_and(|rest| !rest.starts_with(['!', '?']))
    }

    /// An opening tag, and whether it closes itself.
    fn element(&mut self) -> Result<(Element, bool), Error> {
        self.rest = &self.rest[1..];
        let mut element = Element::new(&self.name()?);
        element.attributes = self.attributes()?;
        if let Some(rest) = self.rest.strip_prefix("/>") {
            self.rest = rest;
            return Ok((element, true));
        }
        self.rest = self.rest.strip_prefix('>').ok_or_else(|| wrong("'>' is missing"))?;
        Ok((element, false))
    }

    fn attributes(&mut self) -> Result<Vec<(String, String)>, Error> {
        let mut attributes: Vec<(String, String)> = Vec::new();
        loop {
            let space = self.skip_space();
            if self.rest.is_empty() || self.rest.starts_with(['>', '/']) {
                return Ok(attributes);
            }
            let name = self.name()?;
            if !space || attributes.iter().any(|(known, _)| *known == name) {
                return Err(wrong(format!("attribute {name} is out of place")));
            }
            self.skip_space();
            self.rest =
                self.rest.strip_prefix('=').ok_or_else(|| wrong(format!("{name} has no value")))?;
            self.skip_space();
            let quote = if self.rest.starts_with('"') { "\"" } else { "'" };
            let value = self.between(quote, quote)?;
            if value.contains('<') {
                return Err(wrong(format!("'<' in the value of {name}")));
            }
            // It is written in single quotes.
            attributes.push((name, value.replace('\'', "&apos;")));
        }
    }

    fn other(&mut self) -> Result<Node, Error> {
        if self.rest.starts_with("<!--") {
            return Ok(Node::Comment(self.between("<!--", "-->")?.to_owned()));
        }
        if self.rest.starts_with("<![CDATA[") {
            return Ok(Node::CData(self.between("<![CDATA[", "]]>")?.to_owned()));
        }
        if self.rest.starts_with("<?") {
            return Ok(Node::Instruction(self.between("<?", "?>")?.to_owned()));
        }
        if self.rest.starts_with("<!DOCTYPE") {
            let end = if self.rest.split('>').next().is_some_and(|start| start.contains('[')) {
                "]>"
            } else {
                ">"
            };
            return Ok(Node::Doctype(format!("<!DOCTYPE{}{end}", self.between("<!DOCTYPE", end)?)));
        }
        if self.rest.starts_with('<') {
            return Err(wrong("an unknown declaration"));
        }
        let end = self.rest.find('<').unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(Node::Text(text.to_owned()))
    }
}
