//! Writing XML.

use super::{Document, Element, Node};

const INDENT: usize = 4;
/// A text shorter than this stands between its tags, on one line.
const WIDTH: usize = 80;

pub(super) fn document(document: &Document) -> String {
    let mut out = String::new();
    if let Some(declaration) = &document.declaration {
        out += &format!("<?xml version='{}'", declaration.version);
        if let Some(encoding) = &declaration.encoding {
            out += &format!(" encoding='{}'", encoding.to_uppercase());
        }
        if let Some(standalone) = &declaration.standalone {
            out += &format!(" standalone='{standalone}'");
        }
        out += "?>";
    }
    // The text at the end is left out, and with it all that are the same.
    let last = document.children.last();
    for (at, node) in document.children.iter().enumerate() {
        let is_text = matches!(node, Node::Text(_));
        if is_text && Some(node) == last {
            continue;
        }
        let is_first = at == 0 && document.declaration.is_none();
        if !is_first && !is_text {
            out.push('\n');
        }
        write(node, 0, &mut out);
    }
    out
}

fn write(node: &Node, level: usize, out: &mut String) {
    let indent = " ".repeat(level);
    match node {
        Node::Element(element) => write_element(element, level, out),
        Node::Text(text) => *out += &format!("{indent}{}", wrapped(text, level)),
        Node::Comment(text) => *out += &format!("{indent}<!--{text}-->"),
        Node::CData(text) => *out += &format!("{indent}<![CDATA[{text}]]>"),
        Node::Instruction(text) => *out += &format!("<?{text}?>"),
        Node::Doctype(text) => *out += text,
    }
}

fn write_element(element: &Element, level: usize, out: &mut String) {
    let indent = " ".repeat(level);
    *out += &format!("{indent}<{}", element.name);
    for (name, value) in &element.attributes {
        *out += &format!(" {name}='{value}'");
    }
    if element.children.is_empty() {
        *out += "/>";
        return;
    }
    out.push('>');
    if let Some(text) = short_text(element) {
        *out += &text;
    } else {
        out.push('\n');
        for child in &element.children {
            if matches!(child, Node::Text(text) if text.trim().is_empty()) {
                continue;
            }
            write(child, level + INDENT, out);
            out.push('\n');
        }
        *out += &indent;
    }
    *out += &format!("</{}>", element.name);
}

/// The text of an element that holds nothing else, if it is short.
fn short_text(element: &Element) -> Option<String> {
    let mut text = String::new();
    for child in &element.children {
        match child {
            Node::Text(part) => text += &wrapped(part, 0),
            Node::CData(part) => text += &format!("<![CDATA[{part}]]>"),
            _ => return None,
        }
    }
    (text.chars().count() < WIDTH).then_some(text)
}

/// A text with one space for all white space, in lines that fit, each but the first indented.
fn wrapped(text: &str, level: usize) -> String {
    let mut squeezed = String::new();
    for letter in text.chars() {
        let is_space = letter.is_ascii_whitespace() || letter == '\u{b}';
        if is_space && squeezed.ends_with(' ') {
            continue;
        }
        squeezed.push(if is_space { ' ' } else { letter });
    }
    let width = WIDTH.saturating_sub(level);
    let mut rest: Vec<char> = squeezed.chars().collect();
    let mut lines: Vec<String> = Vec::new();
    while rest.len() > width {
        let Some(at) = rest[..=width].iter().rposition(|letter| *letter == ' ') else {
            break;
        };
        lines.push(rest[..at].iter().collect());
        rest.drain(..=at);
    }
    lines.push(rest.iter().collect());
    lines.join(&format!("\n{}", " ".repeat(level)))
}
