//! The kinds of findings. Their names are an interface: programs select by them.

pub use record::Severity;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// There are manifests, but no `packages.json`.
    MissingIndex,
    /// `packages.json` cannot be understood.
    UnreadableIndex,
    /// `packages.json` is not what the manifests make.
    StaleIndex,
    /// A snapshot cannot be understood.
    UnreadableSnapshot,
    /// A manifest cannot be understood.
    BrokenManifest,
    /// A generation of the history cannot be understood.
    BrokenGeneration,
    /// `packages.json` or a snapshot names an archive that is not there.
    MissingArchive,
    /// A manifest names an archive that is not there.
    OrphanedManifest,
    /// An object is in an archive storage class, and cannot be read before it is restored.
    ArchivedObject,
    /// A package that is unpacked from an archive names none.
    NoUrl,
    /// An archive has another size than a manifest says.
    WrongSize,
    /// An archive, or what is stored beside it, has another checksum than it should.
    WrongChecksum,
    /// An archive cannot be unpacked, or would not be.
    DamagedArchive,
    /// An archive that is stored with a `Content-Encoding`, which clients undo.
    EncodedArchive,
    /// An archive that nothing refers to.
    OrphanedArchive,
    /// A package that can be installed nowhere.
    Unresolvable,
    /// An extension for which `*` gives a lower PHP than it is there for.
    LowerPhp,
    /// An application that cannot be installed.
    BrokenLock,
    /// A package whose archive is elsewhere.
    ExternalUrl,
    /// URLs on another host that end in names of archives that are here.
    OtherHost,
    /// A snapshot lists what no manifest describes any more.
    SnapshotOnly,
    /// `packages.json` was written by something that keeps no history.
    OutsideHistory,
    /// What tools that died have left.
    Leftover,
    /// An archive of a form that is not unpacked here.
    UncheckedArchive,
    /// A package that nobody gets who asks for its version.
    Shadowed,
    /// A requirement that can be met in the other repository, and not in this one.
    LostRequirement,
    /// A requirement that gives something else than in the other repository.
    ChangedRequirement,
    /// An application that gets something else than from the other repository.
    ChangedLock,
    /// An archive that was deployed without a manifest, as libraries for builds are.
    BareArchive,
    /// An archive that only generations of the history name.
    HistoryOnly,
    /// A folder below the prefix that is a repository of its own.
    NestedRepository,
    /// An object that is none of the repository's.
    OtherObject,
}

/// All kinds, in the order in which they are told.
pub const ALL: [Kind; 32] = [
    Kind::MissingIndex,
    Kind::UnreadableIndex,
    Kind::StaleIndex,
    Kind::UnreadableSnapshot,
    Kind::BrokenManifest,
    Kind::BrokenGeneration,
    Kind::MissingArchive,
    Kind::OrphanedManifest,
    Kind::ArchivedObject,
    Kind::NoUrl,
    Kind::WrongSize,
    Kind::WrongChecksum,
    Kind::DamagedArchive,
    Kind::EncodedArchive,
    Kind::OrphanedArchive,
    Kind::Unresolvable,
    Kind::LowerPhp,
    Kind::BrokenLock,
    Kind::ExternalUrl,
    Kind::OtherHost,
    Kind::SnapshotOnly,
    Kind::OutsideHistory,
    Kind::Leftover,
    Kind::UncheckedArchive,
    Kind::Shadowed,
    Kind::LostRequirement,
    Kind::ChangedRequirement,
    Kind::ChangedLock,
    Kind::BareArchive,
    Kind::HistoryOnly,
    Kind::NestedRepository,
    Kind::OtherObject,
];

