//! Who published, and with what.

use location::Env;

/// The longest text that is taken from the environment.
const LONGEST: usize = 500;

/// Who published, and with what; as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// The person, or the CI's name for them.
    pub who: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// The CI's run: its address, else its name.
    pub run: Option<String>,
    /// The program.
    pub tool: String,
    /// Its version.
    pub version: String,
    /// What it did: `publish`, `sync`, `remove` or `rollback`.
    pub command: String,
}

/// Variables with the address or name of a CI's run; the first one that is set counts.
const RUNS: [&str; 8] = [
    "CI_JOB_URL",
    "CIRCLE_BUILD_URL",
    "BUILDKITE_BUILD_URL",
    "TRAVIS_BUILD_WEB_URL",
    "BUILD_URL",
    "HEROKU_TEST_RUN_ID",
    "GITHUB_RUN_ID",
    "CI_JOB_ID",
];

impl Origin {
    /// What the environment says of who is at work, and where; `host` is the machine's name.
    #[must_use]
    pub fn from_env(env: Env<'_>, host: Option<String>) -> Self {
        let set = |name: &str| env(name).and_then(|value| tame(&value));
        let first = |names: &[&str]| names.iter().find_map(|name| set(name));
        let github = || {
            let (server, repository) = (set("GITHUB_SERVER_URL")?, set("GITHUB_REPOSITORY")?);
            Some(format!("{server}/{repository}/actions/runs/{}", set("GITHUB_RUN_ID")?))
        };
        Self {
            who: first(&["GITHUB_ACTOR", "GITLAB_USER_LOGIN", "USER", "LOGNAME"]),
            host: host.as_deref().and_then(tame),
            run: github().or_else(|| first(&RUNS)).map(|run| without_secrets(&run)),
            ..Self::default()
        }
    }

    /// The same, by this program.
    #[must_use]
    pub fn by(self, tool: &str, version: &str, command: &str) -> Self {
        Self {
            tool: tool.to_owned(),
            version: version.to_owned(),
            command: command.to_owned(),
            ..self
        }
    }
}

/// A text as one short line, or nothing.
fn tame(text: &str) -> Option<String> {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let line: String = line.trim().chars().take(LONGEST).collect();
    Some(line).filter(|line| !line.is_empty())
}

/// An address without a name and password, and without a query: a token may be in either.
fn without_secrets(address: &str) -> String {
    let address = address.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else {
        return address.to_owned();
    };
    let host_end = rest.find('/').unwrap_or(rest.len());
    let (host, path) = rest.split_at(host_end);
    let host = host.rsplit('@').next().unwrap_or_default();
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(vars: &[(&str, &str)]) -> Origin {
        let env = |name: &str| {
            vars.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        };
        Origin::from_env(&env, Some("box".to_owned()))
    }

    #[test]
    fn the_run_of_each_ci() {
        let github = [
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "a/b"),
            ("GITHUB_RUN_ID", "7"),
            ("GITHUB_ACTOR", "mona"),
            ("USER", "runner"),
        ];
        let found = origin(&github);
        assert_eq!(found.run.as_deref(), Some("https://github.com/a/b/actions/runs/7"));
        assert_eq!(found.who.as_deref(), Some("mona"));
        for (vars, run) in [
            (&[("CI_JOB_URL", "https://gl/x/-/jobs/1")][..], Some("https://gl/x/-/jobs/1")),
            (&[("BUILD_URL", "https://u:secret@ci/job/1/?token=t")], Some("https://ci/job/1/")),
            (&[("HEROKU_TEST_RUN_ID", "abc")], Some("abc")),
            (&[("GITHUB_RUN_ID", "7")], Some("7")),
            (&[("CI_JOB_URL", "")], None),
            (&[], None),
        ] {
            assert_eq!(origin(vars).run.as_deref(), run, "{vars:?}");
        }
    }

    #[test]
    fn texts_are_one_line() {
        let found = origin(&[("USER", " a\nb\u{1b}[2J ")]);
        assert_eq!(found.who.as_deref(), Some("a b [2J"));
        assert_eq!(found.host.as_deref(), Some("box"));
        let long = "x".repeat(2000);
        assert_eq!(origin(&[("LOGNAME", &long)]).who.map(|who| who.len()), Some(LONGEST));
    }
}
