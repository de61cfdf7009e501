//! Builds formulae into archives and manifests.
