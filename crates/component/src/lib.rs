//! Buildpack components: what they are given, what they may do, and the Java ones.
//!
//! A component answers three questions about an application ([`component::Component`]): whether it
//! is for it, what it changes in its files, and what it changes in how it is run. A
//! [`staging::Staging`] asks all components of a buildpack in the right order.
//!
//! Components are built in ([`mod@java`]), or programs of their own in the buildpack's folder
//! ([`executable`]). Those that are built in start from [`base`].
//!
//! This crate reads no environment and no arguments, and prints nothing: variables come in as a map,
//! output goes to a [`console::Console`].

pub mod application;
pub mod base;
pub mod cache;
pub mod component;
pub mod configuration;
pub mod console;
pub mod droplet;
pub mod error;
pub mod executable;
mod java;
pub mod names;
pub mod paths;
pub mod properties;
pub mod repository;
pub mod services;
pub mod staging;
pub mod text;
pub mod value;
pub mod version;
pub mod xml;
pub mod yaml;

pub use error::Error;
pub use staging::{Settings, Staging};
