//! A type or a profile: its elements in the order of the snapshot, and the tree they form
//! (FHIR R4, StructureDefinition).

use std::collections::HashMap;

use super::element::{Element, Type};

/// A type or a profile on one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Structure {
    /// Canonical URL.
    pub url: String,
    /// Business version.
    pub version: Option<String>,
    /// Name for programs.
    pub name: String,
    /// What kind of type it is, or constrains.
    pub kind: Kind,
    /// The type it is, or constrains: `Patient`.
    pub type_name: String,
    /// Canonical URL of the structure it is built on; only `Element` and `Resource` have none.
    pub base: Option<String>,
    /// Are there no instances of it, as of `DomainResource`?
    pub is_abstract: bool,
    /// A type of its own, or a profile.
    pub derivation: Derivation,
    /// Where an extension may be used.
    pub context: Vec<Context>,
    elements: Vec<Element>,
    tree: Vec<Place>,
}

/// Where an element stands in the tree.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Place {
    /// Where in the path the last name begins and ends.
    name: (u32, u32),
    children: Vec<u32>,
    slices: Vec<u32>,
    content: Option<u32>,
}

/// What kind of type a structure is, or constrains.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A scalar with id and extensions.
    Primitive,
    /// A data type with elements.
    ComplexType,
    /// A resource.
    Resource,
    /// A logical model, which no resource follows.
    Logical,
}

impl Kind {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Primitive => "primitive-type",
            Kind::ComplexType => "complex-type",
            Kind::Resource => "resource",
            Kind::Logical => "logical",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Kind> {
        [Kind::Primitive, Kind::ComplexType, Kind::Resource, Kind::Logical]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

/// A type of its own, or a profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Derivation {
    /// A type of its own.
    Specialization,
    /// A profile: fewer instances of the same type.
    Constraint,
}

impl Derivation {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            Derivation::Specialization => "specialization",
            Derivation::Constraint => "constraint",
        }
    }

    /// The derivation with this code.
    pub fn from_code(code: &str) -> Option<Derivation> {
        [Derivation::Specialization, Derivation::Constraint]
            .into_iter()
            .find(|derivation| derivation.code() == code)
    }
}

/// A place where an extension may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// How the expression is meant.
    pub kind: ContextKind,
    /// Element id, URL of an extension, or FHIRPath.
    pub expression: String,
}

/// How the place of an extension is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ContextKind {
    /// By element: `Patient.name`, or a type.
    Element,
    /// By the extension it stands in.
    Extension,
    /// By FHIRPath.
    FhirPath,
}

impl ContextKind {
    /// The code of R4.
    pub fn code(self) -> &'static str {
        match self {
            ContextKind::Element => "element",
            ContextKind::Extension => "extension",
            ContextKind::FhirPath => "fhirpath",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<ContextKind> {
        [ContextKind::Element, ContextKind::Extension, ContextKind::FhirPath]
            .into_iter()
            .find(|kind| kind.code() == code)
    }
}

impl Structure {
    /// A specialization without elements, to be filled; `name` is that of the type.
    pub fn new(url: &str, kind: Kind, type_name: &str) -> Structure {
        Structure {
            url: url.to_owned(),
            version: None,
            name: type_name.to_owned(),
            kind,
            type_name: type_name.to_owned(),
            base: None,
            is_abstract: false,
            derivation: Derivation::Specialization,
            context: Vec::new(),
            elements: Vec::new(),
            tree: Vec::new(),
        }
    }

    /// The structure with these elements in the order of the snapshot, the root first.
    #[must_use]
    pub fn with_elements(mut self, elements: Vec<Element>) -> Structure {
        self.tree = tree(&elements);
        self.elements = elements;
        self
    }

    /// The elements in the order of the snapshot; index 0 is the root.
    pub fn elements(&self) -> &[Element] {
        &self.elements
    }

    /// The elements, to build a profile from them.
    pub fn into_elements(self) -> Vec<Element> {
        self.elements
    }

