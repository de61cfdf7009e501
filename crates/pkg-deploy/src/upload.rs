//! One package on its way to the bucket: the archive first, so that no reader ever sees a manifest
//! without it.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use location::Location;
use manifest::Manifest;
use manifest::generate::ArchiveFacts;
use record::{Archive, Build, Deploy, Deployed, ManifestFile, Upload as How};
use repository::conditions::Guard;
use store::{Condition, Content, Store, Upload};
use tool::Notes;

use crate::Error;

/// The metadata of an archive that names its manifest, for [`crate::check`] and for resumption.
pub(crate) const MANIFEST: &str = "manifest";
/// The metadata with the checksum of an object.
pub(crate) const SHA256: &str = "sha256";

/// The metadata of both that names the process that wrote them: a deploy of the same package that
/// is still at work is none that has died.
pub(crate) const WRITER: &str = "writer";

/// Where packages go, and how.
pub(crate) struct Target<'a> {
    pub store: &'a Store,
    pub location: &'a Location,
    pub guard: &'a Guard<'a>,
    /// Whether `packages.json` is published afterwards.
    pub publish: bool,
    pub cache: Option<&'a Path>,
    pub overwrite: bool,
    pub manifest: bool,
    pub notes: Notes,
}

/// A package whose files are what its record says.
pub(crate) struct Package<'b> {
    pub(crate) build: &'b Build,
    pub(crate) archive: &'b Archive,
    pub(crate) manifest: Option<(&'b ManifestFile, Vec<u8>)>,
}

impl<'b> Package<'b> {
    /// Reads and checks the files of a build.
    pub(crate) fn of(
        build: &'b Build,
        with_manifest: bool,
        checksums: bool,
    ) -> Result<Self, Error> {
        let archive = build
            .archive
            .as_ref()
            .ok_or_else(|| Error::NoArchive { formula: build.formula.clone() })?;
        let sha256 = checksum::of_file(&archive.path).map_err(Error::local(&archive.path))?;
        if sha256 != archive.sha256 {
            return Err(Error::Changed { path: archive.path.clone() });
        }
        let manifest = match &build.manifest {
            Some(file) if with_manifest => {
                let bytes = read_manifest(file)?;
                let bytes = if checksums { with_checksums(file, &bytes, archive)? } else { bytes };
                Some((file, bytes))
            }
            _ => None,
        };
        Ok(Self { build, archive, manifest })
    }
}

