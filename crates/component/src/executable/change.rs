//! What an executable component may do to the droplet.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value as Json;

use super::Executable;
use crate::component::Kind;
use crate::droplet::Setting;
use crate::error::Error;
use crate::paths;
use crate::version::Version;

/// One change. Paths are relative to the droplet, or absolute and in it.
#[derive(Debug, Deserialize)]
#[serde(tag = "change", rename_all = "kebab-case", rename_all_fields = "kebab-case")]
pub(super) enum Change {
    AddAdditionalLibrary {
        path: PathBuf,
    },
    LinkAdditionalLibraries {
        to: PathBuf,
    },
    AddRootLibrary {
        path: PathBuf,
    },
    LinkRootLibraries {
        to: PathBuf,
    },
    AddEnvironmentVariable {
        name: String,
        #[serde(flatten)]
        to: To,
    },
    AddExtensionDirectory {
        path: PathBuf,
    },
    AddJavaagent {
        path: PathBuf,
        #[serde(default)]
        properties: Option<Properties>,
    },
    AddAgentpath {
        path: PathBuf,
        #[serde(default)]
        properties: Option<Properties>,
    },
    AddBootclasspath {
        path: PathBuf,
    },
    AddSystemProperty {
        name: String,
        #[serde(flatten)]
        to: To,
    },
    AddOption {
        name: String,
        #[serde(flatten)]
        to: To,
    },
    AddPreformattedOptions {
        value: String,
    },
    AddSecurityProvider {
        value: String,
        #[serde(default)]
        at: Option<usize>,
    },
    WriteSecurityProviders {
        to: PathBuf,
    },
    SetNetworking {
        #[serde(default)]
        networkaddress_cache_ttl: Option<Json>,
        #[serde(default)]
        networkaddress_cache_negative_ttl: Option<Json>,
    },
    WriteNetworking {
        to: PathBuf,
    },
    SetJavaHome {
        root: PathBuf,
        #[serde(default)]
        version: Option<String>,
    },
    CopyResources {
        #[serde(default)]
        to: Option<PathBuf>,
    },
    DownloadJar {
        #[serde(flatten)]
        from: Download,
        #[serde(default)]
        file: Option<String>,
    },
    DownloadTar {
        #[serde(flatten)]
        from: Download,
        #[serde(default = "yes")]
        strip: bool,
    },
    DownloadZip {
        #[serde(flatten)]
        from: Download,
        #[serde(default = "yes")]
        strip: bool,
    },
    WriteFile {
        path: PathBuf,
        text: String,
        #[serde(default)]
        executable: bool,
    },
    Say {
        text: String,
    },
    Warn {
        text: String,
    },
}

/// A text, a path in the droplet, or nothing.
#[derive(Debug, Deserialize)]
pub(super) struct To {
    #[serde(default)]
    value: Option<Json>,
    #[serde(default)]
    path: Option<PathBuf>,
}

type Properties = serde_json::Map<String, Json>;

/// What is fetched: the dependency, unless another address and version are given.
#[derive(Debug, Deserialize)]
pub(super) struct Download {
    #[serde(default)]
    uri: Option<String>,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    to: Option<PathBuf>,
}

fn yes() -> bool {
    true
}

/// A value as a text.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other => other.to_string(),
    }
}

