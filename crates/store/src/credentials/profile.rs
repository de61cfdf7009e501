//! Credentials of a profile in the shared AWS files.

use std::path::Path;

use location::Env;

use super::Credentials;
use super::process::Process;
use super::web_identity::WebIdentity;
use crate::Error;
use crate::shared::{Files, profile_name};

/// What a profile holds.
pub(super) enum Found {
    Keys(Credentials),
    Process(Process),
    WebIdentity(Box<WebIdentity>),
}

/// Looks for the profile: the given one, else that of the environment, else `default`.
pub(super) fn find(env: Env<'_>, profile: Option<&str>) -> Result<Option<Found>, Error> {
    let asked = profile_name(env, profile);
    let name = asked.as_deref().unwrap_or("default");
    let files = Files::read(env)?;
    let joined = |word: &str| {
        let paths: Vec<String> = files.paths.iter().map(|path| shown(path)).collect();
        paths.join(word)
    };
    let failure = |detail: String| Error::Credentials {
        from: format!("profile {name} in {}", joined(" and ")),
        detail,
    };
    let Some(settings) = files.profile(name) else {
        return if asked.is_some() {
            Err(Error::Credentials {
                from: format!("profile {name}"),
                detail: if files.paths.is_empty() {
                    "there is no home folder to look for it in".to_owned()
                } else {
                    format!("it is not in {}", joined(" or "))
                },
            })
        } else {
            Ok(None)
        };
    };
    let setting = |key: &str| settings.get(key).filter(|value| !value.is_empty()).cloned();
    match (setting("aws_access_key_id"), setting("aws_secret_access_key")) {
        (Some(key), Some(secret)) => {
            let token = setting("aws_session_token").or_else(|| setting("aws_security_token"));
            return Ok(Some(Found::Keys(Credentials { key, secret, token, expires: None })));
        }
        (None, None) => {}
        _ => return Err(failure("it has half a pair of keys".to_owned())),
    }
    if let Some(identity) = WebIdentity::find(env, Some(&settings), profile)? {
        return Ok(Some(Found::WebIdentity(Box::new(identity))));
    }
    if let Some(command) = setting("credential_process") {
        return Ok(Some(Found::Process(Process { command, profile: name.to_owned() })));
    }
    let other = ["sso_session", "sso_start_url", "role_arn"];
    if let Some(kind) = other.iter().find(|key| settings.contains_key(**key)) {
        return Err(failure(format!(
            "{kind} is not supported here; let a credential_process such as \
             `aws configure export-credentials --profile {name}` resolve it"
        )));
    }
    if asked.is_some() { Err(failure("it has no keys".to_owned())) } else { Ok(None) }
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A home folder with the two files.
    fn home(credentials: &str, config: &str) -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        std::fs::write(home.path().join(".aws/credentials"), credentials).unwrap();
        std::fs::write(home.path().join(".aws/config"), config).unwrap();
        home
    }

    fn look(
        home: &tempfile::TempDir,
        profile: Option<&str>,
        option: Option<&str>,
    ) -> Result<Option<Found>, Error> {
        let env = |name: &str| match name {
            "HOME" => Some(home.path().to_str().unwrap().to_owned()),
            "AWS_PROFILE" => profile.map(str::to_owned),
            _ => None,
        };
        find(&env, option)
    }

    fn keys(found: Result<Option<Found>, Error>) -> (String, String, Option<String>) {
        match found.unwrap() {
            Some(Found::Keys(keys)) => (keys.key, keys.secret, keys.token),
            _ => panic!("no keys"),
        }
    }

    #[test]
    fn profiles() {
        let home = home(
            "# ours\n[default]\naws_access_key_id = a\naws_secret_access_key=b\n\n\
             [ci]\r\naws_access_key_id=c\r\naws_secret_access_key = d=e\r\naws_session_token = f # note\r\n\
             [half]\naws_access_key_id=x\n",
            "[profile other]\nregion = eu-west-1\ns3 =\n  aws_access_key_id = nested\n\
             aws_access_key_id = g\naws_secret_access_key = h\n\
             [profile run]\ncredential_process = /bin/give --me \"a b\"\n\
             [profile sso]\nsso_session = x\n[half]\naws_secret_access_key=y\n[profile empty]\nregion = x\n",
        );
        let own =
            |a: &str, b: &str, c: Option<&str>| (a.to_owned(), b.to_owned(), c.map(str::to_owned));
        assert_eq!(keys(look(&home, None, None)), own("a", "b", None));
        assert_eq!(keys(look(&home, Some("ci"), None)), own("c", "d=e", Some("f")));
        assert_eq!(keys(look(&home, Some("other"), None)), own("g", "h", None));
        assert_eq!(keys(look(&home, Some("ci"), Some("other"))), own("g", "h", None));
        match look(&home, Some("run"), None).unwrap() {
            Some(Found::Process(process)) => assert_eq!(process.command, "/bin/give --me \"a b\""),
            _ => panic!("no process"),
        }
        for (profile, text) in [
            ("half", "half a pair"),
            ("sso", "credential_process"),
            ("empty", "no keys"),
            ("missing", "it is not in"),
        ] {
            let Err(error) = look(&home, Some(profile), None) else { panic!("{profile}") };
            assert!(error.to_string().contains(text), "{error}");
            assert!(error.to_string().contains(profile), "{error}");
        }
    }

    #[test]
    fn files_named_by_variables() {
        let home = home("[default]\naws_access_key_id=a\naws_secret_access_key=b\n", "");
        let root = home.path().to_str().unwrap().to_owned();
        std::fs::write(
            home.path().join("mine"),
            "[default]\naws_access_key_id=m\naws_secret_access_key=n\n",
        )
        .unwrap();
        for file in ["~/mine".to_owned(), format!("{root}/mine")] {
            let env = |name: &str| match name {
                "HOME" => Some(root.clone()),
                "AWS_SHARED_CREDENTIALS_FILE" => Some(file.clone()),
                _ => None,
            };
            assert_eq!(keys(find(&env, None)).0, "m");
        }
        let none = |_: &str| None;
        assert!(find(&none, None).unwrap().is_none());
        assert!(find(&none, Some("x")).is_err());
    }

    #[test]
    fn a_folder_in_place_of_the_file_is_an_error() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".aws/credentials")).unwrap();
        let Err(error) = look(&home, None, None) else { panic!("no error") };
        assert!(error.to_string().contains(".aws/credentials"), "{error}");
    }
}
