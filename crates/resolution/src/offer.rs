//! A repository, and what it is for.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use composer::repository::BadPackage;
use composer::{Constraint, Filter, Package, Repository, RepositorySet};

use crate::Error;

/// The package that all others are for.
pub const PHP: &str = "heroku-sys/php";

/// A target system: the package that stands for it, with its version, both as Composer sees them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stack {
    /// `heroku-sys/heroku`.
    pub package: String,
    /// `24.2026.01.01`: its number, and a day.
    pub version: String,
}

impl Stack {
    /// The stack of this name: `heroku-24`, `heroku-24-amd64`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        let (name, number) = platform::parse_stack(name);
        Self::numbered(&format!("{}{name}", platform::PREFIX), number)
    }

    fn numbered(package: &str, number: &str) -> Self {
        // Any day will do: packages ask for the number.
        Self { package: package.to_owned(), version: format!("{number}.2026.01.01") }
    }
}

/// As people call it: `heroku-24`.
impl std::fmt::Display for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = self.package.strip_prefix(platform::PREFIX).unwrap_or(&self.package);
        write!(f, "{name}-{}", self.version.split('.').next().unwrap_or_default())
    }
}

/// What a repository offers.
#[derive(Debug)]
pub struct Offer {
    text: Arc<str>,
    repositories: RepositorySet,
    packages: Vec<Arc<Package>>,
    unreadable: Vec<BadPackage>,
    stacks: Vec<Stack>,
}

impl Offer {
    /// Reads a `packages.json`. Its `name` is for messages. Without `stacks`, those that its
    /// packages are for.
    ///
    /// # Errors
    /// Where Composer would not read it.
    pub fn read(name: &str, text: &str, stacks: &[Stack]) -> Result<Self, Error> {
        let text: Arc<str> = text.into();
        let repository = Repository::composer(name, &*text, Filter::default())?;
        let mut names: Vec<String> = repository.names().map(str::to_owned).collect();
        names.sort_unstable();
        let mut repositories = RepositorySet::new(vec![repository]);
        let (mut packages, mut unreadable, mut exclude) = (Vec::new(), Vec::new(), Vec::new());
        for package in &names {
            match repositories.packages(0, package) {
                Ok(versions) => packages.extend(versions),
                Err(bad) => {
                    unreadable.push(bad);
                    exclude.push(package.clone());
                }
            }
        }
        if !exclude.is_empty() {
            // The others can be judged without them.
            let filter = Filter { exclude, ..Filter::default() };
            let repository = Repository::composer(name, &*text, filter)?;
            repositories = RepositorySet::new(vec![repository]);
        }
        let stacks = if stacks.is_empty() { wanted(&packages) } else { stacks.to_vec() };
        Ok(Self { text, repositories, packages, unreadable, stacks })
    }

    /// The text that it was read from.
    #[must_use]
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    /// The repository, alone.
    #[must_use]
    pub fn repositories(&self) -> &RepositorySet {
        &self.repositories
    }

    /// All packages, by name, and in each name in their order in the repository.
    #[must_use]
    pub fn packages(&self) -> &[Arc<Package>] {
        &self.packages
    }

    /// A package of each name of which one cannot be loaded; these names are left out otherwise.
    #[must_use]
    pub fn unreadable(&self) -> &[BadPackage] {
        &self.unreadable
    }

    /// The stacks that it is for. None, where its packages do not care.
    #[must_use]
    pub fn stacks(&self) -> &[Stack] {
        &self.stacks
    }

    /// The versions of PHP.
    pub fn runtimes(&self) -> impl Iterator<Item = &Arc<Package>> {
        self.packages.iter().filter(|package| &*package.name == PHP)
    }

    /// The series of PHP, `8.4`, the lowest first.
    #[must_use]
    pub fn series(&self) -> Vec<String> {
        let series: BTreeSet<(u64, u64)> =
            self.runtimes().filter_map(|php| series_of(&php.pretty_version)).collect();
        series.into_iter().map(|(major, minor)| format!("{major}.{minor}")).collect()
    }

    /// The names of its extensions, but for those that stand in for a polyfill.
    #[must_use]
    pub fn extensions(&self) -> BTreeSet<Arc<str>> {
        let extension = |name: &str| {
            name.strip_prefix(platform::PREFIX)
                .is_some_and(|name| name.starts_with("ext-") && !name.ends_with(".native"))
        };
        let names = self.packages.iter().map(|package| &package.name);
        names.filter(|name| extension(name)).cloned().collect()
    }
}

fn series_of(version: &str) -> Option<(u64, u64)> {
    let mut numbers = version.split('.').map_while(|part| part.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// What a package requires of another one.
pub fn requirement<'p>(package: &'p Package, target: &str) -> Option<&'p Arc<str>> {
    package.requires.iter().find(|link| &*link.target == target).map(|link| &link.constraint)
}

/// Whether a package can be on this stack: it asks for no other.
pub fn fits(package: &Package, stack: &Stack, stacks: &[Stack]) -> bool {
    let is_stack = |name: &str| stacks.iter().any(|stack| stack.package == name);
    package.requires.iter().filter(|link| is_stack(&link.target)).all(|link| {
        let version = composer::version::normalize(&stack.version);
        *link.target == *stack.package
            && Constraint::parse(&link.constraint).is_ok_and(|constraint| {
                version.is_ok_and(|v| constraint.allows(&composer::Version::new(&v)))
            })
    })
}

/// The stacks that packages are for. They are no packages of the repository, and are asked for as
/// `^24.0.0`: by PHP itself, or where there is none, by most.
fn wanted(packages: &[Arc<Package>]) -> Vec<Stack> {
    let offered: HashSet<&str> =
        packages.iter().flat_map(|package| package.names(true)).map(|name| &**name).collect();
    let mut asked: BTreeMap<&str, (usize, BTreeSet<&str>)> = BTreeMap::new();
    let any_php = packages.iter().any(|package| &*package.name == PHP);
    for package in packages.iter().filter(|package| !any_php || &*package.name == PHP) {
        for link in &package.requires {
            let number = link.constraint.strip_prefix('^').and_then(|c| c.strip_suffix(".0.0"));
            let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
            let known = offered.contains(&*link.target) || link.target.contains("/ext-");
            if let Some(number) = number.filter(|_| !known) {
                let (count, numbers) = asked.entry(&link.target).or_default();
                *count += 1;
                numbers.insert(number);
            }
        }
    }
    if !any_php {
        let most = asked.values().map(|(count, _)| *count).max().unwrap_or_default();
        asked.retain(|_, (count, _)| *count == most);
    }
    let stacks = asked.into_iter().flat_map(|(package, (_, numbers))| {
        numbers.into_iter().map(|number| Stack::numbered(package, number))
    });
    stacks.collect()
}
