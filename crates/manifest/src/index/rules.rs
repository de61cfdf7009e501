//! The rules by which manifests become an index.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::generate::shared_extension_url;
use crate::json::{Object, Value};
use crate::natural;
use crate::package::{Kind, Manifest};
use crate::version;

const PHP: &str = "heroku-sys/php";
const HHVM: &str = "heroku-sys/hhvm";
const EXTENSION_PREFIX: &str = "heroku-sys/ext-";
const NATIVE: &str = ".native";

type Packages = BTreeMap<String, Vec<Manifest>>;

pub(super) fn apply(mut manifests: Vec<(String, Manifest)>) -> Packages {
    manifests.sort_by(|left, right| left.0.cmp(&right.0));
    let mut manifests: Vec<Manifest> = manifests
        .into_iter()
        .map(|(_, manifest)| manifest)
        .filter(|manifest| manifest.kind() != Some(Kind::Internal))
        .collect();
    keep_latest_builds(&mut manifests);
    split_shared_extensions(&mut manifests);
    manifests.iter_mut().for_each(add_native_twins);

    let mut packages = Packages::new();
    for manifest in manifests {
        match packages.get_mut(manifest.name()) {
            Some(list) => list.push(manifest),
            None => _ = packages.insert(manifest.name().to_owned(), vec![manifest]),
        }
    }
    for list in packages.values_mut() {
        list.sort_by_cached_key(|manifest| std::cmp::Reverse(SeriesKey(series(manifest))));
    }
    packages
}

/// What a rebuild takes the place of: the same package, for the same target, in a version that
/// Composer takes for the same once the build metadata is cut off.
fn build_group(manifest: &Manifest) -> (&str, String, String) {
    let (version, _) = split_build(manifest.version());
    let mut target = String::new();
    for (package, constraint) in manifest.requirements() {
        if is_target(&package, &constraint) {
            target.extend([&*package, " ", &*constraint, "\n"]);
        }
    }
    (manifest.name(), version::composer_form(version), target)
}

/// Whether a requirement says what a build is for: PHP, HHVM, or the stack, which is known by its
/// form (a name without a hyphen, `^N.0.0`).
fn is_target(package: &str, constraint: &str) -> bool {
    let stack = package.strip_prefix("heroku-sys/").is_some_and(|name| !name.contains('-'))
        && constraint
            .strip_prefix('^')
            .and_then(|rest| rest.strip_suffix(".0.0"))
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    stack || package == PHP || package == HHVM
}

