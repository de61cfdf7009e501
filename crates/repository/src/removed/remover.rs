//! Takes objects away: a copy aside first, then the key.

use std::collections::BTreeSet;

use jiff::Timestamp;
use location::Location;
use serde::Serialize;
use store::{Condition, Head, Object, Store, Upload, parallel};

use super::{FOLDER, GONE, How, Keep, SHA256_DIGITS, Tombstone, digest, is_sha256, list, restore};
use crate::history::{self, Id, Origin, json_bytes};
use crate::{Error, JSON, dice, index, objects};

const KIND: &str = "removed.v1";

/// So many keys are freed between two looks at what refers to them.
const SHARE: usize = 64;

/// Takes objects of one repository away, on behalf of one run.
pub struct Remover<'a> {
    /// The bucket.
    pub store: &'a Store,
    /// The repository in it.
    pub location: &'a Location,
    /// How long they can come back.
    pub keep: Keep,
    /// Who takes them away.
    pub origin: &'a Origin,
}

/// What became of objects that were to be taken away; the others stay, since something refers to them
/// or they have changed.
#[derive(Debug, Clone, Default)]
pub struct Taken {
    /// Those whose keys are free.
    pub removed: Vec<Object>,
    /// The keys of those to which something refers again, and that could not be put back.
    pub lost: Vec<String>,
}

/// Says which of these paths something refers to, now.
pub type Needed<'n, E> = dyn FnMut(&[String]) -> Result<BTreeSet<String>, E> + 'n;

/// An object of which a copy was set aside: its key can be freed.
#[derive(Debug, Clone)]
pub struct Aside {
    /// The object as it was copied.
    pub object: Object,
    /// The key of its tombstone, or of the mark that stands for one; `None` without either.
    tombstone: Option<String>,
    /// The checksum of the content, in hex; `None` when nothing is kept.
    sha256: Option<String>,
}

impl Aside {
    /// The checksum of the content, where a copy is kept.
    pub(crate) fn sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// Puts the object back over the one with the ETag `instead`, if that is still there.
    pub(crate) fn undo(
        &self,
        store: &Store,
        location: &Location,
        instead: &str,
    ) -> Result<(), Error> {
        if let Some(sha256) = &self.sha256 {
            restore(store, location, &self.object.key, sha256, Some(instead))?;
        }
        Ok(())
    }
}

