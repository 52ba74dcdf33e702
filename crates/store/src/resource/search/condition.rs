//! A condition as a predicate on one resource: probes of the index under the
//! stamp of the resource.

use koppeltaal_core::search::{Condition, Place, Qualifier, Span, Target, Test, Values};
use koppeltaal_core::{Error, Result};

use crate::resource::sql::{BY_STAMP, BY_VALUE, Sql};
use crate::resource::type_history::first_key_from;
use crate::resource::{Kind, kind};

/// The most alternatives of one condition, each value once.
pub(super) const ALTERNATIVES: usize = 256;

/// The resource that a predicate is about.
#[derive(Clone, Copy)]
pub(super) struct Subject<'a> {
    /// Its type.
    pub(super) kind: Kind,
    /// The expression of its stamp.
    pub(super) stamp: &'a str,
    /// What the query calls its row of `resource`, where it has it.
    pub(super) row: Option<&'a str>,
}

/// ` AND …` for each of the conditions but that at `except`.
pub(super) fn and_all(
    sql: &mut Sql,
    subject: Subject<'_>,
    conditions: &[Condition],
    except: Option<usize>,
) -> Result<String> {
    let mut text = String::new();
    for (at, condition) in conditions.iter().enumerate() {
        if Some(at) != except {
            text.push_str(" AND ");
            text.push_str(&predicate(sql, subject, condition)?);
        }
    }
    Ok(text)
}

fn predicate(sql: &mut Sql, subject: Subject<'_>, condition: &Condition) -> Result<String> {
    match condition {
        Condition::AnyOf(tests) => any_of(sql, subject.stamp, tests),
        Condition::Not(inner) => Ok(format!("NOT ({})", predicate(sql, subject, inner)?)),
        Condition::Id(ids) => {
            few(ids.len())?;
            if ids.is_empty() {
                return Ok(NEVER.to_owned());
            }
            with_row(sql, subject, |sql, row| Ok(format!("{row}.id IN {}", sql.bind_list(ids))))
        }
        // As many as a domain has: they are asked by rights and not by callers.
        Condition::Origin(devices) if devices.is_empty() => Ok(NEVER.to_owned()),
        Condition::Origin(devices) => with_row(sql, subject, |sql, row| {
            Ok(format!("{row}.origin IN {}", sql.bind_list(devices)))
        }),
        Condition::Updated(spans) => updated(sql, subject.stamp, spans),
        Condition::Words(place, words) => has_words(sql, subject.stamp, *place, words),
        Condition::RefersTo { parameter, targets } => {
            refers_to(sql, subject.stamp, *parameter, targets)
        }
        Condition::ReferredBy { source, parameter } => with_row(sql, subject, |sql, row| {
            referred_by(sql, subject.kind, row, source, *parameter)
        }),
    }
}

const NEVER: &str = "1 = 0";
const ALWAYS: &str = "1 = 1";

/// Refuses what would make a statement without measure; faces refuse it earlier.
pub(super) fn few(alternatives: usize) -> Result<()> {
    if alternatives <= ALTERNATIVES {
        return Ok(());
    }
    Err(Error::Invalid(format!("a search has at most {ALTERNATIVES} alternatives in one place")))
}

/// A predicate that reads the row of the resource, which the query may not have.
fn with_row(
    sql: &mut Sql,
    subject: Subject<'_>,
    predicate: impl FnOnce(&mut Sql, &str) -> Result<String>,
) -> Result<String> {
    if let Some(row) = subject.row {
        return predicate(sql, row);
    }
    let row = sql.name('r');
    let number = sql.bind(subject.kind.number);
    let inner = predicate(sql, &row)?;
    let hint = sql.dialect().indexed_by("resource_stamp");
    Ok(sql.exists(&format!(
        "resource {row}{hint} WHERE {row}.domain = $1 AND {row}.type = {number} \
         AND {row}.stamp = {} AND {row}.deleted = 0 AND {inner}",
        subject.stamp
    )))
}

/// Whether there is a resource whose column is as `is` says, and that meets these.
fn resource_with(
    sql: &mut Sql,
    kind: Kind,
    index: &str,
    is: &str,
    conditions: &[Condition],
) -> Result<String> {
    let row = sql.name('r');
    let number = sql.bind(kind.number);
    let subject = Subject { kind, stamp: &format!("{row}.stamp"), row: Some(row.as_str()) };
    let rest = and_all(sql, subject, conditions, None)?;
    let hint = sql.dialect().indexed_by(index);
    // An id is looked up by its own index, not by walking those of its type that
    // are not deleted.
    let deleted = if index == "resource_id" { "deleted + 0" } else { "deleted" };
    Ok(sql.exists(&format!(
        "resource {row}{hint} WHERE {row}.domain = $1 AND {row}.type = {number} \
         AND {row}.{is} AND {row}.{deleted} = 0{rest}"
    )))
}

