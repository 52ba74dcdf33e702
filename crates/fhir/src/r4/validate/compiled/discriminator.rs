//! What a value must be to fall in a slice, worked out from the discriminators and the elements of
//! the slice (FHIR R4, 5.1.0.8).

use super::path::Step;
use super::{Compiled, Path};
use crate::node::Node;
use crate::r4::definition::{
    Discriminator, DiscriminatorKind, Element, Strength, Structure, canonical_url,
};

/// One test of a slice.
#[derive(Debug)]
pub struct Test {
    /// What is looked at.
    pub path: Path,
    /// What it must be.
    pub want: Want,
}

/// What a value must be.
#[derive(Debug)]
pub enum Want {
    /// Exactly this.
    Fixed(Node),
    /// At least this.
    Pattern(Node),
    /// A code of the value set with this URL.
    Code(String),
    /// Of one of these types.
    Type(Vec<String>),
    /// In conformance with one of the structures with these numbers.
    Profile(Vec<usize>),
    /// There.
    Present,
    /// Not there.
    Absent,
    /// Nothing tells: no value falls in the slice.
    Never,
}

/// A place in a structure that a discriminator leads to.
type Place<'a> = (&'a Structure, usize);

/// The tests that one discriminator makes for the slice whose element is at `slice`.
pub fn tests(
    discriminator: &Discriminator,
    structure: &Structure,
    slice: usize,
    compiled: &Compiled,
) -> Vec<Test> {
    let Some((path, places)) = resolve(&discriminator.path, (structure, slice), compiled) else {
        return vec![Test { path: Path::default(), want: Want::Never }];
    };
    let wants: Vec<Test> = match discriminator.kind {
        DiscriminatorKind::Value | DiscriminatorKind::Pattern => {
            let found = places.iter().find_map(|place| value_of(*place));
            let below = || -> Vec<Test> {
                let inside = places.iter().flat_map(|place| with_types(*place, compiled));
                inside.flat_map(|place| values_below(place, &path)).collect()
            };
            match (found, below()) {
                (Some(want), _) => vec![Test { path: path.clone(), want }],
                (None, below) if !below.is_empty() => below,
                // A binding tells least, and every code of the standard has one.
                (None, _) => {
                    let code = places.iter().find_map(|place| code_of(*place));
                    code.into_iter().map(|want| Test { path: path.clone(), want }).collect()
                }
            }
        }
        DiscriminatorKind::Exists => {
            let exists = places.iter().find_map(|place| exists(*place));
            exists.into_iter().map(|want| Test { path: path.clone(), want }).collect()
        }
        DiscriminatorKind::Type => types_of(&places, &path, compiled)
            .into_iter()
            .map(|types| Test { path: path.clone(), want: Want::Type(types) })
            .collect(),
        DiscriminatorKind::Profile => vec![profile(&places, path.clone(), compiled)],
    };
    if wants.is_empty() { vec![Test { path, want: Want::Never }] } else { wants }
}

/// Follows a path in the definitions. The places all speak of the same element: that of the slice
/// and those of the profiles on its type.
fn resolve<'a>(
    text: &str,
    start: Place<'a>,
    compiled: &'a Compiled,
) -> Option<(Path, Vec<Place<'a>>)> {
    let mut path = Path::default();
    let mut places = vec![start];
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = step_end(rest);
        let step = rest.get(..end)?;
        rest = rest.get(end..)?.strip_prefix('.').unwrap_or("");
        if path.is_resolved {
            return None;
        }
        if step == "$this" {
            continue;
        }
        if step == "resolve()" {
            path.is_resolved = true;
            continue;
        }
        if let Some(argument) = call(step, "ofType").or_else(|| call(step, "as")) {
            let Some(Step::Child { wanted, .. }) = path.steps.last_mut() else { return None };
            *wanted = Some(argument.to_owned());
            continue;
        }
        if let Some(url) = call(step, "extension") {
            let url = url.trim_matches('\'').to_owned();
            places = extension_places(&places, &url, compiled);
            path.steps.push(Step::Extension(url));
            continue;
        }
        let mut is_choice = false;
        let mut below = Vec::new();
        for place in &places {
            for (structure, at) in with_types(*place, compiled) {
                let mut children = structure.children(at);
                if let Some((number, child)) = children.find(|(_, child)| child.name() == step) {
                    is_choice |= child.is_choice();
                    below.push((structure, number));
                    // `value[x]` may be told apart by its only slice.
                    below.extend(structure.slices(number).map(|(slice, _)| (structure, slice)));
                }
            }
        }
        if below.is_empty() {
            return None;
        }
        path.steps.push(Step::Child { name: step.to_owned(), is_choice, wanted: None });
        places = below;
    }
    Some((path, places))
}

/// Where the next step ends: at a dot outside brackets and quotes.
fn step_end(text: &str) -> usize {
    let (mut depth, mut is_quoted) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            '(' if !is_quoted => depth += 1,
            ')' if !is_quoted => depth = depth.saturating_sub(1),
            '.' if !is_quoted && depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn call<'t>(step: &'t str, function: &str) -> Option<&'t str> {
    step.strip_prefix(function)?.strip_prefix('(')?.strip_suffix(')')
}

