//! Delete: a version that says that the resource is gone; the others stay
//! readable (FHIR R4, 3.1.0.7; K013-2). What others refer to stays (K003-7),
//! unless a role has the privilege to take those with it.

use std::collections::{BTreeSet, HashSet};

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::permission::{Operation, Reach};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::resource::{self, Deleted, Referring, Stored};
use koppeltaal_store::{DomainTx, Ids, subscription};

use crate::call::Call;
use crate::cascade::Reached;
use crate::catalog::Catalog;
use crate::if_match::{expected, stale};
use crate::outcome::{Issue, Refusal};
use crate::read::live;
use crate::record::{self, Author};
use crate::reply::Reply;
use crate::subscription::{Told, Watcher};
use crate::{access, audit_event, cascade, kept, kind, provisioned};

/// Why an AuditEvent stays.
const NO_AUDIT_EVENT: &str = "AuditEvents are not allowed to be deleted.";
/// The most resources that go with one.
const MOST: i64 = 1_000;

/// What became of a deletion in the store.
enum Outcome {
    Done(i64, Told),
    Stale(i64),
    Gone(Stored),
    Unknown,
    /// Resources of these types refer to it, or to one that would go with it.
    Referenced(Vec<&'static str>),
    TooMany,
}

/// What became of a resource that refers to a deleted one.
enum Taken {
    /// It is deleted too.
    Done(Told),
    /// The caller may not delete it.
    Kept,
    /// It is not the version that was found to refer: another one is, or none.
    Changed,
}

/// Answers `DELETE [type]/[id]`.
pub async fn delete(
    call: &Call,
    kind: &'static str,
    id: &str,
    headers: &HeaderMap,
    pairs: &[(String, String)],
) -> Result<Reply, Refusal> {
    if kind == "AuditEvent" && !is_deletable(&call.domain) {
        access::require(call, Operation::Delete, kind)?;
        return Err(Refusal::not_supported(NO_AUDIT_EVENT).with(header::ALLOW, "GET"));
    }
    let cascades = cascade::asked(call, headers, pairs)?;
    let key = id.to_owned();
    let found = call.scope().read(move |tx| kept::read(tx, kind, &key)).await?;
    let found = live(call, access::decide(call, Operation::Delete, kind, found)?)?;
    provisioned::check(call, &found)?;
    let version = expected(headers)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(stale(kind, found.version));
    }
    let (ids, now) = (call.app.ids.clone(), call.app.clock.now());
    let parameters = call.catalog.parameters.referring(kind::EXCHANGED);
    let reached = if cascades { cascade::reached(call) } else { Vec::new() };
    let provisioned = if cascades { provisioned::devices(call) } else { HashSet::new() };
    let (readable, catalog) = (readable(call), call.catalog.clone());
    let (author, id) = (Author::of(call), found.id.clone());
    let watcher = Watcher::of(call).await?;
    let watching = watcher.clone();
    let done = call
        .scope()
        .write(move |tx| {
            let work = Work {
                ids: &ids,
                now,
                parameters: &parameters,
                catalog: &catalog,
                reached: &reached,
                provisioned: &provisioned,
                author: &author,
                watcher: &watching,
                counter: subscription::counter(tx)?,
            };
            let done = work.delete(tx, kind, &id, version, cascades)?;
            match done {
                // What was deleted on the way must not stay so.
                Outcome::Referenced(_) | Outcome::TooMany => Err(refused(&done, &readable)),
                done => Ok(done),
            }
        })
        .await;
    match done {
        Ok(Outcome::Done(count, told)) => {
            watcher.done(&told);
            let told = format!("Successfully deleted {count} resource(s).");
            Ok(Reply::outcome(StatusCode::OK, &[Issue::information(told)]))
        }
        Ok(Outcome::Stale(current)) => Err(stale(kind, current)),
        Ok(Outcome::Gone(stored)) => {
            Err(live(call, stored).map_or_else(|refusal| refusal, |_| access::unknown(kind)))
        }
        Ok(Outcome::Unknown | Outcome::Referenced(_) | Outcome::TooMany) => {
            Err(access::unknown(kind))
        }
        Err(Error::Conflict(told)) => Err(Refusal::new(StatusCode::CONFLICT, "conflict", told)),
        Err(error) => Err(error.into()),
    }
}

