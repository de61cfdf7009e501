//! What Composer 2 does between a `composer.json` and the list of packages to install, without
//! PHP: [versions](version), [constraints](constraint), repositories, and the resolver.
//!
//! Everything here is pure: no files, no network, no clock, no environment. Texts come in, a list
//! of operations or an explanation goes out.
//!
//! - [`Root`]: the project's `composer.json`
//! - [`Repository`], [`RepositorySet`]: what there is to choose from
//! - [`Package`]: one version of a package

pub mod constraint;
mod json;
pub mod package;
pub mod repository;
pub mod root;
pub mod version;

pub use constraint::Constraint;
pub use package::{Dist, Link, Origin, Package};
pub use repository::{Filter, Repository, RepositorySet};
pub use root::Root;
pub use version::{Stability, Version};
