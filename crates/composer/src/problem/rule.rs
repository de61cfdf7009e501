//! One reason in words.

use std::sync::Arc;

use super::{Context, Words, versions};
use crate::pool::{Candidate, Id};
use crate::solver::{Literal, Reason, Rule, RuleId, candidate};
use crate::terms::{Name, Term};
use crate::version::DEFAULT_BRANCH;

impl Context<'_> {
    /// What a rule says. Empty where that is of no use to anybody.
    pub(super) fn rule(&self, id: RuleId) -> Words {
        let rule = self.rules.get(id);
        let candidates = || rule.literals.iter().map(|literal| candidate(*literal));
        let text = match &rule.reason {
            Reason::RootRequire(name, term) => {
                let what = format!("{} {}", self.name(*name), self.pool.terms.pretty(*term));
                let found = self.pool.what_provides(*name, *term);
                if found.is_empty() {
                    return format!(
                        "No package found to satisfy root composer.json require {what}"
                    )
                    .into();
                }
                let list = self.list(&found, Some(*term), false);
                format!("Root composer.json requires {what} -> satisfiable by {list}.")
            }
            Reason::Fixed(id) => {
                let candidate = self.shown(*id);
                format!(
                    "{} is present at version {} and cannot be modified by Composer",
                    candidate.package.pretty_name, candidate.pretty_version
                )
            }
            Reason::Conflict(source, link) => self.conflict(rule, *source, *link),
            Reason::Require(source, number) => {
                let link = &self.pool.candidates[*source].requires[*number];
                let text = format!(
                    "{} requires {} {}",
                    self.shown(*source).pretty(),
                    self.name(link.target),
                    self.pool.terms.pretty(link.term)
                );
                let found: Vec<Id> =
                    rule.literals.iter().filter(|l| **l > 0).map(|l| candidate(*l)).collect();
                if found.is_empty() {
                    let missing = self.missing(link.target, Some(link.term));
                    return missing.reason.after(&format!("{text} -> "));
                }
                let list = self.list(&found, Some(link.term), false);
                format!("{text} -> satisfiable by {list}.")
            }
            Reason::SameName(name) => {
                let all: Vec<Id> = candidates().collect();
                self.same_name(*name, &all)
            }
            Reason::Learned(_) => self.learned(&rule.literals),
            Reason::Alias | Reason::InverseAlias => self.alias(rule),
        };
        text.into()
    }

    fn conflict(&self, rule: &Rule, source: Id, number: usize) -> String {
        let link = &self.pool.candidates[source].conflicts[number];
        let (mut one, mut other) = match *rule.literals {
            [a, b] => (self.shown(candidate(a)), self.shown(candidate(b))),
            _ => return String::new(),
        };
        let mut target = one.pretty();
        if self.pool.candidates[source].name == one.name {
            (one, other) = (other, one);
            target = format!("{} {}", one.package.pretty_name, link.pretty);
        }
        if link.target != one.name {
            let replaced = one.replaces.iter().find(|own| own.target == link.target);
            let provided = one.provides.iter().find(|own| own.target == link.target);
            let found = replaced.map(|own| (own, "replaces"));
            if let Some((own, verb)) = found.or(provided.map(|own| (own, "provides"))) {
                let name = self.name(link.target);
                let pretty = one.pretty();
                target = format!("{name} {} ({pretty} {verb} {name} {})", link.pretty, own.pretty);
            }
        }
        format!("{} conflicts with {target}.", other.pretty())
    }

    fn same_name(&self, name: Name, all: &[Id]) -> String {
        // In the order of the rule: the last of the pool first.
        let list = self.list(all, None, true);
        let mut names: Vec<Name> = Vec::new();
        for id in all {
            let name = self.pool.candidates[*id].name;
            if !names.contains(&name) {
                names.push(name);
            }
        }
        if names.len() < 2 {
            return format!(
                "You can only install one version of a package, so only one of these can be \
                 installed: {list}."
            );
        }
        let reason = if names.contains(&name) {
            names.retain(|other| *other != name);
            let others: Vec<&str> = names.iter().map(|name| &**self.name(*name)).collect();
            let who = match others.as_slice() {
                [only] => format!("{only} replaces"),
                _ => format!("[{}] replace", others.join(", ")),
            };
            format!("{who} {} and thus cannot coexist with it.", self.name(name))
        } else {
            let all = if all.len() == 2 { "both" } else { "all" };
            format!("They {all} replace {} and thus cannot coexist.", self.name(name))
        };
        let mut fixed: Vec<Id> = Vec::new();
        let mut others: Vec<Id> = Vec::new();
        for id in all {
            let list = if self.pool.candidates[*id].fixed { &mut fixed } else { &mut others };
            list.push(*id);
        }
        if !fixed.is_empty() && !others.is_empty() {
            return format!(
                "{} cannot be installed as that would require removing {}. {reason}",
                self.list(&others, None, true),
                self.list(&fixed, None, true)
            );
        }
        format!("Only one of these can be installed: {list}. {reason}")
    }

    fn learned(&self, literals: &[Literal]) -> String {
        let verb = |literal: Literal| match (
            self.pool.candidates[candidate(literal)].fixed,
            literal > 0,
        ) {
            (true, true) => "keep",
            (true, false) => "remove",
            (false, true) => "install",
            (false, false) => "don't install",
        };
        let text = if let [only] = literals {
            format!("{} {}", verb(*only), self.pool.candidates[candidate(*only)].pretty())
        } else {
            let mut groups: Vec<(&str, Vec<Id>)> = Vec::new();
            for literal in literals {
                let (verb, id) = (verb(*literal), self.without_default_alias(candidate(*literal)));
                match groups.iter_mut().find(|(known, _)| *known == verb) {
                    Some((_, list)) => list.push(id),
                    None => groups.push((verb, vec![id])),
                }
            }
            let group = |(verb, list): (&str, Vec<Id>)| {
                let one_of = if list.len() > 1 { " one of" } else { "" };
                format!("{verb}{one_of} {}", self.list(&list, None, false))
            };
            groups.into_iter().map(group).collect::<Vec<_>>().join(" | ")
        };
        format!("Conclusion: {text} (conflict analysis result)")
    }

    fn alias(&self, rule: &Rule) -> String {
        let [first, second] = *rule.literals else { return String::new() };
        let (first, second) = (candidate(first), candidate(second));
        let inverse = rule.reason == Reason::InverseAlias;
        let (alias, base) = if inverse { (second, first) } else { (first, second) };
        let alias = &self.pool.candidates[alias];
        if alias.version.as_str() == DEFAULT_BRANCH {
            return String::new();
        }
        let base = self.shown(base).pretty();
        let alias = alias.pretty();
        if inverse {
            format!("{alias} is an alias of {base} and must be installed with it.")
        } else {
            format!("{alias} is an alias of {base} and thus requires it to be installed too.")
        }
    }

    pub(super) fn name(&self, name: Name) -> &Arc<str> {
        self.pool.terms.text_of(name)
    }

    fn shown(&self, id: Id) -> &Candidate {
        &self.pool.candidates[self.without_default_alias(id)]
    }

    /// Candidates by name: `a[1.0, 2.0], b[3.0]`. With those that the optimizer has taken out: of
    /// what the constraint allows, or of the groups that the candidates stand for.
    pub(super) fn list(&self, ids: &[Id], term: Option<Term>, groups: bool) -> String {
        let mut lists = Lists::default();
        for id in ids {
            let candidate = &self.pool.candidates[*id];
            let mut pretty = candidate.pretty_version.to_string();
            if let Some(base) = candidate.alias_of {
                let of = &self.pool.candidates[base].pretty_version;
                pretty.push_str(&format!(" (alias of {of})"));
            }
            let package = &candidate.package;
            let list = lists.of(&package.name, &package.pretty_name);
            list.put(candidate.version.as_str(), &pretty);
            self.add_removed(list, candidate.name, term);
            let group = self.pool.removed.by_candidate.get(id).filter(|_| groups);
            for (version, pretty) in group.into_iter().flatten() {
                list.put(version, pretty);
            }
            if package.default_branch {
                lists.hide_default_branch(&package.name);
            }
        }
        lists.shown()
    }

    /// Adds the versions of a name that were taken out, as far as a constraint allows them.
    pub(super) fn add_removed(&self, list: &mut versions::List, name: Name, term: Option<Term>) {
        let Some(term) = term else { return };
        let constraint = self.pool.terms.constraint(term);
        for (version, pretty) in self.pool.removed.by_name.get(&name).into_iter().flatten() {
            if constraint.allows(&crate::Version::new(version)) {
                list.put(version, pretty);
            }
        }
    }
}

/// Versions of several packages.
#[derive(Default)]
pub(super) struct Lists {
    lists: Vec<(Arc<str>, String, versions::List)>,
    default_branches: Vec<Arc<str>>,
}

impl Lists {
    pub(super) fn of(&mut self, name: &Arc<str>, pretty: &str) -> &mut versions::List {
        let found = self.lists.iter().position(|(known, ..)| known == name);
        let place = found.unwrap_or_else(|| {
            self.lists.push((Arc::clone(name), String::new(), versions::List::default()));
            self.lists.len() - 1
        });
        let entry = &mut self.lists[place];
        pretty.clone_into(&mut entry.1);
        &mut entry.2
    }

    pub(super) fn hide_default_branch(&mut self, name: &Arc<str>) {
        self.default_branches.push(Arc::clone(name));
    }

    pub(super) fn shown(self) -> String {
        let mut shown = Vec::new();
        for (name, pretty, mut list) in self.lists {
            if self.default_branches.contains(&name) {
                list.remove(DEFAULT_BRANCH);
            }
            shown.push(format!("{pretty}[{}]", list.condensed(4).join(", ")));
        }
        shown.join(", ")
    }
}
