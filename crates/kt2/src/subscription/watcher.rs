//! One writer and the subscriptions: what a write matches is looked up before the
//! transaction, and told in it.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::search::Condition;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::outbox::{self, Hook};
use koppeltaal_store::resource::{Indexed, Stored};
use koppeltaal_store::subscription::{self, State, Watch};
use koppeltaal_store::{DomainTx, Ids, Store};
use uuid::Uuid;

use super::content::Draft;
use super::criteria::{Criteria, Reading, is_timed};
use super::owner::Owner;
use super::registry::Known;
use super::{OfDomain, Subscriptions};
use crate::access::{may_read, narrowed_inside};
use crate::call::Call;
use crate::catalog::Catalog;
use crate::matches::{Alone, Subject, matches};
use crate::neighbours::{is_linked, meets};

/// Subscriptions that are read in one transaction that has not seen them.
const UNSEEN: i64 = i64::MAX;

/// The request that a write belongs to.
#[derive(Debug, Clone, Default)]
pub struct Cause {
    /// The id of the request.
    pub request_id: Option<String>,
    /// The chain of requests.
    pub trace_id: Option<String>,
    /// The id of the Device of whoever sent it.
    pub requester: Option<String>,
}

impl Cause {
    /// No request: the server or an operator begins a chain of its own.
    pub fn of_server() -> Self {
        Self { trace_id: Some(Uuid::new_v4().to_string()), ..Self::default() }
    }
}

/// Somebody who writes resources of a domain, now.
#[derive(Clone)]
pub struct Watcher {
    subscriptions: Subscriptions,
    own: Arc<OfDomain>,
    domain: i64,
    catalog: Arc<Catalog>,
    bases: Arc<[String]>,
    directory: Arc<Directory>,
    ids: Arc<Ids>,
    cause: Cause,
    now: Timestamp,
    /// Nobody is told of anything.
    is_silent: bool,
}

/// What is written, as far as it is known before the transaction.
struct Written<'a> {
    kind: &'static str,
    id: &'a str,
    origin: &'a str,
    indexed: &'a Indexed,
    is_deletion: bool,
}

impl<'a> Written<'a> {
    /// With the time of the version.
    fn subject(&self, updated: Timestamp) -> Subject<'a> {
        Subject {
            resource_type: self.kind,
            id: self.id,
            origin: self.origin,
            updated,
            rows: &self.indexed.rows,
            words: &self.indexed.words,
        }
    }
}

/// What was found before the transaction.
#[derive(Debug, Clone, Default)]
pub struct Looked {
    /// The number of the last change of subscriptions that was known.
    known: i64,
    found: Vec<Found>,
    /// What the resource says when it is a Subscription.
    draft: Option<Draft>,
}

/// A subscription that matches, or does when the rest is met.
#[derive(Debug, Clone)]
struct Found {
    key: i64,
    instance: i64,
    is_failed: bool,
    rest: Vec<Condition>,
    trust: Trust,
}

/// What it rests on that somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trust {
    /// His rights.
    Rights,
    /// Nothing could be said of his rights.
    UnknownOwner,
    /// His criteria can no longer be read, or ask for too much.
    UnreadCriteria,
}

/// What was told in a transaction, for when it is over.
#[derive(Debug, Clone, Default)]
pub struct Told {
    matched: u64,
    unknown: u64,
    unread: u64,
    revived: bool,
    unseen: Vec<Watch>,
    seen: i64,
}

impl Looked {
    /// The same for a Subscription of which the row is written otherwise.
    pub fn without_draft(self) -> Self {
        Self { draft: None, ..self }
    }
}

impl Told {
    /// What was told of two writes of a transaction, both with the same `counter`.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.matched += other.matched;
        self.unknown += other.unknown;
        self.unread += other.unread;
        self.revived |= other.revived;
        if self.unseen.len() < other.unseen.len() {
            self.unseen = other.unseen;
        }
        self.seen = self.seen.max(other.seen);
        self
    }
}

impl Watcher {
    /// The caller of a request.
    pub async fn of(call: &Call) -> Result<Self> {
        let device = call.access.as_ref().map(|access| &access.instance.instance.client_id);
        let cause = Cause {
            request_id: Some(call.trace.request_id.clone()),
            trace_id: Some(call.trace.trace_id.clone()),
            requester: device.cloned(),
        };
        let app = &call.app;
        let writer = Writer {
            store: &app.store,
            domain: &call.domain,
            bases: &call.bases,
            directory: app.authorization.directory(),
            ids: app.ids.clone(),
        };
        Self::new(&app.subscriptions, writer, call.catalog.clone(), cause, app.clock.now()).await
    }

