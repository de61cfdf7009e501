//! XML answers, checked before the client library sees them.
//!
//! The library's reader loops for ever on a document that ends too early, and panics on a number
//! that is none. So each answer is read once here: well-formed, of bounded depth, without a
//! document type (and so without entities of its own), and with numbers and truth values that are
//! such. Error documents are taken apart here, too.

use xml::reader::{EventReader, XmlEvent};

/// The most that an XML answer may have. A page of a listing has at most about 2 MiB.
pub(super) const LARGEST: u64 = 16 * 1024 * 1024;
/// No answer of S3 is deeper than this by far.
const DEEPEST: usize = 32;
/// Elements that the library reads as numbers, wherever they stand.
const NUMBERS: [&str; 5] = ["Size", "KeyCount", "MaxKeys", "PartNumber", "MaxParts"];
/// Elements that the library reads as truth values.
const TRUTHS: [&str; 3] = ["IsTruncated", "DeleteMarker", "BucketKeyEnabled"];

/// What is worth knowing of a document.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Document {
    /// The outermost element.
    pub root: String,
    /// Directly below the outermost element.
    pub code: String,
    pub message: String,
    /// Where the bucket is, in some errors.
    pub region: String,
}

impl Document {
    /// Whether it tells of a failure.
    pub(super) fn is_error(&self) -> bool {
        self.root == "Error"
    }
}

/// Reads a document to its end.
pub(super) fn check(bytes: &[u8]) -> Result<Document, String> {
    // No service has one, and in keys and messages the bracket is escaped.
    if bytes.windows(9).any(|window| window.eq_ignore_ascii_case(b"<!DOCTYPE")) {
        return Err("it declares a document type".to_owned());
    }
    let mut document = Document::default();
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    for event in EventReader::new(bytes) {
        match event.map_err(|error| error.to_string())? {
            XmlEvent::StartElement { name, .. } => {
                if path.len() == DEEPEST {
                    return Err(format!("it is nested deeper than {DEEPEST} elements"));
                }
                if path.is_empty() {
                    document.root.clone_from(&name.local_name);
                }
                text.clear();
                path.push(name.local_name);
            }
            XmlEvent::Characters(characters) | XmlEvent::CData(characters) => {
                text.push_str(&characters);
            }
            XmlEvent::EndElement { .. } => {
                let name = path.pop().unwrap_or_default();
                let unfit = NUMBERS.contains(&name.as_str()) && text.parse::<i64>().is_err()
                    || TRUTHS.contains(&name.as_str()) && text.parse::<bool>().is_err();
                if unfit {
                    let shown: String = text.chars().take(40).collect();
                    return Err(format!("<{name}> holds {shown:?}"));
                }
                if path.len() == 1 {
                    match name.as_str() {
                        "Code" => document.code = std::mem::take(&mut text),
                        "Message" => document.message = std::mem::take(&mut text),
                        "Region" => document.region = std::mem::take(&mut text),
                        _ => {}
                    }
                }
                text.clear();
            }
            _ => {}
        }
    }
    if document.root.is_empty() { Err("it has no element".to_owned()) } else { Ok(document) }
}

/// The texts of a document, each with the path of its element; of bytes that are no such document,
/// nothing.
pub(super) fn elements(bytes: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if check(bytes).is_err() {
        return found;
    }
    let mut path: Vec<String> = Vec::new();
    let mut text = String::new();
    for event in EventReader::new(bytes).into_iter().flatten() {
        match event {
            XmlEvent::StartElement { name, .. } => {
                text.clear();
                path.push(name.local_name);
            }
            XmlEvent::Characters(characters) | XmlEvent::CData(characters) => {
                text.push_str(&characters);
            }
            XmlEvent::EndElement { .. } => {
                found.push((path.join("/"), std::mem::take(&mut text)));
                path.pop();
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_taken_apart() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>NoSuchKey</Code>\
                    <Message>It is &lt;not&gt; there.</Message><Key>a</Key><Deep><Code>x</Code></Deep></Error>";
        let document = check(text.as_bytes()).unwrap();
        assert!(document.is_error());
        assert_eq!(document.code, "NoSuchKey");
        assert_eq!(document.message, "It is <not> there.");
    }

    #[test]
    fn what_would_hang_or_panic_the_library_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        let bomb =
            "<!DOCTYPE a [<!ENTITY b \"bbbbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>";
        let cases = [
            "",
            "nonsense",
            "<a><b></b>",
            "<a></b>",
            "<a>&undefined;</a>",
            "<a>\u{1}</a>",
            "<ListBucketResult><Contents><Size>many</Size></Contents></ListBucketResult>",
            "<ListBucketResult><Contents><Size></Size></Contents></ListBucketResult>",
            "<ListBucketResult><IsTruncated>perhaps</IsTruncated></ListBucketResult>",
            "<DeleteResult><Deleted><DeleteMarker/></Deleted></DeleteResult>",
            bomb,
            &deep,
        ];
        for case in cases {
            assert!(check(case.as_bytes()).is_err(), "{case}");
        }
        assert!(check(b"<a>\xff</a>").is_err());
    }

    #[test]
    fn listings_pass() {
        let text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false\
                    </IsTruncated><Contents><Key>a b+ä&amp;</Key><Size>9007199254740993</Size></Contents></ListBucketResult>";
        let document = check(text.as_bytes()).unwrap();
        assert_eq!(document.root, "ListBucketResult");
        assert!(!document.is_error());
    }
}
