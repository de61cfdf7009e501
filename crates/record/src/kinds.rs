//! The kinds of records. `docs/protocol.md` describes each key.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// `start.v1`: a producer begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// The program's name.
    pub tool: String,
    /// Its version. Within one major version, records only gain keys.
    pub version: semver::Version,
}

/// `end.v1`: a producer has written all of its records.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// How many, without `start.v1` and this one.
    pub records: u64,
    /// The status that it ends with; 0 when all went well.
    pub status: u8,
}

/// `build.v1`: a formula was built.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Build {
    /// The formula's name: its path below the workspace.
    pub formula: String,
    /// What it is deployed as: the formula's name unless `--name` says otherwise.
    pub name: String,
    /// Where it was installed.
    pub build_path: PathBuf,
    /// The archive of the build path; none where only a build was asked for.
    pub archive: Option<Archive>,
    /// The manifest that the formula wrote; none for a bare library.
    pub manifest: Option<ManifestFile>,
    /// The archives that were unpacked over the build path before the build, in that order. None
    /// where they do not fit in a line: then they are in the file of `dependencies-file`.
    pub dependencies: Option<Vec<Dependency>>,
    /// A file with the array of `dependencies`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependencies_file: Option<PathBuf>,
    /// How long the formula ran.
    pub seconds: f64,
    /// What the formula said; none where nothing of the build was kept.
    pub log: Option<PathBuf>,
    /// Whether the files lie in a folder of their own that the consumer removes after use.
    pub temporary: bool,
}

/// An archive on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Archive {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// Its checksum in hex.
    pub sha256: String,
}

/// A manifest on this machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ManifestFile {
    /// Where it is.
    pub path: PathBuf,
    /// What it is uploaded as, below the prefix: `ext-redis-6.0.2_php-8.3.composer.json`.
    pub name: String,
    /// Its checksum in hex.
    pub sha256: String,
    /// The canned ACL that the formula's upload command asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
}

/// An archive that a build used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Dependency {
    /// As the formula names it, wildcards included.
    pub name: String,
    /// The bucket that it came from.
    pub bucket: String,
    /// Its key there.
    pub key: String,
    /// The version of the object there.
    pub etag: String,
    /// Its checksum in hex.
    pub sha256: String,
}

/// `deploy.v1`: a package was uploaded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deploy {
    /// The formula's name.
    pub formula: String,
    /// What it was deployed as.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// The archive, as it is in the bucket.
    pub archive: Deployed,
    /// The manifest, as it is in the bucket; none for a bare library.
    pub manifest: Option<Deployed>,
}

/// An object that was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Deployed {
    /// Its key.
    pub key: String,
    /// The version of the object.
    pub etag: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its checksum in hex.
    pub sha256: String,
    /// How it came to be there.
    pub upload: Upload,
}

/// How an object came to be in the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Upload {
    /// It was not there.
    New,
    /// It took the place of another one.
    Replaced,
    /// An earlier deploy that was cut short had brought the same bytes.
    Resumed,
}

/// `publish.v1`: `packages.json` stands for the manifests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Publish {
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// The key of `packages.json`.
    pub key: String,
    /// The version of the object; none when it was removed with the last package.
    pub etag: Option<String>,
    /// Its checksum in hex.
    pub sha256: String,
    /// How many packages it names.
    pub packages: u64,
    /// How many versions of packages it names.
    pub versions: u64,
    /// Whether it was written; false where it was right already.
    pub changed: bool,
    /// The snapshot that was written beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The generation that it is now, in the repository's history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<String>,
}

/// `sync.v1`: a sync changed a package of the destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Sync {
    /// The destination's bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// The package: its manifest's file name without `.composer.json`.
    pub package: String,
    /// What was done to it.
    pub action: Action,
    /// The key of the manifest that was written or removed.
    pub manifest: String,
    /// The key of its archive; none where that is not in the repository.
    pub archive: Option<String>,
}