    /// Somebody else.
    pub async fn new(
        subscriptions: &Subscriptions,
        writer: Writer<'_>,
        catalog: Arc<Catalog>,
        cause: Cause,
        now: Timestamp,
    ) -> Result<Self> {
        let Writer { store, domain, bases, directory, ids } = writer;
        let own = subscriptions.ready(store, domain, &catalog, bases).await?;
        Ok(Self {
            subscriptions: subscriptions.clone(),
            own,
            domain: domain.number,
            catalog,
            bases: bases.into(),
            directory,
            ids,
            cause,
            now,
            is_silent: false,
        })
    }

    /// The same, of whose writes nobody is told.
    pub fn silent(self) -> Self {
        Self { is_silent: true, ..self }
    }

    /// Looks up what a create or an update matches, as far as nothing else has to be
    /// looked up for it.
    pub fn look(
        &self,
        kind: &'static str,
        id: &str,
        origin: &str,
        resource: &Node,
        indexed: &Indexed,
    ) -> Looked {
        let written = Written { kind, id, origin, indexed, is_deletion: false };
        let draft = (kind == "Subscription")
            .then(|| Draft::of(resource, origin, &self.directory, self.domain));
        let looked = if self.is_silent { Looked::default() } else { self.looked(&written) };
        Looked { draft, ..looked }
    }

    fn looked(&self, written: &Written<'_>) -> Looked {
        let look = |registry: &super::Registry| {
            let candidates = registry.candidates(written.kind, written.id, &written.indexed.rows);
            let reading = registry.reading();
            let found = candidates.into_iter().filter_map(|one| self.find(one, reading, written));
            Looked { known: registry.counter, found: found.collect(), draft: None }
        };
        self.own.look(look).unwrap_or_default()
    }

    /// Tells of the version that was made, in its transaction. `counter`: what
    /// [`koppeltaal_store::definitions::require`] said in it.
    pub fn tell(
        &self,
        tx: &mut DomainTx<'_>,
        looked: &Looked,
        stored: &Stored,
        indexed: &Indexed,
        counter: i64,
    ) -> Result<Told> {
        if self.is_silent {
            looked.draft.as_ref().map_or(Ok(()), |draft| draft.put(tx, stored, self.now))?;
            return Ok(Told::default());
        }
        let written = Written {
            kind: stored.resource_type,
            id: &stored.id,
            origin: &stored.origin,
            indexed,
            is_deletion: stored.deleted,
        };
        let mut told = Told { seen: counter, ..Told::default() };
        let unseen = self.unseen(tx, looked.known, counter)?;
        let is_seen = |found: &&Found| unseen.iter().all(|(watch, _)| watch.key != found.key);
        let reading = self.reading();
        let new = unseen
            .iter()
            .filter_map(|(_, known)| known.as_ref())
            .filter(|known| known.kind == written.kind)
            .filter_map(|known| self.find(known, reading, &written));
        let found: Vec<Found> = looked.found.iter().filter(is_seen).cloned().chain(new).collect();
        let mut hooks = Vec::new();
        for one in found {
            let Some(trust) = self.is_met(tx, &one, &written, stored)? else { continue };
            match trust {
                Trust::Rights => {}
                Trust::UnknownOwner => told.unknown += 1,
                Trust::UnreadCriteria => told.unread += 1,
            }
            hooks.push(Hook {
                id: self.ids.key(self.now),
                instance: one.instance,
                lane: one.key,
                resource: format!("{}/{}/_history/{}", written.kind, written.id, stored.version),
                request_id: self.cause.request_id.clone(),
                trace_id: self.cause.trace_id.clone(),
                requester: self.cause.requester.clone(),
                is_kept: one.is_failed,
            });
        }
        if !hooks.is_empty() {
            outbox::hook(tx, &hooks, self.now)?;
            told.matched = hooks.len() as u64;
        }
        if let Some(draft) = &looked.draft {
            draft.put(tx, stored, self.now)?;
            told.revived = true;
        }
        told.unseen = unseen.into_iter().map(|(watch, _)| watch).collect();
        Ok(told)
    }

    /// Tells of a deletion those who asked for it. What was deleted is asked as it
    /// was; what others are, as they are now.
    pub fn tell_deleted(
        &self,
        tx: &mut DomainTx<'_>,
        deleted: &Stored,
        counter: i64,
    ) -> Result<Told> {
        let kind = deleted.resource_type;
        let look = |registry: &super::Registry| (registry.counter, registry.has_on_delete(kind));
        let (known, has_any) = self.own.look(look).unwrap_or_default();
        let mut told = Told { seen: known, ..Told::default() };
        if has_any || known != counter {
            let resource = json::parse(deleted.render().as_bytes()).map_err(Error::internal)?;
            let indexed = self.catalog.index(&resource, self.bases.first().map(String::as_str));
            let written = Written {
                kind,
                id: &deleted.id,
                origin: &deleted.origin,
                indexed: &indexed,
                is_deletion: true,
            };
            let looked = self.looked(&written);
            told = self.tell(tx, &looked, deleted, &indexed, counter)?;
        }
        if kind == "Subscription" {
            subscription::remove(tx, deleted.key, self.now)?;
        }
        Ok(told)
    }

