//! The records that the tools exchange: one JSON object a line.
