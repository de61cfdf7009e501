//! What a service's refusal means.

use crate::{Error, Reason};

/// A request that was not answered as wished, after all tries.
#[derive(Debug)]
pub(super) struct Failed {
    /// What callers of the crate get.
    pub error: Error,
    /// HTTP status of the last answer; 0 where there was none.
    pub status: u16,
    /// The service's own code; empty where there was none.
    pub code: String,
    /// Whether an earlier try may have taken effect although it was not answered as such.
    pub uncertain: bool,
}

impl Failed {
    /// Whether the answer is a refusal without a reason, as each one to HEAD is.
    pub(super) fn is_mute(&self) -> bool {
        self.code.is_empty() && matches!(self.status, 400 | 401 | 403 | 405)
    }
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        failed.error
    }
}

/// An answer that is no success.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub status: u16,
    pub code: String,
    pub message: String,
}

impl Refusal {
    /// Whether the same request may well succeed later.
    pub(super) fn is_passing(&self, conditional: bool) -> bool {
        match self.status {
            408 | 429 | 500 | 502 | 503 | 504 => true,
            // Another write to the same key is under way. With a condition that is an answer.
            409 => !conditional && self.code == "OperationAborted",
            // The whole answer was 200, and then came a failure after all; or the service gave up
            // waiting for the request.
            200 | 400 => matches!(
                self.code.as_str(),
                "InternalError"
                    | "SlowDown"
                    | "ServiceUnavailable"
                    | "RequestTimeout"
                    | "OperationAborted"
            ),
            _ => false,
        }
    }

    /// Whether other credentials may be due.
    pub(super) fn is_expired(&self) -> bool {
        // An answer to HEAD has no body, and so no code.
        self.status == 400 && self.code.is_empty()
            || matches!(
                self.code.as_str(),
                "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired"
            )
    }

    /// What callers of the crate get.
    pub(super) fn error(
        &self,
        operation: &str,
        bucket: &str,
        key: &str,
        conditional: bool,
    ) -> Error {
        let operation = operation.to_owned();
        let message = self.message.clone();
        let reason = Reason::of(&self.code, &message);
        let encrypted = reason == Reason::Encryption && self.code != "AccessDenied";
        match (self.status, self.code.as_str()) {
            (_, "NoSuchBucket") => Error::NoBucket { bucket: bucket.to_owned() },
            (412, _) | (409, "ConditionalRequestConflict") => {
                Error::Precondition { key: key.to_owned() }
            }
            // A condition on the ETag of an object that is not there.
            (404, "NoSuchKey") if conditional => Error::Precondition { key: key.to_owned() },
            (409, _) if conditional => Error::Precondition { key: key.to_owned() },
            (200, "PreconditionFailed") => Error::Precondition { key: key.to_owned() },
            (_, code) if encrypted || reason.is_of_the_object() => {
                Error::Refused { operation, code: code.to_owned(), message }
            }
            (401 | 403, code) => Error::AccessDenied {
                operation,
                code: if code.is_empty() {
                    format!("status {}", self.status)
                } else {
                    code.to_owned()
                },
                message,
            },
            (_, code) if code == "AccessDenied" || reason != Reason::Rights => {
                Error::AccessDenied { operation, code: code.to_owned(), message }
            }
            (status, code) => Error::Service {
                operation,
                status,
                code: if code.is_empty() { "no code".to_owned() } else { code.to_owned() },
                message,
            },
        }
    }
}

/// The most characters of a text of the service. A refusal by KMS has some 300.
const LONGEST: usize = 500;

/// A text of the service, in one short line.
pub(super) fn tame(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST {
        return line;
    }
    line.chars().take(LONGEST - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(status: u16, code: &str, conditional: bool) -> Error {
        let refusal = Refusal { status, code: code.to_owned(), message: "m".to_owned() };
        refusal.error("PUT s3://b/k", "b", "s3://b/k", conditional)
    }

    #[test]
    fn meanings() {
        for (status, code) in [
            (403, "AccessDenied"),
            (403, "InvalidAccessKeyId"),
            (403, "SignatureDoesNotMatch"),
            (403, "RequestTimeTooSkewed"),
            (401, "Unauthorized"),
            (400, "InvalidToken"),
            (400, "ExpiredToken"),
            (400, "UserProjectMissing"),
        ] {
            let found = error(status, code, false);
            assert!(matches!(&found, Error::AccessDenied { .. }), "{status} {code}: {found}");
            assert!(found.to_string().contains(code), "{found}");
        }
        assert!(error(403, "", false).to_string().contains("status 403"));
        for (status, code) in [
            (403, "InvalidObjectState"),
            (403, "QuotaExceeded"),
            (400, "XMinioAdminBucketQuotaExceeded"),
            (507, "InsufficientStorage"),
            (400, "KMS.DisabledException"),
        ] {
            let found = error(status, code, false);
            assert!(matches!(&found, Error::Refused { .. }), "{status} {code}: {found}");
            assert!(found.to_string().contains(&format!("({code}: m)")), "{found}");
        }
        assert!(
            matches!(error(404, "NoSuchBucket", false), Error::NoBucket { bucket } if bucket == "b")
        );
        for (status, code, conditional) in [
            (412, "PreconditionFailed", true),
            (412, "", false),
            (409, "ConditionalRequestConflict", true),
            (409, "Conflict", true),
            (200, "PreconditionFailed", true),
            (404, "NoSuchKey", true),
        ] {
            let found = error(status, code, conditional);
            assert!(matches!(&found, Error::Precondition { .. }), "{status} {code}: {found}");
        }
        assert!(matches!(
            error(409, "OperationAborted", false),
            Error::Service { status: 409, .. }
        ));
        assert!(matches!(error(500, "InternalError", false), Error::Service { status: 500, .. }));
    }

    #[test]
    fn what_passes() {
        let passes = |status, code: &str, conditional| {
            Refusal { status, code: code.to_owned(), message: String::new() }
                .is_passing(conditional)
        };
        assert!(passes(503, "SlowDown", true));
        assert!(passes(500, "", false));
        assert!(passes(429, "", false));
        assert!(passes(200, "InternalError", false));
        assert!(passes(400, "RequestTimeout", false));
        assert!(passes(409, "OperationAborted", false));
        assert!(!passes(409, "OperationAborted", true));
        assert!(!passes(400, "BadDigest", false));
        assert!(!passes(403, "AccessDenied", false));
        assert!(!passes(404, "NoSuchKey", false));
        assert!(!passes(412, "PreconditionFailed", true));
        assert!(!passes(501, "NotImplemented", false));
    }

    #[test]
    fn messages_are_one_short_line() {
        assert_eq!(tame("a\r\n  b\u{1b}[2J\tc"), "a b\u{1b}[2J c");
        assert_eq!(tame(&"x".repeat(5000)).chars().count(), LONGEST);
    }
}
