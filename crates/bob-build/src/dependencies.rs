//! What a formula needs: found, downloaded, and unpacked over the build path.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use archive::Limits;
use record::Dependency;
use tool::Notes;

use crate::Error;
use crate::cache::{self, Cache};
use crate::source::Source;

/// Archives that this run has built, by key: they count before those of any bucket.
pub(crate) type Built = BTreeMap<String, (PathBuf, String)>;

/// Where dependencies come from.
pub(crate) struct Sources<'a> {
    /// `S3_BUCKET`.
    pub own: Source,
    /// `UPSTREAM_S3_BUCKET`.
    pub upstream: Option<Source>,
    /// What was downloaded before.
    pub cache: &'a Cache,
    /// How much an archive may hold.
    pub limits: Limits,
    /// For progress.
    pub notes: Notes,
}

/// A dependency that was found.
pub(crate) struct Found<'s> {
    name: String,
    key: String,
    place: Place<'s>,
}

enum Place<'s> {
    Bucket { source: &'s Source, etag: String, identity: String },
    Local { path: PathBuf, sha256: String },
}

impl Sources<'_> {
    /// Finds each dependency in `built`, then in the first bucket, then upstream.
    pub(crate) fn find(&self, names: &[String], built: &Built) -> Result<Vec<Found<'_>>, Error> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        self.notes.say(format!("Fetching dependencies... found {}:", names.len()));
        let mut all = Vec::new();
        for name in names {
            self.notes.say(format!("  - {name}"));
            let wanted = self.own.location.key(&format!("{name}.tar.gz"));
            let mut found = look(&self.own, name, Some(built))?;
            if found.is_none()
                && let Some(upstream) = &self.upstream
            {
                self.notes.say("    Not found in S3_BUCKET, trying UPSTREAM_S3_BUCKET...");
                found = look(upstream, name, None)?;
            }
            all.push(found.ok_or(Error::NoArchive { key: wanted })?);
        }
        Ok(all)
    }

    /// Downloads the archives side by side, then unpacks them in their order.
    pub(crate) fn unpack(
        &self,
        found: &[Found<'_>],
        build_path: &Path,
    ) -> Result<Vec<Dependency>, Error> {
        let folder = match self.cache.folder() {
            Some(_) => None,
            None if found.is_empty() => None,
            None => {
                Some(scratch::Folder::new("bob-dependencies-").map_err(Error::local("TMPDIR"))?)
            }
        };
        let files = self.fetch(found, folder.as_ref().map(scratch::Folder::path))?;
        let mut used = Vec::new();
        for (found, file) in found.iter().zip(files) {
            archive::unpack_file(&file.path, build_path, &self.limits).map_err(|source| {
                // If the copy on this machine is what is damaged, the next run fetches another.
                if matches!(found.place, Place::Bucket { .. }) {
                    let _ = std::fs::remove_file(&file.path);
                }
                Error::Unpack { key: found.key.clone(), source }
            })?;
            used.push(found.used(&file));
        }
        Ok(used)
    }

    fn fetch(&self, found: &[Found<'_>], folder: Option<&Path>) -> Result<Vec<Fetched>, Error> {
        let jobs: Vec<Job> = found
            .iter()
            .enumerate()
            .map(|(number, found)| match &found.place {
                Place::Local { path, sha256 } => {
                    Job::Local(Fetched { path: path.clone(), sha256: sha256.clone(), etag: None })
                }
                Place::Bucket { source, identity, .. } => {
                    let bucket = source.location.to_string();
                    let kept = self.cache.path(&bucket, &found.key, identity);
                    let numbered = || Some(folder?.join(format!("{number}.tar.gz")));
                    Job::Remote {
                        store: source.store(),
                        bucket,
                        key: found.key.clone(),
                        to: kept.or_else(numbered).unwrap_or_default(),
                    }
                }
            })
            .collect();
        let cache = self.cache;
        // As many at once as there are: formulae have a handful of dependencies.
        parallel::map(jobs.len(), &jobs, |job| self::fetch(cache, job))
    }
}

enum Job {
    Local(Fetched),
    Remote { store: store::Store, bucket: String, key: String, to: PathBuf },
}

/// An archive on this machine.
#[derive(Clone)]
struct Fetched {
    path: PathBuf,
    sha256: String,
    /// The ETag that was downloaded, where it is another one than was found before.
    etag: Option<String>,
}

fn fetch(cache: &Cache, job: &Job) -> Result<Fetched, Error> {
    let (store, bucket, key, to) = match job {
        Job::Local(fetched) => return Ok(fetched.clone()),
        Job::Remote { store, bucket, key, to } => (store, bucket, key, to),
    };
    if let Ok(file) = File::open(to) {
        cache::touch(&file);
        let sha256 = checksum::of_file(to).map_err(Error::local(to))?;
        return Ok(Fetched { path: to.clone(), sha256, etag: None });
    }
    let folder = to.parent().unwrap_or(Path::new("."));
    let mut file = scratch::File::new_in(folder, "download-").map_err(Error::local(folder))?;
    let download =
        store.download(key, file.file())?.ok_or_else(|| Error::NoArchive { key: key.clone() })?;
    let to = cache.path(bucket, key, &download.head.identity()).unwrap_or_else(|| to.clone());
    let etag = download.head.etag;
    file.persist(&to).map_err(Error::local(&to))?;
    Ok(Fetched { path: to, sha256: download.sha256, etag: Some(etag) })
}

impl Found<'_> {
    /// What a dry run says of it.
    pub(crate) fn describe(&self) -> String {
        match &self.place {
            Place::Bucket { source, .. } => format!("{}: {}", source.location.bucket, self.key),
            Place::Local { .. } => format!("built before it: {}", self.key),
        }
    }

    fn used(&self, file: &Fetched) -> Dependency {
        let (bucket, etag) = match &self.place {
            Place::Bucket { source, etag, .. } => (source.location.bucket.clone(), etag.clone()),
            Place::Local { .. } => (String::new(), String::new()),
        };
        Dependency {
            name: self.name.clone(),
            bucket,
            key: self.key.clone(),
            etag: file.etag.clone().unwrap_or(etag),
            sha256: file.sha256.clone(),
        }
    }
}

