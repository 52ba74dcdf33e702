//! What a search begins with: the condition that the fewest resources meet,
//! found by counting up to a limit, or a walk in the order of time.

use std::borrow::Cow;

use koppeltaal_core::Result;
use koppeltaal_core::search::{Condition, Qualifier, Test, Values};

use super::condition::{Group, few, group_of, groups, qualifier_of, test_of, to_type, values_of};
use crate::resource::sql::{BY_VALUE, Sql};
use crate::resource::{Kind, kind};
use crate::scope::DomainTx;
use crate::tx::Dialect;

/// How far candidates are counted: the first round is cheap and mostly enough.
pub(super) const ROUNDS: &[i64] = &[100, 1_000];
/// How far before resources are counted, where a bad choice costs more.
pub(super) const ROUNDS_OF_COUNT: &[i64] = &[100, 10_000, 1_000_000];
/// The most exact values that are walked side by side.
const WALKS: usize = 8;

/// A search whose chains are resolved as far as that helps.
pub(super) struct Prepared<'a> {
    pub(super) kind: Kind,
    pub(super) conditions: Cow<'a, [Condition]>,
}

/// Where the candidates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Source {
    /// All resources of the type.
    Type,
    /// The rows that pass one of these tests.
    Rows(Vec<Test>),
    /// The resources with these ids.
    Ids(Vec<String>),
}

impl Source {
    /// Whether nothing can come from it: there is no statement to run then.
    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Type => false,
            Self::Rows(tests) => tests.is_empty(),
            Self::Ids(ids) => ids.is_empty(),
        }
    }
}

/// A source, and what it spares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Driver {
    pub(super) source: Source,
    /// The condition that its candidates meet already.
    pub(super) answers: Option<usize>,
    /// Whether it was found to have few candidates.
    pub(super) is_small: bool,
}

impl Driver {
    pub(super) const TYPE: Self = Self { source: Source::Type, answers: None, is_small: false };

    /// The tests that can be walked in the order of the stamps, side by side.
    pub(super) fn walks(&self) -> Option<&[Test]> {
        match &self.source {
            Source::Rows(tests) if is_walkable(tests) => Some(tests),
            _ => None,
        }
    }
}

fn is_walkable(tests: &[Test]) -> bool {
    tests.len() <= WALKS && tests.iter().all(|test| matches!(test.value, Values::Is(_)))
}

/// Whether a test passes at most one row of each resource.
pub(super) fn is_unique(test: &Test) -> bool {
    matches!((&test.value, test.qualifier), (Values::Is(_), Qualifier::Is(_)))
}

/// What a search can begin with.
pub(super) fn candidates(conditions: &[Condition]) -> Result<Vec<Driver>> {
    let mut found = Vec::new();
    for (at, condition) in conditions.iter().enumerate() {
        let (source, is_exact) = match condition {
            Condition::AnyOf(tests) => (Source::Rows(tests.clone()), true),
            Condition::Id(ids) => {
                few(ids.len())?;
                (Source::Ids(ids.clone()), true)
            }
            // What refers to a resource of that type at all.
            Condition::RefersTo { parameter, targets } => {
                let kinds = targets.iter().filter_map(|target| kind(&target.resource_type));
                (Source::Rows(kinds.map(|kind| to_type(kind, *parameter)).collect()), false)
            }
            _ => continue,
        };
        found.push(Driver { source, answers: is_exact.then_some(at), is_small: false });
    }
    Ok(found)
}

/// The candidate with the fewest resources, or none when all have more than the
/// last round counts.
pub(super) fn smallest(
    tx: &mut DomainTx<'_>,
    candidates: &[Driver],
    rounds: &[i64],
) -> Result<Option<Driver>> {
    // Ids are few without counting.
    let is_id = |candidate: &&Driver| matches!(candidate.source, Source::Ids(_));
    if let Some(ids) = candidates.iter().find(is_id) {
        return Ok(Some(Driver { is_small: true, ..ids.clone() }));
    }
    // A look for a part of a value reads all values: only when nothing else is few.
    let (slow, quick): (Vec<_>, Vec<_>) =
        candidates.iter().partition(|candidate| is_slow(&candidate.source));
    for candidates in [quick, slow] {
        for most in rounds {
            if candidates.is_empty() {
                break;
            }
            let counts = counted(tx, &candidates, *most)?;
            let fewest = counts.iter().zip(&candidates).min_by_key(|(count, _)| **count);
            if let Some((count, candidate)) = fewest
                && count < most
            {
                return Ok(Some(Driver { is_small: true, ..(*candidate).clone() }));
            }
        }
    }
    Ok(None)
}

fn is_slow(source: &Source) -> bool {
    let is_part = |test: &Test| matches!(test.value, Values::Containing(_));
    matches!(source, Source::Rows(tests) if tests.iter().any(is_part))
}

