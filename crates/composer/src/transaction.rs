//! The order of operations.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::package::{Link, Package};
use crate::pool::is_platform;
use crate::solve::Chosen;
use crate::version::Version;

/// One step.
#[derive(Debug, Clone)]
pub enum Operation {
    /// A package is installed.
    Install(Arc<Package>),
    /// A version that an installed package also counts as. There is nothing to do for it.
    MarkAlias {
        /// The package.
        package: Arc<Package>,
        /// The other version, in its normal form.
        version: Version,
        /// The other version, as written.
        pretty_version: String,
    },
}

impl Operation {
    /// The package.
    pub fn package(&self) -> &Arc<Package> {
        match self {
            Operation::Install(package) | Operation::MarkAlias { package, .. } => package,
        }
    }
}

/// A package or an alias of one.
struct Item {
    package: Arc<Package>,
    alias: Option<(Version, String)>,
    base: usize,
    names: Vec<Arc<str>>,
    requires: Vec<Arc<str>>,
}

impl Item {
    fn key(&self) -> (&str, bool, &str) {
        let version = self.alias.as_ref().map_or(&self.package.version, |(version, _)| version);
        (&self.package.name, self.alias.is_none(), version.as_str())
    }
}

/// What is to be done for these packages, each after what it requires. What is present is passed
/// over.
///
/// Composer goes through what is required by nothing, from its lock file, where links are sorted:
/// the last of a list of requirements comes first.
pub(crate) fn operations(chosen: Vec<Chosen>, present: &HashSet<Arc<str>>) -> Vec<Operation> {
    let items = items(chosen);
    let mut by_name: HashMap<&str, Vec<usize>> = HashMap::new();
    // By name from the last to the first; aliases before their packages.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by(|a, b| {
        let (a, b) = (items[*a].key(), items[*b].key());
        b.0.cmp(a.0).then(a.1.cmp(&b.1)).then(b.2.cmp(a.2))
    });
    for place in &order {
        for name in &items[*place].names {
            by_name.entry(name).or_default().push(*place);
        }
    }
    let providers = |name: &str| by_name.get(name).map_or(&[][..], Vec::as_slice);
    let mut is_root = vec![true; items.len()];
    for place in &order {
        // One that was found to be required is not looked at for what it requires.
        if is_root[*place] {
            for other in items[*place].requires.iter().flat_map(|name| providers(name)) {
                is_root[*other] &= other == place;
            }
        }
    }
    let mut stack: Vec<usize> = order.iter().copied().filter(|place| is_root[*place]).collect();
    let (mut visited, mut done) = (vec![false; items.len()], vec![false; items.len()]);
    let mut operations = Vec::new();
    while let Some(place) = stack.pop() {
        let item = &items[place];
        if done[place] {
            continue;
        }
        if !visited[place] {
            visited[place] = true;
            stack.push(place);
            if item.alias.is_some() {
                stack.push(item.base);
            } else {
                stack.extend(item.requires.iter().flat_map(|name| providers(name)));
            }
            continue;
        }
        done[place] = true;
        if present.contains(&item.package.name) {
            continue;
        }
        let package = Arc::clone(&item.package);
        operations.push(match item.alias.clone() {
            Some((version, pretty_version)) => {
                Operation::MarkAlias { package, version, pretty_version }
            }
            None => Operation::Install(package),
        });
    }
    plugins_first(operations)
}

fn items(chosen: Vec<Chosen>) -> Vec<Item> {
    let mut items = Vec::new();
    for Chosen { package, aliases, .. } in chosen {
        let names: Vec<Arc<str>> = package.names(true).into_iter().cloned().collect();
        let requires = sorted(&package.requires);
        let base = items.len();
        let versions = std::iter::once(None)
            .chain(aliases.into_iter().map(|(version, pretty, _)| Some((version, pretty))));
        items.extend(versions.map(|alias| Item {
            package: Arc::clone(&package),
            alias,
            base,
            names: names.clone(),
            requires: requires.clone(),
        }));
    }
    items
}

fn sorted(links: &[Link]) -> Vec<Arc<str>> {
    let mut names: Vec<Arc<str>> = links.iter().map(|link| Arc::clone(&link.target)).collect();
    names.sort();
    names
}

/// Moves plugins, with what they require, to the front: first those that change how packages are
/// fetched, and of both kinds first those that require nothing.
fn plugins_first(operations: Vec<Operation>) -> Vec<Operation> {
    #[derive(Default)]
    struct Front {
        alone: Vec<Operation>,
        with_others: Vec<Operation>,
        required: HashSet<Arc<str>>,
    }
    impl Front {
        /// From the last to the first: takes a plugin, or what one that came before requires.
        fn takes(&mut self, operation: &Operation, is_plugin: bool) -> bool {
            let package = operation.package();
            if !is_plugin && !package.names(true).iter().any(|name| self.required.contains(*name)) {
                return false;
            }
            let requires = package.requires.iter().map(|link| &link.target);
            let requires: Vec<_> = requires.filter(|name| !is_platform(name)).cloned().collect();
            if is_plugin && requires.is_empty() {
                self.alone.push(operation.clone());
            } else {
                self.required.extend(requires);
                self.with_others.push(operation.clone());
            }
            true
        }
    }
    let (mut fetching, mut plugins, mut rest) = (Front::default(), Front::default(), Vec::new());
    for operation in operations.into_iter().rev() {
        let package = operation.package();
        let installed = matches!(operation, Operation::Install(_));
        let plugin = package.kind == "composer-plugin";
        let fetches = plugin && package.extra()["plugin-modifies-downloads"] == true;
        let is_plugin = plugin || package.kind == "composer-installer";
        let taken = installed
            && (fetching.takes(&operation, fetches) || plugins.takes(&operation, is_plugin));
        if !taken {
            rest.push(operation);
        }
    }
    let front = [fetching.alone, fetching.with_others, plugins.alone, plugins.with_others, rest];
    front.into_iter().flat_map(|list| list.into_iter().rev()).collect()
}

impl std::fmt::Display for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Operation::Install(package) => {
                write!(f, "Installing {} ({})", package.pretty_name, package.pretty_version)
            }
            Operation::MarkAlias { package, pretty_version, .. } => {
                let Package { pretty_name: name, pretty_version: version, .. } = &**package;
                write!(
                    f,
                    "Marking {name} ({pretty_version}) as installed, alias of {name} ({version})"
                )
            }
        }
    }
}
