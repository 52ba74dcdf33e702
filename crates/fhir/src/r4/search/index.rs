//! The rows and words of a resource. Runs at every write of a resource.

use std::collections::HashSet;

use super::content;
use super::covers;
use super::key::cap;
use super::parameters::{Parameters, is_free};
use super::reference::target;
use super::references::each_literal;
use crate::node::Node;
use crate::r4::definition::Definitions;

/// One searchable value of a resource. Whatever its kind, it is text in an order that bytes keep,
/// and a number that narrows it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row {
    /// The number of the parameter, which stands for a resource type and a code.
    pub parameter: i64,
    /// The value.
    pub value: String,
    /// What narrows it: a hash of the system of a token, the other end of a period; 0 when nothing
    /// does.
    pub qualifier: i64,
}

/// The words of a resource, for `_text` and `_content`: folded, each once, sorted, with a space
/// before, between and after them; empty when there are none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words {
    /// Those of the narrative.
    pub narrative: String,
    /// Those of every text, the narrative too.
    pub content: String,
}

/// What a resource is found by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Indexed {
    /// Its rows, sorted, each once; a value that two parameters share may stand under one of them
    /// alone ([`Parameter::covered`](super::Parameter::covered)).
    pub rows: Vec<Row>,
    /// Its words.
    pub words: Words,
}

/// Rows on their way into the index.
#[derive(Default)]
pub(super) struct Rows(pub(super) Vec<Row>);

impl Rows {
    /// Adds a row; a long value is cut down.
    pub(super) fn push(&mut self, parameter: i64, value: &str, qualifier: i64) {
        self.0.push(Row { parameter, value: cap(value).into_owned(), qualifier });
    }
}

/// What the resource is found by. `parameters` were compiled from these definitions; `base` is the
/// address under which the service has its own resources, so that absolute references to them
/// become relative. What an expression cannot make sense of gives no rows.
pub fn index(
    resource: &Node,
    parameters: &Parameters,
    definitions: &Definitions,
    base: Option<&str>,
) -> Indexed {
    let mut rows = Rows(Vec::with_capacity(64));
    let resource_type = resource.resource_type().unwrap_or_default();
    for parameter in parameters.for_type(resource_type) {
        parameter.rows(resource, definitions, base, &mut rows);
    }
    other_references(resource, resource_type, parameters, base, &mut rows);
    let mut rows = rows.0;
    rows.sort_unstable();
    rows.dedup();
    covers::take_repeated(&mut rows, parameters.covers(resource_type));
    Indexed { rows, words: content::words_of(resource) }
}

/// Rows for the references that no built-in parameter has: with them every reference of the resource
/// stands where it is looked for, and a delete of what it refers to can be refused.
fn other_references(
    resource: &Node,
    resource_type: &str,
    parameters: &Parameters,
    base: Option<&str>,
    rows: &mut Rows,
) {
    let Some(held) = parameters.held(resource_type) else { return };
    let mut others = Vec::new();
    each_literal(resource, &mut |place, reference| {
        if !is_free(resource_type, place) {
            others.push(target(reference, base).0);
        }
    });
    let held_rows = rows.0.iter().filter(|row| held.numbers.contains(&row.parameter));
    let indexed: HashSet<&str> = held_rows.map(|row| row.value.as_str()).collect();
    others.retain(|value| !indexed.contains(&*cap(value)));
    others.iter().for_each(|value| rows.push(held.other, value, 0));
}
