//! What each fuzz target does with its input: shared with `tests/fuzz.rs`, which runs the corpus and
//! changed forms of it with a stable compiler, in every `make test`.

pub mod arguments;
pub mod command;
pub mod formula;
pub mod index;
pub mod location;
pub mod manifest;
pub mod plan;
pub mod records;
pub mod unpack;
pub mod version;