/// The archive of a dependency in one place; a wildcard picks the highest version there.
fn look<'s>(
    source: &'s Source,
    name: &str,
    built: Option<&Built>,
) -> Result<Option<Found<'s>>, Error> {
    let found = |key: String, place| Found { name: name.to_owned(), key, place };
    let local = |key: &str| {
        let (path, sha256) = built?.get(key)?;
        Some(Place::Local { path: path.clone(), sha256: sha256.clone() })
    };
    let pattern = source.location.key(&format!("{name}.tar.gz"));
    if !name.contains('*') {
        if let Some(place) = local(&pattern) {
            return Ok(Some(found(pattern, place)));
        }
        let head = source.head(&pattern)?;
        let place = |head: store::Head| {
            let identity = head.identity();
            Place::Bucket { source, etag: head.etag, identity }
        };
        return Ok(head.map(|head| found(pattern, place(head))));
    }
    let fixed = pattern.split('*').next().unwrap_or_default();
    let listed = source.list(fixed)?.into_iter();
    let mut objects: BTreeMap<String, store::Object> =
        listed.map(|object| (object.key.clone(), object)).collect();
    let mut keys: Vec<String> = objects.keys().cloned().collect();
    keys.extend(built.into_iter().flat_map(BTreeMap::keys).cloned());
    let Some(best) = manifest::order::best_match(&pattern, &keys) else {
        return Ok(None);
    };
    let place = match local(best) {
        Some(place) => place,
        None => {
            // It is one of the listed ones, or it was built here.
            let object = objects.remove(best);
            let identity = object.as_ref().map(store::Object::identity).unwrap_or_default();
            let etag = object.map(|object| object.etag).unwrap_or_default();
            Place::Bucket { source, etag, identity }
        }
    };
    Ok(Some(found(best.to_owned(), place)))
}
