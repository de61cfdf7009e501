//! Components that are made of others.

use crate::component::{Component, Context};
use crate::error::Error;

/// A component that is made of others. Wrap it in [`Modular`] to have a [`Component`].
pub trait ModularComponent {
    /// Whether it is for this application. Only then it has parts.
    ///
    /// # Errors
    /// When that cannot be told.
    fn supports(&self) -> Result<bool, Error>;

    /// Its parts, in the order in which they are called.
    ///
    /// # Errors
    /// When one cannot be made.
    fn sub_components(&mut self, context: &Context) -> Result<Vec<Box<dyn Component>>, Error>;

    /// What it answers when all parts are released.
    ///
    /// # Errors
    /// When there is no answer.
    fn command(&mut self) -> Result<Option<String>, Error>;
}

/// A [`ModularComponent`] and its parts, as a [`Component`].
pub struct Modular<T> {
    component: T,
    sub_components: Vec<Box<dyn Component>>,
}

impl<T: ModularComponent> Modular<T> {
    /// Makes the parts, if the component is for the application.
    ///
    /// # Errors
    /// When one cannot be made.
    pub fn new(mut component: T, context: &Context) -> Result<Self, Error> {
        let sub_components =
            if component.supports()? { component.sub_components(context)? } else { Vec::new() };
        Ok(Self { component, sub_components })
    }
}

impl<T: ModularComponent> Component for Modular<T> {
    /// The tags of all parts.
    fn detect(&mut self) -> Result<Option<Vec<String>>, Error> {
        if !self.component.supports()? {
            return Ok(None);
        }
        let mut tags = Vec::new();
        for part in &mut self.sub_components {
            tags.extend(part.detect()?.into_iter().flatten());
        }
        Ok(Some(tags))
    }

    fn compile(&mut self) -> Result<(), Error> {
        self.sub_components.iter_mut().try_for_each(|part| part.compile())
    }

    fn release(&mut self) -> Result<Option<String>, Error> {
        for part in &mut self.sub_components {
            part.release()?;
        }
        self.component.command()
    }
}
