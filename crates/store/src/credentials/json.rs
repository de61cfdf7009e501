//! The JSON form of credentials that commands and endpoints give.

use serde_json::Value;

use super::Credentials;

/// Reads `{"AccessKeyId", "SecretAccessKey", "SessionToken" or "Token", "Expiration"}`. The failure
/// never quotes the text, which may hold a secret.
pub(super) fn read(text: &[u8]) -> Result<Credentials, String> {
    let value: Value = serde_json::from_slice(text)
        .map_err(|error| format!("its answer is no JSON (line {})", error.line()))?;
    let field = |name: &str| {
        value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
    };
    let needed = |name: &str| field(name).ok_or_else(|| format!("its answer lacks {name}"));
    let expires = match field("Expiration") {
        None => None,
        Some(text) => {
            let parsed = text.parse();
            Some(parsed.map_err(|_| "its answer's Expiration is no time".to_owned())?)
        }
    };
    Ok(Credentials {
        key: needed("AccessKeyId")?,
        secret: needed("SecretAccessKey")?,
        token: field("SessionToken").or_else(|| field("Token")),
        expires,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let text = br#"{"Version":1,"AccessKeyId":"a","SecretAccessKey":"b","SessionToken":"c","Expiration":"2030-01-02T03:04:05Z"}"#;
        let found = read(text).unwrap();
        assert_eq!((found.key(), found.secret(), found.token()), ("a", "b", Some("c")));
        assert_eq!(found.expires.unwrap().to_string(), "2030-01-02T03:04:05Z");
        let found = read(br#"{"AccessKeyId":"a","SecretAccessKey":"b","Token":"d"}"#).unwrap();
        assert_eq!(found.token(), Some("d"));
    }

    #[test]
    fn failures_quote_nothing() {
        for text in [
            &b"geheim"[..],
            br#"{"AccessKeyId":"a","SecretAccessKey":["geheim"]}"#,
            br#"{"SecretAccessKey":"geheim"}"#,
            br#"{"AccessKeyId":"a","SecretAccessKey":"geheim","Expiration":"geheim"}"#,
            br#"{"AccessKeyId":"a","SecretAccessKey":""}"#,
        ] {
            let failure = read(text).unwrap_err();
            assert!(!failure.contains("geheim"), "{failure}");
        }
    }
}
