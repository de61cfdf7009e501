//! The rules by which manifests become an index.

use std::borrow::Cow;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::generate::shared_extension_url;
use crate::json::text;
use crate::order;
use crate::package::{Kind, Manifest};
use crate::shares;

const PHP: &str = "heroku-sys/php";
const HHVM: &str = "heroku-sys/hhvm";
const EXTENSION_PREFIX: &str = "heroku-sys/ext-";
const NATIVE: &str = ".native";

type Packages = BTreeMap<String, Vec<Manifest>>;

pub(super) fn apply(threads: usize, mut manifests: Vec<(String, Manifest)>) -> Packages {
    manifests.sort_by(|left, right| left.0.cmp(&right.0));
    let mut manifests: Vec<Manifest> = manifests
        .into_iter()
        .map(|(_, manifest)| manifest)
        .filter(|manifest| manifest.kind() != Some(Kind::Internal))
        .collect();
    keep_latest_builds(threads, &mut manifests);

    let finished = shares::map(threads, manifests, |share| share.into_iter().map(finish).collect());
    let mut packages = Unsorted::new();
    let mut split = Vec::new();
    for (manifest, extensions) in finished {
        add(&mut packages, manifest);
        split.extend(extensions);
    }
    for extension in split {
        add(&mut packages, extension);
    }
    packages.into_iter().map(|(name, list)| (name, sorted(list))).collect()
}

/// A manifest with the series that it is for.
type Keyed = (String, Manifest);

/// The manifests of each name as they come.
type Unsorted = BTreeMap<String, Vec<Keyed>>;

/// A manifest as it stands in the index, and the extensions that are split off from it.
fn finish(mut manifest: Manifest) -> (Keyed, Vec<Keyed>) {
    let keyed = |mut manifest: Manifest| {
        add_native_twins(&mut manifest);
        (series(&manifest).into_owned(), manifest)
    };
    let extensions = split_shared_extensions(&mut manifest).into_iter().map(keyed).collect();
    (keyed(manifest), extensions)
}

fn add(packages: &mut Unsorted, keyed: Keyed) {
    match packages.get_mut(keyed.1.name()) {
        Some(list) => list.push(keyed),
        None => _ = packages.insert(keyed.1.name().to_owned(), vec![keyed]),
    }
}

/// What a build is for: a rebuild takes the place of the same package and version for the same
/// target.
fn target(manifest: &Manifest) -> String {
    let mut target = String::new();
    for (package, constraint) in manifest.raw_requirements() {
        if is_target(package, constraint) {
            target.extend([package, " ", constraint, "\n"]);
        }
    }
    target
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
        (Some(left), Some(right)) => order::natural(left, right),
        (left, right) => left.is_some().cmp(&right.is_some()),
    }
}

fn split_build(version: &str) -> (&str, Option<&str>) {
    version.split_once('+').map_or((version, None), |(version, build)| (version, Some(build)))
}

