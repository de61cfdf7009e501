//! Requests as a caller words them, for questions about the service itself.

use std::io::Read as _;
use std::sync::Arc;

use super::Bucket;
use super::answer::{Expect, Received};
use super::wire::{Call, Wire};
use super::xml;
use crate::inquiry::{Inquiry, Reply};
use crate::{Error, Patience};

/// An answer that is a refusal is asked for so often where it may pass.
const ATTEMPTS: u32 = 2;

impl Bucket {
    pub(super) fn reply(&self, inquiry: &Inquiry<'_>) -> Result<Reply, Error> {
        let patience = Patience { attempts: ATTEMPTS, ..self.wire.patience.clone() };
        let wire = Wire {
            agent: self.wire.agent.clone(),
            service: self.wire.service.clone(),
            bucket: self.wire.bucket.clone(),
            address: Arc::clone(&self.wire.address),
            credentials: self.wire.credentials.clone(),
            pays: self.wire.pays,
            patience,
        };
        let mut request = wire.request(inquiry.method, inquiry.key);
        for (name, value) in inquiry.query {
            request.add_param(*name, *value);
        }
        for (name, value) in inquiry.headers {
            request.add_header(*name, value);
        }
        if !inquiry.body.is_empty() {
            request.set_payload(Some(inquiry.body.to_vec()));
            request.maybe_set_content_md5_header();
        }
        let answer = match wire.exchange(request, &Call::new("ASK", inquiry.key, Expect::Object)) {
            Ok(answer) => answer,
            Err(failed) if failed.status > 0 => {
                return Ok(Reply { status: failed.status, code: failed.code, ..Reply::default() });
            }
            Err(failed) => return Err(failed.error),
        };
        let names = answer.headers.keys().map(|name| name.as_str().to_owned());
        let headers =
            names.filter_map(|name| Some((name.clone(), answer.header(&name)?))).collect();
        let mut body = Vec::new();
        match answer.body {
            Received::Whole(bytes) => body = bytes,
            Received::Stream(stream) => {
                let read = stream.take(xml::LARGEST).read_to_end(&mut body);
                read.map_err(|error| Error::Corrupt {
                    key: wire.show(inquiry.key),
                    detail: format!("the answer breaks off: {error}"),
                })?;
            }
        }
        let elements = xml::elements(&body);
        let error = elements.iter().find(|(path, _)| path == "Error/Code");
        let code = error.map(|(_, code)| code.clone()).unwrap_or_default();
        Ok(Reply { status: answer.status, code, headers, body, elements })
    }
}