    /// The element at an index that this structure gave.
    pub fn element(&self, at: usize) -> Option<&Element> {
        self.elements.get(at)
    }

    /// The root element; `None` for a structure without elements.
    pub fn root(&self) -> Option<&Element> {
        self.elements.first()
    }

    /// Index of the element with this id. Walks the list: not for the hot path.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.elements.iter().position(|element| element.id == id)
    }

    /// The children of an element in order, slices aside.
    pub fn children(&self, at: usize) -> impl Iterator<Item = (usize, &Element)> {
        self.listed(self.tree.get(at).map_or(&[], |place| &place.children))
    }

    /// Does the structure itself say what is inside the element, or only its type?
    pub fn has_children(&self, at: usize) -> bool {
        self.tree.get(at).is_some_and(|place| !place.children.is_empty())
    }

    /// The slices of a sliced element in order.
    pub fn slices(&self, at: usize) -> impl Iterator<Item = (usize, &Element)> {
        self.listed(self.tree.get(at).map_or(&[], |place| &place.slices))
    }

    /// The child that a document calls `name`, with the type that the name of a choice carries:
    /// `valueString` is `value[x]` with `string`.
    pub fn child(&self, at: usize, name: &str) -> Option<(usize, Option<&Type>)> {
        let place = self.tree.get(at)?;
        place.children.iter().find_map(|&child| {
            let child = child as usize;
            let element = self.elements.get(child)?;
            let (start, end) = self.tree.get(child)?.name;
            let own = element.path.get(start as usize..end as usize)?;
            if !element.is_choice() {
                return (own == name).then_some((child, None));
            }
            let found = element.type_with_suffix(name.strip_prefix(own)?)?;
            Some((child, Some(found)))
        })
    }

    /// The element whose rules and children count for a content reference.
    pub fn content(&self, at: usize) -> Option<usize> {
        self.tree.get(at)?.content.map(|target| target as usize)
    }

    /// The regular expression of a primitive, as R4 writes it: the whole text must match.
    pub fn regex(&self) -> Option<&str> {
        let (value, _) = self.child(0, "value")?;
        self.elements.get(value)?.regex.as_deref()
    }

    fn listed<'a>(&'a self, indices: &'a [u32]) -> impl Iterator<Item = (usize, &'a Element)> {
        indices.iter().filter_map(|&at| Some((at as usize, self.elements.get(at as usize)?)))
    }
}

/// The tree that the ids of the elements form.
fn tree(elements: &[Element]) -> Vec<Place> {
    let mut places = vec![Place::default(); elements.len()];
    let mut by_id: HashMap<&str, usize> = HashMap::with_capacity(elements.len());
    for (at, element) in elements.iter().enumerate() {
        let start = element.path.rfind('.').map_or(0, |dot| dot + 1);
        let end = element.path.strip_suffix("[x]").unwrap_or(&element.path).len();
        places[at].name = (narrow(start), narrow(end));
        let (parent, last) = match element.id.rfind('.') {
            Some(dot) => (element.id.get(..dot), dot + 1),
            None => (None, 0),
        };
        // A slice hangs under the element it is a slice of, a slice of a slice under that slice.
        let of = element.id.rfind(['/', ':']).filter(|cut| *cut > last);
        if let Some(sliced) = of.and_then(|cut| by_id.get(element.id.get(..cut)?)) {
            places[*sliced].slices.push(narrow(at));
        } else if let Some(parent) = parent.and_then(|id| by_id.get(id)) {
            places[*parent].children.push(narrow(at));
        }
        by_id.insert(&element.id, at);
    }
    for (at, element) in elements.iter().enumerate() {
        let target = element.content_reference.as_deref().and_then(|r| r.rsplit('#').next());
        places[at].content = target.and_then(|id| by_id.get(id)).map(|target| narrow(*target));
    }
    places
}

/// An index as it is kept. No structure comes near the limit; beyond it nothing is found.
fn narrow(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