/// What a delete of the resource would be refused for, as things are now; nothing
/// when it would be done.
pub async fn objections(call: &Call, found: &Stored) -> Result<Vec<Issue>, Refusal> {
    let (kind, id) = (found.resource_type, found.id.clone());
    if kind == "AuditEvent" && !is_deletable(&call.domain) {
        return Ok(vec![Issue::error("not-supported", NO_AUDIT_EVENT)]);
    }
    if access::decide(call, Operation::Delete, kind, Some(found.clone())).is_err() {
        let told = "Forbidden: you may read this resource, and not delete it.";
        return Ok(vec![Issue::error("forbidden", told)]);
    }
    if let Err(refusal) = provisioned::check(call, found) {
        return Ok(refusal.issues);
    }
    let parameters = call.catalog.parameters.referring(kind::EXCHANGED);
    let catalog = call.catalog.clone();
    let find = move |tx: &mut DomainTx<'_>| {
        let by = resource::referring(tx, kind, &id, &parameters, MOST)?;
        let is_held = audit_event::holds(tx, &catalog, (kind, &id), &parameters)?;
        let events = is_held.then_some(audit_event::KIND);
        Ok(by.into_iter().map(|one| one.resource_type).chain(events).collect::<Vec<&str>>())
    };
    let by = call.scope().read(find).await?;
    if by.is_empty() {
        return Ok(Vec::new());
    }
    Ok(vec![Issue::error("conflict", referenced(&by, &readable(call)))])
}

/// The types of which the caller may read everything: of what refers to a resource, no
/// more is told.
fn readable(call: &Call) -> Vec<&'static str> {
    let may_read = |kind: &&str| access::reach(call, Operation::Read, kind) == Reach::All;
    kind::EXCHANGED.into_iter().filter(may_read).collect()
}

/// A published suite cleans up after itself; never where people are cared for.
pub fn is_deletable(domain: &Domain) -> bool {
    domain.audit_deletable && domain.phase != koppeltaal_core::directory::Phase::Production
}

fn refused(outcome: &Outcome, readable: &[&str]) -> Error {
    Error::Conflict(match outcome {
        Outcome::Referenced(by) => referenced(by, readable),
        _ => format!("Unable to delete: more than {MOST} resources would go with this one."),
    })
}

fn referenced(by: &[&str], readable: &[&str]) -> String {
    let types: BTreeSet<&str> = by.iter().copied().collect();
    let types: Vec<&str> = types.into_iter().filter(|kind| readable.contains(kind)).collect();
    let which = match types.is_empty() {
        true => String::new(),
        false => format!(" ({})", types.join(", ")),
    };
    format!("Unable to delete: at least one resource refers to this one{which}.")
}

struct Work<'a> {
    ids: &'a Ids,
    now: Timestamp,
    /// The parameters under which references to a resource are found.
    parameters: &'a [i64],
    /// The definitions of the domain.
    catalog: &'a Catalog,
    /// What goes with it, when anything does.
    reached: &'a Reached,
    /// The Devices that go with nothing: they follow the directory.
    provisioned: &'a HashSet<String>,
    /// Who deletes.
    author: &'a Author,
    /// Who tells of it.
    watcher: &'a Watcher,
    /// How often subscriptions were changed.
    counter: i64,
}

