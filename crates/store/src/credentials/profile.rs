//! The shared AWS files, `~/.aws/credentials` and `~/.aws/config`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;

use location::Env;

use super::process::Process;
use super::{Credentials, LARGEST, set};
use crate::Error;

/// What a profile holds.
pub(super) enum Found {
    Keys(Credentials),
    Process(Process),
}

type Sections = BTreeMap<String, BTreeMap<String, String>>;

/// Looks for the profile: the given one, else `AWS_PROFILE`, else `default`.
pub(super) fn find(env: Env<'_>, profile: Option<&str>) -> Result<Option<Found>, Error> {
    let asked = profile.map(str::to_owned).or_else(|| set(env, "AWS_PROFILE"));
    let name = asked.as_deref().unwrap_or("default");
    let mut from = Vec::new();
    let mut settings: Option<BTreeMap<String, String>> = None;
    // The credentials file goes before the other one, setting by setting.
    for (variable, file, prefixed) in
        [("AWS_SHARED_CREDENTIALS_FILE", "credentials", false), ("AWS_CONFIG_FILE", "config", true)]
    {
        let Some(path) = path(env, variable, file) else {
            continue;
        };
        from.push(path.display().to_string());
        if let Some(section) = read(&path, prefixed)?.remove(name) {
            let all = settings.get_or_insert_default();
            // A pair of keys is not put together from two files.
            let whole = all.contains_key("aws_access_key_id");
            for (key, value) in section {
                if !(whole && key.starts_with("aws_se")) {
                    all.entry(key).or_insert(value);
                }
            }
        }
    }
    let failure = |detail: String| Error::Credentials {
        from: format!("profile {name} in {}", from.join(" and ")),
        detail,
    };
    let Some(settings) = settings else {
        return if asked.is_some() {
            Err(Error::Credentials {
                from: format!("profile {name}"),
                detail: if from.is_empty() {
                    "there is no home folder to look for it in".to_owned()
                } else {
                    format!("it is not in {}", from.join(" or "))
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
    if let Some(command) = setting("credential_process") {
        return Ok(Some(Found::Process(Process { command, profile: name.to_owned() })));
    }
    let other = ["sso_session", "sso_start_url", "role_arn", "web_identity_token_file"];
    if let Some(kind) = other.iter().find(|key| settings.contains_key(**key)) {
        return Err(failure(format!(
            "{kind} is not supported here; let a credential_process such as \
             `aws configure export-credentials --profile {name}` resolve it"
        )));
    }
    if asked.is_some() { Err(failure("it has no keys".to_owned())) } else { Ok(None) }
}

fn path(env: Env<'_>, variable: &str, file: &str) -> Option<PathBuf> {
    let home = || set(env, "HOME").map(PathBuf::from);
    match set(env, variable) {
        Some(path) => match path.strip_prefix("~/") {
            Some(below) => Some(home()?.join(below)),
            None => Some(PathBuf::from(path)),
        },
        None => Some(home()?.join(".aws").join(file)),
    }
}

fn read(path: &PathBuf, prefixed: bool) -> Result<Sections, Error> {
    let failure = |detail: String| Error::Credentials { from: path.display().to_string(), detail };
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            return Ok(Sections::new());
        }
        // In the home of another user: not even its folder can be looked into.
        Err(error)
            if error.kind() == io::ErrorKind::PermissionDenied && path.metadata().is_err() =>
        {
            return Ok(Sections::new());
        }
        Err(error) => return Err(failure(error.to_string())),
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| failure(error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|_| failure("it is not UTF-8".to_owned()))?;
    Ok(parse(&text, prefixed))
}

/// `prefixed`: sections other than `default` are written `[profile NAME]`.
fn parse(text: &str, prefixed: bool) -> Sections {
    let mut sections = Sections::new();
    let mut current: Option<String> = None;
    for line in text.trim_start_matches('\u{feff}').lines() {
        // Indented lines belong to a nested setting, of which none matters here.
        if line.starts_with([' ', '\t']) || line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(rest) = line.strip_prefix('[') {
            let name = rest.split(']').next().unwrap_or_default().trim();
            current =
                match name.strip_prefix("profile").filter(|rest| rest.starts_with([' ', '\t'])) {
                    Some(profile) if prefixed => Some(profile.trim().trim_matches('"').to_owned()),
                    _ if !prefixed || name == "default" => Some(name.to_owned()),
                    _ => None,
                };
            continue;
        }
        let (Some(section), Some((key, value))) = (&current, line.split_once('=')) else {
            continue;
        };
        let comment = value.find(" #").or_else(|| value.find("\t#")).unwrap_or(value.len());
        sections
            .entry(section.clone())
            .or_default()
            .insert(key.trim().to_ascii_lowercase(), value[..comment].trim().to_owned());
    }
    sections
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
