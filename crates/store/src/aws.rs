//! What the variables and files of AWS say beside credentials: endpoint, region, certificates, and
//! whether requests are signed.

use std::path::PathBuf;
use std::sync::Arc;

use location::Env;
use ureq::tls::{PemItem, RootCerts, parse_pem};

use crate::Error;
use crate::shared::{Files, Section, is_true, profile_name, set};

/// The variables that name an endpoint of S3, the first one before the second.
const ENDPOINTS: [&str; 2] = ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"];
/// That of s5cmd, which no file and no switch of AWS overrides.
const S5CMD_ENDPOINT: &str = "S3_ENDPOINT_URL";

/// What is to be read in place of the environment's variables for endpoints, so that these also say
/// what the profile does: the one of the option `profile`, else that of the environment.
///
/// Files that cannot be read say nothing here. Where they are needed for credentials, that is an
/// error of [`crate::Store::open`].
#[must_use]
pub fn endpoints(env: Env<'_>, profile: Option<&str>) -> Vec<(&'static str, String)> {
    let files = Files::read(env).unwrap_or_default();
    let section = section(&files, env, profile).unwrap_or_default();
    if is_ignored(env, &section) {
        return ENDPOINTS.map(|name| (name, String::new())).into();
    }
    let named = ENDPOINTS.iter().chain([&S5CMD_ENDPOINT]).any(|name| set(env, name).is_some());
    match files.endpoint(&section, "s3") {
        Some(url) if !named => vec![(ENDPOINTS[0], url)],
        _ => Vec::new(),
    }
}

/// Where STS is: as variables and the profile say, else that of the region, else the one for all.
pub(crate) fn sts(env: Env<'_>, profile: Option<&str>) -> String {
    let files = Files::read(env).unwrap_or_default();
    let section = section(&files, env, profile).unwrap_or_default();
    let named = || {
        let by_variable = ["AWS_ENDPOINT_URL_STS", ENDPOINTS[1]].iter().find_map(|n| set(env, n));
        by_variable.or_else(|| files.endpoint(&section, "sts"))
    };
    // The folder store knows no roles.
    let named = (!is_ignored(env, &section)).then(named).flatten();
    named.filter(|url| url.starts_with("http")).unwrap_or_else(|| match region(env, profile) {
        Some(region) if region.starts_with("cn-") => {
            format!("https://sts.{region}.amazonaws.com.cn")
        }
        Some(region) => format!("https://sts.{region}.amazonaws.com"),
        None => "https://sts.amazonaws.com".to_owned(),
    })
}

