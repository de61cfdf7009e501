//! Buildpack components: what they are given, what they may do, and the Java ones.

pub mod application;
pub mod cache;
pub mod configuration;
pub mod console;
pub mod droplet;
pub mod names;
pub mod paths;
pub mod properties;
pub mod repository;
pub mod services;
pub mod text;
pub mod value;
pub mod version;
pub mod yaml;
