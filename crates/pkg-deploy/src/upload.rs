//! One package on its way to the bucket: the archive first, so that no reader ever sees a manifest
//! without it.

use std::fs::File;
use std::io::Read as _;

use location::Location;
use manifest::Manifest;
use manifest::generate::ArchiveFacts;
use record::{Archive, Build, Deploy, Deployed, ManifestFile, Upload as How};
use repository::conditions::Guard;
use repository::layout::{self, WRITER};
use repository::pending;
use repository::removed::{self, Remover};
use store::{Condition, Head, Store, Upload};
use tool::Notes;

use crate::Error;
use crate::there::{self, Done, There};

/// How often it is tried to replace what others replace at the same time.
const REPLACED: u32 = 20;

/// The metadata of an archive that names its manifest, for [`crate::check`] and for resumption.
pub(crate) const MANIFEST: &str = "manifest";
/// The metadata with the checksum of an object.
pub(crate) const SHA256: &str = "sha256";

/// Where packages go, and how.
pub(crate) struct Target<'a> {
    pub store: &'a Store,
    pub guard: &'a Guard<'a>,
    pub location: &'a Location,
    /// Keeps what is overwritten.
    pub remover: &'a Remover<'a>,
    pub overwrite: bool,
    pub manifest: bool,
    pub notes: Notes,
}

/// A package whose files are what its record says.
pub(crate) struct Package<'b> {
    build: &'b Build,
    pub(crate) archive: &'b Archive,
    manifest: Option<(&'b ManifestFile, Vec<u8>)>,
}

