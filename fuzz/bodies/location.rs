//! Where a repository is, from what people set, and what a URL names in it.
//!
//! The input is lines: bucket, prefix, region, endpoint, public URL, and then URLs.

use location::{Location, Role};

const NAMES: [&str; 5] =
    ["S3_BUCKET", "S3_PREFIX", "S3_REGION", "AWS_ENDPOINT_URL", "S3_PUBLIC_URL"];

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let lines: Vec<&str> = text.split('\n').collect();
    let env = |name: &str| {
        let at = NAMES.iter().position(|known| *known == name)?;
        lines.get(at).map(|line| (*line).to_owned())
    };
    let Ok(Some(location)) = Location::from_env(Role::Own, &env) else {
        return;
    };
    for name in lines.iter().skip(NAMES.len()) {
        if let Some(relative) = location.relative(name) {
            assert!(!relative.is_empty());
            let key = location.key(&relative);
            assert_eq!(key.strip_prefix(location.prefix.as_str()), Some(&*relative));
        }
        // Whatever a file is called, its own URL leads back to it.
        if !name.is_empty() && !location.public_url.as_ref().is_some_and(|url| odd(url)) {
            let url = location.dist_url(name);
            assert_eq!(location.relative(&url).as_deref(), Some(*name), "{url}");
        }
    }
}

/// A base that is none: with a query, there is nothing below it.
fn odd(base: &str) -> bool {
    base.contains(['?', '#'])
}
