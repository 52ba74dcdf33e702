//! What an erasure takes: found by the references to the patient, and to what is
//! found, until there is nothing more.

use std::collections::{BTreeSet, HashSet};

use koppeltaal_core::{Error, Result};
use koppeltaal_store::resource::{self, Stored};

use super::belongs::{STAY, belongs};
use super::past;
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
}

/// What goes.
pub struct Plan {
    /// The resources, what refers before what is referred to.
    pub items: Vec<Item>,
    /// Earlier versions of others (key and number).
    pub versions: Vec<(i64, i64)>,
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

    /// Adds a resource; false when it was there.
    pub fn add(&mut self, stored: &Stored) -> bool {
        let name = (stored.resource_type, stored.id.clone());
        self.remaining.remove(&name);
        let is_new = self.names.insert(name);
        if is_new {
            let (kind, id) = (stored.resource_type, stored.id.clone());
            self.items.push(Item { kind, id, key: stored.key });
        }
        is_new
    }

    /// Whether a resource goes with those that go already.
    pub fn takes(&self, kind: &str, resource: &koppeltaal_fhir::Node, base: &str) -> bool {
        let goes =
            |found: &crate::content::Reference| self.contains(&found.resource_type, &found.id);
        belongs(kind, resource, base, &goes)
    }
}

/// Finds what goes with a Patient. `None`: there is no such Patient.
pub async fn plan(operator: &Operator, id: &str) -> Result<Option<Plan>> {
    let catalog = operator.catalog().await?;
    let holding = kind::EXCHANGED.into_iter().filter(|kind| !STAY.contains(kind));
    let mut plan = Plan {
        items: Vec::new(),
        versions: Vec::new(),
        remaining: BTreeSet::new(),
        parameters: catalog.parameters.referring(holding),
        names: HashSet::new(),
        followed: 0,
    };
    let key = id.to_owned();
    let patient = operator.scope().read(move |tx| resource::read(tx, "Patient", &key)).await?;
    let Some(patient) = patient else { return Ok(None) };
    plan.add(&patient);
    loop {
        follow(operator, &mut plan).await?;
        if !past::add_deleted(operator, &mut plan).await? {
            break;
        }
    }
    past::add_versions(operator, &mut plan).await?;
    in_order(&mut plan.items);
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
                resource::by_ids(tx, &found)
            })
            .await?;
        for stored in referring {
            if plan.contains(stored.resource_type, &stored.id) {
                continue;
            }
            let node = parsed(&stored)?;
            if plan.takes(stored.resource_type, &node, &operator.base) {
                plan.add(&stored);
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

/// Puts what refers before what is referred to: Tasks, parts first, then those
/// whom Tasks are for or belong to. So a run that is broken off can be repeated:
/// the Patient goes last.
fn in_order(items: &mut [Item]) {
    // A part was found by what it is part of.
    items.reverse();
    items.sort_by_key(|item| match item.kind {
        "Task" => 0,
        "CareTeam" => 1,
        "RelatedPerson" => 2,
        _ => 3,
    });
}
