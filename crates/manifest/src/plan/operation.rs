//! The machine form of a plan: one step, one object.

use serde::{Deserialize, Serialize};

use super::Action;

/// What a step is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OperationKind {
    /// An archive.
    Dist,
    /// A manifest.
    Manifest,
}

impl OperationKind {
    /// The word for it, as in the JSON form.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            OperationKind::Dist => "dist",
            OperationKind::Manifest => "manifest",
        }
    }
}

/// One step of a plan. Members that do not apply are left out of the JSON form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Operation {
    /// What it is about.
    pub kind: OperationKind,
    /// What is done to it.
    pub op: Action,
    /// The manifest's file name without `.composer.json`.
    pub package: String,
    /// What is copied: `s3://bucket/key`, a file, or the URL of an external archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The region of the source's bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_region: Option<String>,
    /// What is written or removed: `s3://bucket/key`, or the URL of an external archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// The region of the destination's bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination_region: Option<String>,
    /// Whether the step is listed only to say why it is not done.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub skip: bool,
    /// Why it is not done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Operation {
    /// A step of which nothing else is known yet.
    #[must_use]
    pub fn new(kind: OperationKind, op: Action, package: &str) -> Self {
        Operation {
            kind,
            op,
            package: package.to_owned(),
            source: None,
            source_region: None,
            destination: None,
            destination_region: None,
            skip: false,
            reason: None,
        }
    }
}
