//! Where in the resource the validation is: a chain on the stack that costs nothing until a
//! problem has to be told (FHIR R4, OperationOutcome.issue.expression).

use std::fmt;

use super::compiled::Rule;

/// Where the validation is.
#[derive(Clone, Copy, Debug)]
pub struct Location<'l> {
    parent: Option<&'l Location<'l>>,
    name: &'l str,
    index: Option<usize>,
    /// The type of the resource that begins here.
    resource_type: Option<&'l str>,
    /// The definition of the element, by the type it belongs to; none for a resource itself.
    pub definition: Option<Rule<'l>>,
}

impl<'l> Location<'l> {
    /// The resource itself.
    pub fn root(name: &'l str) -> Self {
        let resource_type = Some(name);
        Location { parent: None, name, index: None, resource_type, definition: None }
    }

    /// An element below.
    pub fn child(&'l self, name: &'l str, definition: Option<Rule<'l>>) -> Location<'l> {
        Location { parent: Some(self), name, index: None, resource_type: None, definition }
    }

    /// The same element as item of a list.
    #[must_use]
    pub fn at(mut self, index: Option<usize>) -> Self {
        self.index = index;
        self
    }

    /// The same place, where a resource of this type begins.
    #[must_use]
    pub fn resource(mut self, resource_type: &'l str) -> Self {
        self.resource_type = Some(resource_type);
        self.definition = None;
        self
    }

    /// The element that holds this one.
    pub fn parent(&self) -> Option<&'l Location<'l>> {
        self.parent
    }

    /// Is this the element with this name?
    pub fn is_named(&self, name: &str) -> bool {
        self.name == name
    }

    /// Is this a resource, whose type is as the caller wants it?
    pub fn is_resource_that(&self, wanted: impl Fn(&str) -> bool) -> bool {
        self.resource_type.is_some_and(wanted)
    }

    /// The path of an element below, for what is missing.
    pub fn below(&self, name: &str) -> String {
        format!("{self}.{name}")
    }

    /// Is this element, named from its resource, `path`? `Patient.name.given`, choices with `[x]`.
    /// A contained or bundled resource begins anew.
    pub fn is_path(&self, path: &str) -> bool {
        let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
        match (self.parent, self.definition) {
            (Some(parent), Some(definition)) => {
                let own = definition.element().path.rsplit('.').next().unwrap_or_default();
                own == last && parent.is_path(above)
            }
            _ => above.is_empty() && self.resource_type == Some(last),
        }
    }
}

impl fmt::Display for Location<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)?;
        match self.index {
            Some(index) => write!(f, "[{index}]"),
            None => Ok(()),
        }
    }
}