    /// The transaction is over: what it has seen is known, and whoever delivers hears
    /// of it.
    pub fn done(&self, told: &Told) {
        if self.own.look(|registry| registry.counter < told.seen).unwrap_or_default() {
            self.own.learn(&told.unseen, told.seen);
        }
        let counts = &self.subscriptions.0.counts;
        counts.matched.fetch_add(told.matched, Ordering::Relaxed);
        counts.unknown.fetch_add(told.unknown, Ordering::Relaxed);
        counts.unread.fetch_add(told.unread, Ordering::Relaxed);
        if told.matched > 0 || told.revived {
            self.subscriptions.wake();
        }
    }

    fn reading(&self) -> Reading<'_> {
        Reading { catalog: &self.catalog, bases: &self.bases }
    }

    /// The subscriptions that changed since they were looked up.
    fn unseen(
        &self,
        tx: &mut DomainTx<'_>,
        known: i64,
        counter: i64,
    ) -> Result<Vec<(Watch, Option<Known>)>> {
        if counter == known {
            return Ok(Vec::new());
        }
        let reading = self.reading();
        let changes = subscription::since(tx, known, UNSEEN)?;
        Ok(changes.into_iter().map(|watch| (watch.clone(), Known::read(watch, reading))).collect())
    }

    /// Whether a subscription matches, or may: what is left to ask comes with it.
    fn find(&self, known: &Known, reading: Reading<'_>, written: &Written<'_>) -> Option<Found> {
        let watch = &known.watch;
        if !known.is_running(self.now) || (written.is_deletion && !watch.on_delete) {
            return None;
        }
        // Of what it is when there is a version, only its time is not known.
        let subject = written.subject(self.now);
        let read;
        let (conditions, mut trust) = match &known.criteria {
            Criteria::Met(conditions) => (conditions.as_slice(), Trust::Rights),
            Criteria::Broken => (&[][..], Trust::UnreadCriteria),
            Criteria::Dated => {
                read = reading.conditions(known.kind, &watch.criteria, self.now);
                let trust = read.as_ref().map_or(Trust::UnreadCriteria, |_| Trust::Rights);
                (read.as_deref().unwrap_or_default(), trust)
            }
        };
        let is_later = |one: &&Condition| is_timed(one) || is_linked(one);
        let mut now = conditions.iter().filter(|one| !is_later(one));
        if !now.all(|condition| matches(condition, &subject, &Alone)) {
            return None;
        }
        let later = conditions.iter().filter(is_later).cloned();
        let rest = match self.own.owners.of(&self.directory, self.domain, &watch.origin) {
            Owner::Absent => return None,
            Owner::Unknown => {
                trust = Trust::UnknownOwner;
                later.collect()
            }
            Owner::Known(rights) => {
                if !may_read(&*rights, written.kind, written.origin) {
                    return None;
                }
                later.map(|condition| narrowed_inside(&*rights, condition)).collect()
            }
        };
        let is_failed = watch.state == State::Failed;
        Some(Found { key: watch.key, instance: watch.instance, is_failed, rest, trust })
    }

    /// On what it rests that what was left is met, if it is.
    fn is_met(
        &self,
        tx: &mut DomainTx<'_>,
        found: &Found,
        written: &Written<'_>,
        stored: &Stored,
    ) -> Result<Option<Trust>> {
        if found.rest.is_empty() {
            return Ok(Some(found.trust));
        }
        match meets(tx, &self.catalog, &found.rest, &written.subject(stored.updated)) {
            // It is too much to be asked: the subscriber looks for himself.
            Err(Error::Invalid(_) | Error::Unprocessable(_)) => Ok(Some(Trust::UnreadCriteria)),
            met => Ok(met?.then_some(found.trust)),
        }
    }
}

/// What a write is done with.
pub struct Writer<'a> {
    /// The store.
    pub store: &'a Store,
    /// The domain.
    pub domain: &'a Domain,
    /// All spellings of its FHIR base, the first the one that is written.
    pub bases: &'a [String],
    /// The directory of the moment.
    pub directory: Arc<Directory>,
    /// Keys of this process.
    pub ids: Arc<Ids>,
}

impl std::fmt::Debug for Watcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("domain", &self.domain).finish_non_exhaustive()
    }
}
