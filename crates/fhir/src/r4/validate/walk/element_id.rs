//! Ids of elements, which something may point at from within the resource: each once in a resource,
//! contained ones on their own (FHIR R4, Element.id).

use super::{Told, Walk};
use crate::node::Node;
use crate::r4::validate::compiled::Rule;
use crate::r4::validate::issue::IssueType;
use crate::r4::validate::location::Location;

/// Its ids are names of their own, and stand in a snapshot and again in a differential.
const EXEMPT: &str = "ElementDefinition";

impl<'a> Walk<'a> {
    /// The id of the element at this place, which is of type `base`.
    pub(super) fn element_id(&mut self, location: &Location<'_>, value: &'a Node, base: Rule<'a>) {
        // A trial looks at what is walked through once more.
        if self.is_trial || (base.at == 0 && base.plan.structure.type_name == EXEMPT) {
            return;
        }
        let Some(id) = value.as_str() else { return };
        if !self.element_ids.insert(id) {
            self.error(IssueType::Invariant, location, |at| {
                let id = at.below("id");
                let details = format!("{id} is the id of another element of the resource too.");
                Told { expression: Some(id), ..Told::new(details, "Element.id") }
            });
        }
    }
}
