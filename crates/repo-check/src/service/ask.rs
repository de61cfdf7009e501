//! The questions, in the words of S3 or, where the store is a folder, in those of our own store.

use std::collections::BTreeMap;

use store::{Condition, Error, Inquiry, Reply, Store, Upload};

/// How scratch objects are written.
pub const UPLOAD: Upload<'static> = Upload {
    content_type: "text/plain",
    content_encoding: None,
    condition: Condition::Always,
    metadata: &[],
    acl: None,
};

/// When a write is to take effect. Tags are as headers have them, quotes included.
#[derive(Debug, Clone, Copy)]
pub enum When<'a> {
    Always,
    IfMatch(&'a str),
    IfAbsent,
}

impl When<'_> {
    pub fn header(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Always => None,
            Self::IfMatch(tag) => Some(("if-match", tag)),
            Self::IfAbsent => Some(("if-none-match", "*")),
        }
    }

    fn condition(self) -> Condition {
        match self {
            Self::Always => Condition::Always,
            Self::IfMatch(tag) => Condition::IfMatch(tag.trim_matches('"').to_owned()),
            Self::IfAbsent => Condition::IfAbsent,
        }
    }
}

/// One page of a listing.
#[derive(Debug, Default)]
pub struct Page {
    /// Keys below the folder, in their order, and their tags as they came.
    pub entries: Vec<(String, String)>,
    /// Whether it says that there is more.
    pub truncated: bool,
    /// Where that begins.
    pub token: Option<String>,
}

/// The service that is asked, and the folder of the scratch keys.
pub struct Service<'a> {
    pub store: &'a Store,
    pub folder: &'a str,
}

impl Service<'_> {
    /// The key of a scratch object.
    pub fn key(&self, name: &str) -> String {
        format!("{}{name}", self.folder)
    }

    /// A request; without an answer, a reply with the status 0 and the reason as its code.
    pub fn send(&self, inquiry: &Inquiry<'_>) -> Option<Reply> {
        sent(self.store, inquiry)
    }

    /// The same without credentials.
    pub fn send_anonymously(&self, inquiry: &Inquiry<'_>) -> Option<Reply> {
        sent(&self.store.anonymous(), inquiry)
    }

    /// Writes an object in one request.
    pub fn put(&self, name: &str, body: &str, when: When<'_>) -> Reply {
        let key = self.key(name);
        let mut headers = vec![("content-type", UPLOAD.content_type)];
        headers.extend(when.header());
        let inquiry = Inquiry {
            method: "PUT",
            key: &key,
            headers: &headers,
            body: body.as_bytes(),
            ..Inquiry::default()
        };
        self.send(&inquiry).unwrap_or_else(|| {
            let upload = Upload { condition: when.condition(), ..UPLOAD };
            local(self.store.put(&key, body.as_bytes(), &upload))
        })
    }

    /// Reads an object, with these headers.
    pub fn get(&self, name: &str, headers: &[(&str, &str)]) -> Reply {
        let key = self.key(name);
        let inquiry = Inquiry { method: "GET", key: &key, headers, ..Inquiry::default() };
        self.send(&inquiry).unwrap_or_else(|| match self.store.get(&key) {
            Ok(Some(content)) => Reply { body: content.bytes, ..described(&content.head) },
            Ok(None) => Reply { status: 404, code: "NoSuchKey".to_owned(), ..Reply::default() },
            Err(error) => failed(&error),
        })
    }

    /// What is known of an object.
    pub fn head(&self, name: &str) -> Reply {
        let key = self.key(name);
        let inquiry = Inquiry { method: "HEAD", key: &key, ..Inquiry::default() };
        self.send(&inquiry).unwrap_or_else(|| match self.store.head(&key) {
            Ok(Some(head)) => described(&head),
            Ok(None) => Reply { status: 404, ..Reply::default() },
            Err(error) => failed(&error),
        })
    }

    /// An object's content, as text; `None` where it is not there.
    pub fn content(&self, name: &str) -> Option<String> {
        let reply = self.get(name, &[]);
        reply.is_success().then(|| String::from_utf8_lossy(&reply.body).into_owned())
    }

    /// An object's tag as HEAD says it, quotes included.
    pub fn tag(&self, name: &str) -> String {
        self.head(name).header("etag").unwrap_or_default().to_owned()
    }

    /// Removes an object.
    pub fn delete(&self, name: &str, when: When<'_>) -> Reply {
        let key = self.key(name);
        let headers: Vec<_> = when.header().into_iter().collect();
        let inquiry =
            Inquiry { method: "DELETE", key: &key, headers: &headers, ..Inquiry::default() };
        self.send(&inquiry).unwrap_or_else(|| match when.condition() {
            Condition::IfMatch(tag) => match self.store.delete_if_match(&key, &tag) {
                Ok(true) => local(Ok(String::new())),
                Ok(false) => failed(&Error::Precondition { key: key.clone() }),
                Err(error) => failed(&error),
            },
            _ => local(self.store.delete_many(std::slice::from_ref(&key)).map(|()| String::new())),
        })
    }

    /// Copies an object. `from` is the source's name as the header has it, percent-encoded.
    pub fn copy(&self, from: &str, name: &str, headers: &[(&str, &str)], when: When<'_>) -> Reply {
        let key = self.key(name);
        let source = format!("/{}/{}{from}", self.store.bucket(), self.folder);
        let mut all = vec![("x-amz-copy-source", source.as_str())];
        all.extend(headers.iter().copied());
        all.extend(when.header());
        let inquiry = Inquiry { method: "PUT", key: &key, headers: &all, ..Inquiry::default() };
        self.send(&inquiry).unwrap_or_else(|| {
            let from = self.key(from);
            local(self.store.copy_from(self.store, &from, &key, when.condition()))
        })
    }

    /// One page of what is in a folder of scratch keys. `size`: at most so many keys.
    pub fn list(&self, name: &str, size: Option<usize>, token: Option<&str>) -> Page {
        let prefix = self.key(name);
        let size = size.map(|size| size.to_string());
        let mut query = vec![("list-type", "2"), ("prefix", prefix.as_str())];
        query.extend(size.as_deref().map(|size| ("max-keys", size)));
        query.extend(token.map(|token| ("continuation-token", token)));
        let inquiry = Inquiry { method: "GET", query: &query, ..Inquiry::default() };
        match self.send(&inquiry) {
            Some(reply) => page(&reply, &prefix),
            None => {
                let objects = self.store.list(&prefix).unwrap_or_default();
                let entry = |object: store::Object| {
                    (object.key[prefix.len()..].to_owned(), format!("\"{}\"", object.etag))
                };
                Page { entries: objects.into_iter().map(entry).collect(), ..Page::default() }
            }
        }
    }
}

