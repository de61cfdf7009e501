//! The host forms that Amazon S3 has had.

use crate::url;

/// What follows the bucket in any URL of Amazon S3, still percent-encoded.
pub(crate) fn path_in_bucket<'u>(bucket: &str, url: &'u str) -> Option<&'u str> {
    let (host, path) = url::host(url);
    let path = path.strip_prefix('/')?;
    let (kind, host) = (host.kind.to_ascii_lowercase(), host.name.to_ascii_lowercase());
    let name = bucket.to_ascii_lowercase();
    match kind.as_str() {
        "s3" => (host == name).then_some(path),
        "web" => {
            let virtual_host = host.strip_prefix(&name).and_then(|rest| rest.strip_prefix('.'));
            if virtual_host.is_some_and(is_service_host) {
                return Some(path);
            }
            is_service_host(&host).then_some(())?;
            path.strip_prefix(bucket)?.strip_prefix('/')
        }
        _ => None,
    }
}

/// Whether a host is S3 itself: `s3`, `s3-REGION`, `s3.REGION`, `s3.dualstack.REGION` and the like,
/// before `amazonaws.com` or `amazonaws.com.cn`.
fn is_service_host(host: &str) -> bool {
    let Some(labels) =
        host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    let mut labels = labels.split('.');
    let first = labels.next().unwrap_or_default();
    let rest: Vec<&str> = labels.collect();
    (first == "s3" || first.starts_with("s3-"))
        && rest.len() <= 2
        && rest.iter().all(|label| !label.is_empty())
}
