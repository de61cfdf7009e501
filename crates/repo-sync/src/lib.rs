//! Brings one repository to the state of another.
