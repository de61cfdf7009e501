//! Where the symbolic links on disk lead, through the other links on their way.

use std::collections::VecDeque;

use super::check::{Known, Node, PATH_LIMIT, View, parts};
use crate::error::{Error, Refusal};

/// After so many links the kernel gives up too.
const HOPS: usize = 40;

/// Where a link leads.
pub(super) enum Leads {
    Inside(Vec<u8>),
    Outside,
    /// In a circle, which nothing can follow.
    Nowhere,
}

impl View<'_, '_> {
    /// Where a link that was there before leads, if that is a folder inside.
    pub fn disk_link(&mut self, folder: &[u8], target: &[u8]) -> Result<Vec<u8>, Error> {
        if let Leads::Inside(path) = self.resolve(folder, target)? {
            let known = if path.is_empty() { None } else { self.look(&path)? };
            let is_folder = matches!(known, Some(Known { node: Node::Directory { .. }, .. }));
            if path.is_empty() || is_folder {
                return Ok(path);
            }
        }
        Err(self.refused(Refusal::BelowDiskLink))
    }

    /// Checks the text of a symbolic link. It may lead anywhere: nothing is written through it.
    pub fn link(&self, target: &[u8]) -> Result<(), Error> {
        if target.is_empty() {
            return Err(self.refused(Refusal::LinkEmpty));
        }
        if target.contains(&0) {
            return Err(self.refused(Refusal::NulByte));
        }
        if target.len() > PATH_LIMIT {
            return Err(self.refused(Refusal::LongName));
        }
        Ok(())
    }

    /// Follows the link text `target` from `folder`, through the links on its way.
    pub fn resolve(&mut self, folder: &[u8], target: &[u8]) -> Result<Leads, Error> {
        let mut at = parts(folder);
        let mut rest = VecDeque::from([target.to_vec()]);
        let mut hops = 0;
        // A link's text stands in `rest` as a whole until it is its turn.
        while let Some(text) = rest.pop_front() {
            if text.contains(&b'/') {
                let mut text_parts: VecDeque<Vec<u8>> = parts(&text).into();
                if text.starts_with(b"/") {
                    let Some(below) = self.below_base(text_parts.make_contiguous()) else {
                        return Ok(Leads::Outside);
                    };
                    at.clear();
                    text_parts = below;
                }
                text_parts.append(&mut rest);
                rest = text_parts;
                continue;
            }
            match text.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    if at.pop().is_none() {
                        return Ok(Leads::Outside);
                    }
                    continue;
                }
                _ => at.push(text),
            }
            if let Some(Known { node: Node::Link(target), .. }) = self.look(&at.join(&b'/'))? {
                hops += 1;
                if hops > HOPS {
                    return Ok(Leads::Nowhere);
                }
                at.pop();
                rest.push_front(target);
            }
        }
        Ok(Leads::Inside(at.join(&b'/')))
    }

    /// Where an absolute target points below the folder, or nothing if it does not.
    fn below_base(&self, target: &[Vec<u8>]) -> Option<VecDeque<Vec<u8>>> {
        let below = |base: &Vec<Vec<u8>>| target.strip_prefix(base.as_slice());
        self.checker.bases.iter().find_map(below).map(|rest| rest.iter().cloned().collect())
    }
}
