//! One structure, ready: for each element its children by name, its types with their structures,
//! its invariants and its slices.

use super::constraint::Invariant;
use super::discriminator::{Test, tests};
use super::{Compiled, Path};
use crate::r4::definition::{
    CORE_STRUCTURE, Element, Kind, SlicingRules, Structure, canonical_url,
};
use crate::r4::validate::primitive::Primitive;

/// One structure, ready.
#[derive(Debug)]
pub struct Plan {
    /// The structure.
    pub structure: Structure,
    parts: Vec<Part>,
}

/// One element, ready.
#[derive(Debug, Default)]
pub struct Part {
    children: Vec<(Box<str>, usize)>,
    /// Children that must occur, also those of which only a slice must.
    pub required: Vec<usize>,
    /// The types it may have.
    pub types: Vec<TypePlan>,
    /// Invariants that are left to FHIRPath.
    pub invariants: Vec<Invariant>,
    /// Its slices.
    pub slices: Option<Slices>,
    inside: Option<usize>,
}

/// One type an element may have, ready.
#[derive(Debug)]
pub struct TypePlan {
    /// Name of the type.
    pub code: Box<str>,
    /// Is it a scalar?
    pub primitive: Option<Primitive>,
    /// Number of its structure.
    pub number: Option<usize>,
    /// Numbers of profiles of which one must be met; those nobody knows are left out.
    pub profiles: Vec<usize>,
    /// Is there a profile that nobody knows?
    pub has_unknown_profile: bool,
    /// Names of the types that a reference may lead to; empty is any.
    pub targets: Vec<Box<str>>,
}

/// The slices of an element.
#[derive(Debug)]
pub struct Slices {
    /// What about values that fall in no slice?
    pub rules: SlicingRules,
    /// Must the values stand in the order of the slices?
    pub is_ordered: bool,
    /// The slices in order.
    pub slices: Vec<Slice>,
}

/// One slice.
#[derive(Debug)]
pub struct Slice {
    /// Its element.
    pub at: usize,
    /// What a value must be to fall in it; all of them. None means that nothing can tell.
    pub tests: Vec<Test>,
}

/// An element of a structure, as a rule for a value.
#[derive(Clone, Copy, Debug)]
pub struct Rule<'a> {
    /// The structure.
    pub plan: &'a Plan,
    /// Index of the element; 0 is the root.
    pub at: usize,
}

static NOTHING: Part = Part {
    children: Vec::new(),
    required: Vec::new(),
    types: Vec::new(),
    invariants: Vec::new(),
    slices: None,
    inside: None,
};

impl Plan {
    /// Makes the structure with this URL ready; an unknown one becomes one without elements.
    pub fn new(url: &str, compiled: &Compiled) -> Plan {
        let structure = match compiled.definitions().structure(url) {
            Some(found) => found.clone(),
            None => Structure::new(url, Kind::Logical, "Base"),
        };
        let parts = (0..structure.elements().len())
            .filter_map(|at| Some(part(&structure, at, structure.element(at)?, compiled)))
            .collect();
        Plan { structure, parts }
    }

    /// The name under which FHIRPath finds the structure.
    pub fn key(&self) -> &str {
        let url = &self.structure.url;
        url.strip_prefix(CORE_STRUCTURE).unwrap_or(url)
    }

    /// The root as a rule.
    pub fn root(&self) -> Rule<'_> {
        Rule { plan: self, at: 0 }
    }
}

fn part(structure: &Structure, at: usize, element: &Element, compiled: &Compiled) -> Part {
    let inside = structure.content(at).or_else(|| structure.has_children(at).then_some(at));
    let children = structure.children(at);
    let is_own_value =
        |child: &Element| structure.kind == Kind::Primitive && at == 0 && child.name() == "value";
    Part {
        children: children
            .filter(|(_, child)| !is_own_value(child))
            .map(|(number, child)| (child.name().into(), number))
            .collect(),
        required: structure
            .children(at)
            .filter(|(number, child)| {
                let mut slices = structure.slices(*number);
                !is_own_value(child) && (child.min > 0 || slices.any(|(_, slice)| slice.min > 0))
            })
            .map(|(number, _)| number)
            .collect(),
        types: element.types.iter().map(|of| type_plan(of, compiled)).collect(),
        invariants: element.constraints.iter().filter_map(Invariant::new).collect(),
        slices: slices(structure, at, element, compiled),
        inside,
    }
}

