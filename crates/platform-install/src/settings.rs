//! What the environment says.

use std::path::PathBuf;

use tool::Io;

use crate::args::Options;

/// Where things go that are not of the folder. What is not set is not written.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The file that gets lines for the build of what comes next.
    pub export_file: Option<PathBuf>,
    /// The folder of scripts that the shell reads at start.
    pub profile_folder: Option<PathBuf>,
    /// The file of extensions that ordinary packages provide.
    pub provided_log: Option<PathBuf>,
    /// The file of changes to the environment.
    pub layer_env_file: Option<PathBuf>,
    /// Whether install scripts are run: in the builds of cloud native buildpacks.
    pub install_scripts: bool,
    /// Whether install scripts get [`tool::SECRETS`].
    pub pass_credentials: bool,
}

impl Settings {
    /// Reads the environment.
    pub fn of(io: &Io, options: &Options) -> Self {
        let path = |name: &str| io.env(name).map(|path| io.folder().join(path));
        Self {
            export_file: path("export_file_path"),
            profile_folder: path("profile_dir_path"),
            provided_log: path("providedextensionslog_file_path"),
            layer_env_file: path("layer_env_file_path"),
            install_scripts: io.env("CNB_TARGET_OS").is_some()
                && io.env("CNB_TARGET_ARCH").is_some(),
            pass_credentials: options.pass_credentials,
        }
    }
}
