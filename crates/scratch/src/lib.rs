//! Temporary files and folders that are gone when the process is, also by a signal.