impl Target<'_> {
    /// What [`Target::deploy`] would do, in words.
    pub(crate) fn describe(&self, package: &Package<'_>) -> Result<Vec<String>, Error> {
        let key = self.archive_key(package);
        let taken = self.store.head(&key)?.is_some();
        let verb = match (taken, self.overwrite) {
            (false, _) => "upload",
            (true, true) => "replace",
            (true, false) => "refuse, since it exists,",
        };
        let mut lines = vec![format!("Would {verb} {key} ({} bytes)", package.archive.size_bytes)];
        if let Some((file, _)) = &package.manifest {
            lines.push(format!("Would upload {}", self.location.key(&file.name)));
        }
        Ok(lines)
    }

    /// Uploads the archive, then the manifest. `others_missing`: whether another package of this run
    /// is not there yet.
    pub(crate) fn deploy(
        &self,
        package: &Package<'_>,
        others_missing: impl Fn() -> Result<bool, Error>,
    ) -> Result<Deploy, Error> {
        let key = self.archive_key(package);
        let there = self.refuse_other_manifest(package)?;
        self.notes.say("Deploying.");
        let archive = match self.upload_archive(package, &key) {
            Err(Error::Exists { .. }) if there.is_some() => {
                match self.done_before(package, &key, others_missing)? {
                    Some(deploy) => return Ok(deploy),
                    None => return Err(Error::Exists { key }),
                }
            }
            other => other?,
        };
        let resumed = archive.upload == How::Resumed;
        let manifest = match &package.manifest {
            None => {
                if self.manifest {
                    let formula = &package.build.formula;
                    self.notes.say(&format!(
                        "NOTICE: {formula} has no manifest, so no repository will list it."
                    ));
                }
                None
            }
            Some((file, bytes)) => {
                self.notes.say("\nUploading manifest...");
                let there = there.filter(|_| !resumed);
                Some(self.upload_manifest(file, bytes, there, &key)?)
            }
        };
        if resumed && self.store.head(&key)?.is_none() {
            // Somebody was about to remove it, and had not seen our manifest yet.
            self.notes.say("The archive has gone meanwhile.");
            self.upload_archive(package, &key)?;
        }
        Ok(self.record(package, archive, manifest))
    }

    pub(crate) fn record(
        &self,
        package: &Package<'_>,
        archive: Deployed,
        manifest: Option<Deployed>,
    ) -> Deploy {
        Deploy {
            formula: package.build.formula.clone(),
            name: package.build.name.clone(),
            bucket: self.location.bucket.clone(),
            prefix: self.location.prefix.to_string(),
            archive,
            manifest,
        }
    }

    /// Whether the archive of a package is there.
    pub(crate) fn has(&self, package: &Package<'_>) -> Result<bool, Error> {
        Ok(self.store.head(&self.archive_key(package))?.is_some())
    }

    fn archive_key(&self, package: &Package<'_>) -> String {
        self.location.key(&format!("{}.tar.gz", package.build.name))
    }

    /// A manifest that describes another archive is another package's; replacing it would take that
    /// package from its users.
    /// Returns the manifest that is there, unless it is to be replaced whatever it is.
    fn refuse_other_manifest(&self, package: &Package<'_>) -> Result<Option<Content>, Error> {
        let Some((file, bytes)) = &package.manifest else {
            return Ok(None);
        };
        if self.overwrite {
            return Ok(None);
        }
        let key = self.location.key(&file.name);
        let Some(there) = self.store.get(&key)? else {
            return Ok(None);
        };
        let archive = |bytes: &[u8]| {
            let manifest = Manifest::parse(bytes).ok()?;
            self.location.relative(manifest.dist_url()?)
        };
        let (old, new) = (archive(&there.bytes), archive(bytes));
        if old.is_some() && old != new {
            return Err(Error::OtherManifest { key });
        }
        Ok(Some(there))
    }

    fn upload_archive(&self, package: &Package<'_>, key: &str) -> Result<Deployed, Error> {
        let Archive { path, size_bytes, sha256 } = package.archive;
        let writer = tool::worker();
        let mut metadata = vec![(SHA256, sha256.as_str()), (WRITER, writer.as_str())];
        if let Some((file, _)) = &package.manifest {
            metadata.push((MANIFEST, &file.name));
        }
        let url = self.location.dist_url(&format!("{}.tar.gz", package.build.name));
        self.notes.say(&format!("Uploading to: {url}"));
        let condition = match self.overwrite {
            true => Condition::Always,
            false => Condition::IfAbsent,
        };
        // Only to tell what happened: it decides nothing.
        let was_there = self.overwrite && self.store.head(key)?.is_some();
        let upload = Upload { condition, metadata: &metadata, ..Upload::new("application/gzip") };
        let (etag, how) = match self.guard.put_file(key, path, &upload) {
            Ok(etag) if was_there => (etag, How::Replaced),
            Ok(etag) => (etag, How::New),
            Err(store::Error::Precondition { .. }) => {
                let etag = self.half_done(package, key)?;
                (etag.ok_or_else(|| Error::Exists { key: key.to_owned() })?, How::Resumed)
            }
            Err(error) => return Err(error.into()),
        };
        self.notes.say(match how {
            How::Resumed => "The same archive is there already, without its manifest.",
            How::New | How::Replaced => "Upload complete!",
        });
        let (size_bytes, sha256) = (*size_bytes, sha256.clone());
        Ok(Deployed { key: key.to_owned(), etag, size_bytes, sha256, upload: how })
    }

    /// Uploads the manifest over `there` and nothing else, or over anything with `--overwrite`.
    fn upload_manifest(
        &self,
        file: &ManifestFile,
        bytes: &[u8],
        there: Option<Content>,
        archive: &str,
    ) -> Result<Deployed, Error> {
        let key = self.location.key(&file.name);
        let was_there = there.is_some() || self.store.head(&key)?.is_some();
        let writer = tool::worker();
        let sha256 = checksum::of_bytes(bytes);
        let metadata = [(SHA256, sha256.as_str()), (WRITER, writer.as_str())];
        let condition = match there {
            _ if self.overwrite => Condition::Always,
            None => Condition::IfAbsent,
            Some(there) => Condition::IfMatch(there.head.etag),
        };
        let upload = Upload { condition, metadata: &metadata, ..Upload::new(repository::JSON) };
        let etag = match self.guard.put(&key, bytes, &upload) {
            Ok(etag) => etag,
            // Somebody else has deployed the same at the same time, and was first with this.
            Err(store::Error::Precondition { .. }) => match self.store.get(&key)? {
                Some(now) if now.bytes == bytes => {
                    return Err(Error::Exists { key: archive.to_owned() });
                }
                _ => return Err(Error::OtherManifest { key }),
            },
            Err(error) => return Err(error.into()),
        };
        Ok(Deployed {
            key,
            etag,
            size_bytes: bytes.len() as u64,
            sha256,
            upload: if was_there { How::Replaced } else { How::New },
        })
    }
}

fn read_manifest(file: &ManifestFile) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(&file.path)
        .and_then(|file| file.take(manifest::MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(Error::local(&file.path))?;
    if bytes.len() <= manifest::MAX_BYTES && checksum::of_bytes(&bytes) != file.sha256 {
        return Err(Error::Changed { path: file.path.clone() });
    }
    Manifest::parse(&bytes)
        .map_err(|error| Error::Manifest { path: file.path.clone(), reason: error.to_string() })?;
    Ok(bytes)
}

/// The manifest with what its archive is, in place of what it may say of that.
fn with_checksums(file: &ManifestFile, bytes: &[u8], archive: &Archive) -> Result<Vec<u8>, Error> {
    let invalid = |error: manifest::Error| Error::Manifest {
        path: file.path.clone(),
        reason: error.to_string(),
    };
    let found = File::open(&archive.path).and_then(|mut file| fetch::sums(&mut file));
    let found = found.map_err(Error::local(&archive.path))?;
    if found.sha256 != archive.sha256 {
        return Err(Error::Changed { path: archive.path.clone() });
    }
    let mut manifest = Manifest::parse(bytes).map_err(invalid)?;
    let facts = ArchiveFacts { sha1: found.sha1, sha256: found.sha256, size: found.size };
    manifest.set_archive_facts(&facts).map_err(invalid)?;
    Ok(manifest.to_bytes())
}
