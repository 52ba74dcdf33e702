//! The loop of the hub: what arrived is told to the connections here and to other
//! processes; what others tell is told here; and now and then everything is looked at,
//! since a note of another process may be lost.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use koppeltaal_core::Result;
use koppeltaal_store::{Heard, hub, mailbox, sso};
use tokio::sync::watch;
use tokio::time::Instant;

use super::arrival::Word;
use super::live::Live;
use super::registry::Watched;
use super::waiting;
use crate::app::App;

/// How often mailboxes with connections are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// How far back a look goes for connections that were started: the clocks of processes
/// differ, and a look may fail.
const BACK: Duration = Duration::from_secs(60);

/// How long connections may take to end when the server does.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs the hub until it is stopped.
pub async fn run_hub(app: App) {
    let hearing = app.clone();
    let (others, _listening) = match app.parts.store.notes(move |heard| hear(&hearing, heard)) {
        Ok(notes) => notes,
        Err(error) => {
            tracing::error!(%error, "the hub cannot hear other processes");
            return;
        }
    };
    app.hub.tells_others.store(others.has_others(), Ordering::Relaxed);
    *app.hub.others.lock().unwrap_or_else(PoisonError::into_inner) = Some(others.clone());
    let mut directory = app.parts.directory.clone();
    let mut stop = app.hub.stop.subscribe();
    let mut look_at = Instant::now() + LOOK;
    loop {
        tokio::select! {
            () = app.hub.arrived.notified() => {
                let arrivals = {
                    let mut waiting =
                        app.hub.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
                    waiting.take()
                };
                arrivals.iter().for_each(|arrival| app.hub.registry.tell(*arrival));
                let words = arrivals.into_iter().map(|arrival| Word::Arrived(arrival).to_string());
                others.tell(words);
            }
            Ok(()) = directory.changed() => {
                let known = directory.borrow_and_update().clone();
                app.hub.registry.check(&known, app.now());
            }
            () = tokio::time::sleep_until(look_at) => {
                if let Err(error) = look(&app).await {
                    tracing::warn!(%error, "mailboxes with connections cannot be looked at");
                }
                look_at = Instant::now() + LOOK;
            }
            () = stopped(&mut stop) => break,
        }
    }
}

async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error says that nobody is left to stop the hub: it ends, too.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// Ends every connection, each as its transport does, so that clients reconnect to
/// another process or to the next one.
pub async fn stop_hub(app: &App) {
    app.hub.stop.send_replace(true);
    let deadline = Instant::now() + PATIENCE;
    while app.hub.connections() > 0 && Instant::now() < deadline {
        // Also those that come just now.
        app.hub.registry.end_all();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn hear(app: &App, heard: Heard<'_>) {
    match heard {
        Heard::Word(word) => match word.parse() {
            Ok(Word::Arrived(arrival)) => app.hub.registry.tell(arrival),
            Ok(Word::Started(instance, id)) => started(app, instance, id),
            Err(()) => tracing::debug!(word, "another process tells what is not understood"),
        },
        Heard::Missed => {
            let app = app.clone();
            tokio::spawn(async move {
                if let Err(error) = look(&app).await {
                    tracing::debug!(%error, "what was missed is looked for later");
                }
            });
        }
    }
}

/// A connection was started by a request of its own.
fn started(app: &App, instance: i64, id: hub::Connection) {
    let Some(live) = app.hub.registry.find(instance, id).filter(|live| !live.is_started()) else {
        return;
    };
    live.start();
    let app = app.clone();
    tokio::spawn(async move { waiting::look(&app, &live).await });
}

/// Looks at every mailbox that has connections, and for connections that were started.
async fn look(app: &App) -> Result<()> {
    let since = app.now().minus(BACK);
    for domain in app.hub.registry.domains_not_started() {
        let scope = app.parts.store.scope(&domain);
        for (instance, id) in scope.read(move |tx| hub::started_since(tx, since)).await? {
            started(app, instance, id);
        }
    }
    for part in app.hub.registry.bearers().chunks(AT_ONCE) {
        check_tokens(app, part).await?;
    }
    let mut watched = app.hub.registry.all_watched();
    watched.sort_by_key(|watched| watched.domain.number);
    for of_domain in watched.chunk_by(|a, b| a.domain.number == b.domain.number) {
        for part in of_domain.chunks(AT_ONCE) {
            look_at(app, part.to_vec()).await?;
        }
    }
    Ok(())
}

/// Mailboxes that are looked at in one transaction.
const AT_ONCE: usize = 100;

/// Ends the connections whose access tokens were revoked.
async fn check_tokens(app: &App, part: &[Arc<Live>]) -> Result<()> {
    let digests: Vec<_> = part.iter().filter_map(|live| live.bearer).collect();
    let known = app
        .parts
        .store
        .read(move |tx| {
            let known = digests.iter().map(|digest| sso::bearer(tx, digest));
            known.collect::<Result<Vec<_>>>()
        })
        .await?;
    for (live, known) in part.iter().zip(known) {
        if known.is_none() {
            live.end();
        }
    }
    Ok(())
}

async fn look_at(app: &App, watched: Vec<Watched>) -> Result<()> {
    let Some(first) = watched.first() else { return Ok(()) };
    let scope = app.parts.store.scope(&first.domain);
    let instances: Vec<i64> = watched.iter().map(|watched| watched.instance).collect();
    let newest = scope
        .read(move |tx| {
            let newest = instances.iter().map(|instance| mailbox::newest_new(tx, *instance, None));
            newest.collect::<Result<Vec<_>>>()
        })
        .await?;
    for (watched, newest) in watched.iter().zip(newest) {
        app.hub.registry.seen(watched, newest.map(|stamp| stamp.0));
    }
    Ok(())
}