impl Kind {
    /// The name in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingIndex => "missing-index",
            Self::UnreadableIndex => "unreadable-index",
            Self::StaleIndex => "stale-index",
            Self::UnreadableSnapshot => "unreadable-snapshot",
            Self::BrokenManifest => "broken-manifest",
            Self::BrokenGeneration => "broken-generation",
            Self::MissingArchive => "missing-archive",
            Self::OrphanedManifest => "orphaned-manifest",
            Self::ArchivedObject => "archived-object",
            Self::NoUrl => "no-url",
            Self::WrongSize => "wrong-size",
            Self::WrongChecksum => "wrong-checksum",
            Self::DamagedArchive => "damaged-archive",
            Self::EncodedArchive => "encoded-archive",
            Self::OrphanedArchive => "orphaned-archive",
            Self::Unresolvable => "unresolvable",
            Self::LowerPhp => "lower-php",
            Self::BrokenLock => "broken-lock",
            Self::ExternalUrl => "external-url",
            Self::OtherHost => "other-host",
            Self::SnapshotOnly => "snapshot-only",
            Self::OutsideHistory => "outside-history",
            Self::Leftover => "leftover",
            Self::UncheckedArchive => "unchecked-archive",
            Self::Shadowed => "shadowed",
            Self::LostRequirement => "lost-requirement",
            Self::ChangedRequirement => "changed-requirement",
            Self::ChangedLock => "changed-lock",
            Self::BareArchive => "bare-archive",
            Self::HistoryOnly => "history-only",
            Self::NestedRepository => "nested-repository",
            Self::OtherObject => "other-object",
        }
    }

    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::MissingIndex
            | Self::UnreadableIndex
            | Self::StaleIndex
            | Self::UnreadableSnapshot
            | Self::BrokenManifest
            | Self::BrokenGeneration
            | Self::MissingArchive
            | Self::OrphanedManifest
            | Self::ArchivedObject
            | Self::NoUrl
            | Self::WrongSize
            | Self::WrongChecksum
            | Self::DamagedArchive
            | Self::EncodedArchive
            | Self::OrphanedArchive
            | Self::Unresolvable
            | Self::LowerPhp
            | Self::BrokenLock
            | Self::ExternalUrl => Severity::Error,
            Self::OtherHost
            | Self::SnapshotOnly
            | Self::OutsideHistory
            | Self::Leftover
            | Self::UncheckedArchive
            | Self::Shadowed
            | Self::LostRequirement => Severity::Warning,
            Self::ChangedRequirement
            | Self::ChangedLock
            | Self::BareArchive
            | Self::HistoryOnly
            | Self::NestedRepository
            | Self::OtherObject => Severity::Info,
        }
    }

    /// Whether it is only looked for when somebody wants to know, and so told however harmless.
    pub fn is_asked_for(self) -> bool {
        matches!(self, Self::ChangedRequirement | Self::ChangedLock)
    }

    /// What to do about it.
    pub fn advice(self) -> &'static str {
        match self {
            Self::MissingIndex | Self::StaleIndex => {
                "Publish: 'repo-mkrepo --upload' makes packages.json from the manifests."
            }
            Self::UnreadableIndex => {
                "Publish: 'repo-mkrepo --upload' replaces packages.json by what the manifests make."
            }
            Self::UnreadableSnapshot => {
                "Restore it from a copy, write it anew ('repo-mkrepo --upload -c NAME'), or remove \
                 it. Until then --gc removes nothing."
            }
            Self::BrokenManifest => {
                "Deploy the package again with --overwrite, or remove the manifest. Until then \
                 nothing can be published, and --gc removes nothing."
            }
            Self::BrokenGeneration => {
                "Nobody can go back to it. 'repo-check --gc --keep-generations N' removes \
                 generations; until then --gc removes nothing."
            }
            Self::MissingArchive | Self::OrphanedManifest => {
                "Deploy the package again with --overwrite, or take it out: 'pkg-remove NAME'."
            }
            Self::ArchivedObject => {
                "Restore it ('aws s3api restore-object'), copy it over itself with the storage class \
                 STANDARD, and exclude this prefix from the lifecycle rule."
            }
            Self::NoUrl => "Deploy the package again with --overwrite.",
            Self::WrongSize | Self::WrongChecksum | Self::DamagedArchive => {
                "Deploy the package again with --overwrite: its users cannot trust the archive."
            }
            Self::EncodedArchive => {
                "Deploy the package again with --overwrite, or write the object again without \
                 Content-Encoding. What compresses uploads by itself has to leave out archives."
            }
            Self::OrphanedArchive => {
                "Deploy the package again if its manifest is missing; otherwise 'repo-check --gc' \
                 removes the archive."
            }
            Self::Unresolvable => "Deploy what it requires, or take it out: 'pkg-remove NAME'.",
            Self::LowerPhp => {
                "Publish with 'repo-mkrepo --upload', which puts builds for the highest PHP first."
            }
            Self::BrokenLock => "Deploy what it requires, or keep the versions that it has now.",
            Self::Shadowed => "Nothing, or take it out: 'pkg-remove NAME'.",
            Self::LostRequirement => "Keep what it needs, if it is still in use.",
            Self::ChangedRequirement | Self::ChangedLock => "Nothing, if it is meant so.",
            Self::ExternalUrl => {
                "Deploy it here, or, if it is meant so, say it: 'repo-check --allow-external'."
            }
            Self::OtherHost => {
                "If that host serves this place, say so: 'repo-check --public-url URL', or set \
                 S3_PUBLIC_URL when publishing, which packages.json remembers. --gc keeps these archives \
                 in any case."
            }
            Self::SnapshotOnly => "Nothing: a snapshot keeps what it lists.",
            Self::OutsideHistory => {
                "Publish with 'repo-mkrepo --upload', so that the history has what is there."
            }
            Self::Leftover => "Nothing, or 'repo-check --gc'.",
            Self::UncheckedArchive => "Unpack it by other means, if in doubt.",
            Self::BareArchive => "Nothing: builds may need it.",
            Self::HistoryOnly => "Nothing: 'repo-mkrepo rollback' needs it.",
            Self::NestedRepository => "Check it by its own prefix.",
            Self::OtherObject => "Nothing.",
        }
    }

    /// What the kind means, as the head of a list.
    pub fn heading(self) -> &'static str {
        match self {
            Self::MissingIndex => "there is no packages.json",
            Self::UnreadableIndex => "packages.json cannot be read",
            Self::StaleIndex => "packages.json is not what the manifests make",
            Self::UnreadableSnapshot => "a snapshot cannot be read",
            Self::BrokenManifest => "a manifest cannot be read",
            Self::BrokenGeneration => "a generation of the history cannot be read",
            Self::MissingArchive => "readers are sent to an archive that is not there",
            Self::OrphanedManifest => "a manifest names an archive that is not there",
            Self::ArchivedObject => "an object cannot be read before it is restored",
            Self::NoUrl => "a package does not say where its archive is",
            Self::WrongSize => "an archive has not the size that it should have",
            Self::WrongChecksum => "an archive has not the checksum that it should have",
            Self::DamagedArchive => "an archive cannot be unpacked",
            Self::EncodedArchive => {
                "Composer cannot install an archive: it undoes its Content-Encoding"
            }
            Self::OrphanedArchive => "nothing refers to an archive",
            Self::Unresolvable => "a package can be installed nowhere",
            Self::LowerPhp => "'*' gives a lower PHP than an extension is there for",
            Self::BrokenLock => "an application cannot be installed",
            Self::Shadowed => "nobody gets a package who asks for its version",
            Self::LostRequirement => "a requirement cannot be met any more",
            Self::ChangedRequirement => "a requirement gives something else",
            Self::ChangedLock => "an application gets something else",
            Self::ExternalUrl => "an archive is elsewhere",
            Self::OtherHost => "archives that are here are named by another host",
            Self::SnapshotOnly => "only a snapshot still lists a package",
            Self::OutsideHistory => "packages.json was written without a record in the history",
            Self::Leftover => "tools that ended early have left something",
            Self::UncheckedArchive => "an archive is of a form that is not unpacked here",
            Self::BareArchive => "an archive was deployed without a manifest",
            Self::HistoryOnly => "only the history still refers to an archive",
            Self::NestedRepository => "another repository lies below this prefix",
            Self::OtherObject => "an object is none of the repository's",
        }
    }
}

/// Something that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What.
    pub kind: Kind,
    /// Which object it is about: its key without the prefix.
    pub name: String,
    /// The package and version, where it is about one.
    pub package: Option<(String, String)>,
    /// A sentence that goes on from the name.
    pub message: String,
}

impl Finding {
    /// A finding about an object.
    pub fn new(kind: Kind, name: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, name: name.into(), package: None, message: message.into() }
    }

    /// The same, about one package.
    pub fn of(mut self, package: &str, version: &str) -> Self {
        self.package = Some((package.to_owned(), version.to_owned()));
        self
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn kinds_are_told_apart_and_all_of_them_are_told() {
        let names: BTreeSet<&str> = ALL.iter().map(|kind| kind.name()).collect();
        assert_eq!(names.len(), ALL.len());
        let mut sorted = ALL;
        sorted.sort_by_key(|kind| (kind.severity(), *kind));
        assert_eq!(sorted, ALL);
        let protocol = include_str!("../../../docs/protocol.md");
        for name in names {
            assert!(protocol.contains(&format!("`{name}`")), "{name}");
            assert!(crate::TOOL.help.contains(name), "{name}");
        }
    }
}
