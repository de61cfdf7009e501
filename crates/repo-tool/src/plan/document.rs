//! The document itself.

use std::collections::BTreeMap;

use location::{Location, Prefix, Region, Service};
use manifest::FILE_SUFFIX;
use manifest::plan::{Action, Operation, OperationKind};
use repository::index::Current;
use repository::sync::Side;
use repository::{Manifests, Stored, snapshot};
use serde::{Deserialize, Serialize};
use store::Object;

use super::Error;

pub(super) const KIND: &str = "plan.v1";

/// A plan. Readers tolerate keys that they do not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Document {
    pub(super) kind: String,
    pub(super) tool: String,
    pub(super) version: String,
    pub(super) time: String,
    /// What was asked for.
    pub options: Choices,
    /// Where packages come from; `None` where they are only removed.
    pub source: Option<SideState>,
    /// What is changed.
    pub destination: SideState,
    pub(super) copied_bytes: u64,
    pub(super) removed_bytes: u64,
    /// Archives of the destination that are written over with other contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaced: Vec<String>,
    pub(super) operations: Vec<Step>,
}

/// What was asked for, as far as it decides what is done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Choices {
    /// Packages that only the destination has are kept.
    #[serde(default)]
    pub no_remove: bool,
    /// The name that the result is also published under.
    #[serde(default)]
    pub snapshot: Option<String>,
    /// `packages.json` is left alone.
    #[serde(default)]
    pub no_publish: bool,
    /// The packages that are to be removed, as they were named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// One side, as it was when the plan was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct SideState {
    /// As messages name it.
    pub(super) place: String,
    #[serde(flatten)]
    at: Place,
    /// The tag of `packages.json`.
    pub(super) etag: Option<String>,
    /// The generation that it says it is.
    pub(super) generation: Option<String>,
    /// A checksum of `manifests`.
    pub(super) fingerprint: String,
    /// File names and tags; for a folder, file names and checksums.
    pub(super) manifests: BTreeMap<String, String>,
    /// File names and tags of the destination's snapshots: they decide which archives stay.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) snapshots: BTreeMap<String, String>,
}

/// Where a side is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Place {
    bucket: String,
    prefix: String,
    region: Option<String>,
    endpoint: Option<String>,
    public_url: Option<String>,
    /// The folder whose manifests stand in for those of the bucket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// An operation with what it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Step {
    #[serde(flatten)]
    pub operation: Operation,
    /// Of what is copied or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u64>,
    /// Of what is copied or removed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Of what is there already, where something is written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces_etag: Option<String>,
}

impl From<Operation> for Step {
    fn from(operation: Operation) -> Self {
        Self { operation, size_bytes: None, etag: None, replaces_etag: None }
    }
}

impl Step {
    /// The removal of an archive that an interrupted run had still to do.
    pub(super) fn unfinished(path: &str, destination: String) -> Self {
        let package = path.strip_suffix(".tar.gz").unwrap_or(path);
        let mut removal = Operation::new(OperationKind::Dist, Action::Remove, package);
        removal.destination = Some(destination);
        removal.reason = Some("an interrupted run had still to remove it".to_owned());
        removal.into()
    }

    /// The copy of an archive that the destination lacks although its manifests name it.
    pub(super) fn missing(path: &str, source: Option<String>, destination: String) -> Self {
        let package = path.strip_suffix(".tar.gz").unwrap_or(path);
        let mut copy = Operation::new(OperationKind::Dist, Action::Add, package);
        copy.source = source;
        copy.destination = Some(destination);
        copy.reason = Some("it is missing in the destination".to_owned());
        copy.into()
    }

    /// Finds out about the objects that the step is about.
    pub(super) fn look_up(
        &mut self,
        theirs: &BTreeMap<String, Object>,
        ours: &BTreeMap<String, Object>,
        source: Option<&Manifests>,
        destination: &Manifests,
    ) {
        let Operation { kind, op, package, source: from, destination: to, .. } = &self.operation;
        let file_name = format!("{package}{FILE_SUFFIX}");
        let there = to.as_ref().and_then(|name| ours.get(name));
        match (*kind, *op) {
            (OperationKind::Dist, Action::Remove) => {
                self.size_bytes = there.map(|object| object.size);
                self.etag = there.map(|object| object.etag.clone());
            }
            (OperationKind::Dist, Action::Add | Action::Update) => {
                let object = from.as_ref().and_then(|name| theirs.get(name));
                self.size_bytes = object.map(|object| object.size);
                self.etag = object.map(|object| object.etag.clone());
                self.replaces_etag = there.map(|object| object.etag.clone());
            }
            (OperationKind::Manifest, op) => {
                let ours = destination.get(&file_name);
                let theirs = source.and_then(|source| source.get(&file_name));
                let stored = if op == Action::Remove { ours } else { theirs };
                self.size_bytes = stored.map(|stored| stored.bytes().len() as u64);
                self.etag = stored.map(tag);
                self.replaces_etag = ours.filter(|_| op != Action::Remove).map(tag);
            }
        }
    }
}