/// The places whose children speak of the element: its own, or those of the profiles on its type
/// and of its type.
fn with_types<'a>(place: Place<'a>, compiled: &'a Compiled) -> Vec<Place<'a>> {
    let (structure, at) = place;
    let mut places = Vec::new();
    let inside = structure.content(at).unwrap_or(at);
    if structure.has_children(inside) {
        places.push((structure, inside));
    }
    let types = structure.element(at).map_or(&[][..], |element| &element.types);
    let definitions = compiled.definitions();
    for of in types {
        for url in of.profiles.iter().chain([&of.code]) {
            places.extend(definitions.structure(url).map(|found| (found, 0)));
        }
    }
    places
}

fn extension_places<'a>(places: &[Place<'a>], url: &str, compiled: &'a Compiled) -> Vec<Place<'a>> {
    let is_it = |element: &Element| {
        element.types.iter().any(|of| of.profiles.iter().any(|p| canonical_url(p) == url))
    };
    let mut found = Vec::new();
    for (structure, at) in places.iter().flat_map(|place| with_types(*place, compiled)) {
        for (number, _) in structure.children(at).filter(|(_, child)| child.name() == "extension") {
            let slices = structure.slices(number).filter(|(_, slice)| is_it(slice));
            found.extend(slices.map(|(slice, _)| (structure, slice)));
        }
    }
    found.extend(compiled.definitions().structure(url).map(|structure| (structure, 0)));
    found
}

/// The value that an element must have.
fn value_of((structure, at): Place<'_>) -> Option<Want> {
    let element = structure.element(at)?;
    if let Some(fixed) = &element.fixed {
        return Some(Want::Fixed(fixed.clone()));
    }
    element.pattern.clone().map(Want::Pattern)
}

/// The value set whose codes an element must have.
fn code_of((structure, at): Place<'_>) -> Option<Want> {
    let binding = structure.element(at)?.binding.as_ref();
    Some(Want::Code(binding.filter(|b| b.strength == Strength::Required)?.value_set.clone()?))
}

/// Fixed values and patterns further down, when the element itself has none.
fn values_below((structure, at): Place<'_>, path: &Path) -> Vec<Test> {
    let mut found = Vec::new();
    for (number, child) in structure.children(at) {
        let mut path = path.clone();
        path.steps.push(Step::Child {
            name: child.name().to_owned(),
            is_choice: child.is_choice(),
            wanted: None,
        });
        match (&child.fixed, &child.pattern) {
            (Some(fixed), _) => found.push(Test { path, want: Want::Fixed(fixed.clone()) }),
            (_, Some(pattern)) => found.push(Test { path, want: Want::Pattern(pattern.clone()) }),
            _ => found.extend(values_below((structure, number), &path)),
        }
    }
    found
}

fn exists((structure, at): Place<'_>) -> Option<Want> {
    let element = structure.element(at)?;
    match (element.min, element.max) {
        (_, Some(0)) => Some(Want::Absent),
        (1.., _) => Some(Want::Present),
        _ => None,
    }
}

fn types_of(places: &[Place<'_>], path: &Path, compiled: &Compiled) -> Option<Vec<String>> {
    // A slice of a choice says more than the choice itself: the shortest list counts.
    let elements = places.iter().filter_map(|(structure, at)| structure.element(*at));
    let types = elements.map(|element| &element.types).filter(|types| !types.is_empty());
    let types = types.min_by_key(|types| types.len())?;
    if path.is_resolved {
        return Some(targets(types, compiled));
    }
    Some(types.iter().map(|of| of.code.clone()).collect())
}

/// The names of the types that references of these types lead to.
fn targets(types: &[crate::r4::definition::Type], compiled: &Compiled) -> Vec<String> {
    let name = |url: &String| match compiled.definitions().structure(url) {
        Some(found) => found.type_name.clone(),
        None => canonical_url(url).rsplit('/').next().unwrap_or_default().to_owned(),
    };
    types.iter().flat_map(|of| of.targets.iter().map(name)).collect()
}

/// Conformance to a profile. What a reference leads to is judged by its type alone: the profile of
/// another resource may change after this one is written.
fn profile(places: &[Place<'_>], path: Path, compiled: &Compiled) -> Test {
    let elements = places.iter().filter_map(|(structure, at)| structure.element(*at));
    if path.is_resolved {
        let mut names = Vec::new();
        for element in elements {
            names.extend(targets(&element.types, compiled));
        }
        let is_any = names.is_empty() || names.iter().any(|name| name == "Resource");
        let want = if is_any { Want::Never } else { Want::Type(names) };
        return Test { path, want };
    }
    let mut numbers = Vec::new();
    for url in elements.flat_map(|element| &element.types).flat_map(|of| &of.profiles) {
        numbers.extend(compiled.number(url));
    }
    let want = if numbers.is_empty() { Want::Never } else { Want::Profile(numbers) };
    Test { path, want }
}
