//! Keeps the resources in step with what happened to their subscriptions: they failed,
//! or have ended. What a subscription missed is sent anew piece by piece.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::trace::Trace;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::definitions;
use koppeltaal_store::resource::{self, Stored, Updated};
use koppeltaal_store::subscription::{self, State, Untold, Unwatched};
use tokio::time::sleep;
use uuid::Uuid;

use super::watcher::{Cause, Watcher, Writer};
use crate::app::App;
use crate::call::when_current;
use crate::catalog::Catalog;
use crate::content::{body, strip};
use crate::record::{self, Author};

/// How often is looked for something to do.
const LOOK: Duration = Duration::from_secs(1);
/// Subscriptions that are looked at in one go.
const AT_ONCE: i64 = 200;
/// Pieces of what one missed that are sent anew in one go.
const PIECES: usize = 100;
/// How long it is remembered that a subscription was removed: longer than any process
/// works without the store.
const REMEMBERED: Duration = Duration::from_secs(7 * 86_400);
/// Rounds between two clean-ups.
const TIDY: u32 = 3_600;
/// Characters of an error that are told.
const MOST_TOLD: usize = 1_000;

const KIND: &str = "Subscription";

/// Keeps them. Runs until dropped; several processes may.
pub async fn keep(app: App) {
    let mut rounds = 0_u32;
    loop {
        sleep(LOOK).await;
        if let Err(error) = look(&app).await {
            tracing::warn!(%error, "subscriptions cannot be kept in step with their deliveries");
        }
        if rounds.is_multiple_of(TIDY) {
            let before = app.clock.now().minus(REMEMBERED);
            if let Err(error) = app.store.write(move |tx| subscription::tidy(tx, before)).await {
                tracing::warn!(%error, "removed subscriptions cannot be forgotten");
            }
        }
        rounds = rounds.wrapping_add(1);
    }
}

async fn look(app: &App) -> Result<()> {
    let now = app.clock.now();
    let untold = app.store.read(move |tx| subscription::untold(tx, now, AT_ONCE)).await?;
    let directory = app.authorization.directory();
    for one in untold {
        let domain = directory.domains().iter().find(|domain| domain.number == one.domain);
        let Some(domain) = domain.cloned() else { continue };
        let id = one.id.clone();
        if let Err(error) = step(app, &domain, one, now).await {
            tracing::warn!(domain = domain.name, subscription = id, %error, "a subscription cannot be kept in step");
        }
    }
    let made = app.store.read(|tx| subscription::unwatched(tx, AT_ONCE)).await?;
    for one in made {
        let domain = directory.domains().iter().find(|domain| domain.number == one.domain);
        let Some(domain) = domain.cloned() else { continue };
        let id = one.id.clone();
        if let Err(error) = watch(app, &domain, one, now).await {
            tracing::warn!(domain = domain.name, device = id, %error, "subscriptions cannot be asked about a Device");
        }
    }
    Ok(())
}

/// Tells of a version that the directory made.
async fn watch(app: &App, domain: &Arc<Domain>, one: Unwatched, now: Timestamp) -> Result<()> {
    let (id, version) = (one.id.clone(), one.version);
    let scope = app.store.scope(domain);
    let made = scope.read(move |tx| resource::vread(tx, "Device", &id, version)).await?;
    let Some(made) = made else {
        scope.write(move |tx| subscription::watched(tx, one.key, one.version)).await?;
        return Ok(());
    };
    let node = json::parse(made.render().as_bytes()).map_err(Error::internal)?;
    let urls = app.authorization.urls(domain);
    let (catalog, bases) = (app.catalog(domain), urls.fhir_bases());
    let indexed = catalog.index(&node, Some(&urls.fhir_base()));
    let definitions_version = catalog.version();
    let watcher = watcher(app, domain, &bases, catalog, now).await?;
    let looked = watcher.look("Device", &made.id, &made.origin, &node, &indexed);
    let watching = watcher.clone();
    let told = scope
        .write(move |tx| {
            if !subscription::watched(tx, one.key, one.version)? {
                return Ok(super::Told::default());
            }
            let counter = definitions::require(tx, definitions_version)?;
            watching.tell(tx, &looked, &made, &indexed, counter)
        })
        .await;
    if let Some(told) = when_current(told)? {
        watcher.done(&told);
    }
    Ok(())
}

/// The server itself, as somebody who writes.
async fn watcher(
    app: &App,
    domain: &Domain,
    bases: &[String],
    catalog: Arc<Catalog>,
    now: Timestamp,
) -> Result<Watcher> {
    let writer = Writer {
        store: &app.store,
        domain,
        bases,
        directory: app.authorization.directory(),
        ids: app.ids.clone(),
    };
    Watcher::new(&app.subscriptions, writer, catalog, Cause::of_server(), now).await
}

