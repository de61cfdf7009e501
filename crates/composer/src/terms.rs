//! Names and constraints as small numbers, for the time of one resolution. Each constraint is
//! parsed once, however many packages write it.

use std::cell::OnceCell;
use std::sync::Arc;

use crate::Constraint;
use crate::constraint::Invalid;
use crate::hash::{Map, Texts};

/// A package's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name(u32);

impl Name {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A constraint as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Term(u32);

impl Term {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a text is.
fn place(text: &Arc<str>) -> usize {
    text.as_ptr() as usize
}

#[derive(Debug)]
struct Entry {
    constraint: Constraint,
    pretty: Arc<str>,
    canonical: OnceCell<Arc<str>>,
}

/// The names and constraints that have come up.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    names: Vec<Arc<str>>,
    name_ids: Texts<Name>,
    /// The same by where the text is, since most of them come from one place again and again. The
    /// text is kept, so that no other one can come to be there.
    name_at: Map<usize, (Arc<str>, Name)>,
    entries: Vec<Entry>,
    term_ids: Texts<Term>,
    term_at: Map<usize, (Arc<str>, Term)>,
}

impl Terms {
    pub(crate) fn name(&mut self, name: &Arc<str>) -> Name {
        if let Some((_, id)) = self.name_at.get(&place(name)) {
            return *id;
        }
        let id = self.name_of_text(name);
        self.name_at.insert(place(name), (Arc::clone(name), id));
        id
    }

    fn name_of_text(&mut self, name: &Arc<str>) -> Name {
        if let Some(id) = self.name_ids.get(name) {
            return *id;
        }
        let id = Name(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        self.names.push(Arc::clone(name));
        self.name_ids.insert(Arc::clone(name), id);
        id
    }

    /// The number of a name, if it has come up.
    pub(crate) fn known_name(&self, name: &str) -> Option<Name> {
        self.name_ids.get(name).copied()
    }

    pub(crate) fn text_of(&self, name: Name) -> &Arc<str> {
        &self.names[name.index()]
    }

    pub(crate) fn name_count(&self) -> usize {
        self.names.len()
    }

    /// How many terms there are.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn term(&mut self, text: &Arc<str>) -> Result<Term, Invalid> {
        if let Some((_, id)) = self.term_at.get(&place(text)) {
            return Ok(*id);
        }
        let id = self.term_of_text(text)?;
        self.term_at.insert(place(text), (Arc::clone(text), id));
        Ok(id)
    }

    fn term_of_text(&mut self, text: &Arc<str>) -> Result<Term, Invalid> {
        if let Some(id) = self.term_ids.get(text) {
            return Ok(*id);
        }
        let constraint = Constraint::parse(text)?;
        let id = self.push(constraint, Arc::clone(text));
        self.term_ids.insert(Arc::clone(text), id);
        Ok(id)
    }

    /// A constraint that nobody has written.
    pub(crate) fn push(&mut self, constraint: Constraint, pretty: Arc<str>) -> Term {
        let id = Term(u32::try_from(self.entries.len()).unwrap_or(u32::MAX));
        self.entries.push(Entry { constraint, pretty, canonical: OnceCell::new() });
        id
    }

    pub(crate) fn constraint(&self, term: Term) -> &Constraint {
        &self.entries[term.index()].constraint
    }

    /// The constraint as it was written.
    pub(crate) fn pretty(&self, term: Term) -> Arc<str> {
        let entry = &self.entries[term.index()];
        // To PHP, these are no texts.
        if matches!(&*entry.pretty, "" | "0") {
            return Arc::clone(self.canonical(term));
        }
        Arc::clone(&entry.pretty)
    }

    /// The constraint as Composer writes it for itself: the same for all that mean the same.
    pub(crate) fn canonical(&self, term: Term) -> &Arc<str> {
        let entry = &self.entries[term.index()];
        entry.canonical.get_or_init(|| entry.constraint.to_string().into())
    }
}
