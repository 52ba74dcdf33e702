//! Compiles simple expressions against the definitions: what a choice may be called, what stands
//! at the end, and which code system a required binding implies (FHIR R4, Search, 3.1.1.4.10).

use super::parse::{Written, paths};
use super::path::{Leaf, Path, Step};
use super::shape::Shape;
use crate::r4::definition::{Definitions, Element, Kind, Strength, Structure};

/// An element of a structure: where the next step of a path begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'d> {
    structure: &'d Structure,
    element: usize,
}

impl<'d> Place<'d> {
    /// The root of a type.
    pub(super) fn root(definitions: &'d Definitions, type_name: &str) -> Option<Place<'d>> {
        Some(Place { structure: definitions.structure(type_name)?, element: 0 })
    }
}

/// Where a path has come to.
#[derive(Clone)]
struct Reached<'d> {
    /// How JSON calls it: the name of the last child.
    json: String,
    type_name: &'d str,
    place: Option<Place<'d>>,
    leaf: Leaf,
}

/// A compiled path, and where it ends.
pub(super) struct Compiled<'d> {
    pub(super) path: Path,
    pub(super) end: Option<Place<'d>>,
}

/// The paths of an expression that begins at a place; `None` when the engine is needed.
pub(super) fn compile<'d>(
    definitions: &'d Definitions,
    start: Place<'d>,
    expression: &str,
) -> Option<Vec<Compiled<'d>>> {
    paths(expression)?.iter().map(|steps| Compiler { definitions }.path(start, steps)).collect()
}

struct Compiler<'d> {
    definitions: &'d Definitions,
}

impl<'d> Compiler<'d> {
    fn path(&self, start: Place<'d>, written: &[Written]) -> Option<Compiled<'d>> {
        let mut steps = Vec::with_capacity(written.len());
        // Several where the last step was a choice.
        let mut reached: Vec<Reached<'d>> = vec![Reached {
            json: String::new(),
            type_name: &start.structure.type_name,
            place: Some(start),
            leaf: Leaf { shape: Shape::Other, system: None },
        }];
        for (at, step) in written.iter().enumerate() {
            if let (0, Written::Name(name)) = (at, step)
                && name.starts_with(|c: char| c.is_ascii_uppercase())
            {
                // The type that the path is about: nothing is found on any other.
                let is_type = start.element == 0 && self.is_a(&start.structure.type_name, name);
                if !is_type {
                    return None;
                }
                continue;
            }
            if let Written::As(name) = step {
                reached.retain(|one| self.is_a(one.type_name, name));
                if reached.is_empty() {
                    return None;
                }
                continue;
            }
            let before = single(&reached)?.clone();
            if !before.json.is_empty() {
                steps.push(Step::Child(before.json.as_str().into()));
            }
            reached = self.step(&before, step, &mut steps)?;
        }
        self.finish(reached, steps)
    }

    fn finish(&self, reached: Vec<Reached<'d>>, mut steps: Vec<Step>) -> Option<Compiled<'d>> {
        if let Some(one) = single(&reached) {
            if !one.json.is_empty() {
                steps.push(Step::Child(one.json.as_str().into()));
            }
            return Some(Compiled { path: Path { steps, leaf: one.leaf.clone() }, end: one.place });
        }
        let names = reached.into_iter().map(|one| (one.json.into(), one.leaf)).collect();
        steps.push(Step::Choice(names));
        let leaf = Leaf { shape: Shape::Other, system: None };
        Some(Compiled { path: Path { steps, leaf }, end: None })
    }

    /// Goes on from one place. The name of the new child is written down with the next step,
    /// because an `as` may still choose among several.
    fn step(
        &self,
        before: &Reached<'d>,
        step: &Written,
        steps: &mut Vec<Step>,
    ) -> Option<Vec<Reached<'d>>> {
        let place = before.place?;
        // What hangs on a primitive stands beside it in JSON.
        if place.structure.kind == Kind::Primitive {
            return None;
        }
        let filtered = Reached { json: String::new(), ..before.clone() };
        match step {
            Written::Name(name) => self.children(place, name),
            Written::Extension(url) => {
                steps.push(Step::Extension(url.as_str().into()));
                let place = Place::root(self.definitions, "Extension")?;
                let leaf = Leaf { shape: Shape::Extension, system: None };
                Some(vec![Reached {
                    json: String::new(),
                    type_name: "Extension",
                    place: Some(place),
                    leaf,
                }])
            }
            Written::Equal(name, text) => {
                // A choice, or a number, compares in ways of its own.
                let child = self.children(place, name)?;
                let child = single(&child)?;
                if child.json != *name || !matches!(child.leaf.shape, Shape::Text | Shape::Code) {
                    return None;
                }
                steps.push(Step::Equal(name.as_str().into(), text.as_str().into()));
                Some(vec![filtered])
            }
            Written::Refers(name) => {
                let is_concrete = self.definitions.structure(name).is_none_or(|s| !s.is_abstract);
                if before.leaf.shape != Shape::Reference || !is_concrete {
                    return None;
                }
                steps.push(Step::Refers(name.as_str().into()));
                Some(vec![filtered])
            }
            Written::As(_) => None,
        }
    }

    /// The child of this name; several when it is a choice.
    fn children(&self, place: Place<'d>, name: &str) -> Option<Vec<Reached<'d>>> {
        let structure = place.structure;
        let (at, element) =
            structure.children(place.element).find(|(_, element)| element.name() == name)?;
        if element.is_choice() {
            let types = element.types.iter();
            return types
                .map(|t| self.reached(element, &t.code, capitalised(name, &t.code)))
                .collect();
        }
        let inner = structure.content(at).unwrap_or(at);
        let own = match element.types.first() {
            Some(own) => own,
            None => structure.element(inner)?.types.first()?,
        };
        let mut reached = self.reached(element, &own.code, name.to_owned())?;
        if structure.has_children(inner) {
            reached.place = Some(Place { structure, element: inner });
        }
        Some(vec![reached])
    }

    fn reached(
        &self,
        element: &'d Element,
        type_name: &'d str,
        json: String,
    ) -> Option<Reached<'d>> {
        // Such an element tells its type only in the resource.
        if matches!(type_name, "Resource" | "DomainResource") {
            return None;
        }
        let shape = Shape::of(type_name);
        let system = if shape == Shape::Code { self.implied_system(element) } else { None };
        let place = Place::root(self.definitions, type_name);
        Some(Reached { json, type_name, place, leaf: Leaf { shape, system } })
    }

    /// The only code system of the value set that a code must be from.
    fn implied_system(&self, element: &Element) -> Option<Box<str>> {
        let binding = element.binding.as_ref().filter(|b| b.strength == Strength::Required)?;
        let value_set = self.definitions.value_set(binding.value_set.as_deref()?)?;
        if value_set.is_open() {
            return None;
        }
        let mut systems = value_set.systems().chain(value_set.open_systems());
        let first = systems.next()?;
        systems.all(|system| system == first).then(|| first.into())
    }

    fn is_a(&self, type_name: &str, ancestor: &str) -> bool {
        self.definitions.is_a(type_name, ancestor)
    }
}

fn single<'r, 'd>(reached: &'r [Reached<'d>]) -> Option<&'r Reached<'d>> {
    match reached {
        [one] => Some(one),
        _ => None,
    }
}

/// `valueQuantity` of `value` and `Quantity`.
fn capitalised(name: &str, type_name: &str) -> String {
    let mut chars = type_name.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    format!("{name}{}{}", first.map(String::from).unwrap_or_default(), chars.as_str())
}
