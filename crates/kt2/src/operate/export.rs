//! The resources of a domain, one after the other, in the order in which they
//! came. Pages are read by key, so that no snapshot is held while somebody writes
//! them to a slow disk; what changes meanwhile is told as it is then.

use koppeltaal_core::Result;
use koppeltaal_fhir::Node;
use koppeltaal_store::resource;

use super::confidential::{mask, parsed};
use super::{Operator, PAGE, Progress};
use crate::audit_event::{self, KIND};
use crate::catalog::Catalog;
use crate::kind;

/// What is exported.
#[derive(Debug, Clone, Default)]
pub struct Export {
    /// These types only; every type that is exchanged, and SearchParameters, when
    /// empty.
    pub types: Vec<&'static str>,
    /// AuditEvents too; they need not be among `types`.
    pub audit_events: bool,
    /// Whether the header values of Subscriptions are shown.
    pub reveal_secrets: bool,
}

impl Export {
    /// The types that are exported.
    fn types(&self) -> Vec<&'static str> {
        let all = kind::EXCHANGED.into_iter().chain(["SearchParameter"]);
        let is_asked = |name: &&'static str| match (*name, self.types.is_empty()) {
            ("AuditEvent", _) => self.audit_events || self.types.contains(name),
            (_, true) => true,
            (_, false) => self.types.contains(name),
        };
        let types = all.filter(is_asked);
        // Definitions of other kinds come with a package; somebody may still ask for them.
        let asked = self.types.iter().copied().filter(|name| kind::is_conformance(name));
        let mut types: Vec<&'static str> = types.chain(asked).collect();
        types.sort_unstable();
        types.dedup();
        types
    }
}

/// How many resources would be exported.
pub async fn export_count(operator: &Operator, export: &Export) -> Result<u64> {
    let types = export.types();
    let has_events = types.contains(&KIND);
    let count = operator
        .scope()
        .read(move |tx| {
            let events = match has_events {
                true => audit_event::count(tx, &Catalog::built_in(), &[])?,
                false => 0,
            };
            Ok(events + resource::walk_count(tx, 0, Some(&types))?)
        })
        .await?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Gives every current resource to `give`, deleted ones left out; ends when that
/// fails. That resources were exported is recorded first.
pub async fn export<E: From<koppeltaal_core::Error>>(
    operator: &Operator,
    export: &Export,
    give: &mut dyn FnMut(&Node) -> Result<(), E>,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, E> {
    let types = export.types();
    let total = export_count(operator, export).await?;
    let detail = format!("export of {total} resources: {}", types.join(", "));
    operator.record_read(None, detail).await?;
    let (mut done, mut after) = (0, 0);
    loop {
        let of = types.clone();
        let page =
            operator.scope().read(move |tx| resource::walk(tx, after, Some(&of), PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = last.key;
        for stored in &page {
            let mut resource = parsed(stored)?;
            if stored.resource_type == "Subscription" && !export.reveal_secrets {
                mask(&mut resource);
            }
            give(&resource)?;
            done += 1;
        }
        progress(Progress { done, total: total.max(done), after });
    }
    after = 0;
    while types.contains(&KIND) {
        let page =
            operator.scope().read(move |tx| audit_event::oldest_first(tx, after, PAGE)).await?;
        let Some(last) = page.last() else { break };
        after = last.key;
        for stored in &page {
            give(&parsed(stored)?)?;
            done += 1;
        }
        progress(Progress { done, total: total.max(done), after });
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_events_come_only_when_they_are_asked_for() {
        let all = Export::default().types();
        assert!(all.contains(&"Patient") && all.contains(&"SearchParameter"));
        assert!(!all.contains(&"AuditEvent") && !all.contains(&"ValueSet"));
        let with = Export { audit_events: true, types: vec!["Task"], ..Export::default() };
        assert_eq!(with.types(), ["AuditEvent", "Task"]);
        assert_eq!(
            Export { types: vec!["AuditEvent"], ..Export::default() }.types(),
            ["AuditEvent"]
        );
        assert_eq!(Export { types: vec!["ValueSet"], ..Export::default() }.types(), ["ValueSet"]);
    }
}
