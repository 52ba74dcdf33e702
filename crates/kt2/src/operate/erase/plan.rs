//! What an erasure takes: found by the references to the patient, and to what is
//! found, until there is nothing more.

use std::collections::{BTreeSet, HashMap, HashSet};

use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::Node;
use koppeltaal_store::resource::{self, Stored};

use super::belongs::{STAY, belongs};
use super::past;
use crate::content::{Reference, local};
use crate::kind;
use crate::operate::Operator;
use crate::operate::confidential::parsed;

/// The most resources that refer to one.
const MOST: i64 = 1_000_000;

/// A resource that goes.
pub struct Item {
    /// Its type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// Its key.
    pub key: i64,
    /// The stamp of the version by which it goes.
    pub stamp: i64,
    /// The number of that version.
    pub version: i64,
    /// What it refers to (type and id).
    pub refers_to: Vec<(String, String)>,
}

/// An earlier version that goes, of a resource that is about somebody else by now.
pub struct Former {
    /// The key of its resource.
    pub key: i64,
    /// Its number.
    pub version: i64,
    /// What it refers to (type and id).
    pub refers_to: Vec<(String, String)>,
}

/// What goes.
#[derive(Default)]
pub struct Plan {
    /// The resources, what refers before what is referred to.
    pub items: Vec<Item>,
    /// Earlier versions of others.
    pub versions: Vec<Former>,
    /// What refers to those and stays.
    pub remaining: BTreeSet<(&'static str, String)>,
    /// The parameters by which references are found that hold what they refer to.
    pub parameters: Vec<i64>,
    names: HashSet<(&'static str, String)>,
    /// How many of the items were looked at for what refers to them.
    followed: usize,
}

impl Plan {
    /// Whether this resource goes.
    pub fn contains(&self, kind: &str, id: &str) -> bool {
        kind::named(kind).is_some_and(|kind| self.names.contains(&(kind, id.to_owned())))
    }

    /// Adds a resource with its content; false when it was there.
    pub fn add(&mut self, stored: &Stored, node: &Node, base: &str) -> bool {
        let name = (stored.resource_type, stored.id.clone());
        self.remaining.remove(&name);
        let is_new = self.names.insert(name);
        if is_new {
            self.items.push(Item {
                kind: stored.resource_type,
                id: stored.id.clone(),
                key: stored.key,
                stamp: stored.stamp,
                version: stored.version,
                refers_to: names_in(base, node),
            });
        }
        is_new
    }

    /// Whether a resource goes with those that go already.
    pub fn takes(&self, kind: &str, resource: &Node, base: &str) -> bool {
        let goes = |found: &Reference| self.contains(&found.resource_type, &found.id);
        belongs(kind, resource, base, &goes)
    }
}

/// What a resource refers to in this domain (type and id).
pub fn names_in(base: &str, node: &Node) -> Vec<(String, String)> {
    local(base, node).into_iter().map(|one| (one.resource_type, one.id)).collect()
}

/// The places of resources in a list, by type and id.
pub fn places(items: &[Item]) -> HashMap<(&str, &str), usize> {
    items.iter().enumerate().map(|(at, item)| ((item.kind, item.id.as_str()), at)).collect()
}

/// Finds what goes with a Patient. `None`: there is no such Patient.
pub async fn plan(operator: &Operator, id: &str) -> Result<Option<Plan>> {
    let catalog = operator.catalog().await?;
    let holding = kind::EXCHANGED.into_iter().filter(|kind| !STAY.contains(kind));
    let parameters = catalog.parameters.referring(holding);
    let mut plan = Plan { parameters, ..Plan::default() };
    let key = id.to_owned();
    let patient = operator.scope().read(move |tx| resource::read(tx, "Patient", &key)).await?;
    let Some(patient) = patient else { return Ok(None) };
    plan.add(&patient, &parsed(&patient)?, &operator.base);
    loop {
        follow(operator, &mut plan).await?;
        if !past::add_deleted(operator, &mut plan).await? {
            break;
        }
    }
    past::add_versions(operator, &mut plan).await?;
    plan.items = in_order(plan.items);
    Ok(Some(plan))
}

/// Follows the references to what goes.
async fn follow(operator: &Operator, plan: &mut Plan) -> Result<()> {
    while let Some(item) = plan.items.get(plan.followed) {
        plan.followed += 1;
        let (kind, id, parameters) = (item.kind, item.id.clone(), plan.parameters.clone());
        let referring = operator
            .scope()
            .read(move |tx| {
                let found = resource::referring(tx, kind, &id, &parameters, MOST)?;
                let found: Vec<(&str, String)> =
                    found.into_iter().map(|one| (one.resource_type, one.id)).collect();
                resource::by_ids(tx, &found)
            })
            .await?;
        for stored in referring {
            if plan.contains(stored.resource_type, &stored.id) {
                continue;
            }
            let node = parsed(&stored)?;
            if plan.takes(stored.resource_type, &node, &operator.base) {
                plan.add(&stored, &node, &operator.base);
            } else if !STAY.contains(&stored.resource_type) {
                plan.remaining.insert((stored.resource_type, stored.id));
            }
        }
        if plan.items.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
            return Err(Error::Unprocessable(format!("more than {MOST} resources would go")));
        }
    }
    Ok(())
}

/// Puts what refers before what is referred to, the Patient last: a run that is
/// broken off leaves no reference hanging, and can be repeated.
fn in_order(items: Vec<Item>) -> Vec<Item> {
    let places = places(&items);
    let targets: Vec<BTreeSet<usize>> = items
        .iter()
        .enumerate()
        .map(|(at, item)| {
            let found = item
                .refers_to
                .iter()
                .filter_map(|(kind, id)| places.get(&(kind.as_str(), id.as_str())).copied());
            found.filter(|target| *target != at).collect()
        })
        .collect();
    let mut referring = vec![0_usize; items.len()];
    for target in targets.iter().flatten() {
        if let Some(count) = referring.get_mut(*target) {
            *count += 1;
        }
    }
    let is_free = |(_, count): &(usize, &usize)| **count == 0;
    let mut order: Vec<usize> =
        referring.iter().enumerate().filter(is_free).map(|(at, _)| at).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        next += 1;
        for target in targets.get(at).into_iter().flatten() {
            if let Some(count) = referring.get_mut(*target) {
                *count -= 1;
                if *count == 0 {
                    order.push(*target);
                }
            }
        }
    }
    // What refers to each other in a circle has no order; the Patient was found first.
    let placed: HashSet<usize> = order.iter().copied().collect();
    order.extend((0..items.len()).rev().filter(|at| !placed.contains(at)));
    let mut items: Vec<Option<Item>> = items.into_iter().map(Some).collect();
    order.into_iter().filter_map(|at| items.get_mut(at)?.take()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(items: &[(&'static str, &[&str])]) -> Vec<String> {
        let items = items.iter().map(|(id, refers_to)| Item {
            kind: "Task",
            id: (*id).to_owned(),
            key: 0,
            stamp: 0,
            version: 1,
            refers_to: refers_to.iter().map(|to| ("Task".to_owned(), (*to).to_owned())).collect(),
        });
        in_order(items.collect()).into_iter().map(|item| item.id).collect()
    }

    #[test]
    fn what_refers_stands_before_what_it_refers_to() {
        let found: [(&str, &[&str]); 5] = [
            ("p", &[]),
            ("t", &["p"]),
            ("s", &["p", "t"]),
            ("c", &["p", "elsewhere"]),
            ("u", &["s", "c"]),
        ];
        assert_eq!(ordered(&found), ["u", "s", "c", "t", "p"]);
        assert_eq!(
            ordered(&[("p", &[]), ("t", &["p", "t"])]),
            ["t", "p"],
            "one that refers to itself"
        );
    }

    #[test]
    fn a_circle_goes_whole_and_what_was_found_first_last() {
        let found: [(&str, &[&str]); 3] = [("p", &["a"]), ("a", &["p", "b"]), ("b", &["a"])];
        assert_eq!(ordered(&found), ["b", "a", "p"]);
    }
}
