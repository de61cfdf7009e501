//! Tomcat itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::base::{Dependency, VersionedDependencyComponent};
use crate::component::Context;
use crate::droplet::link_all;
use crate::error::Error;
use crate::version::Version;
use crate::xml::{Document, Element};

pub(super) struct TomcatInstance {
    dependency: Dependency,
}

impl TomcatInstance {
    pub fn new(context: Context) -> Result<Self, Error> {
        let check = |version: &Version| version.check_size(3);
        Ok(Self { dependency: Dependency::checked(context, "TomcatInstance", true, &check)? })
    }

    fn is_before_tomcat_8(&self) -> bool {
        self.dependency.version().is_some_and(|version| !version.is_at_least([8, 0, 0], ""))
    }

    fn expand(&self, file: &Path) -> Result<(), Error> {
        let sandbox = self.dependency.droplet().sandbox_path();
        let name = self.dependency.name();
        self.dependency.expanding(name, sandbox, || {
            self.dependency.expand_tar(file, true, &["webapps"], sandbox, name)?;
            self.dependency
                .droplet()
                .copy_resources(None)
                .map_err(Error::io("copy the resources"))?;
            self.allow_linking()?;
            if self.is_before_tomcat_8() { self.add_jasper() } else { Ok(()) }
        })
    }

    /// The application is linked, not copied: Tomcat has to follow links.
    fn allow_linking(&self) -> Result<(), Error> {
        let before_8 = self.is_before_tomcat_8();
        change_xml(&self.dependency, "conf/context.xml", "Context", |context| {
            if before_8 {
                context.set_attribute("allowLinking", "true");
            } else {
                context.push(Element::new("Resources").with("allowLinking", "true"));
            }
        })
    }

    fn add_jasper(&self) -> Result<(), Error> {
        change_xml(&self.dependency, "conf/server.xml", "Server", |server| {
            let listener = Element::new("Listener")
                .with("className", "org.apache.catalina.core.JasperListener");
            server.insert_before("Service", listener);
        })
    }

    /// Where Tomcat finds the application: below `webapps`, by its context path.
    fn web_application(&self) -> Result<PathBuf, Error> {
        let configured = self.dependency.configuration().get("context_path");
        let path = configured.map_or_else(|| "ROOT".to_owned(), ToString::to_string);
        let path = path.strip_prefix('/').unwrap_or(&path).replace('/', "#");
        if path.is_empty() || path.starts_with('.') || path.contains('\0') {
            return Err(Error::Value {
                component: self.dependency.name().to_owned(),
                key: "context_path".to_owned(),
                expected: "a path such as /first/second",
            });
        }
        Ok(self.dependency.in_sandbox("webapps").join(path))
    }
}

impl VersionedDependencyComponent for TomcatInstance {
    fn dependency(&self) -> &Dependency {
        &self.dependency
    }

    fn compile(&mut self) -> Result<(), Error> {
        let item = self.dependency.item()?;
        let version = item.version.as_str();
        let target = self.web_application()?;
        self.dependency.download(version, &item.uri, None, |file| self.expand(file))?;

        self.dependency.make_folder(&target)?;
        let children = self.dependency.application().children();
        link_all(children.iter().map(PathBuf::as_path), &target)
            .map_err(Error::io("link the application"))?;

        let droplet = self.dependency.droplet();
        // Tomcat's own pool of connections is for applications, too.
        let pool = self.dependency.in_sandbox("lib/tomcat-jdbc.jar");
        if pool.exists() {
            droplet.members_mut().additional_libraries.push(pool);
        }
        let libraries = droplet.root_path().join("WEB-INF/lib");
        self.dependency.check_inside(&libraries)?;
        let linked = droplet.members().additional_libraries.link_to(&libraries);
        linked.map_err(Error::io("link the libraries"))
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        Ok(None)
    }
}

/// Changes the root element of a file of the sandbox.
pub(super) fn change_xml(
    dependency: &Dependency,
    file: &str,
    root: &str,
    change: impl FnOnce(&mut Element),
) -> Result<(), Error> {
    let path = dependency.in_sandbox(file);
    dependency.check_inside(&path)?;
    let text = fs::read_to_string(&path).map_err(Error::io(format!("read {}", path.display())))?;
    let wrong = |what: &dyn std::fmt::Display| Error::Droplet {
        what: format!("{} cannot be changed: {what}", path.display()),
    };
    let mut document = Document::parse(&text).map_err(|error| wrong(&error))?;
    let element = document.root_mut().filter(|element| element.name() == root);
    change(element.ok_or_else(|| wrong(&format!("its root is no <{root}>")))?);
    dependency.write(&path, &format!("{}\n", document.pretty()))
}
