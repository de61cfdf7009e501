//! Uploads archives and manifests.
