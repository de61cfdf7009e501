//! Why a service refuses a request, beyond its status.

/// Why a service refuses a request. Services use few statuses for many reasons; the code and the
/// message of the answer tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The credentials, or the lack of any, do not allow it; or the service says no more.
    Rights,
    /// The service does not know the access key, or the signature is wrong.
    Identity,
    /// The clock of this machine is too far from that of the service.
    Clock,
    /// The credentials were valid once.
    Expired,
    /// The key that the object is encrypted with cannot be used.
    Encryption,
    /// Who reads the bucket has to agree to pay for it.
    RequesterPays,
    /// The object is in an archive storage class, and has to be restored first.
    Archived,
    /// The bucket or the account may not hold more.
    Quota,
}

impl Reason {
    /// What the code and the message of an answer say.
    #[must_use]
    pub fn of(code: &str, message: &str) -> Self {
        let text = message.to_ascii_lowercase();
        let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match code {
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Self::Clock,
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => Self::Expired,
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "InvalidToken"
            | "InvalidSecurity"
            | "UnrecognizedClientException"
            | "InvalidClientTokenId" => Self::Identity,
            "InvalidObjectState" | "ObjectNotInActiveTierError" => Self::Archived,
            "UserProjectMissing" | "RequesterPaysRequired" => Self::RequesterPays,
            "StorageFull" | "XMinioStorageFull" | "InsufficientStorage" | "NoSpaceLeft" => {
                Self::Quota
            }
            _ if code.contains("Quota") => Self::Quota,
            _ if code.starts_with("KMS.") || code.starts_with("Kms") => Self::Encryption,
            "AccessDenied" | "Forbidden" | "" => match () {
                () if says(&["kms:", "kms key", "aws kms", "customer master key"]) => {
                    Self::Encryption
                }
                () if says(&["requester pays", "requester-pays", "request-payer"]) => {
                    Self::RequesterPays
                }
                () if says(&["token has expired", "token is expired"]) => Self::Expired,
                () if says(&["quota", "storage cap exceeded"]) => Self::Quota,
                () => Self::Rights,
            },
            _ => Self::Rights,
        }
    }

    /// Whether the service refuses what is asked, and not who asks: other credentials, or none,
    /// change nothing.
    pub(crate) fn is_of_the_object(self) -> bool {
        matches!(self, Self::Archived | Self::Quota)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_messages() {
        for (code, message, reason) in [
            ("AccessDenied", "Access Denied", Reason::Rights),
            ("AllAccessDisabled", "All access to this object has been disabled", Reason::Rights),
            ("", "", Reason::Rights),
            ("InvalidAccessKeyId", "", Reason::Identity),
            ("RequestTimeTooSkewed", "The difference … is too large.", Reason::Clock),
            ("ExpiredToken", "The provided token has expired.", Reason::Expired),
            ("InvalidObjectState", "", Reason::Archived),
            ("QuotaExceeded", "", Reason::Quota),
            ("XMinioAdminBucketQuotaExceeded", "", Reason::Quota),
            ("AccessDenied", "Cannot upload files, storage cap exceeded.", Reason::Quota),
            ("KMS.DisabledException", "", Reason::Encryption),
            (
                "AccessDenied",
                "User: x is not authorized to perform: kms:GenerateDataKey on resource: y",
                Reason::Encryption,
            ),
            ("UserProjectMissing", "Bucket is a requester pays bucket", Reason::RequesterPays),
            ("AccessDenied", "The bucket is a Requester Pays bucket", Reason::RequesterPays),
        ] {
            assert_eq!(Reason::of(code, message), reason, "{code}: {message}");
        }
    }
}
