//! Entry point; see the library of this crate.
fn main() {}
