//! What brings Java.

mod class_count;
mod jvmkill;
mod memory_calculator;
mod runtime;
mod security_providers;

use std::cell::RefCell;
use std::rc::Rc;

use crate::base::{Modular, ModularComponent, Versioned};
use crate::component::{Component, Context};
use crate::error::Error;
use crate::names;
use memory_calculator::MemoryCalculator;

/// A Java runtime like OpenJDK's, with all that belongs to it.
pub(super) struct OpenJdkLike {
    class: &'static str,
    calculator: Option<Rc<RefCell<Versioned<MemoryCalculator>>>>,
}

/// The JRE of this class.
pub(super) fn open_jdk_like(
    context: Context,
    class: &'static str,
) -> Result<Modular<OpenJdkLike>, Error> {
    Modular::new(OpenJdkLike { class, calculator: None }, &context)
}

impl ModularComponent for OpenJdkLike {
    fn supports(&self) -> Result<bool, Error> {
        Ok(true)
    }

    fn sub_components(&mut self, context: &Context) -> Result<Vec<Box<dyn Component>>, Error> {
        let part = |key: &str| context.sub_configuration(key);
        let jvmkill = jvmkill::JvmkillAgent::new(part("jvmkill_agent"))?;
        let runtime = runtime::Runtime::new(part("jre"), &names::display(self.class));
        let calculator = MemoryCalculator::new(part("memory_calculator"))?;
        let calculator = Rc::new(RefCell::new(Versioned(calculator)));
        self.calculator = Some(Rc::clone(&calculator));
        Ok(vec![
            Box::new(Versioned(jvmkill)),
            Box::new(Versioned(runtime)),
            Box::new(calculator),
            Box::new(security_providers::SecurityProviders::new(context.clone())),
        ])
    }

    fn command(&mut self) -> Result<Option<String>, Error> {
        match &self.calculator {
            Some(calculator) => calculator.borrow().0.command().map(Some),
            None => Ok(None),
        }
    }
}