impl Work<'_> {
    fn delete(
        &self,
        tx: &mut DomainTx<'_>,
        kind: &'static str,
        id: &str,
        version: Option<i64>,
        cascades: bool,
    ) -> Result<Outcome> {
        if kind == audit_event::KIND {
            return self.remove(tx, id);
        }
        let deleted = match resource::delete(tx, self.ids, kind, id, version, self.now)? {
            Deleted::Done(deleted) => deleted,
            Deleted::Already(stored) => return Ok(Outcome::Gone(stored)),
            Deleted::Unknown => return Ok(Outcome::Unknown),
            Deleted::Stale(current) => return Ok(Outcome::Stale(current)),
        };
        self.record(tx, kind, id, deleted.version)?;
        let mut told = self.watcher.tell_deleted(tx, &deleted, self.counter)?;
        let mut count = 1;
        let mut open = vec![(kind, id.to_owned())];
        while let Some((kind, id)) = open.pop() {
            // They go with nothing.
            if audit_event::holds(tx, self.catalog, (kind, &id), self.parameters)? {
                return Ok(Outcome::Referenced(vec![audit_event::KIND]));
            }
            let mut referring = resource::referring(tx, kind, &id, self.parameters, MOST)?;
            if !cascades && !referring.is_empty() {
                let types = referring.iter().map(|one| one.resource_type).collect();
                return Ok(Outcome::Referenced(types));
            }
            // Whoever locks several resources locks them in this order.
            referring.sort_unstable();
            let mut is_changed = false;
            for one in referring {
                match self.take(tx, &one)? {
                    Taken::Changed => is_changed = true,
                    Taken::Kept => return Ok(Outcome::Referenced(vec![one.resource_type])),
                    Taken::Done(_) if count == MOST => return Ok(Outcome::TooMany),
                    Taken::Done(of_it) => {
                        told = told.and(of_it);
                        count += 1;
                        open.push((one.resource_type, one.id));
                    }
                }
            }
            // Those that changed are held now, and looked for once more.
            if is_changed {
                open.push((kind, id));
            }
        }
        Ok(Outcome::Done(count, told))
    }

    /// Removes an AuditEvent, which leaves no other row than the mark that it is gone.
    fn remove(&self, tx: &mut DomainTx<'_>, id: &str) -> Result<Outcome> {
        let by = resource::referring(tx, audit_event::KIND, id, self.parameters, 1)?;
        if !by.is_empty() {
            return Ok(Outcome::Referenced(by.iter().map(|one| one.resource_type).collect()));
        }
        match audit_event::remove(tx, self.ids, id, self.now)? {
            true => Ok(Outcome::Done(1, Told::default())),
            false => Ok(audit_event::read(tx, id)?.map_or(Outcome::Unknown, Outcome::Gone)),
        }
    }

    /// Deletes a resource, if it still refers: it was found without being held.
    fn take(&self, tx: &mut DomainTx<'_>, one: &Referring) -> Result<Taken> {
        let kind = one.resource_type;
        let known = resource::locked(tx, kind, &one.id)?;
        let Some(known) = known.filter(|known| known.stamp == one.stamp) else {
            return Ok(Taken::Changed);
        };
        let is_provisioned = provisioned::is_among(self.provisioned, kind, &one.id);
        if is_provisioned || !self.reaches(kind, &known.origin) {
            return Ok(Taken::Kept);
        }
        match resource::delete(tx, self.ids, kind, &one.id, Some(known.version), self.now)? {
            Deleted::Done(deleted) => {
                self.record(tx, kind, &one.id, deleted.version)?;
                let told = self.watcher.tell_deleted(tx, &deleted, self.counter)?;
                Ok(Taken::Done(told))
            }
            _ => Ok(Taken::Changed),
        }
    }

    fn reaches(&self, kind: &str, origin: &str) -> bool {
        let found = self.reached.iter().find(|(name, _)| *name == kind);
        found.is_some_and(|(_, devices)| {
            devices.as_ref().is_none_or(|devices| devices.iter().any(|device| device == origin))
        })
    }

    fn record(
        &self,
        tx: &mut DomainTx<'_>,
        kind: &'static str,
        id: &str,
        version: i64,
    ) -> Result<()> {
        let mut row = self.author.row(record::Kind::Delete, kind, id);
        record::write(tx, self.ids, &mut row, version)
    }
}
