//! Manifests, packages.json and the sync plan: pure, no I/O.