fn any_of(sql: &mut Sql, stamp: &str, tests: &[Test]) -> Result<String> {
    let groups = groups(tests)?;
    if groups.is_empty() {
        return Ok(NEVER.to_owned());
    }
    let row = sql.name('x');
    // One exact value is looked up among the rows of that value, where neighbours
    // of the candidate are neighbours too; all else among those of the resource.
    if let [test @ Test { value: Values::Is(_), .. }] = tests {
        let test = test_of(sql, &row, test);
        let hint = sql.dialect().indexed_by(BY_VALUE);
        return Ok(sql.exists(&format!(
            "search_index {row}{hint} WHERE {row}.domain = $1 AND {test} AND {row}.stamp = {stamp}"
        )));
    }
    let alternatives: Vec<String> = groups.iter().map(|group| group_of(sql, &row, group)).collect();
    let hint = sql.dialect().indexed_by(BY_STAMP);
    Ok(sql.exists(&format!(
        "search_index {row}{hint} WHERE {row}.domain = $1 AND {row}.stamp = {stamp} AND {}",
        any(&alternatives)
    )))
}

/// One alternative, or several in brackets.
fn any(alternatives: &[String]) -> String {
    match alternatives {
        [one] => one.clone(),
        several => format!("(({}))", several.join(") OR (")),
    }
}

/// Tests that are answered together: one value of some parameters, or several exact
/// ones.
#[derive(Clone)]
pub(super) struct Group<'a> {
    /// Rows of any of these.
    pub(super) parameters: Vec<i64>,
    /// Never empty; more than one when they are exact.
    pub(super) values: Vec<&'a Values>,
    /// What the qualifier of a row must be.
    pub(super) qualifier: Qualifier,
}

impl<'a> Group<'a> {
    /// The exact values, when there are several.
    pub(super) fn exact(&self) -> Option<Vec<&'a str>> {
        let exact = |values: &&'a Values| match values {
            Values::Is(value) => Some(value.as_str()),
            _ => None,
        };
        (self.values.len() > 1).then(|| self.values.iter().filter_map(exact).collect())
    }
}

/// The tests in groups. A value that is looked for under several parameters, test
/// beside test, counts as one alternative.
pub(super) fn groups(tests: &[Test]) -> Result<Vec<Group<'_>>> {
    let mut alternatives: Vec<Group<'_>> = Vec::new();
    for test in tests {
        let same = alternatives.last_mut().filter(|last| {
            last.qualifier == test.qualifier && last.values.first() == Some(&&test.value)
        });
        match same {
            Some(last) => last.parameters.push(test.parameter),
            None => alternatives.push(Group {
                parameters: vec![test.parameter],
                values: vec![&test.value],
                qualifier: test.qualifier,
            }),
        }
    }
    few(alternatives.len())?;
    let is_exact = |group: &Group<'_>| matches!(group.values.first(), Some(Values::Is(_)));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for one in alternatives {
        let alike = groups.iter_mut().find(|group| {
            is_exact(group)
                && is_exact(&one)
                && group.qualifier == one.qualifier
                && group.parameters == one.parameters
        });
        match alike {
            Some(group) => group.values.extend(one.values),
            None => groups.push(one),
        }
    }
    Ok(groups)
}

/// The tests of a group, of a row that the query calls `row`.
pub(super) fn group_of(sql: &mut Sql, row: &str, group: &Group<'_>) -> String {
    let text = sql.is_of(row, &group.parameters);
    let values = match (group.exact(), &group.values[..]) {
        (Some(values), _) => format!(" AND {row}.value IN {}", sql.bind_list(&values)),
        (None, values) => values.iter().map(|values| values_of(sql, row, values)).collect(),
    };
    format!("{text}{values}{}", qualifier_of(sql, row, group.qualifier))
}

/// A test of a row that the query calls `row`.
pub(super) fn test_of(sql: &mut Sql, row: &str, test: &Test) -> String {
    let text = sql.is_of(row, &[test.parameter]);
    text + &values_of(sql, row, &test.value) + &qualifier_of(sql, row, test.qualifier)
}

/// ` AND …` for the value of a row that the query calls `row`.
pub(super) fn values_of(sql: &mut Sql, row: &str, values: &Values) -> String {
    let mut text = String::new();
    match values {
        Values::Any => {}
        Values::Is(value) => text += &format!(" AND {row}.value = {}", sql.bind(value.as_str())),
        Values::Between { from, to } => {
            for (end, sign) in [(from, ">"), (to, "<")] {
                let Some(end) = end else { continue };
                let or_equal = if end.is_included { "=" } else { "" };
                let value = sql.bind(end.value.as_str());
                text += &format!(" AND {row}.value {sign}{or_equal} {value}");
            }
        }
        Values::Containing(part) => {
            let part = sql.bind(part.as_str());
            text += &format!(" AND {} > 0", sql.place(&part, &format!("{row}.value")));
        }
    }
    text
}