/// What a sync does to a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Only the source had it.
    Add,
    /// The source had a newer one.
    Update,
    /// Only the destination had it.
    Remove,
}

/// `remove.v1`: a package was removed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Remove {
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// The package: its manifest's file name without `.composer.json`.
    pub package: String,
    /// The key of the manifest that was removed.
    pub manifest: String,
    /// The key of its archive, removed unless something else needs it; none where that is not in
    /// the repository.
    pub archive: Option<String>,
}

/// `check.v1`: something about a repository that its owner should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Check {
    /// The kind of finding, such as `missing-archive`.
    pub finding: String,
    /// How bad it is.
    pub severity: Severity,
    /// The key of the object that it is about.
    pub key: String,
    /// The package that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// The version of that package.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What was found, in a sentence.
    pub message: String,
    /// What to do about it.
    pub advice: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The repository is not as it should be.
    Error,
    /// It may be meant so.
    Warning,
    /// Good to know.
    Info,
}

/// `check-summary.v1`: a repository was checked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CheckSummary {
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// The version of `packages.json` that was checked; none where there is none.
    pub etag: Option<String>,
    /// How many manifests there are.
    pub manifests: u64,
    /// How many archives there are.
    pub archives: u64,
    /// Their sizes together.
    pub archive_bytes: u64,
    /// How many snapshots there are.
    pub snapshots: u64,
    /// Whether the archives were read.
    pub deep: bool,
    /// How many findings there are of each severity.
    pub errors: u64,
    /// See `errors`.
    pub warnings: u64,
    /// See `errors`.
    pub infos: u64,
}

/// `gc.v1`: an object that nothing refers to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Gc {
    /// Its key.
    pub key: String,
    /// Its size.
    pub size_bytes: u64,
    /// The version of the object.
    pub etag: String,
    /// What it is: `snapshot`, `generation`, `leftover`, `archive`.
    pub what: String,
    /// Whether it was removed; false in a dry run, and where it was needed again by then.
    pub removed: bool,
}

/// `gc-summary.v1`: what nothing refers to was removed, or would be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct GcSummary {
    /// The bucket.
    pub bucket: String,
    /// The prefix in it.
    pub prefix: String,
    /// How many objects nothing refers to.
    pub objects: u64,
    /// Their sizes together.
    pub bytes: u64,
    /// How many of them were removed.
    pub removed: u64,
    /// The sizes of these.
    pub removed_bytes: u64,
}

macro_rules! records {
    ($($kind:literal => $name:ident),+ $(,)?) => {
        /// One record of a stream.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Record {
            $(#[doc = concat!("`", $kind, "`")] $name($name),)+
        }

        impl Record {
            /// The kind, as it stands in the line.
            #[must_use]
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$name(_) => $kind,)+ }
            }

            /// The record of a kind; `None` where the kind is unknown.
            pub(crate) fn decode(
                kind: &str,
                value: serde_json::Value,
            ) -> Option<Result<Self, serde_json::Error>> {
                match kind {
                    $($kind => Some(serde_json::from_value(value).map(Self::$name)),)+
                    _ => None,
                }
            }

            pub(crate) fn encode(&self) -> Result<serde_json::Value, serde_json::Error> {
                match self { $(Self::$name(body) => serde_json::to_value(body),)+ }
            }
        }

        $(impl From<$name> for Record {
            fn from(body: $name) -> Self {
                Self::$name(body)
            }
        })+
    };
}

records! {
    "start.v1" => Start,
    "build.v1" => Build,
    "deploy.v1" => Deploy,
    "publish.v1" => Publish,
    "sync.v1" => Sync,
    "remove.v1" => Remove,
    "check.v1" => Check,
    "check-summary.v1" => CheckSummary,
    "gc.v1" => Gc,
    "gc-summary.v1" => GcSummary,
    "end.v1" => End,
}