impl<'b> Package<'b> {
    /// Checks the names of a build, then reads and checks its files.
    pub(crate) fn of(
        location: &Location,
        build: &'b Build,
        with_manifest: bool,
        checksums: bool,
    ) -> Result<Self, Error> {
        check_names(location, build)?;
        let archive = build
            .archive
            .as_ref()
            .ok_or_else(|| Error::NoArchive { formula: build.formula.clone() })?;
        let sha256 = checksum::of_file(&archive.path).map_err(Error::local(&archive.path))?;
        if sha256 != archive.sha256 {
            return Err(Error::Changed { path: archive.path.clone(), what: "checksum" });
        }
        let about = std::fs::metadata(&archive.path).map_err(Error::local(&archive.path))?;
        if about.len() != archive.size_bytes {
            return Err(Error::Changed { path: archive.path.clone(), what: "size" });
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

    /// The archive's path below the prefix.
    pub(crate) fn path(&self) -> String {
        format!("{}.tar.gz", self.build.name)
    }

    /// The archive's key.
    pub(crate) fn key(&self, location: &Location) -> String {
        location.key(&self.path())
    }

    /// The archive's checksum.
    pub(crate) fn sha256(&self) -> &str {
        &self.archive.sha256
    }

    /// Whether an object is the very archive, and stored as such: one with an encoding is another one
    /// to web clients.
    pub(crate) fn is(&self, head: &Head) -> bool {
        head.encodings().next().is_none()
            && head.metadata.get(SHA256).map(String::as_str) == Some(self.sha256())
            && head.size == self.archive.size_bytes
    }

    /// The manifest's key; none for a bare library.
    pub(crate) fn manifest_key(&self, location: &Location) -> Option<String> {
        self.manifest.as_ref().map(|(file, _)| location.key(&file.name))
    }

    /// The manifest's file name and bytes; none for a bare library.
    pub(crate) fn manifest_file(&self) -> Option<(&str, &[u8])> {
        self.manifest.as_ref().map(|(file, bytes)| (file.name.as_str(), bytes.as_slice()))
    }

    /// What the manifest says.
    pub(crate) fn manifest_bytes(&self) -> Option<&[u8]> {
        self.manifest.as_ref().map(|(_, bytes)| bytes.as_slice())
    }
}

/// A record is input: what it names must be where packages are.
fn check_names(location: &Location, build: &Build) -> Result<(), Error> {
    let bad = |field: &'static str, name: &str| {
        let (formula, name) = (build.formula.clone(), name.to_owned());
        move |reason| Error::Name { formula, field, name, reason }
    };
    layout::check_package(location, &build.name).map_err(bad("name", &build.name))?;
    match &build.manifest {
        Some(file) => {
            layout::check_manifest(location, &file.name).map_err(bad("manifest.name", &file.name))
        }
        None => Ok(()),
    }
}

impl Target<'_> {
    /// What [`Target::deploy`] would do, in words.
    pub(crate) fn describe(&self, package: &Package<'_>) -> Result<Vec<String>, Error> {
        let key = package.key(self.location);
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

    /// Uploads the archive, then the manifest, as far as they are not there.
    pub(crate) fn deploy(&self, package: &Package<'_>, there: There) -> Result<Deploy, Error> {
        self.notes.say("Deploying.");
        let (archive, expected) = match there {
            There::Taken => return Err(self.exists(package)),
            There::Done(done) => return Ok(self.resumed(package, *done)),
            There::HalfDone { archive } => (self.take_over(package, archive)?, None),
            There::Free { manifest } => (self.upload_archive(package)?, manifest),
        };
        self.notes.say(match archive.upload {
            How::Resumed => "The same archive is there already, without its manifest.",
            How::New | How::Replaced => "Upload complete!",
        });
        let manifest = match &package.manifest {
            None => {
                if self.manifest {
                    let formula = &package.build.formula;
                    self.notes.say(format!(
                        "NOTICE: {formula} has no manifest, so no repository will list it."
                    ));
                }
                None
            }
            Some((file, bytes)) => {
                self.notes.say("");
                self.notes.say("Uploading manifest...");
                Some(self.upload_manifest(package, file, bytes, expected)?)
            }
        };
        Ok(self.record(package, archive, manifest))
    }

    /// What is there of a package; nothing is in the way of one that may be replaced.
    pub(crate) fn look(&self, package: &Package<'_>) -> Result<There, Error> {
        if self.overwrite {
            return Ok(There::Free { manifest: None });
        }
        there::look(self.store, self.location, package)
    }

    pub(crate) fn exists(&self, package: &Package<'_>) -> Error {
        Error::Exists { key: package.key(self.location) }
    }

    fn record(
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

    /// A package that an earlier deploy has brought.
    fn resumed(&self, package: &Package<'_>, done: Done) -> Deploy {
        let key = package.key(self.location);
        self.notes.say(format!("{key} is there already, the very same."));
        let manifest = done.manifest.zip(package.manifest_key(self.location));
        let manifest = manifest.map(|(content, key)| Deployed {
            key,
            etag: content.head.etag,
            size_bytes: content.head.size,
            sha256: checksum::of_bytes(&content.bytes),
            upload: How::Resumed,
        });
        let archive = self.deployed(package, key, done.archive.etag, How::Resumed);
        self.record(package, archive, manifest)
    }

    fn deployed(&self, package: &Package<'_>, key: String, etag: String, upload: How) -> Deployed {
        let Archive { size_bytes, sha256, .. } = package.archive;
        Deployed { key, etag, size_bytes: *size_bytes, sha256: sha256.clone(), upload }
    }

    fn upload_archive(&self, package: &Package<'_>) -> Result<Deployed, Error> {
        let key = package.key(self.location);
        if self.overwrite {
            let (etag, how) =
                self.replace(&key, &|condition| self.put_archive(package, &key, condition))?;
            return Ok(self.deployed(package, key, etag, how));
        }
        match self.put_archive(package, &key, Condition::IfAbsent) {
            Ok(etag) => Ok(self.deployed(package, key, etag, How::New)),
            // Somebody was faster; if with the very same, whoever brings the manifest wins.
            Err(Error::Store(store::Error::Precondition { .. })) => match self.look(package)? {
                There::HalfDone { archive } => self.take_over(package, archive),
                There::Free { .. } | There::Done(_) | There::Taken => Err(Error::Exists { key }),
            },
            Err(error) => Err(error),
        }
    }

    /// Takes an archive without its manifest as uploaded, unless a removal is about to remove it:
    /// that leaves alone what has been written since.
    fn take_over(&self, package: &Package<'_>, etag: String) -> Result<Deployed, Error> {
        let key = package.key(self.location);
        let pending = pending::read(self.store, self.location)?;
        let leaving = pending.iter().flat_map(|pending| &pending.archives);
        let etag = match leaving.into_iter().any(|archive| archive.key == key) {
            false => etag,
            true => self.put_archive(package, &key, Condition::IfMatch(etag)).map_err(|error| {
                match error {
                    Error::Store(store::Error::Precondition { .. }) => {
                        Error::Exists { key: key.clone() }
                    }
                    error => error,
                }
            })?,
        };
        Ok(self.deployed(package, key, etag, How::Resumed))
    }

    pub(crate) fn put_archive(
        &self,
        package: &Package<'_>,
        key: &str,
        condition: Condition,
    ) -> Result<String, Error> {
        let Archive { path, sha256, .. } = package.archive;
        let writer = tool::worker();
        let mut metadata = vec![(SHA256, sha256.as_str()), (WRITER, writer.as_str())];
        if let Some((file, _)) = &package.manifest {
            metadata.push((MANIFEST, &file.name));
        }
        let url = self.location.dist_url(&package.path());
        self.notes.say(format!("Uploading to: {url}"));
        let upload = Upload { condition, metadata: &metadata, ..Upload::new("application/gzip") };
        Ok(self.guard.put_file(key, path, &upload)?)
    }

    /// Writes over what is there, of which a copy is set aside first, and nothing else; at last over
    /// whatever is there, when others keep replacing it.
    fn replace(
        &self,
        key: &str,
        put: &dyn Fn(Condition) -> Result<String, Error>,
    ) -> Result<(String, How), Error> {
        for _ in 0..REPLACED {
            let aside = match self.remover.set_aside(key, None, removed::How::Overwritten) {
                // These credentials may only write.
                Err(error) if error.is_access_denied() => {
                    self.notes.say(format!(
                        "NOTICE: {key} may not be read, so what it is now is not kept."
                    ));
                    break;
                }
                aside => aside?,
            };
            let (condition, how) = match aside {
                Some(aside) => (Condition::IfMatch(aside.object.etag), How::Replaced),
                None => (Condition::IfAbsent, How::New),
            };
            match put(condition) {
                Err(Error::Store(store::Error::Precondition { .. })) => {}
                done => return Ok((done?, how)),
            }
        }
        Ok((put(Condition::Always)?, How::Replaced))
    }

    /// Without the right to replace, only in place of what was there (`expected`).
    fn upload_manifest(
        &self,
        package: &Package<'_>,
        file: &ManifestFile,
        bytes: &[u8],
        expected: Option<String>,
    ) -> Result<Deployed, Error> {
        let key = self.location.key(&file.name);
        let writer = tool::worker();
        let sha256 = checksum::of_bytes(bytes);
        let metadata = [(SHA256, sha256.as_str()), (WRITER, writer.as_str())];
        let put = |condition| {
            let acl = file.acl.as_deref();
            let upload =
                Upload { metadata: &metadata, condition, acl, ..Upload::new(repository::JSON) };
            Ok(self.guard.put(&key, bytes, &upload)?)
        };
        let (etag, upload) = match (self.overwrite, expected) {
            (true, _) => self.replace(&key, &put)?,
            (false, expected) => {
                let (condition, how) = match expected {
                    Some(etag) => (Condition::IfMatch(etag), How::Replaced),
                    None => (Condition::IfAbsent, How::New),
                };
                let etag = put(condition).map_err(|error| match error {
                    Error::Store(store::Error::Precondition { .. }) => self.exists(package),
                    error => error,
                })?;
                (etag, how)
            }
        };
        Ok(Deployed { key, etag, size_bytes: bytes.len() as u64, sha256, upload })
    }
}

fn read_manifest(file: &ManifestFile) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    File::open(&file.path)
        .and_then(|file| file.take(manifest::MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(Error::local(&file.path))?;
    if bytes.len() <= manifest::MAX_BYTES && checksum::of_bytes(&bytes) != file.sha256 {
        return Err(Error::Changed { path: file.path.clone(), what: "checksum" });
    }
    let invalid = |reason| Error::Manifest { path: file.path.clone(), reason };
    Manifest::parse(&bytes).map_err(|error| invalid(error.to_string()))?;
    match &file.acl {
        Some(acl) if !store::is_canned_acl(acl) => {
            Err(invalid(format!("its record has {acl:?} as its ACL, which is not a canned one")))
        }
        _ => Ok(bytes),
    }
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
        return Err(Error::Changed { path: archive.path.clone(), what: "checksum" });
    }
    let mut manifest = Manifest::parse(bytes).map_err(invalid)?;
    let facts = ArchiveFacts { sha1: found.sha1, sha256: found.sha256, size: found.size };
    manifest.set_archive_facts(&facts).map_err(invalid)?;
    let bytes = manifest.to_bytes();
    // That may make it too long for its readers.
    Manifest::parse(&bytes).map_err(invalid)?;
    Ok(bytes)
}
