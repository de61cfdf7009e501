//! An application, as far as it matters for what it gets.

use composer::root::Source;
use composer::{Repository, RepositorySet, Request, Root};
use php_json::Value;

use crate::offer::{Offer, Stack};
use crate::picks::Pick;
use crate::question::{Answer, ask, tools};
use crate::{Error, picks};

/// The `composer.lock` of an application.
#[derive(Debug)]
pub struct Lock {
    name: String,
    lock: php_json::Object,
}

impl Lock {
    /// Reads one; `name` is the file's, for messages.
    ///
    /// # Errors
    /// Where it is not JSON, or no object.
    pub fn read(name: &str, text: &[u8]) -> Result<Self, Error> {
        match php_json::parse(text) {
            Ok(Value::Object(lock)) => Ok(Self { name: name.to_owned(), lock }),
            Ok(other) => Err(Error::Shape { name: name.to_owned(), found: other.kind() }),
            Err(source) => Err(Error::Json { name: name.to_owned(), source }),
        }
    }

    /// The file's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the application gets of an offer on a stack, without what it needs for development only.
    ///
    /// # Errors
    /// Where the lock is none that a platform can be made for.
    pub fn resolve(&self, offer: &Offer, stack: Option<&Stack>) -> Result<Pick, Error> {
        let names = platform::Names { json: "composer.json".to_owned(), lock: self.name.clone() };
        let settings = platform::Settings {
            names: &names,
            installer: ".",
            repositories: &[],
            stack: stack.map(ToString::to_string),
            day: "2026.01.01".to_owned(),
            default_php: None,
            dev: false,
        };
        let text = platform::generate(Some(self.lock.clone()), &settings, &())?.into_text();
        let unreadable = |source| Error::Platform { name: self.name.clone(), source };
        let mut root = Root::parse(&text).map_err(unreadable)?;
        // The web servers may well be in another repository, as may Composer.
        let own = [crate::offer::PHP];
        let known: Vec<&str> = offer.repositories().repositories()[0].names().collect();
        root.requires.retain(|link| {
            let fixed = ["composer", "composer-plugin-api", "apache", "nginx"];
            let bare = link.target.strip_prefix(platform::PREFIX);
            own.contains(&&*link.target)
                || !bare.is_some_and(|bare| fixed.contains(&bare))
                || known.contains(&&*link.target)
        });

        let filter = offer.repositories().repositories()[0].filter().clone();
        let mut repositories =
            vec![Repository::composer("the repository", &**offer.text(), filter)?];
        for declared in &root.repositories {
            if let Source::Package { json } = &declared.source {
                let filter = declared.filter.clone();
                repositories.push(Repository::inline("the lock", json.clone(), filter)?);
            }
        }
        let repositories = RepositorySet::new(repositories);
        let request =
            Request { root: &root, repositories: &repositories, platform: tools(), locked: vec![] };
        Ok(match ask(&request)? {
            Answer::Unsolvable(problems) => Pick::none(&problems),
            Answer::Solved(solution) => picks::of_solution(&solution),
        })
    }
}
