//! Removes packages from a repository.