/// Does what there is to do for one.
async fn step(app: &App, domain: &Arc<Domain>, one: Untold, now: Timestamp) -> Result<()> {
    let scope = app.store.scope(domain);
    if one.reviving {
        let key = one.key;
        for _ in 0..PIECES {
            if !scope.write(move |tx| subscription::revive(tx, key, now)).await? {
                break;
            }
        }
        app.subscriptions.wake();
        return Ok(());
    }
    let id = one.id.clone();
    match scope.read(move |tx| resource::read(tx, KIND, &id)).await? {
        Some(known) if !known.deleted => tell(app, domain, one, known, now).await,
        // Whoever deletes it writes so.
        _ => Ok(()),
    }
}

/// What the resource is to say.
struct Says {
    status: &'static str,
    state: State,
    failure: Option<String>,
}

impl Says {
    fn of(one: &Untold, now: Timestamp) -> Self {
        let failure = one.failure.as_ref().map(|told| told.chars().take(MOST_TOLD).collect());
        let has_ended = one.ends.is_some_and(|ends| ends <= now);
        match (has_ended, &failure) {
            (false, Some(_)) => Self { status: "error", state: State::Failed, failure },
            _ => Self { status: "off", state: State::Off, failure },
        }
    }

    /// The next version of a resource.
    fn said_by(&self, known: &Stored) -> Result<Node> {
        let mut node = json::parse(known.render().as_bytes()).map_err(Error::internal)?;
        if let Some(members) = node.as_object_mut() {
            members.insert("status", self.status);
            if let Some(failure) = &self.failure {
                members.insert("error", failure.as_str());
            }
        }
        Ok(node)
    }
}

/// Makes the version that says what is the case.
async fn tell(
    app: &App,
    domain: &Arc<Domain>,
    one: Untold,
    known: Stored,
    now: Timestamp,
) -> Result<()> {
    let says = Says::of(&one, now);
    let mut node = says.said_by(&known)?;
    let urls = app.authorization.urls(domain);
    let (catalog, base, bases) = (app.catalog(domain), urls.fhir_base(), urls.fhir_bases());
    let indexed = catalog.index(&node, Some(&base));
    strip(&mut node);
    let body = body(&node);
    let version = catalog.version();
    let watcher = watcher(app, domain, &bases, catalog, now).await?;
    let looked = watcher.look(KIND, &known.id, &known.origin, &node, &indexed).without_draft();
    let trace = Trace::of(None, None, None, &mut || Uuid::new_v4().to_string());
    let row =
        Author::new(app, domain, None, &trace, now).row(record::Kind::Update, KIND, &known.id);
    let mut row = Entry { detail: Some(format!("subscription: {}", says.status)), ..row };
    let (ids, watching) = (app.ids.clone(), watcher.clone());
    let told = app
        .store
        .scope(domain)
        .write(move |tx| {
            let (id, expected) = (&known.id, Some(known.version));
            let updated = resource::update(tx, &ids, KIND, id, expected, &body, &indexed, now)?;
            let counter = definitions::require(tx, version)?;
            let (version, told) = match &updated {
                Updated::Done(stored) => {
                    record::write(tx, &ids, &mut row, stored.version)?;
                    (stored.version, watching.tell(tx, &looked, stored, &indexed, counter)?)
                }
                Updated::Unchanged(stored) => (stored.version, super::Told::default()),
                _ => return Err(Error::PreconditionFailed("the resource changed".to_owned())),
            };
            let (state, failure) = (says.state, says.failure.as_deref());
            match subscription::told(tx, one.key, one.changed, version, state, failure)? {
                true => Ok(told),
                // Its owner or the delivery was faster: it is looked at again.
                false => Err(Error::PreconditionFailed("the subscription changed".to_owned())),
            }
        })
        .await;
    if let Some(told) = when_current(told)? {
        watcher.done(&told);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn untold(failure: Option<&str>, ends: Option<i64>) -> Untold {
        Untold {
            domain: 1,
            key: 1,
            id: "s".to_owned(),
            failure: failure.map(str::to_owned),
            ends: ends.map(Timestamp),
            changed: 1,
            reviving: false,
        }
    }

    #[test]
    fn what_failed_is_in_error_and_what_has_ended_is_off() {
        for (failure, ends, status, state) in [
            (Some("503"), None, "error", State::Failed),
            (Some("503"), Some(11), "error", State::Failed),
            (Some("503"), Some(10), "off", State::Off),
            (None, Some(9), "off", State::Off),
        ] {
            let says = Says::of(&untold(failure, ends), Timestamp(10));
            assert_eq!((says.status, says.state), (status, state));
            assert_eq!(says.failure.as_deref(), failure);
        }
    }
}
