//! What an executable component is given.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::Executable;
use crate::component::Kind;
use crate::droplet::{Droplet, Libraries};
use crate::names;
use crate::value::Value;

/// The version of documents and answers.
const PROTOCOL: &str = "component.v1";

/// A path as a text; what is not UTF-8 in it is replaced.
fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// The document for a phase.
pub(super) fn document(component: &Executable, phase: &str) -> Json {
    let base = component.base();
    let application = base.application();
    let dependency = component
        .dependency
        .item()
        .ok()
        .map(|item| json!({"version": item.version.as_str(), "uri": item.uri}));
    json!({
        "kind": PROTOCOL,
        "phase": phase,
        "component": {
            "class": component.class,
            "type": component.kind.name(),
            "id": base.droplet().component_id(),
            "tag": names::tag(&component.class),
            "name": component.name,
        },
        "application": {
            "root": text(application.root()),
            "files": application.all().into_iter().map(text).collect::<Vec<_>>(),
            "details": application.details(),
            "services": application.services().to_json(),
            "environment": component.shown(application.environment()),
        },
        "configuration": Value::Map(base.configuration().clone()).to_json(),
        "droplet": droplet(base.droplet(), component.kind),
        "dependency": dependency,
    })
}

fn droplet(droplet: &Droplet, kind: Kind) -> Json {
    let members = droplet.members();
    let home = &members.java_home;
    let libraries = |libraries: &Libraries| {
        let paths: Vec<String> = libraries.paths().iter().map(|path| text(path)).collect();
        json!({"paths": paths, "qualified-paths": libraries.qualified_paths()})
    };
    json!({
        "component-id": droplet.component_id(),
        "root": text(droplet.root_path()),
        "sandbox": text(droplet.sandbox_path()),
        "qualified-sandbox": droplet.qualify(droplet.sandbox_path()),
        "additional-libraries": libraries(&members.additional_libraries),
        "classpath": members.additional_libraries.as_classpath(),
        "root-libraries": libraries(&members.root_libraries),
        "environment-variables": members.environment_variables.variables(),
        "environment-variables-text": members.environment_variables.as_env_vars(),
        "extension-directories": members.extension_directories.as_paths(),
        "java-opts": members.java_opts.options(),
        "networking": {
            "networkaddress-cache-ttl": members.networking.networkaddress_cache_ttl,
            "networkaddress-cache-negative-ttl":
                members.networking.networkaddress_cache_negative_ttl,
        },
        "security-providers": members.security_providers.providers(),
        "java-home": {
            "mutable": kind == Kind::Jre,
            "root": home.root.as_deref().map(text),
            "qualified-root": home.qualified_root(),
            "environment-variable": home.as_env_var(),
            "version": home.version.as_ref().map(|version| version.as_str().to_owned()),
            "java-8-or-later": home.is_java_8_or_later(),
            "java-9-or-later": home.is_java_9_or_later(),
            "java-10-or-later": home.is_java_10_or_later(),
        },
    })
}
