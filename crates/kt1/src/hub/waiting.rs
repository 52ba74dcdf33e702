//! What waits in the mailbox of a connection.

use std::sync::Arc;

use koppeltaal_core::Result;
use koppeltaal_store::hub::Connection;
use koppeltaal_store::{hub, mailbox};

use super::live::Live;
use crate::app::App;
use crate::call::Caller;

/// The stamp of the newest item that a caller could claim.
pub(super) async fn newest(app: &App, caller: &Caller) -> Result<Option<i64>> {
    let watched = app.hub.registry.watched(caller.instance.number);
    let (instance, patient) = (caller.instance.number, caller.patient.clone());
    let scope = app.parts.store.scope(&caller.domain);
    let read = scope.read(move |tx| mailbox::newest_new(tx, instance, patient.as_deref()));
    let newest = read.await?.map(|stamp| stamp.0);
    if let (Some(watched), None) = (watched, &caller.patient) {
        app.hub.registry.seen(&watched, newest);
    }
    Ok(newest)
}

/// Tells a started connection when something waits.
pub(super) async fn look(app: &App, live: &Arc<Live>) {
    match newest(app, &live.caller).await {
        Ok(None) => {}
        Ok(Some(_)) => live.tell(),
        Err(error) => {
            // Whoever asks for nothing has lost nothing.
            tracing::debug!(%error, "what waits is not known");
            live.tell();
        }
    }
}

/// Whether StartPush was called for a connection by a request of its own.
pub(super) async fn was_started(app: &App, caller: &Caller, id: Connection) -> Result<bool> {
    let instance = caller.instance.number;
    let scope = app.parts.store.scope(&caller.domain);
    scope.read(move |tx| hub::is_started(tx, instance, id)).await
}
