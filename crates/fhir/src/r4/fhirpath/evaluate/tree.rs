//! `children` and `descendants` (FHIRPath, "Tree Navigation"), without recursion on the data.

use super::super::collection::Collection;
use super::super::error::EvaluateError;
use super::super::item::{Item, Known};
use super::{Answer, Evaluator};

impl<'a> Evaluator<'_, 'a> {
    pub(super) fn children(&self, input: &Collection<'a>) -> Answer<'a> {
        let mut found = Collection::new();
        for item in input {
            self.push_children(item, &mut found)?;
        }
        Ok(found)
    }

    /// Level by level.
    pub(super) fn descendants(&self, input: &Collection<'a>) -> Answer<'a> {
        let mut found = self.children(input)?;
        let mut at = 0;
        while let Some(item) = found.as_slice().get(at).cloned() {
            self.push_children(&item, &mut found)?;
            at += 1;
        }
        Ok(found)
    }

    /// `%resource.descendants()`, made once.
    pub(super) fn all_descendants(&self) -> Result<&Collection<'a>, EvaluateError> {
        self.charge(1)?;
        if let Some(all) = self.descendants.get() {
            return Ok(all);
        }
        let resource = Collection::one(Item::resource(self.context.resource));
        let all = self.descendants(&resource)?;
        Ok(self.descendants.get_or_init(|| all))
    }

    fn push_children(
        &self,
        item: &Item<'a>,
        found: &mut Collection<'a>,
    ) -> Result<(), EvaluateError> {
        self.charge(1)?;
        let Item::Element(element) = item else { return Ok(()) };
        let Some(members) = element.members() else { return Ok(()) };
        let parent = self.type_of(element);
        if found.is_empty() {
            found.reserve(members.len());
        }
        let has_companions = members.iter().any(|(name, _)| name.starts_with('_'));
        for (key, node) in members.iter() {
            let name = key.strip_prefix('_').unwrap_or(key);
            let known = match parent {
                Some(parent) => {
                    Known::Child { structure: parent.structure, element: parent.element, name }
                }
                None => Known::Nothing,
            };
            if name.len() == key.len() {
                if name == "resourceType" {
                    continue;
                }
                let extra = if has_companions { companion(members, name) } else { None };
                self.push(Some(node), extra, known, found)?;
            } else if !members.contains(name) {
                self.push(None, Some(node), known, found)?;
            }
        }
        Ok(())
    }
}

/// The id and extensions of the primitive `name`.
fn companion<'a>(members: &'a crate::node::Members, name: &str) -> Option<&'a crate::node::Node> {
    members.iter().find(|(key, _)| key.strip_prefix('_') == Some(name)).map(|(_, node)| node)
}