impl Change {
    /// Makes the change.
    pub fn apply(&self, component: &Executable, phase: &'static str) -> Result<(), Error> {
        let base = component.base();
        let droplet = base.droplet();
        let inside = |path: &Path| -> Result<PathBuf, Error> {
            let path = paths::clean(&droplet.root_path().join(path));
            let is_inside = droplet.check_inside(&path);
            is_inside.map_err(|error| component.refused(error.to_string()))?;
            Ok(path)
        };
        let setting = |to: &To| -> Result<Setting, Error> {
            match (&to.value, &to.path) {
                (None, Some(path)) => inside(path).map(Setting::Path),
                (Some(value), None) => Ok(Setting::Text(text(value))),
                (None, None) => Ok(Setting::Nothing),
                (Some(_), Some(_)) => {
                    Err(component.refused("a change has both a value and a path").into())
                }
            }
        };
        let files = || {
            if phase == "release" {
                return Err(Error::from(component.refused("files are changed by compile only")));
            }
            Ok(())
        };
        let linked = Error::io("link the libraries");
        match self {
            Self::AddAdditionalLibrary { path } => {
                let path = inside(path)?;
                droplet.members_mut().additional_libraries.push(path);
            }
            Self::LinkAdditionalLibraries { to } => {
                files()?;
                droplet.members().additional_libraries.link_to(&inside(to)?).map_err(linked)?;
            }
            Self::AddRootLibrary { path } => {
                let path = inside(path)?;
                droplet.members_mut().root_libraries.push(path);
            }
            Self::LinkRootLibraries { to } => {
                files()?;
                droplet.members().root_libraries.link_to(&inside(to)?).map_err(linked)?;
            }
            Self::AddEnvironmentVariable { name, to } => {
                let to = setting(to)?;
                droplet.members_mut().environment_variables.add_environment_variable(name, to);
            }
            Self::AddExtensionDirectory { path } => {
                let path = inside(path)?;
                droplet.members_mut().extension_directories.push(path);
            }
            Self::AddJavaagent { path, properties } => {
                let path = inside(path)?;
                let opts = &mut droplet.members_mut().java_opts;
                match properties {
                    None => {
                        opts.add_javaagent(&path);
                    }
                    Some(properties) => with(properties, |properties| {
                        opts.add_javaagent_with_props(&path, properties);
                    }),
                }
            }
            Self::AddAgentpath { path, properties } => {
                let path = inside(path)?;
                let opts = &mut droplet.members_mut().java_opts;
                match properties {
                    None => {
                        opts.add_agentpath(&path);
                    }
                    Some(properties) => with(properties, |properties| {
                        opts.add_agentpath_with_props(&path, properties);
                    }),
                }
            }
            Self::AddBootclasspath { path } => {
                let path = inside(path)?;
                droplet.members_mut().java_opts.add_bootclasspath_p(&path);
            }
            Self::AddSystemProperty { name, to } => {
                let to = setting(to)?;
                droplet.members_mut().java_opts.add_system_property(name, to);
            }
            Self::AddOption { name, to } => {
                let to = setting(to)?;
                droplet.members_mut().java_opts.add_option(name, to);
            }
            Self::AddPreformattedOptions { value } => {
                droplet.members_mut().java_opts.add_preformatted_options(value);
            }
            Self::AddSecurityProvider { value, at } => {
                let providers = &mut droplet.members_mut().security_providers;
                match at {
                    None => providers.push(value),
                    Some(at) if *at <= 1000 => providers.insert(*at, value),
                    Some(at) => {
                        let detail = format!("{at} is no place for a security provider");
                        return Err(component.refused(detail).into());
                    }
                }
            }
            Self::WriteSecurityProviders { to } => {
                files()?;
                let written = droplet.members().security_providers.write_to(&inside(to)?);
                written.map_err(Error::io("write the security providers"))?;
            }
            Self::SetNetworking { networkaddress_cache_ttl, networkaddress_cache_negative_ttl } => {
                let networking = &mut droplet.members_mut().networking;
                if let Some(ttl) = networkaddress_cache_ttl {
                    networking.networkaddress_cache_ttl = Some(text(ttl));
                }
                if let Some(ttl) = networkaddress_cache_negative_ttl {
                    networking.networkaddress_cache_negative_ttl = Some(text(ttl));
                }
            }
            Self::WriteNetworking { to } => {
                files()?;
                let written = droplet.members().networking.write_to(&inside(to)?);
                written.map_err(Error::io("write the networking settings"))?;
            }
            Self::SetJavaHome { root, version } => {
                if component.kind != Kind::Jre {
                    return Err(component.refused("only a JRE may set the Java home").into());
                }
                let version = version.as_deref().map(Version::parse).transpose();
                let version = version.map_err(|error| component.refused(error.to_string()))?;
                let root = inside(root)?;
                let home = &mut droplet.members_mut().java_home;
                home.root = Some(root);
                home.version = version.or_else(|| home.version.take());
            }
            Self::CopyResources { to } => {
                files()?;
                let to = to.as_deref().map(inside).transpose()?;
                droplet.copy_resources(to.as_deref()).map_err(Error::io("copy the resources"))?;
            }
            Self::DownloadJar { from, file } => {
                files()?;
                if file.as_ref().is_some_and(|file| file.contains('/') || file.is_empty()) {
                    return Err(component.refused("a JAR's file name has no folder").into());
                }
                let (version, uri) = from.source(component)?;
                let generated = format!("{}-{version}.jar", droplet.component_id());
                let file = file.as_ref().unwrap_or(&generated);
                let to = from.to.as_deref().map(inside).transpose()?;
                base.download_jar(&version, &uri, file, to.as_deref(), from.name.as_deref())?;
            }
            Self::DownloadTar { from, strip } => {
                files()?;
                let (version, uri) = from.source(component)?;
                let to = from.to.as_deref().map(inside).transpose()?;
                base.download_tar(&version, &uri, *strip, to.as_deref(), from.name.as_deref())?;
            }
            Self::DownloadZip { from, strip } => {
                files()?;
                let (version, uri) = from.source(component)?;
                let to = from.to.as_deref().map(inside).transpose()?;
                base.download_zip(&version, &uri, *strip, to.as_deref(), from.name.as_deref())?;
            }
            Self::WriteFile { path, text, executable } => {
                files()?;
                let path = inside(path)?;
                base.write(&path, text)?;
                if *executable {
                    use std::os::unix::fs::PermissionsExt as _;
                    let mode = std::fs::Permissions::from_mode(0o755);
                    let what = format!("make {} executable", path.display());
                    std::fs::set_permissions(&path, mode).map_err(Error::io(what))?;
                }
            }
            Self::Say { text } => text.split('\n').for_each(|line| base.console().say(line)),
            Self::Warn { text } => base.console().warn(&component.name, text),
        }
        Ok(())
    }
}

