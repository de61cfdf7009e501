//! Real extensions in place of what ordinary packages provide, where there are any.
//!
//! A polyfill satisfies a requirement, so the resolver need not install the extension. Afterwards
//! each one is tried on top of what is installed, of which nothing is changed or removed.

use std::collections::HashSet;
use std::sync::Arc;

use composer::{Package, Solution};
use php_json::{Object, Value};

use crate::Error;
use crate::download::Item;
use crate::effects::Provided;
use crate::install::{Context, install, items};
use crate::project::Project;
use crate::resolve::{packages, resolve, shown};

/// Tries all extensions that `provided` names. Returns what was installed.
pub fn run(
    context: &Context<'_>,
    project: &mut Project,
    mut solution: Solution,
    provided: &[Provided],
) -> Result<Vec<Item>, Error> {
    let mut done = HashSet::new();
    let mut installed = Vec::new();
    for (extension, _) in provided.iter().flat_map(|provided| &provided.extensions) {
        if !done.insert(extension) {
            continue;
        }
        let native = format!("{extension}.native");
        let (root, json) = (project.root.clone(), project.json.clone());
        let changed = project.changed;
        project.root.require(&native, "*", false).map_err(Error::Root)?;
        require(&mut project.json, &native);
        project.changed = true;
        let locked = solution.packages().iter().map(|chosen| Arc::clone(&chosen.package));
        let locked: Vec<Arc<Package>> = locked.collect();
        match resolve(project, locked) {
            Err(Error::Unsolvable { .. }) => {
                (project.root, project.json, project.changed) = (root, json, changed);
                let name = shown(extension);
                context.report.done(&format!("no suitable native version of {name} available"));
            }
            Err(error) => return Err(error),
            Ok(found) => {
                let mut new = items(project, packages(&found, !context.options.no_dev))?;
                if new.is_empty() {
                    context.report.done(&format!("{} (already enabled)", shown(extension)));
                }
                install(context, project, &found, &mut new)?;
                installed.extend(new);
                solution = found;
            }
        }
    }
    Ok(installed)
}

/// Adds the requirement to `composer.json`, as `composer require` does.
fn require(json: &mut Object, name: &str) {
    let entry = json.entry("require".to_owned()).or_insert_with(|| Value::Object(Object::new()));
    if !matches!(entry, Value::Object(_)) {
        *entry = Value::Object(Object::new());
    }
    if let Value::Object(require) = entry {
        require.insert(name.to_owned(), "*".into());
    }
}