pub(super) fn qualifier_of(sql: &mut Sql, row: &str, qualifier: Qualifier) -> String {
    let (sign, value) = match qualifier {
        Qualifier::Any => return String::new(),
        Qualifier::Is(value) => ("=", value),
        Qualifier::AtMost(value) => ("<=", value),
        Qualifier::AtLeast(value) => (">=", value),
    };
    format!(" AND {row}.qualifier {sign} {}", sql.bind(value))
}

/// Times are whole milliseconds, and the stamp says which.
fn updated(sql: &mut Sql, stamp: &str, spans: &[Span]) -> Result<String> {
    few(spans.len())?;
    if spans.is_empty() {
        return Ok(NEVER.to_owned());
    }
    let spans: Vec<String> = spans
        .iter()
        .map(|span| {
            let from =
                span.from.map(|from| format!("{stamp} >= {}", sql.bind(first_key_from(from))));
            let until =
                span.until.map(|until| format!("{stamp} < {}", sql.bind(first_key_from(until))));
            match (from, until) {
                (None, None) => ALWAYS.to_owned(),
                (Some(one), None) | (None, Some(one)) => one,
                (Some(from), Some(until)) => format!("{from} AND {until}"),
            }
        })
        .collect();
    Ok(any(&spans))
}

fn has_words(sql: &mut Sql, stamp: &str, place: Place, words: &[String]) -> Result<String> {
    few(words.len())?;
    if words.is_empty() {
        return Ok(ALWAYS.to_owned());
    }
    let row = sql.name('w');
    let column = match place {
        Place::Narrative => format!("{row}.narrative"),
        Place::Content => format!("{row}.content"),
    };
    let mut text =
        format!("resource_words {row} WHERE {row}.domain = $1 AND {row}.stamp = {stamp}");
    for word in words {
        let word = sql.bind(format!(" {word} "));
        text += &format!(" AND {} > 0", sql.place(&word, &column));
    }
    Ok(sql.exists(&text))
}

fn refers_to(sql: &mut Sql, stamp: &str, parameter: i64, targets: &[Target]) -> Result<String> {
    few(targets.len())?;
    let mut alternatives = Vec::with_capacity(targets.len());
    for target in targets {
        if let Some(tests) = of_events(parameter, target) {
            alternatives.push(any_of(sql, stamp, &tests)?);
            continue;
        }
        let Some(kind) = kind(&target.resource_type) else { continue };
        let row = sql.name('x');
        let test = test_of(sql, &row, &to_type(kind, parameter));
        let start = sql.bind(i64::try_from(kind.name.len()).unwrap_or(0) + 2);
        let id = format!("id = substr({row}.value, CAST({start} AS INTEGER))");
        let leads = resource_with(sql, kind, "resource_id", &id, &target.conditions)?;
        let hint = sql.dialect().indexed_by(BY_STAMP);
        alternatives.push(sql.exists(&format!(
            "search_index {row}{hint} WHERE {row}.domain = $1 AND {row}.stamp = {stamp} \
             AND {test} AND {leads}"
        )));
    }
    if alternatives.is_empty() {
        return Ok(NEVER.to_owned());
    }
    Ok(any(&alternatives))
}

/// AuditEvents stand in the trail, and whoever asks has looked them up there: what is
/// left is a list of ids. The tests of a reference that leads to one of them.
pub(super) fn of_events(parameter: i64, target: &Target) -> Option<Vec<Test>> {
    let ids = match &target.conditions[..] {
        [Condition::Id(ids)] if target.resource_type == "AuditEvent" => ids,
        _ => return None,
    };
    let test = |id: &String| Test {
        parameter,
        value: Values::Is(format!("{}/{id}", target.resource_type)),
        qualifier: Qualifier::Any,
    };
    Some(ids.iter().map(test).collect())
}

/// The rows of a reference that leads to a resource of this type.
pub(super) fn to_type(kind: Kind, parameter: i64) -> Test {
    use koppeltaal_core::search::End;
    // `0` follows `/` in the order of bytes.
    let from = End { value: format!("{}/", kind.name), is_included: true };
    let to = End { value: format!("{}0", kind.name), is_included: false };
    let value = Values::Between { from: Some(from), to: Some(to) };
    Test { parameter, value, qualifier: Qualifier::Any }
}

fn referred_by(
    sql: &mut Sql,
    own: Kind,
    row: &str,
    source: &Target,
    parameter: i64,
) -> Result<String> {
    let Some(kind) = kind(&source.resource_type) else { return Ok(NEVER.to_owned()) };
    let reference = sql.name('x');
    let (parameter, prefix) = (sql.bind(parameter), sql.bind(format!("{}/", own.name)));
    let stamp = format!("stamp = {reference}.stamp");
    let comes = resource_with(sql, kind, "resource_stamp", &stamp, &source.conditions)?;
    let hint = sql.dialect().indexed_by(BY_VALUE);
    Ok(sql.exists(&format!(
        "search_index {reference}{hint} WHERE {reference}.domain = $1 \
         AND {reference}.parameter = {parameter} \
         AND {reference}.value = CAST({prefix} AS TEXT) || {row}.id AND {comes}"
    )))
}
