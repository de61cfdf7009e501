//! What each fuzz target does with its input: shared with `tests/fuzz.rs`, which runs the corpus and
//! changed forms of it with a stable compiler, in every `make test`.

pub mod arguments;
pub mod command;
pub mod component_version;
pub mod component_xml;
pub mod component_yaml;
pub mod constraints;
pub mod formula;
pub mod index;
pub mod listing;
pub mod location;
pub mod lock;
pub mod manifest;
pub mod packages;
pub mod php_json;
pub mod plan;
pub mod profile;
pub mod records;
pub mod unpack;
pub mod version;
