//! What runs applications.

mod java_main;
mod spring_boot_cli;
mod tomcat;

pub(super) use java_main::JavaMain;
pub(super) use spring_boot_cli::SpringBootCli;
pub(super) use tomcat::Tomcat;
