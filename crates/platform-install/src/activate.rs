//! What makes a package work once its files are there.

mod counter;
mod extension;
mod layer_env;
mod shell;

use std::collections::HashSet;

use composer::Package;
use php_json::Value;

pub use counter::Counter;
pub use layer_env::{Change, to_text as changes_to_text};

use crate::Error;
use crate::download::{BUNDLED, Item, METAPACKAGE};
use crate::effects::{Effects, Step};
use crate::resolve::{PREFIX, shown, shown_package};
use crate::settings::Settings;
use crate::stage::Stage;

/// The types of packages that are activated.
const ACTIVATED: [&str; 5] = [
    "heroku-sys-php",
    "heroku-sys-php-extension",
    "heroku-sys-webserver",
    "heroku-sys-library",
    "heroku-sys-program",
];
const EXTENSION: &str = "heroku-sys-php-extension";

/// Activates packages one after the other.
pub struct Activation<'a> {
    stage: &'a Stage,
    settings: &'a Settings,
    /// All that any package of this run or the project requires.
    required: HashSet<String>,
    ini: Counter,
    profile: Counter,
}

impl<'a> Activation<'a> {
    /// For packages that go to `stage`, with numbers above those that are used already.
    pub fn new(
        stage: &'a Stage,
        settings: &'a Settings,
        required: HashSet<String>,
    ) -> Result<Self, Error> {
        let ini = Counter::above(&stage.home().join(extension::INI_FOLDER), ".ini")?;
        let profile = match &settings.profile_folder {
            Some(folder) => Counter::above(folder, ".sh")?,
            None => Counter::default(),
        };
        Ok(Self { stage, settings, required, ini, profile })
    }

    /// Activates a package whose files are in the stage. Returns the lines to tell of it.
    pub fn activate(&mut self, item: &Item, effects: &mut Effects) -> Result<Vec<String>, Error> {
        let package = &*item.package;
        let mut lines = Vec::new();
        let name = shown(&package.pretty_name);
        match package.dist.as_ref().map(|dist| dist.kind.as_str()) {
            Some(BUNDLED) => lines.push(format!("{name} (bundled with php)")),
            _ if item.archive.is_some() => {
                lines.push(format!("{name} ({})", package.pretty_version));
            }
            _ => {}
        }
        if package.kind == METAPACKAGE {
            self.log_provided(package, effects);
        }
        if !ACTIVATED.contains(&package.kind.as_str()) {
            return Ok(lines);
        }
        effects.activated();
        let extra = item.json.get("extra").cloned().unwrap_or(Value::Null);
        let of = Of { stage: self.stage, package };
        if package.kind == EXTENSION {
            let config = extra.get("config").cloned().unwrap_or(Value::Bool(true));
            extension::enable(&of, extension::name(&of, &package.name)?, &config, &mut self.ini)?;
        }
        for name in self.shared(package, &extra) {
            lines.push(format!("{} (bundled with {})", shown(&name), shown(&package.pretty_name)));
            let extension = extension::name(&of, &name)?;
            extension::enable(&of, extension, &Value::Bool(true), &mut self.ini)?;
        }
        match extra.get("install").filter(|_| self.settings.install_scripts) {
            Some(install) => {
                let script = install.as_str().ok_or_else(|| of.invalid("install"))?;
                of.stage.file(script).ok_or_else(|| of.invalid("install"))?;
                let (package, script) = (shown_package(package), script.to_owned());
                effects.add(Step::Run { package, script });
            }
            None => {
                if self.settings.profile_folder.is_some() {
                    shell::profile(&of, &extra, &mut self.profile, effects)?;
                }
                if self.settings.export_file.is_some() {
                    shell::export(&of, &extra, effects)?;
                }
            }
        }
        Ok(lines)
    }

    /// Extensions that an old PHP package stands for, that are not compiled in, and that something
    /// requires.
    fn shared(&self, package: &Package, extra: &Value) -> Vec<String> {
        let Some(shared) = extra.get("shared").and_then(Value::as_object) else {
            return Vec::new();
        };
        let is_shared = |name: &str| {
            let entry = shared.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
            entry.is_some_and(|(_, value)| value.is_truthy())
        };
        let mut names: Vec<String> = package
            .replaces
            .iter()
            .map(|link| link.target.to_string())
            .filter(|name| name.starts_with("heroku-sys/ext-"))
            .filter(|name| self.required.contains(name) && is_shared(name))
            .collect();
        // As Composer's lock has them.
        names.sort();
        names
    }

    /// Notes which extensions an ordinary package stands in for, where something wants them.
    fn log_provided(&self, package: &Package, effects: &mut Effects) {
        let mut provided: Vec<(&str, &str)> = package
            .provides
            .iter()
            .filter(|link| link.target.starts_with(&format!("{PREFIX}ext-")))
            .filter(|link| self.required.contains(&*link.target))
            .map(|link| (&*link.target, &*link.constraint))
            .collect();
        provided.sort_unstable();
        if !provided.is_empty() {
            effects.provided(&package.pretty_name, &provided);
        }
    }
}

/// A package, and where its files are.
struct Of<'a> {
    stage: &'a Stage,
    package: &'a Package,
}

impl Of<'_> {
    fn error(&self, problem: String) -> Error {
        Error::Package { package: shown_package(self.package), problem }
    }

    fn invalid(&self, key: &str) -> Error {
        self.error(format!("{key} in its extra is invalid, or names a file that it does not have"))
    }
}