impl SideState {
    pub(super) fn new(side: &Side<'_>, folder: Option<String>, current: Option<Current>) -> Self {
        let entries = side.manifests.entries.iter();
        let manifests: BTreeMap<String, String> =
            entries.map(|entry| (entry.file_name.clone(), tag(entry))).collect();
        let lines: String =
            manifests.iter().map(|(name, tag)| format!("{name}\0{tag}\n")).collect();
        Self {
            place: side.location.to_string(),
            at: Place::of(side.location, folder),
            etag: current.as_ref().map(|current| current.etag.clone()),
            generation: current
                .and_then(|current| current.generation)
                .map(|generation| generation.to_string()),
            fingerprint: checksum::of_bytes(lines),
            manifests,
            snapshots: BTreeMap::new(),
        }
    }

    /// With the snapshots among these objects.
    pub(super) fn with_snapshots<'o>(
        mut self,
        location: &Location,
        objects: impl Iterator<Item = &'o Object>,
    ) -> Self {
        let prefix = location.key("");
        let named = objects.filter_map(|object| {
            let name = object.key.strip_prefix(&prefix)?;
            let is_one = snapshot::is_file_name(name) && !name.contains('/');
            is_one.then(|| (name.to_owned(), object.etag.clone()))
        });
        self.snapshots = named.collect();
        self
    }

    /// Where it is.
    #[must_use]
    pub fn place(&self) -> &Place {
        &self.at
    }
}

/// What tells one state of a manifest from another; a file has no tag.
fn tag(stored: &Stored) -> String {
    match stored.etag.as_str() {
        "" => format!("sha256:{}", checksum::of_bytes(stored.bytes())),
        etag => etag.to_owned(),
    }
}

impl Place {
    fn of(location: &Location, folder: Option<String>) -> Self {
        Self {
            bucket: location.bucket.clone(),
            prefix: location.prefix.as_str().to_owned(),
            region: location.service.region().and_then(Region::text).map(str::to_owned),
            endpoint: location.service.endpoint(),
            public_url: location.public_url.clone(),
            folder,
        }
    }

    /// The location.
    ///
    /// # Errors
    /// When one of the parts is not valid.
    pub fn location(&self) -> Result<Location, location::Error> {
        let region = Region::parse(self.region.as_deref())?;
        let service = match &self.endpoint {
            Some(url) => Service::from_endpoint("the plan's endpoint", url, region)?,
            None => Service::Aws { region },
        };
        let mut location = Location::new(service, &self.bucket, Prefix::parse(&self.prefix)?)?;
        location.public_url.clone_from(&self.public_url);
        Ok(location)
    }
}

/// Reads a document that `tool` can apply; `name` says where it came from.
pub(super) fn parse(bytes: &[u8], name: &str, tool: &str) -> Result<Document, Error> {
    #[derive(Deserialize)]
    struct Head {
        kind: String,
        tool: String,
    }
    let invalid = |reason: String| Error::Invalid { name: name.to_owned(), reason };
    if bytes.trim_ascii().is_empty() {
        return Err(invalid("it is empty".to_owned()));
    }
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))?;
    let head = Head::deserialize(&value)
        .map_err(|error| invalid(format!("it is some other JSON: {error}")))?;
    if head.kind != KIND {
        return Err(invalid(format!("it is of kind {:?}, not {KIND}", head.kind)));
    }
    if head.tool != tool {
        let (name, tool) = (name.to_owned(), tool.to_owned());
        return Err(Error::OtherTool { name, made_by: head.tool, tool });
    }
    serde_json::from_slice(bytes).map_err(|error| invalid(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_plan_is_told() {
        let check = |text: &str, reason: &str| {
            let error = parse(text.as_bytes(), "x.json", "repo-sync").unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        };
        check("", "x.json is not a plan: it is empty");
        check("{\"kind\": \"plan.v1\", \"to", "EOF while parsing");
        check("[]", "some other JSON");
        check("[{\"kind\": \"dist\"}]", "some other JSON");
        check("{\"packages\": {}}", "some other JSON: missing field `kind`");
        check("{\"kind\": \"plan.v9\", \"tool\": \"repo-sync\"}", "of kind \"plan.v9\"");
        check("{\"kind\": \"plan.v1\", \"tool\": \"pkg-remove\"}", "a plan of pkg-remove");
        check("{\"kind\": \"plan.v1\", \"tool\": \"repo-sync\"}", "missing field");
    }

    #[test]
    fn places_come_back() {
        let region = || Region::parse(Some("eu-west-1")).unwrap();
        for service in [
            Service::Aws { region: Region::default() },
            Service::Aws { region: Region::parse(Some("s3-eu-west-1")).unwrap() },
            Service::Endpoint { url: "http://h:1/x".to_owned(), region: region() },
            Service::Folder { root: "/a b/ä".into() },
        ] {
            let mut location =
                Location::new(service, "bucket", Prefix::parse("p/q/").unwrap()).unwrap();
            location.public_url = Some("https://cdn".to_owned());
            let place = Place::of(&location, None);
            let text = serde_json::to_string(&place).unwrap();
            let place: Place = serde_json::from_str(&text).unwrap();
            assert_eq!(place.location().unwrap(), location);
        }
    }
}
