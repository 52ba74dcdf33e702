//! Filters of large types as conditions of the store: what of them can be asked,
//! in which domains, and a page across several domains.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::administrator::Rights;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Result as StoreResult, Timestamp};
use koppeltaal_store::DomainTx;
use serde_json::Value;

use super::super::ask::Ask;
use super::super::failure::Failure;
use super::super::fetch::Known;
use super::super::filter::{Filter, Op, Path, Target};
use super::super::query::Query;

/// The most rows that are counted in a domain.
pub const MOST_COUNTED: i64 = 100_000;
const MILLISECOND: Duration = Duration::from_millis(1);

/// The domains with something of the caller's in them, by name.
pub fn domains(ask: &Ask<'_>) -> Vec<Arc<Domain>> {
    let Some(rights) = ask.rights() else { return Vec::new() };
    let instances = ask.directory.instances();
    let mut found: Vec<Arc<Domain>> = ask
        .directory
        .domains()
        .iter()
        .filter(|domain| {
            rights.has_domain(&domain.name)
                || instances.iter().any(|instance| {
                    instance.domain.number == domain.number
                        && rights.has_application(&instance.application.id)
                })
        })
        .cloned()
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// The numbers of the caller's instances; `None`: all of their domains.
pub fn instances(ask: &Ask<'_>) -> Option<Vec<i64>> {
    match ask.rights() {
        Some(Rights::System | Rights::Domains(_)) => None,
        Some(Rights::Applications(ids)) => Some(
            ask.directory
                .instances()
                .iter()
                .filter(|instance| ids.contains(&instance.application.id))
                .map(|instance| instance.instance.number)
                .collect(),
        ),
        None => Some(Vec::new()),
    }
}

/// The texts that an attribute must be one of.
pub fn texts(filter: &Filter) -> Result<Vec<String>, Failure> {
    match filter.op {
        Op::Eq => Ok(filter.values.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => Err(refused(filter)),
    }
}

/// The numbers that an id must be one of.
pub fn numbers(filter: &Filter) -> Result<Vec<i64>, Failure> {
    Ok(texts(filter)?.iter().filter_map(|text| text.parse().ok()).collect())
}

/// The words of a list that meet a filter.
pub fn words<T: Copy>(filter: &Filter, all: &[T], word: impl Fn(T) -> &'static str) -> Vec<T> {
    all.iter().copied().filter(|one| filter.holds(&Value::from(word(*one)))).collect()
}

/// The one flag that an attribute must have; `None`: either, or neither.
pub fn flag(filter: &Filter) -> Option<bool> {
    match (filter.holds(&Value::from(true)), filter.holds(&Value::from(false))) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

/// A span of time, narrowed by filters: from a moment, before another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Span {
    /// From this moment on.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

impl Span {
    /// Narrows it.
    pub fn narrow(&mut self, filter: &Filter) -> Result<(), Failure> {
        let times = filter.values.iter().filter_map(Value::as_str);
        let times: Vec<Timestamp> = times.filter_map(|text| text.parse().ok()).collect();
        let (Some(first), Some(last)) = (times.iter().min(), times.iter().max()) else {
            return Err(refused(filter));
        };
        let (from, until) = match filter.op {
            Op::Gt => (Some(first.plus(MILLISECOND)), None),
            Op::Ge => (Some(*first), None),
            Op::Lt => (None, Some(*last)),
            Op::Le => (None, Some(last.plus(MILLISECOND))),
            Op::Eq if first == last => (Some(*first), Some(last.plus(MILLISECOND))),
            _ => return Err(refused(filter)),
        };
        self.from = self.from.max(from);
        self.until = match (self.until, until) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Ok(())
    }
}

/// The ids of those related resources that meet a filter.
pub async fn related(ask: &Ask<'_>, filter: &Filter) -> Result<Vec<i64>, Failure> {
    let Some(relationship) = filter.path.relationship else { return Err(refused(filter)) };
    if filter.path.target == Target::Id && filter.op == Op::Eq {
        return numbers(filter);
    }
    let mut known = Known::default();
    known.learn(ask, relationship).await?;
    let path = Path { relationship: None, target: filter.path.target };
    let of_related = Filter { path, op: filter.op, values: filter.values.clone() };
    let ids =
        known.ids_where(relationship.to, |resource| of_related.is_met(resource, &|_, _| None));
    Ok(ids.iter().filter_map(|id| id.parse().ok()).collect())
}

/// What two narrowings have in common.
pub fn both<T: PartialEq>(known: Option<Vec<T>>, more: Vec<T>) -> Option<Vec<T>> {
    Some(match known {
        Some(known) => known.into_iter().filter(|one| more.contains(one)).collect(),
        None => more,
    })
}

/// The name of what a filter looks at.
pub fn name(filter: &Filter) -> &'static str {
    match (filter.path.relationship, filter.path.target) {
        (Some(relationship), _) => relationship.name,
        (None, Target::Attribute(attribute)) => attribute.name,
        (None, Target::Id) => "id",
    }
}

/// The error for a filter that the store cannot answer.
pub fn refused(filter: &Filter) -> Failure {
    let name = name(filter);
    Failure::parameter(
        &format!("filter[{name}]"),
        format!("This operator, or these values, cannot be used with {name}."),
    )
}

/// Whether the oldest comes first. Only the time can be sorted by.
pub fn oldest_first(query: &Query, time: &str) -> Result<bool, Failure> {
    if !query.search.is_empty() {
        return Err(Failure::parameter("search", "This type cannot be searched."));
    }
    match query.sort.as_slice() {
        [] => Ok(false),
        [sort] if matches!(sort.by, Target::Attribute(attribute) if attribute.name == time) => {
            Ok(!sort.descending)
        }
        _ => Err(Failure::parameter("sort", format!("This type is sorted by {time} alone."))),
    }
}

/// A page across domains, one after the other: `read` gives a part of a domain
/// (offset and limit) and how many there are in it.
pub async fn page<T, F>(
    ask: &Ask<'_>,
    domains: &[Arc<Domain>],
    query: &Query,
    read: F,
) -> Result<(Vec<(Arc<Domain>, T)>, usize), Failure>
where
    T: Send + 'static,
    F: Fn(&mut DomainTx<'_>, i64, i64) -> StoreResult<(Vec<T>, i64)> + Clone + Send + 'static,
{
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    let mut skip = whole(query.page.offset());
    let mut total = 0_i64;
    let mut rows = Vec::new();
    for domain in domains {
        let (read, offset) = (read.clone(), skip);
        let limit = whole(query.page.size.saturating_sub(rows.len()));
        let scope = ask.inner().store().scope(domain);
        let (found, count) = scope.read(move |tx| read(tx, offset, limit)).await?;
        rows.extend(found.into_iter().map(|row| (domain.clone(), row)));
        skip = (skip - count).max(0);
        total += count;
    }
    Ok((rows, usize::try_from(total).unwrap_or_default()))
}

/// The name of an instance, for those who may not see the instance itself.
pub fn name_of(ask: &Ask<'_>, instance: Option<i64>) -> Option<String> {
    let connected = ask.directory.instance(instance?)?;
    Some(connected.name().to_owned())
}
