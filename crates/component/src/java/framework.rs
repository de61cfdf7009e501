//! What adds something to applications.

mod certificates;
mod jdbc;
mod options;
mod ports;
mod security;

pub(super) use certificates::{ClientCertificateMapper, ContainerSecurityProvider};
pub(super) use jdbc::JdbcDriver;
pub(super) use options::JavaOpts;
pub(super) use ports::{Debug, Jmx};
pub(super) use security::JavaSecurity;
