//! A search parameter of one type of resource, compiled (FHIR R4, SearchParameter).

use std::sync::Arc;

use super::check::Unusable;
use super::compile::{Place, compile};
use super::index::Rows;
use super::key::parameter_number;
use super::path::{Path, Step};
use super::shape::{Shape, Value};
use super::{composite, date, engine, quantity, reference, text, token};
use crate::node::Node;
use crate::r4::definition::{Definitions, SearchKind, SearchParameter};
use crate::r4::fhirpath::Expression;

/// The numbers under which the rows of a parameter stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers {
    /// Its values; of dates the beginnings.
    pub own: i64,
    /// The ends of dates.
    pub high: i64,
    /// The words beside tokens, for `:text`.
    pub text: i64,
    /// Identifiers with their type, for `:of-type`.
    pub of_type: i64,
    /// Identifiers of references, for `:identifier`.
    pub identifier: i64,
}

impl Numbers {
    fn of(resource_type: &str, code: &str) -> Numbers {
        let number = |suffix: &str| parameter_number(resource_type, &format!("{code}{suffix}"));
        Numbers {
            own: number(""),
            high: number(":high"),
            text: number(":text"),
            of_type: number(":of-type"),
            identifier: number(":identifier"),
        }
    }

    /// All of them.
    pub fn all(&self) -> [i64; 5] {
        [self.own, self.high, self.text, self.of_type, self.identifier]
    }
}

/// A search parameter of one type of resource, ready for use.
#[derive(Debug)]
pub struct Parameter {
    definition: Arc<SearchParameter>,
    numbers: Numbers,
    source: Source,
    components: Vec<Component>,
    covered: Vec<i64>,
}

/// One part of a composite parameter, ready for use.
#[derive(Debug)]
pub struct Component {
    definition: Arc<SearchParameter>,
    paths: Vec<Path>,
}

/// Where the values come from.
#[derive(Debug)]
enum Source {
    /// Nowhere: the parameter has no rows.
    Nothing,
    /// From the ends of these paths.
    Paths(Vec<Path>),
    /// From what the engine finds.
    Engine(Box<Expression>),
    /// From another parameter, which has the same rows and this code system.
    Shared(Option<Box<str>>),
}

/// Parameters that the server answers without rows.
const WITHOUT_ROWS: [&str; 2] = ["_id", "_lastUpdated"];

impl Parameter {
    pub(super) fn new(
        resource_type: &str,
        definition: Arc<SearchParameter>,
        definitions: &Definitions,
    ) -> Result<Parameter, Unusable> {
        let numbers = Numbers::of(resource_type, &definition.code);
        let (source, components) = match definition.expression {
            None => (Source::Nothing, Vec::new()),
            Some(_) if WITHOUT_ROWS.contains(&&*definition.code) => (Source::Nothing, Vec::new()),
            Some(_) => source(resource_type, &definition, definitions)?,
        };
        Ok(Parameter { definition, numbers, source, components, covered: Vec::new() })
    }

    /// Another parameter with the rows of this one.
    pub(super) fn with_name(&self, definition: Arc<SearchParameter>) -> Parameter {
        let source = Source::Shared(self.token_system().map(Box::from));
        Parameter {
            definition,
            numbers: self.numbers,
            source,
            components: Vec::new(),
            covered: self.covered.clone(),
        }
    }

    /// What the standard, or a package, says of it.
    pub fn definition(&self) -> &SearchParameter {
        &self.definition
    }

    /// The number of its rows.
    pub fn number(&self) -> i64 {
        self.numbers.own
    }

    /// The numbers of its rows and of their variants.
    pub fn numbers(&self) -> Numbers {
        self.numbers
    }

    /// The numbers of other parameters whose rows are all its values too. Those rows are not there
    /// under its own number again: whoever reads its values reads the rows of all these numbers.
    pub fn covered(&self) -> &[i64] {
        &self.covered
    }

    /// Says which rows of others are its values too.
    pub(super) fn cover(&mut self, numbers: &[i64]) {
        numbers.clone_into(&mut self.covered);
    }

    /// Where its values stand, when it was compiled to paths of its own.
    pub(super) fn paths(&self) -> Option<&[Path]> {
        match &self.source {
            Source::Paths(paths) => Some(paths),
            Source::Nothing | Source::Engine(_) | Source::Shared(_) => None,
        }
    }

    /// Does it give rows? `_id`, `_lastUpdated`, `_text` and `_content` do not.
    pub fn has_rows(&self) -> bool {
        !matches!(self.source, Source::Nothing)
    }

    /// The code system of its codes, when the definitions imply one for all of them.
    pub fn token_system(&self) -> Option<&str> {
        match &self.source {
            Source::Paths(paths) => common_system(paths),
            Source::Shared(system) => system.as_deref(),
            Source::Nothing | Source::Engine(_) => None,
        }
    }

    /// The parts of a composite: two, or none when it is not a composite.
    pub fn components(&self) -> &[Component] {
        &self.components
    }

