//! The platform's `composer.json`.

use php_json::{Object, Style, Value};

use crate::metapackage::{Metapackage, PREFIX, has_runtime, is_platform, prefixed};
use crate::notice::{Level, Notices};
use crate::{Error, INSTALLER, Names};

/// The stack where the environment names none.
const DEFAULT_STACK: &str = "heroku-24";
/// The plugin API that an application without a lock gets.
const DEFAULT_PLUGIN_API: &str = "2.2.0";

/// What goes in beside the lock.
pub struct Settings<'a> {
    /// What the files are called.
    pub names: &'a Names,
    /// The folder of the installer plugin.
    pub installer: &'a str,
    /// Repositories, in the order in which they are looked up.
    pub repositories: &'a [Value],
    /// The stack, as `heroku-24`.
    pub stack: Option<String>,
    /// Today, as `YYYY.MM.DD`.
    pub day: String,
    /// The PHP for applications that ask for none.
    pub default_php: Option<String>,
    /// Whether development packages are wanted.
    pub dev: bool,
}

/// The platform's `composer.json`, in the making.
#[derive(Debug)]
pub struct Platform(Object);

impl Platform {
    /// Has a package replaced by what is there already.
    pub fn replace(&mut self, name: &str, version: &str) {
        if let Some(Value::Object(replace)) = self.0.get_mut("replace") {
            replace.insert(name.to_owned(), version.into());
        }
    }

    /// As PHP prints it.
    #[must_use]
    pub fn into_text(self) -> String {
        php_json::to_string(&Value::Object(self.0), Style::Plain)
    }
}

/// Makes the platform's `composer.json` from a lock, or from none.
///
/// # Errors
/// Where the lock is not one of Composer's, is too old, or asks for PHP for development only.
pub fn generate(
    lock: Option<Object>,
    settings: &Settings<'_>,
    notices: &dyn Notices,
) -> Result<Platform, Error> {
    let names = settings.names;
    let lock = match lock {
        Some(lock) => Lock::read(&lock, names)?,
        None => Lock::none(),
    };
    let mut require = lock.packages.require;
    if !lock.packages.requires_runtime {
        if lock.dev_packages.requires_runtime {
            return Err(Error::RuntimeInDevOnly { json: names.json.clone() });
        }
        let php = settings.default_php.as_deref().unwrap_or("*");
        let text = format!("No runtime required in {}; using PHP {php}", names.lock);
        notices.tell(Level::Notice, &text);
        require.insert(format!("{PREFIX}php"), php.into());
    } else if !lock.root_requires_runtime {
        let text = format!("No runtime required in {}; requirements", names.json);
        notices.tell(Level::Notice, &text);
        let text = format!("from dependencies in {} will be used for selection", names.lock);
        notices.line(&text);
    }
    let plugin_api = lock.plugin_api.ok_or_else(|| Error::VeryOld { lock: names.lock.clone() })?;
    for (name, version) in [
        ("composer", "*"),
        ("composer-plugin-api", &plugin_api_range(&plugin_api)),
        ("apache", "^2.4.10"),
        ("nginx", "^1.8.0"),
    ] {
        require.insert(format!("{PREFIX}{name}"), version.into());
    }
    let require_dev = if settings.dev { lock.dev_packages.require } else { Object::new() };

    let mut repositories = fixed_repositories(settings.installer);
    repositories.extend_from_slice(settings.repositories);
    let metapackages = [lock.packages.metapackages, lock.dev_packages.metapackages].concat();
    if !metapackages.is_empty() {
        repositories.push(object([("type", "package".into()), ("package", metapackages.into())]));
    }

    let stack = settings.stack.as_deref().unwrap_or(DEFAULT_STACK);
    let (stack, number) = parse_stack(stack);
    let stack_version = format!("{number}.{}", settings.day);
    let plugins = object([(INSTALLER, true.into())]);
    let config = object([
        ("cache-files-ttl", 0.into()),
        ("discard-changes", true.into()),
        ("allow-plugins", plugins),
    ]);
    let members = [
        ("config", config),
        ("minimum-stability", lock.minimum_stability),
        ("prefer-stable", lock.prefer_stable),
        ("provide", object([(format!("{PREFIX}{stack}").as_str(), stack_version.into())])),
        ("replace", Object::new().into()),
        ("require", require.into()),
        ("require-dev", require_dev.into()),
        ("repositories", repositories.into()),
    ];
    Ok(Platform(members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()))
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    members.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Object>().into()
}

/// No packages but ours, and the plugin that knows what to do with them.
fn fixed_repositories(installer: &str) -> Vec<Value> {
    vec![
        object([("packagist", false.into())]),
        object([
            ("type", "path".into()),
            ("url", installer.into()),
            ("options", object([("symlink", false.into())])),
        ]),
    ]
}

/// The versions of Composer for a lock. Those before 2.3 broke few plugins, so a lock of theirs
/// gets the last of them; any other may have the newest of its major version.
fn plugin_api_range(version: &str) -> String {
    match version {
        "2.0.0" | "2.1.0" | "2.2.0" => "~2.2.0".to_owned(),
        _ => format!("^{}", version.split('.').next().unwrap_or(version)),
    }
}