/// Whether the endpoints of variables and files do not count.
fn is_ignored(env: Env<'_>, section: &Section) -> bool {
    let switch = set(env, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");
    is_true(switch.as_ref().or_else(|| section.get("ignore_configured_endpoint_urls")))
}

/// The region that requests are signed for, where the bucket's own is not given.
pub(crate) fn region(env: Env<'_>, profile: Option<&str>) -> Option<String> {
    let by_variable = || set(env, "AWS_REGION").or_else(|| set(env, "AWS_DEFAULT_REGION"));
    by_variable().or_else(|| of_profile(env, profile, "region"))
}

/// The certificates that servers are held against: those of `AWS_CA_BUNDLE` (or `ca_bundle` of the
/// profile) and no others, else those of the system.
pub(crate) fn roots(env: Env<'_>, profile: Option<&str>) -> Result<RootCerts, Error> {
    let path = set(env, "AWS_CA_BUNDLE").or_else(|| of_profile(env, profile, "ca_bundle"));
    let Some(path) = path.map(PathBuf::from) else { return Ok(RootCerts::PlatformVerifier) };
    let bytes =
        std::fs::read(&path).map_err(|source| Error::Local { path: path.clone(), source })?;
    let wrong = |why: String| Error::Setting {
        detail: format!("AWS_CA_BUNDLE names {}: {why}", path.display()),
    };
    let mut certificates = Vec::new();
    for item in parse_pem(&bytes) {
        if let PemItem::Certificate(certificate) = item.map_err(|error| wrong(error.to_string()))? {
            certificates.push(certificate);
        }
    }
    if certificates.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(RootCerts::Specific(Arc::new(certificates)))
}

/// Whether requests are not signed although there may be credentials: as the scripts of old gave it
/// to s5cmd.
pub(crate) fn is_unsigned(env: Env<'_>) -> bool {
    set(env, "S5CMD_NO_SIGN_REQUEST").is_some()
}

/// Whether the user agrees to pay for requests, as GDAL and others have that variable.
pub(crate) fn pays(env: Env<'_>) -> Result<bool, Error> {
    match set(env, "AWS_REQUEST_PAYER").as_deref() {
        None => Ok(false),
        Some("requester") => Ok(true),
        Some(other) => {
            let detail = format!("AWS_REQUEST_PAYER is {other:?}; it can be 'requester' only");
            Err(Error::Setting { detail })
        }
    }
}

fn of_profile(env: Env<'_>, profile: Option<&str>, key: &str) -> Option<String> {
    let files = Files::read(env).unwrap_or_default();
    section(&files, env, profile)?.remove(key).filter(|value| !value.is_empty())
}

fn section(files: &Files, env: Env<'_>, profile: Option<&str>) -> Option<Section> {
    files.profile(profile_name(env, profile).as_deref().unwrap_or("default"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look<T>(pairs: &[(&str, &str)], look: impl Fn(Env<'_>) -> T) -> T {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        let config = "[default]\nregion = of-default\nendpoint_url = http://default\n\
                      [profile two]\nservices = two\nca_bundle = /nonexistent\n\
                      [services two]\ns3 =\n  endpoint_url = http://two\n\
                      [profile off]\nendpoint_url = http://off\n\
                      ignore_configured_endpoint_urls = True\n";
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        let home = home.path().to_str().unwrap().to_owned();
        look(&|name: &str| match name {
            "HOME" => Some(home.clone()),
            _ => pairs.iter().find(|pair| pair.0 == name).map(|pair| pair.1.to_owned()),
        })
    }

    #[test]
    fn variables_go_before_files() {
        let check = |pairs: &[(&str, &str)], option, expected: &[(&str, &str)]| {
            let found = look(pairs, |env| endpoints(env, option));
            let found: Vec<(&str, &str)> = found.iter().map(|(k, v)| (*k, v.as_str())).collect();
            assert_eq!(found, expected, "{pairs:?}");
        };
        let s3 = ENDPOINTS[0];
        check(&[], None, &[(s3, "http://default")]);
        check(&[], Some("two"), &[(s3, "http://two")]);
        check(&[("AWS_PROFILE", "two")], None, &[(s3, "http://two")]);
        check(&[("AWS_PROFILE", "gone")], None, &[]);
        check(&[(s3, ""), ("AWS_PROFILE", "")], None, &[(s3, "http://default")]);
        for name in [s3, "AWS_ENDPOINT_URL", S5CMD_ENDPOINT] {
            check(&[(name, "http://env")], None, &[]);
        }
        let hidden = ENDPOINTS.map(|name| (name, ""));
        let ignore = "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS";
        check(&[(ignore, "true"), (s3, "http://env")], None, &hidden);
        check(&[(ignore, "false")], None, &[(s3, "http://default")]);
        check(&[(ignore, "")], Some("off"), &hidden);
        check(&[(ignore, "false")], Some("off"), &[(s3, "http://off")]);
    }

    #[test]
    fn regions() {
        for (pairs, expected) in [
            (&[][..], Some("of-default")),
            (&[("AWS_PROFILE", "two")], None),
            (&[("AWS_DEFAULT_REGION", "b")], Some("b")),
            (&[("AWS_DEFAULT_REGION", "b"), ("AWS_REGION", "a")], Some("a")),
            (&[("AWS_DEFAULT_REGION", "b"), ("AWS_REGION", "")], Some("b")),
        ] {
            assert_eq!(look(pairs, |env| region(env, None)).as_deref(), expected, "{pairs:?}");
        }
    }

    #[test]
    fn where_sts_is() {
        for (pairs, expected) in [
            (&[("AWS_PROFILE", "two")][..], "https://sts.amazonaws.com"),
            (&[("AWS_PROFILE", "two"), ("AWS_REGION", "x")], "https://sts.x.amazonaws.com"),
            (&[], "http://default"),
            (
                &[("AWS_PROFILE", "off"), ("AWS_ENDPOINT_URL", "http://h")],
                "https://sts.amazonaws.com",
            ),
            (&[("AWS_ENDPOINT_URL", "http://h")], "http://h"),
            (&[("AWS_ENDPOINT_URL", "http://h"), ("AWS_ENDPOINT_URL_STS", "http://s")], "http://s"),
            (
                &[("AWS_ENDPOINT_URL", "file:///x"), ("AWS_REGION", "y")],
                "https://sts.y.amazonaws.com",
            ),
        ] {
            assert_eq!(look(pairs, |env| sts(env, None)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn certificates() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().to_str().unwrap();
        let of = |path: &str| look(&[("AWS_CA_BUNDLE", path)], |env| roots(env, None));
        assert!(matches!(of(""), Ok(RootCerts::PlatformVerifier)));
        assert!(matches!(of("/nonexistent"), Err(Error::Local { .. })));
        assert!(matches!(of(path), Err(Error::Setting { .. })));
        let profile = look(&[("AWS_PROFILE", "two")], |env| roots(env, None));
        assert!(matches!(profile, Err(Error::Local { .. })));
    }
}