fn type_plan(of: &crate::r4::definition::Type, compiled: &Compiled) -> TypePlan {
    let base = |target: &String| -> Box<str> {
        match compiled.definitions().structure(target) {
            Some(found) => found.type_name.as_str().into(),
            None => canonical_url(target).rsplit('/').next().unwrap_or_default().into(),
        }
    };
    let mut targets: Vec<Box<str>> = of.targets.iter().map(base).collect();
    if targets.iter().any(|target| &**target == "Resource") {
        targets.clear();
    }
    let profiles: Vec<usize> = of.profiles.iter().filter_map(|url| compiled.number(url)).collect();
    TypePlan {
        primitive: Primitive::named(&of.code),
        number: compiled.number(&of.code),
        has_unknown_profile: profiles.len() < of.profiles.len(),
        profiles,
        targets,
        code: of.code.as_str().into(),
    }
}

fn slices(
    structure: &Structure,
    at: usize,
    element: &Element,
    compiled: &Compiled,
) -> Option<Slices> {
    let by_type = [crate::r4::definition::Discriminator {
        kind: crate::r4::definition::DiscriminatorKind::Type,
        path: "$this".to_owned(),
    }];
    let listed: Vec<(usize, &Element)> = structure.slices(at).collect();
    let (discriminators, rules, is_ordered) = match &element.slicing {
        Some(slicing) => (slicing.discriminators.as_slice(), slicing.rules, slicing.is_ordered),
        // Slices of a choice are by type, also when nobody says so.
        None if element.is_choice() => (by_type.as_slice(), SlicingRules::Open, false),
        None => return None,
    };
    if listed.is_empty() && rules == SlicingRules::Open {
        return None;
    }
    let slice = |(number, _): (usize, &Element)| Slice {
        at: number,
        tests: discriminators.iter().flat_map(|d| tests(d, structure, number, compiled)).collect(),
    };
    Some(Slices { rules, is_ordered, slices: listed.into_iter().map(slice).collect() })
}

impl<'a> Rule<'a> {
    /// The element.
    pub fn element(self) -> &'a Element {
        static EMPTY: std::sync::OnceLock<Element> = std::sync::OnceLock::new();
        let found = self.plan.structure.element(self.at);
        found.unwrap_or_else(|| EMPTY.get_or_init(Element::default))
    }

    /// The element, ready.
    pub fn part(self) -> &'a Part {
        self.plan.parts.get(self.at).unwrap_or(&NOTHING)
    }

    /// Where the structure itself says what is inside the element.
    pub fn inside(self) -> Option<Rule<'a>> {
        Some(Rule { plan: self.plan, at: self.part().inside? })
    }

    /// The child with this name, without `[x]` and type.
    pub fn child(self, name: &str) -> Option<Rule<'a>> {
        let (_, at) = self.part().children.iter().find(|(own, _)| **own == *name)?;
        Some(Rule { plan: self.plan, at: *at })
    }

    /// The child that a document calls `name`, with its type.
    pub fn find(self, name: &str) -> Option<(Rule<'a>, Option<&'a TypePlan>)> {
        for (own, at) in &self.part().children {
            let rule = Rule { plan: self.plan, at: *at };
            let Some(rest) = name.strip_prefix(&**own) else { continue };
            if rest.is_empty() && !rule.element().is_choice() {
                // A content reference has the types of its target.
                let target = rule.inside().filter(|_| rule.part().types.is_empty());
                return Some((rule, target.unwrap_or(rule).part().types.first()));
            }
            if rule.element().is_choice() {
                let found = rule.part().types.iter().find(|of| is_suffix(&of.code, rest));
                if found.is_some() {
                    return Some((rule, found));
                }
            }
        }
        None
    }

    /// The type with this name that the rule allows.
    pub fn type_named(self, code: &str) -> Option<&'a TypePlan> {
        self.part().types.iter().find(|of| *of.code == *code)
    }

    /// Are the two the same?
    pub fn is(self, other: Rule<'_>) -> bool {
        std::ptr::eq(self.plan, other.plan) && self.at == other.at
    }

    /// What to call the rule: URL of the structure and id of the element.
    pub fn label(self) -> String {
        format!("{}#{}", self.plan.structure.url, self.element().id)
    }

    /// The name of the structure, for people.
    pub fn source(self) -> &'a str {
        &self.plan.structure.name
    }
}

/// Is `suffix` the code with its first letter in upper case?
fn is_suffix(code: &str, suffix: &str) -> bool {
    let (mut code, mut suffix) = (code.bytes(), suffix.bytes());
    let first = code.next().map(|b| b.to_ascii_uppercase());
    first.is_some() && first == suffix.next() && code.eq(suffix)
}

impl Path {
    /// The element itself.
    pub fn is_this(&self) -> bool {
        self.steps.is_empty() && !self.is_resolved
    }
}