/// Hands properties on as the library takes them; a null one has no value.
fn with<T>(properties: &Properties, hand_on: impl FnOnce(crate::droplet::Properties<'_>) -> T) {
    let texts: Vec<(String, Option<String>)> = properties
        .iter()
        .map(|(key, value)| (key.clone(), (!value.is_null()).then(|| text(value))))
        .collect();
    let pairs: Vec<(&str, Option<&str>)> =
        texts.iter().map(|(key, value)| (key.as_str(), value.as_deref())).collect();
    hand_on(&pairs);
}

impl Download {
    /// Version and address.
    fn source(&self, component: &Executable) -> Result<(String, String), Error> {
        match (&self.uri, &self.version) {
            (Some(uri), Some(version)) => {
                let plain = |c: char| c.is_ascii_alphanumeric() || "._+-".contains(c);
                if !version.chars().all(plain) || version.is_empty() || version.starts_with('.') {
                    let detail = format!("{version:?} is no version of a download");
                    return Err(component.refused(detail).into());
                }
                Ok((version.clone(), uri.clone()))
            }
            (None, None) => {
                let item = component.dependency.item().map_err(|_| {
                    component.refused(
                        "a download needs a uri and a version, or detect must have answered \
                         \"dependency\": true",
                    )
                })?;
                Ok((item.version.to_string(), item.uri.clone()))
            }
            _ => Err(component.refused("a download needs both a uri and a version").into()),
        }
    }
}
