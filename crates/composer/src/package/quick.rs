//! Reading a package in one go, as long as it is written as packages are: objects of strings, each
//! key once. Anything else is left to the careful reader.

use std::borrow::Cow;
use std::sync::Arc;

use super::read::Strings;
use super::{Dist, Link};
use crate::json::Walker;

/// What the resolver wants of a package.
#[derive(Default)]
pub(super) struct Fields<'t> {
    pub name: Option<Cow<'t, str>>,
    pub version: Option<Cow<'t, str>>,
    pub kind: Option<Cow<'t, str>>,
    pub requires: Option<Vec<Link>>,
    pub conflicts: Option<Vec<Link>>,
    pub provides: Option<Vec<Link>>,
    pub replaces: Option<Vec<Link>>,
    pub dist: Option<Dist>,
}

impl<'t> Fields<'t> {
    /// Reads the package that begins at a place in a text; where it ends comes along. None where
    /// it is not as usual.
    pub(super) fn read(
        text: &'t str,
        start: usize,
        strings: &mut Strings,
    ) -> Option<(Self, usize)> {
        let mut walker = Walker::new(text, start);
        let mut fields = Fields::default();
        walker.members(|walker, key| match &*key.text()? {
            "name" => once(&mut fields.name, walker.string()?),
            "version" => once(&mut fields.version, walker.string()?),
            "type" => once(&mut fields.kind, walker.string()?),
            "require" => once(&mut fields.requires, links(walker, strings)?),
            "conflict" => once(&mut fields.conflicts, links(walker, strings)?),
            "provide" => once(&mut fields.provides, links(walker, strings)?),
            "replace" => once(&mut fields.replaces, links(walker, strings)?),
            "dist" => once(&mut fields.dist, dist(walker)?),
            // These two say something about the version.
            "version_normalized" | "default-branch" => None,
            _ => walker.value().map(|_| ()),
        })?;
        Some((fields, walker.at()))
    }
}

/// More links than this are not usual.
const MANY: usize = 200;

/// Sets a field that is not set yet.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    field.replace(value).is_none().then_some(())
}

fn links(walker: &mut Walker<'_>, strings: &mut Strings) -> Option<Vec<Link>> {
    // Collected in one place, so that each list gets the room that it needs, and no more.
    let mut links = std::mem::take(&mut strings.links);
    let read = walker.members(|walker, target| {
        let target = strings.lower(&target.text()?);
        // The same text is the same one here. (All are compared with all.)
        if links.len() > MANY || links.iter().any(|link| Arc::ptr_eq(&link.target, &target)) {
            return None;
        }
        links.push(Link { target, constraint: strings.get(&walker.string()?) });
        Some(())
    });
    let mut list = Vec::with_capacity(links.len());
    list.append(&mut links);
    strings.links = links;
    read.map(|()| list)
}

fn dist(walker: &mut Walker<'_>) -> Option<Dist> {
    let (mut kind, mut url, mut reference, mut shasum) = (None, None, None, None);
    walker.members(|walker, key| {
        let field = match &*key.text()? {
            "type" => &mut kind,
            "url" => &mut url,
            "reference" => &mut reference,
            "shasum" => &mut shasum,
            _ => return walker.value().map(|_| ()),
        };
        once(field, walker.string()?.into_owned())
    })?;
    Some(Dist { kind: kind?, url: url?, reference, shasum: shasum.filter(|sum| !sum.is_empty()) })
}
