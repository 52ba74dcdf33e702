//! What waits in the mailbox of a connection.

use std::sync::Arc;

use koppeltaal_core::Result;
use koppeltaal_store::hub::Connection;
use koppeltaal_store::{hub, mailbox};

use super::live::{Live, Who};
use crate::app::App;

/// The stamp of the newest item that a caller could claim.
pub(super) async fn newest(app: &App, who: &Who) -> Result<Option<i64>> {
    let watched = app.hub.registry.watched(who.caller.instance.number);
    let (instance, patient) = (who.caller.instance.number, who.patient.clone());
    let scope = app.parts.store.scope(&who.caller.domain);
    let read = scope.read(move |tx| mailbox::newest_new(tx, instance, patient.as_deref()));
    let newest = read.await?.map(|stamp| stamp.0);
    if let (Some(watched), None) = (watched, &who.patient) {
        app.hub.registry.seen(&watched, newest);
    }
    Ok(newest)
}

/// Tells a started connection when something waits.
pub(super) async fn look(app: &App, live: &Arc<Live>) {
    match newest(app, &live.who).await {
        Ok(None) => {}
        Ok(Some(_)) => live.tell(None),
        Err(error) => {
            // Whoever asks for nothing has lost nothing.
            tracing::debug!(%error, "what waits is not known");
            live.tell(None);
        }
    }
}

/// Whether StartPush was called for a connection by a request of its own.
pub(super) async fn was_started(app: &App, who: &Who, id: Connection) -> Result<bool> {
    let instance = who.caller.instance.number;
    let scope = app.parts.store.scope(&who.caller.domain);
    scope.read(move |tx| hub::is_started(tx, instance, id)).await
}
