//! For tests only: servers, workspaces and processes.