/// Which of two builds of one version is the later one.
fn compare_builds(left: &str, right: &str) -> Ordering {
    match (split_build(left).1, split_build(right).1) {
        (Some(left), Some(right)) => natural::compare(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

fn split_build(version: &str) -> (&str, Option<&str>) {
    version.split_once('+').map_or((version, None), |(version, build)| (version, Some(build)))
}

/// Drops the builds of a version that a later build for the same target replaces.
fn keep_latest_builds(manifests: &mut Vec<Manifest>) {
    // Few packages are ever rebuilt; only these are looked at closely.
    let rebuilt: HashSet<&str> = manifests
        .iter()
        .filter(|manifest| manifest.version().contains('+'))
        .map(Manifest::name)
        .collect();
    let groups: Vec<_> = manifests
        .iter()
        .map(|manifest| rebuilt.contains(manifest.name()).then(|| build_group(manifest)))
        .collect();
    let mut latest: HashMap<_, &str> = HashMap::new();
    for (group, manifest) in groups.iter().zip(manifests.iter()) {
        let Some(group) = group else {
            continue;
        };
        let best = latest.entry(group).or_insert(manifest.version());
        if compare_builds(manifest.version(), best).is_gt() {
            *best = manifest.version();
        }
    }
    let stays: Vec<bool> = groups
        .iter()
        .zip(manifests.iter())
        .map(|(group, manifest)| {
            let best = group.as_ref().and_then(|group| latest.get(group));
            best.is_none_or(|best| compare_builds(manifest.version(), best).is_eq())
        })
        .collect();
    let mut stays = stays.into_iter();
    manifests.retain(|_| stays.next().unwrap_or(true));
}

/// Makes a package of each shared extension that a PHP manifest carries whole.
fn split_shared_extensions(manifests: &mut Vec<Manifest>) {
    let mut split = Vec::new();
    for manifest in manifests.iter_mut().filter(|manifest| manifest.kind() == Some(Kind::Php)) {
        let url = manifest.dist_url().unwrap_or_default().to_owned();
        let Some(mut extra) = manifest.value("extra") else {
            continue;
        };
        let Some(Value::Object(shared)) = extra.get_mut("shared") else {
            continue;
        };
        for (name, value) in shared.iter_mut() {
            let Some(mut extension) = Manifest::take(value) else {
                continue;
            };
            // A record of the extension stays, for tools that list what PHP comes with.
            *value = Value::Bool(false);
            extension.set_dist_url(shared_extension_url(&url, name));
            split.push(extension);
        }
        manifest.set("extra", &extra);
    }
    manifests.append(&mut split);
}

/// Adds the `.native` names, by which an application can ask for the extension itself where a
/// polyfill offers the plain name.
fn add_native_twins(manifest: &mut Manifest) {
    let kind = manifest.kind();
    if !matches!(kind, Some(Kind::Php | Kind::PhpExtension)) {
        return;
    }
    let own = (kind == Some(Kind::PhpExtension)).then(|| format!("{}{NATIVE}", manifest.name()));
    let mut replace = manifest.value("replace").unwrap_or_else(empty);
    if own.is_some() && !replace.is_object() {
        replace = empty();
    }
    if let Value::Object(links) = &mut replace {
        links.extend(twins(links));
        links.extend(own.map(|own| (own, Value::String("self.version".to_owned()))));
    }
    manifest.set("replace", &replace);
    // Few require an extension, so that the others need not be taken apart.
    let extensions = manifest.raw("require").is_some_and(|text| text.contains(EXTENSION_PREFIX));
    if extensions && let Some(Value::Object(mut links)) = manifest.value("require") {
        links.extend(twins(&links));
        manifest.set("require", &Value::Object(links));
    }
}

/// The `.native` names that belong beside the extensions among these links.
fn twins(links: &Object) -> Object {
    links
        .iter()
        .filter(|(name, _)| name.starts_with(EXTENSION_PREFIX) && !name.ends_with(NATIVE))
        .map(|(name, version)| (format!("{name}{NATIVE}"), version.clone()))
        .collect()
}

fn empty() -> Value {
    Value::Object(Object::new())
}

/// The PHP series that a package is for, in the form in which packages of one name are ordered.
fn series(manifest: &Manifest) -> String {
    manifest
        .required(HHVM)
        .or_else(|| manifest.required(PHP))
        .unwrap_or("0.0.0")
        .replace(['<', '>', '=', '*', '~', '^'], "0")
}

/// A key in natural order.
struct SeriesKey(String);

impl PartialEq for SeriesKey {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for SeriesKey {}

impl Ord for SeriesKey {
    fn cmp(&self, other: &Self) -> Ordering {
        natural::compare(&self.0, &other.0)
    }
}

impl PartialOrd for SeriesKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

pub(super) fn same(left: &Packages, right: &Packages) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((left_name, left), (right_name, right))| {
            left_name == right_name && canonical(left) == canonical(right)
        })
}

/// A list of manifests with those of equal sort keys in an order that only their contents decide.
fn canonical(manifests: &[Manifest]) -> Vec<&str> {
    let mut keyed: Vec<(SeriesKey, &str)> = manifests
        .iter()
        .map(|manifest| (SeriesKey(series(manifest)), manifest.as_text()))
        .collect();
    for run in keyed.chunk_by_mut(|left, right| left.0.cmp(&right.0).is_eq()) {
        run.sort_by_key(|(_, text)| *text);
    }
    keyed.into_iter().map(|(_, text)| text).collect()
}
