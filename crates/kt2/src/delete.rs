//! Delete: a version that says that the resource is gone; the others stay
//! readable (FHIR R4, 3.1.0.7; K013-2). What others refer to stays (K003-7),
//! unless a role has the privilege to take those with it.

use std::collections::BTreeSet;

use http::StatusCode;
use http::header::{self, HeaderMap};
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::permission::{Operation, Reach};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::resource::{self, Deleted, Referring};
use koppeltaal_store::{DomainTx, Ids};

use crate::access;
use crate::call::Call;
use crate::if_match::{expected, stale};
use crate::kind;
use crate::outcome::{Issue, Refusal};
use crate::read::live;
use crate::record::{entry, record};
use crate::reply::Reply;

/// The right of a role to delete what refers to a resource with it.
const CASCADE: &str = "cascade-delete";
/// The most resources that go with one.
const MOST: i64 = 1_000;

/// Whose resources of a type go with another one: everybody's when there is no
/// list of Devices.
type Reached = Vec<(&'static str, Option<Vec<String>>)>;

/// What became of a deletion in the store.
enum Outcome {
    Done(i64),
    Stale(i64),
    Gone(resource::Stored),
    Unknown,
    /// Resources of these types refer to it, or to one that would go with it.
    Referenced(Vec<&'static str>),
    TooMany,
}

/// What became of a resource that refers to a deleted one.
enum Taken {
    /// It is deleted too.
    Done,
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
        return Err(Refusal::not_supported("AuditEvents are not allowed to be deleted.")
            .with(header::ALLOW, "GET"));
    }
    let cascades = cascade(call, headers, pairs)?;
    let key = id.to_owned();
    let found = call.scope().read(move |tx| resource::read(tx, kind, &key)).await?;
    let found = live(call, access::decide(call, Operation::Delete, kind, found)?)?;
    let version = expected(headers)?;
    if version.is_some_and(|version| version != found.version) {
        return Err(stale(kind, found.version));
    }
    let (ids, now) = (call.app.ids.clone(), call.app.clock.now());
    let parameters = call.catalog.parameters.referring(kind::EXCHANGED);
    let reached = if cascades { reached(call) } else { Vec::new() };
    // Of what refers to the resource, no more is told than the caller may read.
    let may_read = |kind: &&str| access::reach(call, Operation::Read, kind) == Reach::All;
    let readable: Vec<&'static str> = kind::EXCHANGED.into_iter().filter(may_read).collect();
    let (row, base) = (entry(call, Action::Delete, kind, id), call.base.clone());
    let id = found.id.clone();
    let done = call
        .scope()
        .write(move |tx| {
            let work = Work {
                ids: &ids,
                now,
                parameters: &parameters,
                reached: &reached,
                row: &row,
                base: &base,
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
        Ok(Outcome::Done(count)) => {
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

/// A published suite cleans up after itself; never where people are cared for.
fn is_deletable(domain: &Domain) -> bool {
    domain.audit_deletable && domain.phase != koppeltaal_core::directory::Phase::Production
}

fn refused(outcome: &Outcome, readable: &[&str]) -> Error {
    Error::Conflict(match outcome {
        Outcome::Referenced(by) => {
            let types: BTreeSet<&str> = by.iter().copied().collect();
            let types: Vec<&str> =
                types.into_iter().filter(|kind| readable.contains(kind)).collect();
            let which = match types.is_empty() {
                true => String::new(),
                false => format!(" ({})", types.join(", ")),
            };
            format!("Unable to delete: at least one resource refers to this one{which}.")
        }
        _ => format!("Unable to delete: more than {MOST} resources would go with this one."),
    })
}

/// Whether what refers to the resource goes with it, and the caller may ask so.
fn cascade(call: &Call, headers: &HeaderMap, pairs: &[(String, String)]) -> Result<bool, Refusal> {
    let asked = pairs.iter().find(|(name, _)| name == "_cascade").map(|(_, value)| value.as_str());
    let asked = asked.or_else(|| headers.get("x-cascade")?.to_str().ok());
    match asked {
        None | Some("none") => return Ok(false),
        Some("delete") => {}
        Some(_) => {
            let told = "_cascade is `delete`, or left out.";
            return Err(Refusal::bad_request("invalid", told).at("http._cascade"));
        }
    }
    let privileged = call.access.as_ref().is_some_and(|access| {
        let directory = call.app.authorization.directory();
        directory
            .role_of(&access.instance.instance)
            .is_some_and(|role| role.privileges.iter().any(|privilege| privilege == CASCADE))
    });
    match privileged {
        true => Ok(true),
        false => {
            let told = "Forbidden: your role does not have the privilege `cascade-delete`.";
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", told).at("http._cascade"))
        }
    }
}

/// What the caller may delete: the privilege to cascade widens no right, and an
/// AuditEvent goes with nothing.
fn reached(call: &Call) -> Reached {
    let of = |kind: &'static str| {
        let reach = match kind {
            "AuditEvent" if !is_deletable(&call.domain) => Reach::Nothing,
            kind => access::reach(call, Operation::Delete, kind),
        };
        let devices = match reach {
            Reach::All => None,
            Reach::Of(devices) => Some(devices.into_iter().map(str::to_owned).collect()),
            Reach::Nothing => Some(Vec::new()),
        };
        (kind, devices)
    };
    kind::EXCHANGED.into_iter().map(of).collect()
}

struct Work<'a> {
    ids: &'a Ids,
    now: Timestamp,
    /// The parameters under which references to a resource are found.
    parameters: &'a [i64],
    /// What goes with it, when anything does.
    reached: &'a Reached,
    row: &'a Entry,
    base: &'a str,
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
        let deleted = match resource::delete(tx, self.ids, kind, id, version, self.now)? {
            Deleted::Done(deleted) => deleted,
            Deleted::Already(stored) => return Ok(Outcome::Gone(stored)),
            Deleted::Unknown => return Ok(Outcome::Unknown),
            Deleted::Stale(current) => return Ok(Outcome::Stale(current)),
        };
        self.record(tx, kind, id, deleted.version)?;
        let mut count = 1;
        let mut open = vec![(kind, id.to_owned())];
        while let Some((kind, id)) = open.pop() {
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
                    Taken::Done if count == MOST => return Ok(Outcome::TooMany),
                    Taken::Done => {
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
        Ok(Outcome::Done(count))
    }

    /// Deletes a resource, if it still refers: it was found without being held.
    fn take(&self, tx: &mut DomainTx<'_>, one: &Referring) -> Result<Taken> {
        let kind = one.resource_type;
        let known = resource::locked(tx, kind, &one.id)?;
        let Some(known) = known.filter(|known| known.stamp == one.stamp) else {
            return Ok(Taken::Changed);
        };
        if !self.reaches(kind, &known.origin) {
            return Ok(Taken::Kept);
        }
        match resource::delete(tx, self.ids, kind, &one.id, Some(known.version), self.now)? {
            Deleted::Done(deleted) => self.record(tx, kind, &one.id, deleted.version)?,
            _ => return Ok(Taken::Changed),
        }
        Ok(Taken::Done)
    }

    fn reaches(&self, kind: &str, origin: &str) -> bool {
        let found = self.reached.iter().find(|(name, _)| *name == kind);
        found.is_some_and(|(_, devices)| {
            devices.as_ref().is_none_or(|devices| devices.iter().any(|device| device == origin))
        })
    }

    fn record(&self, tx: &mut DomainTx<'_>, kind: &str, id: &str, version: i64) -> Result<()> {
        let focal = Some(format!("{}/{kind}/{id}", self.base));
        record(tx, self.ids, &mut Entry { focal, ..self.row.clone() }, version)
    }
}
