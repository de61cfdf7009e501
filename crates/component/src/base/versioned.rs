//! Components with a dependency in a repository.

use std::path::Path;

use super::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;
use crate::repository::Item;
use crate::version::{self, Version};

/// A component and the dependency that its configuration asks for.
#[derive(Clone)]
pub struct Dependency {
    base: BaseComponent,
    item: Option<Item>,
}

impl std::ops::Deref for Dependency {
    type Target = BaseComponent;

    fn deref(&self) -> &BaseComponent {
        &self.base
    }
}

impl Dependency {
    /// Finds the dependency, if the component supports the application.
    ///
    /// # Errors
    /// When it cannot be found.
    pub fn new(context: Context, class: &'static str, supports: bool) -> Result<Self, Error> {
        Self::checked(context, class, supports, &|_| Ok(()))
    }

    /// The same; `check` may refuse versions that the component cannot use.
    ///
    /// # Errors
    /// As [`Dependency::new`].
    pub fn checked(
        context: Context,
        class: &'static str,
        supports: bool,
        check: &dyn Fn(&Version) -> Result<(), version::Error>,
    ) -> Result<Self, Error> {
        let mut dependency = Self::later(BaseComponent::new(context, class));
        if supports {
            dependency.resolve(check)?;
        }
        Ok(dependency)
    }

    /// One that is found later.
    #[must_use]
    pub fn later(base: BaseComponent) -> Self {
        Self { base, item: None }
    }

    /// Finds it.
    ///
    /// # Errors
    /// When it cannot be found.
    pub fn resolve(
        &mut self,
        check: &dyn Fn(&Version) -> Result<(), version::Error>,
    ) -> Result<(), Error> {
        let context = &self.base.context;
        let found =
            context.repositories.find_item(&context.configuration, &context.downloads, check);
        let item = found.map_err(|source| Error::Dependency {
            component: self.base.name().to_owned(),
            source,
        })?;
        self.item = Some(item);
        Ok(())
    }

    /// `<tag>=<version>` once it is found.
    #[must_use]
    pub fn id(&self) -> Option<String> {
        self.item.as_ref().map(|item| format!("{}={}", self.base.tag(), item.version))
    }

    /// The version once it is found.
    #[must_use]
    pub fn version(&self) -> Option<&Version> {
        self.item.as_ref().map(|item| &item.version)
    }

    /// The version and the address.
    ///
    /// # Errors
    /// When it has not been found.
    pub fn item(&self) -> Result<&Item, Error> {
        self.item.as_ref().ok_or_else(|| Error::Droplet {
            what: format!("{}: there is no version without detection", self.base.name()),
        })
    }

    /// `<component id>-<version>.jar`
    ///
    /// # Errors
    /// When it has not been found.
    pub fn jar_name(&self) -> Result<String, Error> {
        Ok(format!("{}-{}.jar", self.base.droplet().component_id(), self.item()?.version))
    }

    /// Fetches the dependency as a JAR: under its generated name into the sandbox by default.
    ///
    /// # Errors
    /// As [`BaseComponent::download_jar`].
    pub fn download_jar(&self, jar_name: Option<&str>, folder: Option<&Path>) -> Result<(), Error> {
        let item = self.item()?;
        let generated = self.jar_name()?;
        let jar_name = jar_name.unwrap_or(&generated);
        self.base.download_jar(item.version.as_str(), &item.uri, jar_name, folder, None)
    }

    /// Fetches the dependency as a tar archive.
    ///
    /// # Errors
    /// As [`BaseComponent::download_tar`].
    pub fn download_tar(&self, strip: bool, folder: Option<&Path>) -> Result<(), Error> {
        let item = self.item()?;
        self.base.download_tar(item.version.as_str(), &item.uri, strip, folder, None)
    }

    /// Fetches the dependency as a ZIP archive.
    ///
    /// # Errors
    /// As [`BaseComponent::download_zip`].
    pub fn download_zip(&self, strip: bool, folder: Option<&Path>) -> Result<(), Error> {
        let item = self.item()?;
        self.base.download_zip(item.version.as_str(), &item.uri, strip, folder, None)
    }

    /// Fetches the dependency as a single file.
    ///
    /// # Errors
    /// As [`BaseComponent::download_file`].
    pub fn download_file(&self, target: &Path) -> Result<(), Error> {
        let item = self.item()?;
        self.base.download_file(item.version.as_str(), &item.uri, target, None)
    }
}

/// A component that brings one dependency. It is detected by the dependency's version; wrap it in
/// [`Versioned`] to have a [`Component`].
pub trait VersionedDependencyComponent {
    /// The dependency.
    fn dependency(&self) -> &Dependency;

    /// See [`Component::detect`].
    ///
    /// # Errors
    /// See there.
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(self.dependency().id().map(|id| vec![id]))
    }

    /// See [`Component::compile`].
    ///
    /// # Errors
    /// See there.
    fn compile(&mut self) -> Result<(), Error>;

    /// See [`Component::release`].
    ///
    /// # Errors
    /// See there.
    fn release(&mut self) -> Result<Option<String>, Error>;
}

/// A [`VersionedDependencyComponent`] as a [`Component`].
pub struct Versioned<T>(pub T);

impl<T: VersionedDependencyComponent> Component for Versioned<T> {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        self.0.detect()
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.0.compile()
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        self.0.release()
    }
}
