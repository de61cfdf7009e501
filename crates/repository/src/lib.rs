//! A repository in a store: its manifests, its packages.json, and the one publish.
