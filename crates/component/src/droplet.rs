//! The droplet that is being made: what all components share, and each one's own part of it.

mod java_home;
mod java_opts;
mod libraries;
mod security;
mod tree;
mod variables;

use std::cell::{Ref, RefCell, RefMut};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

pub use java_home::JavaHome;
pub use java_opts::{JavaOpts, Properties, Setting};
pub use libraries::{ExtensionDirectories, Libraries};
pub use security::{Networking, SecurityProviders};
pub(crate) use tree::check_inside;
pub use tree::{Tree, copy as copy_tree, link_all};
pub use variables::EnvironmentVariables;

use crate::paths;

/// The folder of all sandboxes, in the application.
pub const BUILDPACK_FOLDER: &str = ".java-buildpack";

/// What all components of one staging share.
#[derive(Debug, Clone)]
pub struct Members {
    /// JARs for the class path.
    pub additional_libraries: Libraries,
    /// JARs for the class path of the container itself.
    pub root_libraries: Libraries,
    /// Variables for the command.
    pub environment_variables: EnvironmentVariables,
    /// Folders of extensions, before Java 9.
    pub extension_directories: ExtensionDirectories,
    /// Options for the JVM.
    pub java_opts: JavaOpts,
    /// How long names of hosts are remembered.
    pub networking: Networking,
    /// The providers of `java.security`, in their order.
    pub security_providers: SecurityProviders,
    /// The Java that runs it all.
    pub java_home: JavaHome,
}

impl Members {
    /// None of anything yet. `root` is the application's folder.
    #[must_use]
    pub fn new(root: &Path) -> Self {
        Self {
            additional_libraries: Libraries::new(root),
            root_libraries: Libraries::new(root),
            environment_variables: EnvironmentVariables::new(root),
            extension_directories: ExtensionDirectories::new(root),
            java_opts: JavaOpts::new(root),
            networking: Networking::default(),
            security_providers: SecurityProviders::default(),
            java_home: JavaHome::new(root),
        }
    }
}

/// One component's view of the droplet.
#[derive(Debug, Clone)]
pub struct Droplet {
    component_id: String,
    root: PathBuf,
    sandbox: PathBuf,
    resources: PathBuf,
    members: Rc<RefCell<Members>>,
}

impl Droplet {
    /// The view of the component `component_id` of a buildpack whose resources lie in `resources`.
    #[must_use]
    pub fn new(
        component_id: &str,
        root: &Path,
        resources: &Path,
        members: Rc<RefCell<Members>>,
    ) -> Self {
        Self {
            component_id: component_id.to_owned(),
            root: root.to_owned(),
            sandbox: root.join(BUILDPACK_FOLDER).join(component_id),
            resources: resources.join(component_id),
            members,
        }
    }

    /// The id of the component.
    #[must_use]
    pub fn component_id(&self) -> &str {
        &self.component_id
    }

    /// The application's files, without any sandbox.
    #[must_use]
    pub fn root(&self) -> Tree {
        Tree::without(&self.root, BUILDPACK_FOLDER)
    }

    /// The folder of the application.
    #[must_use]
    pub fn root_path(&self) -> &Path {
        &self.root
    }

    /// The component's own files, and no others.
    #[must_use]
    pub fn sandbox(&self) -> Tree {
        Tree::new(&self.sandbox)
    }

    /// The folder for the component's own files.
    #[must_use]
    pub fn sandbox_path(&self) -> &Path {
        &self.sandbox
    }

    /// What all components share, to look at.
    #[must_use]
    pub fn members(&self) -> Ref<'_, Members> {
        self.members.borrow()
    }

    /// What all components share, to change. Let go of it before another component is called.
    #[must_use]
    pub fn members_mut(&self) -> RefMut<'_, Members> {
        self.members.borrow_mut()
    }

    /// The path as the released command writes it.
    #[must_use]
    pub fn qualify(&self, path: &Path) -> String {
        paths::qualify(path, &self.root)
    }

    /// Copies the component's resources over a folder, if it has any.
    ///
    /// # Errors
    /// When a file cannot be read or written, or the folder is outside of the droplet.
    pub fn copy_resources(&self, to: Option<&Path>) -> io::Result<()> {
        if !self.resources.exists() {
            return Ok(());
        }
        let to = to.unwrap_or(&self.sandbox);
        self.check_inside(to)?;
        fs::create_dir_all(to)?;
        tree::copy(&self.resources, to, &self.root)
    }

    /// Makes sure that what is written to `path` stays in the droplet, whatever links are on the
    /// way.
    ///
    /// # Errors
    /// When it would not.
    pub fn check_inside(&self, path: &Path) -> io::Result<()> {
        tree::check_inside(path, &self.root)
    }
}
