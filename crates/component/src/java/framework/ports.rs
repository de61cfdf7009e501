//! Ports for debuggers and for management.

use crate::base::BaseComponent;
use crate::component::{Component, Context};
use crate::error::Error;
use crate::text::Style;
use crate::value::Value;

fn is_set(base: &BaseComponent, key: &str) -> bool {
    base.configuration().get(key).is_some_and(Value::is_truthy)
}

fn port(base: &BaseComponent, default: &str) -> String {
    let port = base.configuration().get("port").filter(|port| port.is_truthy());
    port.map_or_else(|| default.to_owned(), ToString::to_string)
}

fn detected(base: &BaseComponent, port: &str) -> Option<Vec<String>> {
    is_set(base, "enabled").then(|| vec![format!("{}={port}", base.tag())])
}

fn announce(base: &BaseComponent, what: &str, rest: &str) {
    let console = base.console();
    let what = console.paint().paint(what, &[Style::Blue, Style::Bold]);
    let line = console.arrow().text(" ").append(&what);
    console.say(line.text(&format!(" enabled on port {rest}")));
}

/// Lets a debugger in.
pub(in crate::java) struct Debug {
    base: BaseComponent,
}

impl Debug {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "Debug") }
    }

    fn port(&self) -> String {
        port(&self.base, "8000")
    }
}

impl Component for Debug {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(detected(&self.base, &self.port()))
    }

    fn compile(&mut self) -> Result<(), Error> {
        let suspended = if is_set(&self.base, "suspend") { ", suspended on start" } else { "" };
        announce(&self.base, "Debugging", &format!("{}{suspended}", self.port()));
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let suspend = if is_set(&self.base, "suspend") { 'y' } else { 'n' };
        let option = format!(
            "-agentlib:jdwp=transport=dt_socket,server=y,address={},suspend={suspend}",
            self.port()
        );
        self.base.droplet().members_mut().java_opts.add_preformatted_options(option);
        Ok(None)
    }
}

/// Lets management in.
pub(in crate::java) struct Jmx {
    base: BaseComponent,
}

impl Jmx {
    pub fn new(context: Context) -> Self {
        Self { base: BaseComponent::new(context, "Jmx") }
    }

    fn port(&self) -> String {
        port(&self.base, "5000")
    }
}

impl Component for Jmx {
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        Ok(detected(&self.base, &self.port()))
    }

    fn compile(&mut self) -> Result<(), Error> {
        announce(&self.base, "JMX", &self.port());
        Ok(())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        let port = self.port();
        let mut members = self.base.droplet().members_mut();
        members
            .java_opts
            .add_system_property("java.rmi.server.hostname", "127.0.0.1")
            .add_system_property("com.sun.management.jmxremote.authenticate", false)
            .add_system_property("com.sun.management.jmxremote.ssl", false)
            .add_system_property("com.sun.management.jmxremote.port", port.as_str())
            .add_system_property("com.sun.management.jmxremote.rmi.port", port.as_str());
        Ok(None)
    }
}