/// Drops the builds of a version that a later build for the same target replaces.
fn keep_latest_builds(threads: usize, manifests: &mut Vec<Manifest>) {
    // Few versions are ever rebuilt; only these are looked at closely.
    let mut rebuilt: HashMap<&str, HashSet<String>> = HashMap::new();
    for manifest in manifests.iter() {
        if let (version, Some(_)) = split_build(manifest.version()) {
            let versions = rebuilt.entry(manifest.name()).or_default();
            versions.insert(order::composer_form(version));
        }
    }
    let group = |manifest| {
        let (version, _) = split_build(Manifest::version(manifest));
        let form = order::composer_form(version);
        let rebuilt = rebuilt.get(manifest.name())?.contains(&form);
        rebuilt.then(|| (manifest.name(), form, target(manifest)))
    };
    let groups = shares::map(threads, manifests.iter().collect(), |share| {
        share.into_iter().map(group).collect()
    });
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
fn split_shared_extensions(manifest: &mut Manifest) -> Vec<Manifest> {
    let mut split = Vec::new();
    if manifest.kind() != Some(Kind::Php) {
        return split;
    }
    let extra = manifest.raw("extra").unwrap_or_default();
    let shared = text::find(extra, "shared").unwrap_or_default();
    let url = manifest.dist_url().unwrap_or_default();
    let mut taken = Vec::new();
    for member in text::members(shared) {
        let Some(mut extension) = Manifest::of_written(member.value(shared)) else {
            continue;
        };
        let name = text::unescaped(member.key(shared));
        extension.set_dist_url(&shared_extension_url(url, &name));
        split.push(extension);
        // A record of the extension stays, for tools that list what PHP comes with.
        taken.push((name.into_owned(), "false"));
    }
    if !taken.is_empty() {
        let shared = text::with_members(shared, taken);
        let extra = text::with_members(extra, vec![("shared".to_owned(), &shared)]);
        manifest.set_raw("extra", &extra);
    }
    split
}

/// Adds the `.native` names, by which an application can ask for the extension itself where a
/// polyfill offers the plain name.
fn add_native_twins(manifest: &mut Manifest) {
    let kind = manifest.kind();
    if !matches!(kind, Some(Kind::Php | Kind::PhpExtension)) {
        return;
    }
    let own = (kind == Some(Kind::PhpExtension)).then(|| [manifest.name(), NATIVE].concat());
    let mut replace = manifest.raw("replace").unwrap_or("{}");
    if own.is_some() && !replace.starts_with('{') {
        replace = "{}";
    }
    let mut links = twins(replace);
    links.extend(own.map(|own| (own, r#""self.version""#)));
    let replace =
        if links.is_empty() { replace.to_owned() } else { text::with_members(replace, links) };
    manifest.set_raw("replace", &replace);
    let require = manifest.raw("require").unwrap_or_default();
    let links = twins(require);
    if !links.is_empty() {
        let require = text::with_members(require, links);
        manifest.set_raw("require", &require);
    }
}

/// The `.native` names that belong beside the extensions among these links.
fn twins(links: &str) -> Vec<(String, &str)> {
    text::members(links)
        .filter(|member| member.key(links).starts_with(EXTENSION_PREFIX))
        .filter(|member| !member.key(links).ends_with(NATIVE))
        .map(|member| {
            let name = text::unescaped(member.key(links));
            ([&*name, NATIVE].concat(), member.value(links))
        })
        .collect()
}

/// The manifests of one name, the latest series first, equal ones as they stand.
fn sorted(manifests: Vec<(String, Manifest)>) -> Vec<Manifest> {
    let ranks = ranks(manifests.iter().map(|(series, _)| series.as_str()));
    let mut ranked: Vec<(usize, Manifest)> =
        ranks.into_iter().zip(manifests.into_iter().map(|(_, manifest)| manifest)).collect();
    ranked.sort_by_key(|(rank, _)| Reverse(*rank));
    ranked.into_iter().map(|(_, manifest)| manifest).collect()
}

/// For each series its place in natural order; those that are equal in it share one. There are
/// thousands of manifests, but few series.
fn ranks<'a>(series: impl Iterator<Item = &'a str> + Clone) -> Vec<usize> {
    let mut places: HashMap<&str, usize> = series.clone().map(|series| (series, 0)).collect();
    let mut sorted: Vec<(String, &mut usize)> =
        places.iter_mut().map(|(series, place)| (sort_key(series), place)).collect();
    sorted.sort_by(|left, right| order::natural(&left.0, &right.0));
    let equal = |left: &(String, _), right: &(String, _)| order::natural(&left.0, &right.0).is_eq();
    for (number, run) in sorted.chunk_by_mut(equal).enumerate() {
        run.iter_mut().for_each(|(_, place)| **place = number);
    }
    series.map(|series| places[series]).collect()
}

/// The PHP series that a package is for, as it requires it.
fn series(manifest: &Manifest) -> Cow<'_, str> {
    let (mut hhvm, mut php) = (None, None);
    for (package, constraint) in manifest.raw_requirements() {
        match package {
            HHVM => hhvm = Some(constraint),
            PHP => php = Some(constraint),
            _ => {}
        }
    }
    hhvm.or(php).map_or(Cow::Borrowed("0.0.0"), text::unescaped)
}

/// A series in the form in which packages of one name are ordered.
fn sort_key(series: &str) -> String {
    series.replace(['<', '>', '=', '*', '~', '^'], "0")
}

pub(super) fn same(left: &Packages, right: &Packages) -> bool {
    left.len() == right.len()
        && left.iter().zip(right).all(|((left_name, left), (right_name, right))| {
            left_name == right_name && canonical(left) == canonical(right)
        })
}

/// Whether two lists hold the same manifests, in an order that differs where it counts.
pub(super) fn reordered(left: &[Manifest], right: &[Manifest]) -> bool {
    let sorted = |list: &[Manifest]| {
        let mut texts: Vec<String> = list.iter().map(|m| m.as_text().to_owned()).collect();
        texts.sort();
        texts
    };
    left.len() == right.len()
        && canonical(left) != canonical(right)
        && sorted(left) == sorted(right)
}

/// A list of manifests with those of equal sort keys in an order that only their contents decide.
fn canonical(manifests: &[Manifest]) -> Vec<&str> {
    let series: Vec<Cow<'_, str>> = manifests.iter().map(series).collect();
    let ranks = ranks(series.iter().map(|series| &**series));
    let mut keyed: Vec<(usize, &str)> =
        ranks.into_iter().zip(manifests.iter().map(Manifest::as_text)).collect();
    for run in keyed.chunk_by_mut(|left, right| left.0 == right.0) {
        run.sort_by_key(|(_, text)| *text);
    }
    keyed.into_iter().map(|(_, text)| text).collect()
}