/// How many rows each candidate has, counted up to `most`, in one statement.
fn counted(tx: &mut DomainTx<'_>, candidates: &[&Driver], most: i64) -> Result<Vec<i64>> {
    let mut sql = Sql::new(tx.dialect());
    let mut columns = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let Source::Rows(tests) = &candidate.source else { continue };
        if !tests.is_empty() {
            let rows = rows_of(&mut sql, tests, "")?;
            let (name, most) = (sql.name('n'), sql.bind(most));
            columns.push(format!(
                "(SELECT COUNT(*) FROM (SELECT 1 FROM ({rows}) {name} LIMIT {most}) {name}c)"
            ));
        }
    }
    let row = match columns.is_empty() {
        true => None,
        false => sql.query(tx, &format!("SELECT {}", columns.join(", ")))?.into_iter().next(),
    };
    let (row, mut column) = (row.unwrap_or_default(), 0);
    candidates
        .iter()
        .map(|candidate| match &candidate.source {
            Source::Type => Ok(most),
            Source::Ids(ids) => Ok(i64::try_from(ids.len()).unwrap_or(most)),
            Source::Rows(tests) if tests.is_empty() => Ok(0),
            Source::Rows(_) => {
                column += 1;
                row.int(column - 1)
            }
        })
        .collect()
}

/// Selects the stamp of every row that passes one of the tests, perhaps more than
/// once. `and` may narrow them by what it calls `{row}`.
pub(super) fn rows_of(sql: &mut Sql, tests: &[Test], and: &str) -> Result<String> {
    let dialect = sql.dialect();
    let selects: Vec<String> = groups(tests)?
        .into_iter()
        .flat_map(|group| looked_up(dialect, group))
        .map(|group| {
            let row = sql.name('x');
            let and = and.replace("{row}", &row);
            let from = rows_from(sql, &row, &group, &and);
            format!("SELECT {row}.stamp AS stamp FROM {from}{}", sql.fence())
        })
        .collect();
    Ok(match &selects[..] {
        [one] => one.clone(),
        several => {
            let parts: Vec<String> = several
                .iter()
                .map(|select| format!("SELECT * FROM ({select}) {}", sql.name('p')))
                .collect();
            parts.join(" UNION ALL ")
        }
    })
}

/// The groups that are looked up by themselves: of several parameters and several
/// exact values PostgreSQL would filter the one while it looks up the other.
fn looked_up(dialect: Dialect, group: Group<'_>) -> Vec<Group<'_>> {
    match (dialect, group.exact()) {
        (Dialect::Postgres, Some(_)) => {
            let of_one = |parameter| Group { parameters: vec![parameter], ..group.clone() };
            group.parameters.iter().copied().map(of_one).collect()
        }
        _ => vec![group],
    }
}

/// `FROM` and `WHERE` of the rows of a group, by their values.
fn rows_from(sql: &mut Sql, row: &str, group: &Group<'_>, and: &str) -> String {
    let hint = sql.dialect().indexed_by(BY_VALUE);
    let table = ("search_index", row, hint.as_str());
    match (group.exact(), &group.parameters[..]) {
        (Some(values), parameters) => {
            let is_of = sql.is_of(row, parameters);
            let qualifier = qualifier_of(sql, row, group.qualifier);
            sql.one_of(table, "value", &values, &format!(" AND {is_of}{qualifier}{and}"))
        }
        (None, [_]) => {
            let passes = group_of(sql, row, group);
            format!("search_index {row}{hint} WHERE {row}.domain = $1 AND {passes}{and}")
        }
        (None, parameters) => {
            let passes = group.values.iter().map(|values| values_of(sql, row, values));
            let passes: String = passes.collect();
            let qualifier = qualifier_of(sql, row, group.qualifier);
            sql.one_of(table, "parameter", parameters, &format!("{passes}{qualifier}{and}"))
        }
    }
}

/// Selects the stamp of each candidate of a source that is not empty. `and` may
/// narrow them by what it calls `{row}`.
pub(super) fn stamps_of(sql: &mut Sql, kind: Kind, source: &Source, and: &str) -> Result<String> {
    Ok(match source {
        Source::Rows(tests) if matches!(&tests[..], [test] if is_unique(test)) => {
            rows_of(sql, tests, and)?
        }
        Source::Rows(tests) => {
            let rows = rows_of(sql, tests, and)?;
            format!("SELECT DISTINCT stamp FROM ({rows}) {}", sql.name('d'))
        }
        Source::Ids(ids) => {
            let row = sql.name('r');
            let number = sql.bind(kind.number);
            let and = and.replace("{row}", &row);
            let and = format!(" AND {row}.type = {number} AND {row}.deleted + 0 = 0{and}");
            let hint = sql.dialect().indexed_by("resource_id");
            let from = sql.one_of(("resource", &row, &hint), "id", ids, &and);
            format!("SELECT {row}.stamp AS stamp FROM {from}")
        }
        Source::Type => {
            let row = sql.name('r');
            let number = sql.bind(kind.number);
            let and = and.replace("{row}", &row);
            let hint = sql.dialect().indexed_by("resource_stamp");
            format!(
                "SELECT {row}.stamp AS stamp FROM resource {row}{hint} WHERE {row}.domain = $1 \
                 AND {row}.type = {number} AND {row}.deleted = 0{and}"
            )
        }
    })
}

/// Selects the stamps of one exact value, in order, as far as the limit.
pub(super) fn walk_of(sql: &mut Sql, test: &Test) -> (String, String) {
    let row = sql.name('x');
    let passes = test_of(sql, &row, test);
    let hint = sql.dialect().indexed_by(BY_VALUE);
    let distinct = if is_unique(test) { "" } else { "DISTINCT " };
    let select = format!(
        "SELECT {distinct}{row}.stamp AS stamp FROM search_index {row}{hint} \
         WHERE {row}.domain = $1 AND {passes}"
    );
    (select, row)
}
