//! `/signalr/send`: a call by a request of its own, as clients make it whose transport
//! is one-way. The connection may be at another process, or nowhere between two polls.

use bytes::Bytes;
use http::Response;
use koppeltaal_core::Result;
use koppeltaal_store::hub::{self, Connection};

use super::arrival::Word;
use super::frame::{self, Body};
use super::invoke::Call;
use super::parameters::Parameters;
use super::waiting;
use crate::answer::Refusal;
use crate::app::App;
use crate::call::Caller;

/// Does what a client calls for one of its connections.
pub(super) async fn send(
    app: &App,
    caller: &Caller,
    id: Connection,
    form: &Parameters,
) -> Result<Response<Body>, Refusal> {
    let call = form.get("data").and_then(Call::parse).ok_or_else(|| {
        Refusal::bad_request("structure", "The parameter `data` is not a call of a hub.")
    })?;
    if call.is_start() {
        start(app, caller, id).await?;
    }
    Ok(frame::json(Bytes::from(call.answer(None))))
}

/// Starts a connection, wherever it is: it is told here and at the other processes, and
/// who cannot be told now finds it in the store.
async fn start(app: &App, caller: &Caller, id: Connection) -> Result<()> {
    let (instance, now) = (caller.instance.number, app.now());
    let scope = app.parts.store.scope(&caller.domain);
    scope.write(move |tx| hub::start(tx, instance, id, now)).await?;
    if let Some(live) = app.hub.registry.find(instance, id) {
        live.start();
        waiting::look(app, &live).await;
    }
    if let Some(others) = app.hub.others() {
        others.tell([Word::Started(instance, id).to_string()]);
    }
    Ok(())
}
