//! Where a repository is: bucket, prefix and service, and the URLs of what lies there.
