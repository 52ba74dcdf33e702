//! The attributes of a request, as its row keeps them.

use koppeltaal_core::Error;
use serde_json::{Map, Value};

use super::super::super::failure::Failure;
use super::super::super::input::Input;

/// Attributes by name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Content(Map<String, Value>);

impl Content {
    /// Reads those of a row.
    pub fn read(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map(Self).map_err(|cause| Error::internal(cause).into())
    }

    /// The text for a row.
    pub fn render(&self) -> String {
        Value::Object(self.0.clone()).to_string()
    }

    /// Takes over what an input names.
    pub fn take(&mut self, input: &Input) {
        self.0.extend(super::kept(input));
    }

    /// Sets a text.
    pub fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value of an attribute.
    pub fn value(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// The text of an attribute.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).as_str()
    }
}
