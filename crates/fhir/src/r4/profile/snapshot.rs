//! A snapshot that grows while a profile is read: slices are made, and what is inside a data type
//! or another profile is spread out, when a rule names something there (FHIR R4,
//! StructureDefinition.snapshot and "Slicing").

use crate::r4::definition::{
    CORE_STRUCTURE, Discriminator, DiscriminatorKind, Element, Slicing, SlicingRules, Structure,
};

/// The elements of a profile in the making.
pub struct Snapshot<'a> {
    elements: Vec<Element>,
    /// Gives the structure with a canonical URL.
    find: &'a dyn Fn(&str) -> Option<&'a Structure>,
}

/// Extensions tell their slices apart by `url`, whether or not the type says so.
fn by_url() -> Slicing {
    Slicing {
        discriminators: vec![Discriminator {
            kind: DiscriminatorKind::Value,
            path: "url".to_owned(),
        }],
        rules: SlicingRules::Open,
        is_ordered: false,
    }
}

impl<'a> Snapshot<'a> {
    /// Begins with the elements of the type.
    pub fn new(base: &[Element], find: &'a dyn Fn(&str) -> Option<&'a Structure>) -> Snapshot<'a> {
        Snapshot { elements: base.to_vec(), find }
    }

    /// The elements in the order of a snapshot.
    pub fn into_elements(self) -> Vec<Element> {
        self.elements
    }

    /// The element with this id without the type, made if need be; `.` is the root. The error
    /// says why there cannot be such an element.
    pub fn element(&mut self, id: &str) -> Result<&mut Element, String> {
        let root = self.elements.first().map_or("", |root| &root.id);
        let id = if id == "." { root.to_owned() } else { format!("{root}.{id}") };
        let at = self.ensure(&id)?;
        self.elements.get_mut(at).ok_or_else(|| format!("{id} is not there"))
    }

    fn position(&self, id: &str) -> Option<usize> {
        self.elements.iter().position(|element| element.id == id)
    }

    fn ensure(&mut self, id: &str) -> Result<usize, String> {
        if let Some(at) = self.position(id) {
            return Ok(at);
        }
        let no_such = || format!("there is no element {id}");
        let (parent, last) = id.rsplit_once('.').ok_or_else(no_such)?;
        if let Some((name, slice)) = last.split_once(':') {
            let sliced = self.ensure(&format!("{parent}.{name}"))?;
            // The profile that was spread out for it may have the slice already.
            return self.position(id).map_or_else(|| self.add_slice(sliced, slice, id), Ok);
        }
        let parent = self.ensure(parent)?;
        if !self.has_children(parent) {
            self.spread_out(parent)?;
        }
        self.position(id).ok_or_else(no_such)
    }

    fn add_slice(&mut self, sliced: usize, name: &str, id: &str) -> Result<usize, String> {
        let base = &mut self.elements[sliced];
        if base.slicing.is_none() {
            if base.name() != "extension" {
                return Err(format!("{} does not say how its slices differ", base.id));
            }
            base.slicing = Some(by_url());
        }
        let mut slice = base.clone();
        slice.id = id.to_owned();
        slice.slice = Some(name.to_owned());
        slice.slicing = None;
        slice.min = 0;
        let at = self.end(sliced, &['.', ':', '/']);
        // Nothing but the profile itself says what is inside a part of a resource.
        let has_own_parts =
            slice.types.iter().any(|t| matches!(&*t.code, "BackboneElement" | "Element"));
        self.elements.insert(at, slice);
        if has_own_parts {
            self.spread_out(at)?;
        }
        Ok(at)
    }

    /// The index after the element and all whose id goes on with one of these characters.
    fn end(&self, at: usize, going_on: &[char]) -> usize {
        let id = &self.elements[at].id;
        let belongs = |other: &&Element| {
            other.id.strip_prefix(id.as_str()).is_some_and(|rest| rest.starts_with(going_on))
        };
        at + 1 + self.elements[at + 1..].iter().take_while(belongs).count()
    }

    fn has_children(&self, at: usize) -> bool {
        self.end(at, &['.']) > at + 1
    }

    /// Puts what is inside an element behind it: out of its profile, out of the element it is a
    /// slice of, or out of its type.
    fn spread_out(&mut self, at: usize) -> Result<(), String> {
        let element = &self.elements[at];
        let [only] = element.types.as_slice() else {
            return Err(format!("{} has not one type", element.id));
        };
        let sliced = element.slice.as_ref().and_then(|_| {
            let (id, _) = element.id.rsplit_once(':')?;
            let sliced = self.position(id)?;
            let has_same_types = self.elements[sliced].types == element.types;
            (has_same_types && self.has_children(sliced)).then_some(sliced)
        });
        let (from, children) = match sliced {
            Some(sliced) => {
                let end = self.end(sliced, &['.']);
                (self.elements[sliced].clone(), self.elements[sliced + 1..end].to_vec())
            }
            None => {
                let url = match only.profiles.as_slice() {
                    [profile] => profile.clone(),
                    _ => format!("{CORE_STRUCTURE}{}", only.code),
                };
                let structure = (self.find)(&url).ok_or_else(|| {
                    format!("{url}, the type of {}, is not known yet", element.id)
                })?;
                let (root, children) = structure
                    .elements()
                    .split_first()
                    .ok_or_else(|| format!("{url} has no elements"))?;
                (root.clone(), children.to_vec())
            }
        };
        let (id, path) = (element.id.clone(), element.path.clone());
        let moved = children.into_iter().map(|mut child| {
            child.id = format!("{id}{}", &child.id[from.id.len()..]);
            child.path = format!("{path}{}", &child.path[from.path.len()..]);
            child
        });
        self.elements.splice(at + 1..at + 1, moved);
        Ok(())
    }
}
