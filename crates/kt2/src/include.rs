//! What comes with the results of a search: what they refer to and what refers
//! to them. The caller reads each of it only where he may (FHIR R4, Search,
//! 3.1.1.5.4).

use std::collections::HashSet;

use koppeltaal_core::Result as CoreResult;
use koppeltaal_core::search::{Condition, Qualifier, SortBy, SortKey, Test, Values};
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::resource::search::Search;

use crate::access;
use crate::call::Call;
use crate::catalog::Catalog;
use crate::outcome::{Issue, Refusal};
use crate::query::{Include, Query};
use crate::{kept, kind};

/// Resources that come with one page.
const MOST: usize = 1_000;
/// How often what was included is followed in its turn.
const MOST_ROUNDS: usize = 8;
/// References that one search looks for.
const AT_ONCE: usize = 100;

/// What comes with a page.
#[derive(Debug, Default)]
pub struct Included {
    /// The resources, each once.
    pub resources: Vec<Stored>,
    /// What is told when not all of them come.
    pub warnings: Vec<Issue>,
}

/// Whoever is known already: results and what was included.
type Known = HashSet<(&'static str, String)>;

/// The resources that come with these results.
pub async fn included(call: &Call, query: &Query, results: &[Stored]) -> Result<Included, Refusal> {
    let mut all = Included::default();
    if query.includes.is_empty() && query.revincludes.is_empty() {
        return Ok(all);
    }
    let mut known: Known = results.iter().map(name).collect();
    let mut round = Round::first(query, results);
    for _ in 0..MOST_ROUNDS {
        let (mut found, is_cut) = referred(call, &round, &known).await?;
        found.extend(referring(call, &round).await?);
        found.retain(|stored| {
            access::may_read(call, stored.resource_type, &stored.origin)
                && known.insert(name(stored))
        });
        let room = MOST - all.resources.len();
        if is_cut || found.len() > room {
            found.truncate(room);
            let told = format!("Only {MOST} resources come with a page: not all are here.");
            all.warnings.push(Issue::warning("too-costly", told));
        }
        all.resources.extend(found.iter().cloned());
        round = Round::next(query, found);
        if round.is_done() || !all.warnings.is_empty() {
            break;
        }
    }
    Ok(all)
}

fn name(stored: &Stored) -> (&'static str, String) {
    (stored.resource_type, stored.id.clone())
}

/// Resources whose references are followed, and along what.
struct Round {
    from: Vec<(&'static str, String, i64)>,
    includes: Vec<Include>,
    revincludes: Vec<Include>,
}

impl Round {
    fn first(query: &Query, results: &[Stored]) -> Self {
        Self::new(results, query.includes.clone(), query.revincludes.clone())
    }

    fn next(query: &Query, found: Vec<Stored>) -> Self {
        let iterated =
            |all: &[Include]| all.iter().filter(|one| one.is_iterated).cloned().collect();
        Self::new(&found, iterated(&query.includes), iterated(&query.revincludes))
    }

    fn new(from: &[Stored], includes: Vec<Include>, revincludes: Vec<Include>) -> Self {
        let from = from.iter().map(|one| (one.resource_type, one.id.clone(), one.stamp));
        Self { from: from.collect(), includes, revincludes }
    }

    fn is_done(&self) -> bool {
        self.from.is_empty() || (self.includes.is_empty() && self.revincludes.is_empty())
    }
}

/// What the resources of a round refer to, and whether that is not all.
async fn referred(
    call: &Call,
    round: &Round,
    known: &Known,
) -> Result<(Vec<Stored>, bool), Refusal> {
    if round.includes.is_empty() {
        return Ok((Vec::new(), false));
    }
    let (includes, from, known) = (round.includes.clone(), round.from.clone(), known.clone());
    let catalog = call.catalog.clone();
    Ok(call.scope().read(move |tx| targets(tx, &catalog, &includes, &from, &known)).await?)
}

fn targets(
    tx: &mut DomainTx<'_>,
    catalog: &Catalog,
    includes: &[Include],
    from: &[(&'static str, String, i64)],
    known: &Known,
) -> CoreResult<(Vec<Stored>, bool)> {
    let mut wanted: Vec<(&'static str, String)> = Vec::new();
    let mut seen: Known = HashSet::new();
    for include in includes {
        let of_source = from.iter().filter(|(name, ..)| *name == include.source);
        let stamps: Vec<i64> = of_source.map(|(.., stamp)| *stamp).collect();
        if stamps.is_empty() {
            continue;
        }
        let (source, parameters) = (&include.source, &include.parameters);
        for reference in kept::referenced(tx, catalog, source, &stamps, parameters)? {
            let Some((name, id)) = reference.split_once('/') else { continue };
            let Some(name) = kind::named(name) else { continue };
            if include.target.as_deref().is_some_and(|target| target != name) {
                continue;
            }
            let one = (name, id.to_owned());
            // Of these the caller may not read each; one more tells that there are more.
            if wanted.len() <= MOST && !known.contains(&one) && seen.insert(one.clone()) {
                wanted.push(one);
            }
        }
    }
    let is_cut = wanted.len() > MOST;
    Ok((kept::by_ids(tx, &wanted)?, is_cut))
}

/// What refers to the resources of a round, as far as the caller may read it.
async fn referring(call: &Call, round: &Round) -> Result<Vec<Stored>, Refusal> {
    let mut found = Vec::new();
    for include in &round.revincludes {
        let Some(source) = kind::named(&include.source) else { continue };
        let is_target = |name: &str| include.target.as_deref().is_none_or(|target| target == name);
        let references: Vec<String> = round
            .from
            .iter()
            .filter(|(name, ..)| is_target(name))
            .map(|(name, id, _)| format!("{name}/{id}"))
            .collect();
        for some in references.chunks(AT_ONCE) {
            let conditions = vec![refers_to(&include.parameters, some)];
            // Whoever has no right on the type gets none of it.
            let Ok(conditions) = access::narrow(call, source, conditions) else { break };
            let wanted = Search {
                resource_type: source.to_owned(),
                conditions,
                sort: vec![SortKey { by: SortBy::Updated, is_descending: true }],
                after: None,
                limit: i64::try_from(MOST + 1).unwrap_or(i64::MAX),
            };
            let catalog = call.catalog.clone();
            let page = call.scope().read(move |tx| kept::page(tx, &catalog, &wanted)).await?;
            found.extend(page.found);
            if found.len() > MOST {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn refers_to(parameters: &[i64], references: &[String]) -> Condition {
    let tests = parameters.iter().flat_map(|parameter| {
        references.iter().map(|reference| Test {
            parameter: *parameter,
            value: Values::Is(reference.clone()),
            qualifier: Qualifier::Any,
        })
    });
    Condition::AnyOf(tests.collect())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use koppeltaal_core::Timestamp;
    use koppeltaal_core::directory::Domain;
    use koppeltaal_core::resource::Body;
    use koppeltaal_core::search::{IndexRow, Words};
    use koppeltaal_store::resource::{self, Indexed, New};
    use koppeltaal_store::{Ids, both};

    use super::*;

    const OWNER: i64 = 5;
    const NOW: Timestamp = Timestamp(1_795_314_490_000_000);

    fn include(parameter: i64, target: Option<&str>) -> Include {
        Include {
            source: "Task".to_owned(),
            parameters: vec![parameter],
            target: target.map(str::to_owned),
            is_iterated: false,
        }
    }

    both!(references_of_a_page_are_followed_once_each, |store| async move {
        let scope = store.scope(&Domain { number: 1, ..Domain::default() });
        let create = |tx: &mut DomainTx<'_>| {
            let ids = Ids::of_node(1);
            let mut all = Vec::new();
            for (kind, id, owners) in [
                ("Patient", "p", vec![]),
                ("Device", "d", vec![]),
                ("Task", "1", vec!["Patient/p", "Device/d", "Patient/gone"]),
                ("Task", "2", vec!["Patient/p", "https://elsewhere.example/Patient/p"]),
                ("Task", "3", vec!["Task/1", "Nothing/1", "Patient"]),
            ] {
                let row = |value: &str| IndexRow {
                    parameter: OWNER,
                    value: value.to_owned(),
                    qualifier: 0,
                };
                let rows = owners.into_iter().map(row).collect();
                let indexed = &Indexed::sorted(rows, Words::default());
                let (origin, body) = ("d", &Body::new("", ""));
                let new = New { resource_type: kind, id, origin, body, indexed };
                let now = NOW.plus(Duration::from_millis(5));
                all.push(resource::create(tx, &ids, &new, now)?);
            }
            Ok(all)
        };
        let all = scope.write(create).await.unwrap();
        let from: Vec<_> =
            all.iter().map(|one| (one.resource_type, one.id.clone(), one.stamp)).collect();
        for (include, known, expected) in [
            (include(OWNER, None), vec![], vec!["Device/d", "Patient/p", "Task/1"]),
            (include(OWNER, Some("Patient")), vec![], vec!["Patient/p"]),
            (include(OWNER, None), vec![("Patient", "p")], vec!["Device/d", "Task/1"]),
            (include(OWNER + 1, None), vec![], vec![]),
        ] {
            let from = from.clone();
            let known: Known = known.into_iter().map(|(name, id)| (name, id.to_owned())).collect();
            let found = scope.read(move |tx| {
                let includes = [include.clone()];
                targets(tx, &Catalog::built_in(), &includes, &from, &known)
            });
            let (found, is_cut) = found.await.unwrap();
            assert!(!is_cut);
            let mut names: Vec<String> =
                found.iter().map(|one| format!("{}/{}", one.resource_type, one.id)).collect();
            names.sort();
            assert_eq!(names, expected);
        }
    });

    both!(more_references_than_are_followed_are_told, |store| async move {
        let scope = store.scope(&Domain { number: 1, ..Domain::default() });
        let work = |tx: &mut DomainTx<'_>| {
            let row = |number: usize| IndexRow {
                parameter: OWNER,
                value: format!("Patient/{number}"),
                qualifier: 0,
            };
            let indexed = &Indexed::sorted((0..=MOST).map(row).collect(), Words::default());
            let (origin, body) = ("d", &Body::new("", ""));
            let new = New { resource_type: "Task", id: "1", origin, body, indexed };
            let task = resource::create(tx, &Ids::of_node(1), &new, NOW)?;
            let from = [("Task", task.id, task.stamp)];
            targets(tx, &Catalog::built_in(), &[include(OWNER, None)], &from, &Known::new())
        };
        assert_eq!(scope.write(work).await.unwrap(), (Vec::new(), true));
    });
}