    /// Adds the rows that it has for the resource.
    pub(super) fn rows(
        &self,
        resource: &Node,
        definitions: &Definitions,
        base: Option<&str>,
        rows: &mut Rows,
    ) {
        let numbers = &self.numbers;
        if let [_, _] = &self.components[..] {
            if let Source::Paths(paths) = &self.source {
                walk_nodes(paths, resource, &mut |element| {
                    composite::rows(resource, element, &self.components, numbers, rows);
                });
            }
            return;
        }
        self.values(resource, definitions, &mut |value| {
            let Some(value) = value.without_extension() else { return };
            match self.definition.kind {
                SearchKind::Token => token::rows(&value, numbers, rows),
                SearchKind::String => text::rows(&value, numbers, rows),
                SearchKind::Reference => reference::rows(&value, numbers, base, rows),
                SearchKind::Date => date::rows(&value, numbers, rows),
                SearchKind::Number => quantity::number_rows(&value, numbers, rows),
                SearchKind::Quantity => quantity::rows(&value, numbers, rows),
                SearchKind::Uri => uri_rows(&value, numbers, rows),
                SearchKind::Composite | SearchKind::Special => {}
            }
        });
    }

    /// Gives each value that its expression finds.
    pub(super) fn values<'a>(
        &'a self,
        resource: &'a Node,
        definitions: &'a Definitions,
        found: &mut dyn FnMut(Value<'a>),
    ) {
        match &self.source {
            Source::Nothing | Source::Shared(_) => {}
            Source::Paths(paths) => paths.iter().for_each(|p| p.walk(resource, resource, found)),
            Source::Engine(expression) => engine::walk(expression, resource, definitions, found),
        }
    }

    /// Does it need the engine?
    #[cfg(test)]
    pub(super) fn is_engine(&self) -> bool {
        matches!(self.source, Source::Engine(_))
    }
}

impl Component {
    /// The parameter that says how its values are compared.
    pub fn definition(&self) -> &SearchParameter {
        &self.definition
    }

    /// How its values are compared: token or quantity.
    pub fn kind(&self) -> SearchKind {
        self.definition.kind
    }

    /// The code system of its codes, when the definitions imply one for all of them.
    pub fn token_system(&self) -> Option<&str> {
        common_system(&self.paths)
    }

    pub(super) fn walk<'a>(
        &'a self,
        root: &'a Node,
        element: &'a Node,
        found: &mut dyn FnMut(Value<'a>),
    ) {
        self.paths.iter().for_each(|path| path.walk(root, element, found));
    }
}

fn uri_rows(value: &Value<'_>, numbers: &Numbers, rows: &mut Rows) {
    if let (Shape::Uri | Shape::Text | Shape::Code, Some(uri)) = (value.shape, value.node.as_str())
        && !uri.is_empty()
    {
        rows.push(numbers.own, uri, 0);
        // A canonical with a version is found without it too, as profiles are asked for.
        if let Some((canonical, _)) = uri.split_once('|') {
            rows.push(numbers.own, canonical, 0);
        }
    }
}

fn source(
    resource_type: &str,
    definition: &SearchParameter,
    definitions: &Definitions,
) -> Result<(Source, Vec<Component>), Unusable> {
    // Whatever compiles to paths is good FHIRPath: only the others are read by the engine.
    if definition.kind == SearchKind::Special {
        return Err(Unusable::Special);
    }
    let Some(text) = definition.expression_for(resource_type) else {
        return Err(Unusable::NoExpression);
    };
    let start = Place::root(definitions, resource_type);
    let compiled = start.and_then(|start| compile(definitions, start, &text));
    if definition.kind == SearchKind::Composite {
        let compiled = compiled.ok_or(Unusable::Composite)?;
        let [only] = &compiled[..] else { return Err(Unusable::Composite) };
        let components = components(definition, definitions, only.end)?;
        return Ok((Source::Paths(vec![only.path.clone()]), components));
    }
    let source = match compiled {
        Some(compiled) => Source::Paths(compiled.into_iter().map(|one| one.path).collect()),
        None => Source::Engine(Box::new(Expression::parse(&text)?)),
    };
    Ok((source, Vec::new()))
}

fn components(
    definition: &SearchParameter,
    definitions: &Definitions,
    start: Option<Place<'_>>,
) -> Result<Vec<Component>, Unusable> {
    let component = |part: &crate::r4::definition::Component| {
        let definition = definitions.search_parameter_by_url(&part.definition)?;
        let paths = compile(definitions, start?, &part.expression)?;
        let paths = paths.into_iter().map(|one| one.path).collect();
        Some(Component { definition: Arc::new(definition.clone()), paths })
    };
    let all: Vec<Component> = definition
        .components
        .iter()
        .map(|part| component(part).ok_or(Unusable::Composite))
        .collect::<Result<_, _>>()?;
    let kinds: Vec<SearchKind> = all.iter().map(Component::kind).collect();
    match kinds[..] {
        [SearchKind::Token, SearchKind::Token | SearchKind::Quantity] => Ok(all),
        _ => Err(Unusable::Composite),
    }
}

/// Gives each node at the end of the paths.
fn walk_nodes<'a>(paths: &'a [Path], resource: &'a Node, found: &mut dyn FnMut(&'a Node)) {
    for path in paths {
        path.walk(resource, resource, &mut |value| {
            if let std::borrow::Cow::Borrowed(node) = value.node {
                found(node);
            }
        });
    }
}

/// The one code system that all ends of the paths imply.
fn common_system(paths: &[Path]) -> Option<&str> {
    let leaves = paths.iter().flat_map(|path| match path.steps.last() {
        Some(Step::Choice(names)) => names.iter().map(|(_, leaf)| leaf).collect(),
        _ => vec![&path.leaf],
    });
    let mut systems = leaves.map(|leaf| leaf.system.as_deref());
    let first = systems.next()??;
    systems.all(|system| system == Some(first)).then_some(first)
}
