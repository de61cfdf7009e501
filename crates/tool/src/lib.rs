//! What every tool does alike: arguments, streams, signals, terminal, exit status.
