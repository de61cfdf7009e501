//! Takes whatever comes as a `packages.json`, requires each of its names in turn, and then all: no
//! panic, and an end.

use composer::{Filter, Repository, RepositorySet, Request, Root};

/// Takes one input.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let _ = Root::parse(&text);
    let _ = Repository::inline("inline", &*text, Filter::default());
    let Ok(repository) = Repository::composer("fuzz", &*text, Filter::default()) else { return };
    let mut names: Vec<String> = repository.names().map(str::to_owned).collect();
    names.sort();
    let repositories = RepositorySet::new(vec![repository]);
    let mut all =
        Root { name: "__root__".into(), pretty_name: "__root__".into(), ..Root::default() };
    for name in names.iter().take(20) {
        let mut root = all.clone();
        root.requires.clear();
        for root in [&mut all, &mut root] {
            root.require(name, "*", false).expect("a star is a constraint");
            let (platform, locked) = (Vec::new(), Vec::new());
            let request = Request { root, repositories: &repositories, platform, locked };
            match composer::solve(&request) {
                Ok(solution) => {
                    solution.operations(true);
                }
                Err(error) => {
                    let _ = error.to_string();
                }
            }
        }
    }
}