fn sent(store: &Store, inquiry: &Inquiry<'_>) -> Option<Reply> {
    store.inquire(inquiry).unwrap_or_else(|error| Some(failed(&error)))
}

/// What our own store did, as an answer.
fn local(done: Result<String, Error>) -> Reply {
    match done {
        Ok(_) => Reply { status: 200, ..Reply::default() },
        Err(error) => failed(&error),
    }
}

fn failed(error: &Error) -> Reply {
    let (status, code) = match error {
        Error::Precondition { .. } => (412, "PreconditionFailed".to_owned()),
        Error::AccessDenied { code, .. } => (403, code.clone()),
        Error::NotFound { .. } => (404, "NoSuchKey".to_owned()),
        other => (0, format!("no answer: {other}")),
    };
    Reply { status, code, ..Reply::default() }
}

fn described(head: &store::Head) -> Reply {
    let mut headers = BTreeMap::from([("etag".to_owned(), format!("\"{}\"", head.etag))]);
    headers.extend(head.content_type.clone().map(|kind| ("content-type".to_owned(), kind)));
    for (name, value) in &head.metadata {
        headers.insert(format!("x-amz-meta-{name}"), value.clone());
    }
    Reply { status: 200, headers, ..Reply::default() }
}

/// Takes a page apart.
fn page(reply: &Reply, prefix: &str) -> Page {
    let mut page = Page::default();
    let (mut key, mut tag) = (String::new(), String::new());
    for (path, text) in &reply.elements {
        match path.as_str() {
            "ListBucketResult/Contents/Key" => key.clone_from(text),
            "ListBucketResult/Contents/ETag" => tag.clone_from(text),
            "ListBucketResult/Contents" => {
                let key = std::mem::take(&mut key);
                let name = key.strip_prefix(prefix).unwrap_or(&key).to_owned();
                page.entries.push((name, std::mem::take(&mut tag)));
            }
            "ListBucketResult/IsTruncated" => page.truncated = text == "true",
            "ListBucketResult/NextContinuationToken" => {
                page.token = Some(text.clone()).filter(|token| !token.is_empty());
            }
            _ => {}
        }
    }
    page
}
