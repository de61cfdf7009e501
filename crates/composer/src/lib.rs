//! What Composer 2 does between a `composer.json` and the list of packages to install, without
//! PHP: [versions](version), [constraints](constraint), repositories, and the resolver.
//!
//! Everything here is pure: no files, no network, no clock, no environment. Texts come in, a list
//! of operations or an explanation goes out.
//!
//! - [`Root`]: the project's `composer.json`
//! - [`Repository`], [`RepositorySet`]: what there is to choose from
//! - [`Package`]: one version of a package
//! - [`solve()`]: what is to be installed ([`Solution`]), or why that cannot be ([`Problems`])
//!
//! The resolver is Composer's own in its manner: candidates in Composer's order (`pool`), rules
//! (`solver`), the same choice among them (`policy`), the same order of operations
//! (`transaction`). Another algorithm would find other solutions, and an application that was
//! tested with one of them would be deployed with another.

pub mod constraint;
mod hash;
mod json;
pub mod package;
mod policy;
mod pool;
mod problem;
pub mod repository;
pub mod root;
mod solve;
mod solver;
mod terms;
mod transaction;
pub mod version;

pub use constraint::Constraint;
pub use package::{Dist, Link, Origin, Package};
pub use pool::{BadConstraint, BuildError};
pub use problem::Problems;
pub use repository::{Filter, Repository, RepositorySet};
pub use root::Root;
pub use solve::{Chosen, Error, Request, Solution, solve};
pub use solver::Bug;
pub use transaction::Operation;
pub use version::{Stability, Version};
