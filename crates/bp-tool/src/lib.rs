//! What the tools of buildpacks have in common on the command line: which buildpack, colours, how
//! long a component may take, and how a failure is told.

mod look;
mod options;
mod stage;

pub use look::Look;
pub use options::{Colour, NAMES, Options};
pub use stage::{Phase, found, run};
