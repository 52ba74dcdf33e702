//! What no search finds and an erasure takes all the same: resources that were
//! deleted, and earlier versions that were about the patient.

use std::collections::HashSet;

use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::json;
use koppeltaal_store::resource;

use super::belongs::STAY;
use super::plan::{Former, Plan, names_in};
use crate::kind;
use crate::operate::confidential::parsed;
use crate::operate::{Operator, PAGE};

/// Adds the deleted resources that go; true when there were any, which others may
/// have referred to.
pub async fn add_deleted(operator: &Operator, plan: &mut Plan) -> Result<bool> {
    let mut is_any_new = false;
    for kind in kind::EXCHANGED.into_iter().filter(|kind| !STAY.contains(kind)) {
        let mut after = 0;
        loop {
            let page =
                operator.scope().read(move |tx| resource::deleted(tx, kind, after, PAGE)).await?;
            let Some(last) = page.last() else { break };
            after = last.stamp;
            for stored in &page {
                if !mentions(plan, operator, stored.body.tail()) {
                    continue;
                }
                let node = parsed(stored)?;
                if plan.takes(kind, &node, &operator.base) {
                    is_any_new |= plan.add(stored, &node, &operator.base);
                }
            }
        }
    }
    Ok(is_any_new)
}

/// Adds the earlier versions that were about the patient, of resources that are
/// about somebody else by now.
pub async fn add_versions(operator: &Operator, plan: &mut Plan) -> Result<()> {
    let goes: HashSet<i64> = plan.items.iter().map(|item| item.key).collect();
    let mut after = (0, 0);
    loop {
        let page = operator.scope().read(move |tx| resource::replaced(tx, after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.key, last.version);
        for version in &page {
            if goes.contains(&version.key) || !mentions(plan, operator, version.body.tail()) {
                continue;
            }
            let kind = version.resource_type;
            let text = version.body.render(kind, "x", version.version, operator.clock.now());
            let resource = json::parse(text.as_bytes()).map_err(Error::internal)?;
            if plan.takes(kind, &resource, &operator.base) {
                plan.versions.push(Former {
                    key: version.key,
                    version: version.version,
                    refers_to: names_in(&operator.base, &resource),
                });
            }
        }
    }
}

/// Whether a text, JSON without spaces, refers to anything that goes: most do not,
/// and need not be parsed.
fn mentions(plan: &Plan, operator: &Operator, text: &str) -> bool {
    text.split(r#""reference":""#).skip(1).any(|rest| {
        let reference = rest.split('"').next().unwrap_or_default();
        let local = reference.strip_prefix(&operator.base).unwrap_or(reference);
        let mut parts = local.trim_start_matches('/').split('/');
        match (parts.next(), parts.next()) {
            (Some(kind), Some(id)) => plan.contains(kind, id),
            _ => false,
        }
    })
}
