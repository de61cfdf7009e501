//! Writes one manifest to stdout.