impl Remover<'_> {
    /// Keeps a copy of the object at `key`, with a tombstone; the object itself stays where it is until
    /// the caller frees or overwrites it (`how`).
    /// `None` when there is no such object any more, or another one than `expected`.
    ///
    /// # Errors
    /// As of the store.
    pub fn set_aside(
        &self,
        key: &str,
        expected: Option<&Object>,
        how: How,
    ) -> Result<Option<Aside>, Error> {
        let Some((head, object)) = self.look(key, expected)? else { return Ok(None) };
        let is_manifest = key.ends_with(manifest::FILE_SUFFIX);
        let how = if is_manifest { How::OldManifest } else { how };
        if self.keep.0.is_zero() {
            let tombstone = self.mark(&object, &head, how)?;
            return Ok(Some(Aside { object, tombstone, sha256: None }));
        }
        let Some(sha256) = self.checksum(key, &head)? else { return Ok(None) };
        let content = self.location.key(&format!("{FOLDER}{sha256}"));
        // Also where the content is there already: it gets younger by that.
        match self.store.copy_from(self.store, key, &content, Condition::Always) {
            Ok(_) => {}
            Err(store::Error::NotFound { .. }) => return Ok(None),
            // It changed while it was copied.
            Err(store::Error::Corrupt { .. })
                if self.store.head(key)?.is_none_or(|now| now.etag != head.etag) =>
            {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        }
        let tombstone = self.write_tombstone(&object, &sha256, how)?;
        Ok(Some(Aside { object, tombstone: Some(tombstone), sha256: Some(sha256) }))
    }

    /// Says that an object is gone for good once the caller has freed or overwritten it.
    fn mark(&self, object: &Object, head: &Head, how: How) -> Result<Option<String>, Error> {
        if how == How::OldManifest {
            return Ok(None);
        }
        let known = head.metadata.get("sha256").filter(|text| is_sha256(text));
        let sha256 = known.cloned().unwrap_or_else(|| "0".repeat(SHA256_DIGITS));
        let name = self.name(object, &sha256, how)?.0;
        let key = self.location.key(&format!("{GONE}{name}"));
        self.store.put(&key, b"", &Upload::new(JSON))?;
        Ok(Some(key))
    }

    /// Takes objects of the repository away that nothing refers to, and looks before and after.
    /// `needed` says which of these paths something refers to at that moment: it is asked before the
    /// keys are freed, in small shares, and once more afterwards. What is referred to again since is
    /// put back.
    ///
    /// # Errors
    /// As of the store, and of `needed`.
    pub fn take_away<E: From<Error>>(
        &self,
        objects: &[Object],
        needed: &mut Needed<'_, E>,
    ) -> Result<Taken, E> {
        let path = |object: &Object| {
            object.key.strip_prefix(&self.location.key("")).unwrap_or(&object.key).to_owned()
        };
        let paths = |objects: &mut dyn Iterator<Item = &Object>| objects.map(path).collect();
        let mut taken = Taken::default();
        let all: Vec<String> = paths(&mut objects.iter());
        let stay = needed(&all)?;
        let may_go = objects.iter().filter(|object| !stay.contains(&path(object)));
        let may_go: Vec<&Object> = may_go.collect();
        let aside = parallel::map(self.store.parallel(), &may_go, |object| {
            self.set_aside(&object.key, Some(object), How::Freed)
        })?;
        let mut freed: Vec<Aside> = Vec::new();
        let aside: Vec<Aside> = aside.into_iter().flatten().collect();
        for share in aside.chunks(SHARE) {
            let now: Vec<String> = paths(&mut share.iter().map(|aside| &aside.object));
            let stay = needed(&now)?;
            let (go, stay): (Vec<&Aside>, Vec<&Aside>) =
                share.iter().partition(|aside| !stay.contains(&path(&aside.object)));
            self.forget(&stay)?;
            let done = parallel::map(self.store.parallel(), &go, |aside| self.free(aside))?;
            let (gone, changed): (Vec<_>, Vec<_>) = go.into_iter().zip(done).partition(|(_, d)| *d);
            self.forget(&changed.into_iter().map(|(aside, _)| aside).collect::<Vec<_>>())?;
            freed.extend(gone.into_iter().map(|(aside, _)| aside.clone()));
        }
        if !freed.is_empty() {
            let now: Vec<String> = paths(&mut freed.iter().map(|aside| &aside.object));
            let stay = needed(&now)?;
            let (back, gone): (Vec<Aside>, Vec<Aside>) =
                freed.into_iter().partition(|aside| stay.contains(&path(&aside.object)));
            for aside in &back {
                if !self.put_back(aside)? {
                    taken.lost.push(aside.object.key.clone());
                }
            }
            taken.removed = gone.into_iter().map(|aside| aside.object).collect();
        }
        Ok(taken)
    }

    /// Frees the key of an object that was set aside, unless another one is there by now; returns
    /// whether it did.
    ///
    /// # Errors
    /// As of the store.
    fn free(&self, aside: &Aside) -> Result<bool, Error> {
        Ok(self.store.delete_if_match(&aside.object.key, &aside.object.etag)?)
    }

    /// Takes back that objects were set aside: they are still in place. Their contents stay until
    /// they expire.
    ///
    /// # Errors
    /// As of the store.
    fn forget(&self, aside: &[&Aside]) -> Result<(), Error> {
        let keys: Vec<String> = aside.iter().filter_map(|aside| aside.tombstone.clone()).collect();
        Ok(self.store.delete_many(&keys)?)
    }

    /// Puts an object that was set aside back in its place, if that is free; returns whether there is
    /// an object again.
    ///
    /// # Errors
    /// As of the store.
    fn put_back(&self, aside: &Aside) -> Result<bool, Error> {
        let key = &aside.object.key;
        match &aside.sha256 {
            Some(sha256) => restore(self.store, self.location, key, sha256, None),
            None => Ok(self.store.head(key)?.is_some()),
        }
    }

    /// Removes for good what was taken away too long ago.
    ///
    /// # Errors
    /// As of the store.
    pub fn expire(&self) -> Result<(), Error> {
        let removed = list(self.store, self.location)?;
        if removed.is_empty() {
            return Ok(());
        }
        let now = crate::clock::now(self.store, self.location)?;
        // With nothing to keep, all goes that is there now.
        let before = match self.keep.0.is_zero() {
            true => Timestamp::MAX,
            false => self.keep.before(now),
        };
        let (tombstones, contents) = removed.expired(before);
        let of_archive = |stone: &&&Tombstone| stone.how != How::OldManifest;
        let marks: Vec<&&Tombstone> = tombstones.iter().filter(of_archive).collect();
        let start = self.location.key(FOLDER).len();
        parallel::map(self.store.parallel(), &marks, |stone| {
            let key = self.location.key(&format!("{GONE}{}", &stone.key[start..]));
            self.store.put(&key, b"", &Upload::new(JSON))
        })?;
        let keys: Vec<String> = tombstones.iter().map(|stone| stone.key.clone()).collect();
        self.store.delete_many(&keys)?;
        parallel::map(self.store.parallel(), &contents, |object| {
            self.store.delete_if_match(&object.key, &object.etag)
        })?;
        Ok(())
    }

    /// Removes the marks that no generation needs any more.
    ///
    /// # Errors
    /// As of the store.
    pub fn forget_gone(&self) -> Result<(), Error> {
        let folder = self.location.key(GONE);
        let marks = self.store.list_direct(&folder)?;
        if marks.is_empty() {
            return Ok(());
        }
        let oldest =
            history::found(self.store, self.location)?.first().map(|found| found.id.number());
        let is_needed = |mark: &Object| {
            let stone = Tombstone::parse(&mark.key[folder.len()..], mark, true);
            stone.is_none_or(|stone| oldest.is_some_and(|oldest| stone.generation >= oldest))
        };
        let keys = marks.into_iter().filter(|mark| !is_needed(mark)).map(|mark| mark.key);
        Ok(self.store.delete_many(&keys.collect::<Vec<_>>())?)
    }

    /// The object at `key`; `None` without one, or where it is another one than `expected`. One answer that
    /// says so may be wrong, so it is asked twice.
    fn look(&self, key: &str, expected: Option<&Object>) -> Result<Option<(Head, Object)>, Error> {
        for _ in 0..2 {
            let Some(head) = self.store.head(key)? else { continue };
            let object = Object {
                key: key.to_owned(),
                size: head.size,
                etag: head.etag.clone(),
                modified: head.modified,
                storage_class: None,
            };
            if expected.is_none_or(|expected| objects::is_same(expected, &object)) {
                return Ok(Some((head, object)));
            }
        }
        Ok(None)
    }

    /// The checksum of an object's content: as its metadata says, else read; `None` when it is gone.
    fn checksum(&self, key: &str, head: &Head) -> Result<Option<String>, Error> {
        if let Some(known) = head.metadata.get("sha256").filter(|text| is_sha256(text)) {
            return Ok(Some(known.clone()));
        }
        objects::sha256(self.store, key)
    }

    fn write_tombstone(&self, object: &Object, sha256: &str, how: How) -> Result<String, Error> {
        let (name, generation) = self.name(object, sha256, how)?;
        let path = object.key.strip_prefix(&self.location.key("")).unwrap_or(&object.key);
        let Origin { who, host, run, tool, version, command } = self.origin;
        let wire = Wire {
            kind: KIND,
            path,
            sha256,
            size_bytes: object.size,
            etag: &object.etag,
            modified: object.modified.to_string(),
            removed: Timestamp::now().to_string(),
            generation,
            who: who.as_deref(),
            host: host.as_deref(),
            run: run.as_deref(),
            tool,
            version,
            command,
        };
        let key = self.location.key(&format!("{FOLDER}{name}"));
        self.store.put(&key, &json_bytes(&wire), &Upload::new(JSON))?;
        Ok(key)
    }

    /// The name of the tombstone of an object, and the generation that it says.
    fn name(&self, object: &Object, sha256: &str, how: How) -> Result<(String, u64), Error> {
        let path = object.key.strip_prefix(&self.location.key("")).unwrap_or(&object.key);
        let generation = generation(self.store, self.location)?.map_or(0, |id| id.number());
        let time = u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or_default();
        let random = format!("{time:016x}{}", dice::name());
        let (digest, how) = (digest(path), how.word());
        Ok((format!("{sha256}-{digest}-{generation:010}-{how}-{random}.json"), generation))
    }
}

/// The generation that `packages.json` says it is.
fn generation(store: &Store, location: &Location) -> Result<Option<Id>, Error> {
    let head = store.head(&location.key(index::FILE_NAME))?;
    match head.and_then(|head| Id::parse(head.metadata.get(history::METADATA)?)) {
        Some(id) => Ok(Some(id)),
        None => Ok(history::newest(store, location, 1)?.pop().map(|newest| newest.id)),
    }
}

/// What a tombstone says, for people and other programs: `docs/protocol.md` describes it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Wire<'a> {
    kind: &'static str,
    path: &'a str,
    sha256: &'a str,
    size_bytes: u64,
    etag: &'a str,
    modified: String,
    removed: String,
    generation: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    who: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    run: Option<&'a str>,
    tool: &'a str,
    version: &'a str,
    command: &'a str,
}
