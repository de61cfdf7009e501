//! Generates and publishes packages.json.