/// Name and number of a stack: `heroku-24-amd64` is `heroku`, 24.
#[must_use]
pub fn parse_stack(stack: &str) -> (&str, &str) {
    let (name, rest) = stack.split_once('-').unwrap_or((stack, ""));
    let end = rest.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(rest.len());
    (name, if end == 0 { "1" } else { &rest[..end] })
}

/// What the lock says, as far as it matters.
struct Lock {
    packages: Section,
    dev_packages: Section,
    /// Whether the application itself requires PHP, and not only its dependencies.
    root_requires_runtime: bool,
    /// `None`: the lock does not say.
    plugin_api: Option<String>,
    minimum_stability: Value,
    prefer_stable: Value,
}

/// Packages, for use or for development.
#[derive(Default)]
struct Section {
    require: Object,
    metapackages: Vec<Value>,
    requires_runtime: bool,
}

impl Lock {
    fn none() -> Self {
        Self {
            packages: Section::default(),
            dev_packages: Section::default(),
            root_requires_runtime: false,
            plugin_api: Some(DEFAULT_PLUGIN_API.to_owned()),
            minimum_stability: "stable".into(),
            prefer_stable: false.into(),
        }
    }

    fn read(lock: &Object, names: &Names) -> Result<Self, Error> {
        let problem = |problem: String| Error::Content { name: names.lock.clone(), problem };
        let member = |key: &str| lock.get(key).filter(|value| **value != Value::Null);
        let needed = |key: &str| member(key).ok_or_else(|| problem(format!("{key} is missing")));
        let (platform, platform_dev) = (needed("platform")?, needed("platform-dev")?);
        let (packages, packages_dev) = (needed("packages")?, needed("packages-dev")?);
        let hash = member("content-hash").or_else(|| member("hash"));
        let hash = hash
            .and_then(Value::as_str)
            .ok_or_else(|| problem("content-hash is missing".to_owned()))?;

        let flags = member("stability-flags");
        let root = format!("{}/{}", names.json, names.lock);
        let version = format!("dev-{hash}");
        let section = |name: &str, platform: &Value, packages: &Value| {
            Section::read(name, &version, platform, packages, flags, &names.lock)
        };
        Ok(Self {
            packages: section(&root, platform, packages)?,
            dev_packages: section(&format!("{root}-require-dev"), platform_dev, packages_dev)?,
            root_requires_runtime: has_runtime(platform),
            plugin_api: match member("plugin-api-version") {
                None => None,
                Some(Value::String(version)) => Some(version.clone()),
                Some(other) => {
                    return Err(problem(format!("plugin-api-version is {}", other.kind())));
                }
            },
            minimum_stability: member("minimum-stability").cloned().unwrap_or("stable".into()),
            prefer_stable: member("prefer-stable").cloned().unwrap_or(false.into()),
        })
    }
}

impl Section {
    /// `name` and `version` are those of the metapackage for the application's own requirements,
    /// `platform`.
    fn read(
        name: &str,
        version: &str,
        platform: &Value,
        packages: &Value,
        flags: Option<&Value>,
        lock: &str,
    ) -> Result<Self, Error> {
        let problem = |problem: String| Error::Content { name: lock.to_owned(), problem };
        let mut section = Self::default();
        let root = object([
            ("name", name.into()),
            ("version", version.into()),
            ("require", platform.clone()),
        ]);
        let root = Metapackage::of(&root, lock)?;
        if let Some(root) = &root {
            section.require.insert(root.name.clone(), root.version.clone());
            let mut flagged = Object::new();
            // A root requirement may be less stable than the rest; only the root may say so.
            let required = platform.as_object().into_iter().flatten();
            for (required, _) in required.filter(|(name, _)| is_platform(name)) {
                if let Some(number) = flags.and_then(|flags| flags.get(required)) {
                    let flag = stability(number).ok_or_else(|| {
                        problem(format!(
                            "invalid stability flag '{}' for {required}",
                            php_json::to_string(number, Style::Plain)
                        ))
                    })?;
                    flagged.insert(required.clone(), flag.into());
                }
            }
            section.require.extend(prefixed(flagged.iter()));
        }
        let packages: Vec<&Value> = match packages {
            Value::List(packages) => packages.iter().collect(),
            Value::Object(packages) => packages.values().collect(),
            other => return Err(problem(format!("packages are {}", other.kind()))),
        };
        for package in packages {
            if let Some(package) = Metapackage::of(package, lock)? {
                section.require.insert(package.name.clone(), package.version.clone());
                section.add(package);
            }
        }
        if let Some(root) = root {
            section.add(root);
        }
        Ok(section)
    }

    fn add(&mut self, package: Metapackage) {
        self.requires_runtime |= package.requires_runtime;
        self.metapackages.push(package.json);
    }
}

/// The flag for one of Composer's numbers.
fn stability(number: &Value) -> Option<&'static str> {
    let number = match number {
        Value::Number(number) => number,
        Value::String(number) => number.as_str(),
        _ => return None,
    };
    Some(match number {
        "0" => "@stable",
        "5" => "@RC",
        "10" => "@beta",
        "15" => "@alpha",
        "20" => "@dev",
        _ => return None,
    })
}
