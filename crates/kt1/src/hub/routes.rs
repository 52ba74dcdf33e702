//! From a request below `/signalr` to its call: who calls, which connection it is
//! about, and the answer.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::Either;
use hyper::upgrade::OnUpgrade;
use koppeltaal_core::Error;
use koppeltaal_core::audit::Action;
use koppeltaal_core::told::Told;
use koppeltaal_store::hub::Connection;
use koppeltaal_store::sso::{Digest, SecretKind};
use serde::Deserialize;

use super::cursor::Cursor;
use super::frame::{self, Body};
use super::live::{self, Live};
use super::parameters::Parameters;
use super::registry::Present;
use super::token::{self, Unaccepted};
use super::websocket;
use super::{NAME, cors, long_polling, negotiate, proxy, send, server_sent_events, waiting};
use crate::answer::Refusal;
use crate::app::App;
use crate::authenticate::{Credentials, authenticate_with};
use crate::call::{self, Caller, Seen};
use crate::negotiate::Format;
use crate::{body, routes};

/// The largest form, in bytes.
const LARGEST_FORM: usize = 64 * 1024;

/// The seconds after which an instance with too many connections may try again.
const TRY_AGAIN: u64 = 5;

/// What a path asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Negotiate,
    Connect,
    Reconnect,
    Poll,
    Start,
    Send,
    Ping,
    Abort,
    Script,
}

impl Endpoint {
    fn of(path: &str) -> Option<Self> {
        let name = path.trim_end_matches('/').rsplit('/').next()?.to_ascii_lowercase();
        Some(match name.as_str() {
            "negotiate" => Self::Negotiate,
            "connect" => Self::Connect,
            "reconnect" => Self::Reconnect,
            "poll" => Self::Poll,
            "start" => Self::Start,
            "send" => Self::Send,
            "ping" => Self::Ping,
            "abort" => Self::Abort,
            "hubs" | "js" => Self::Script,
            _ => return None,
        })
    }

    /// The word in metrics and in the log.
    fn name(self) -> &'static str {
        match self {
            Self::Negotiate => "signalr_negotiate",
            Self::Connect => "signalr_connect",
            Self::Reconnect => "signalr_reconnect",
            Self::Poll => "signalr_poll",
            Self::Start => "signalr_start",
            Self::Send => "signalr_send",
            Self::Ping => "signalr_ping",
            Self::Abort => "signalr_abort",
            Self::Script => "signalr_hubs",
        }
    }
}

/// How a connection is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    WebSockets,
    ServerSentEvents,
    LongPolling,
}

impl Transport {
    fn of(parameters: &Parameters) -> Result<Self, Refusal> {
        let named = parameters.get("transport").unwrap_or_default();
        let all = [
            ("webSockets", Self::WebSockets),
            ("serverSentEvents", Self::ServerSentEvents),
            ("longPolling", Self::LongPolling),
        ];
        let found = all.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(named));
        found.map(|(_, transport)| transport).ok_or_else(|| {
            Refusal::bad_request(
                "value",
                "The parameter `transport` must be webSockets, serverSentEvents or longPolling.",
            )
        })
    }
}

/// Whether a path belongs to the hub.
pub fn is_hub_path(path: &str) -> bool {
    let first = path.split('/').find(|part| !part.is_empty());
    first.is_some_and(|part| part.eq_ignore_ascii_case("signalr"))
}

/// Answers a request below `/signalr`. The answer carries a [`Told`].
pub async fn handle_hub<B>(
    app: App,
    mut request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Response<Body>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let upgrade = request.extensions_mut().remove::<OnUpgrade>();
    let (head, body) = request.into_parts();
    let origin = head.headers.get(header::ORIGIN).cloned();
    if head.method == Method::OPTIONS {
        return cors::preflight(&head.headers).map(Either::Left);
    }
    let began = Instant::now();
    let endpoint = Endpoint::of(head.uri.path());
    let mut told = Told { verb: endpoint.map_or("none", Endpoint::name), ..Told::default() };
    let asked = Asked {
        parameters: Parameters::parse(head.uri.query().unwrap_or("")),
        head,
        peer,
        request_id: &request_id,
        upgrade,
    };
    let mut response = match answer(&app, endpoint, asked, body, &mut told).await {
        Ok(response) => response,
        Err(refusal) => refusal.into_response(Format::Json, &request_id).map(Either::Left),
    };
    cors::allow(origin.as_ref(), response.headers_mut());
    // A poll is held; how long says nothing.
    if !matches!(endpoint, Some(Endpoint::Poll | Endpoint::Reconnect)) {
        app.metrics().took(told.verb, began.elapsed().as_secs_f64());
    }
    response.extensions_mut().insert(told);
    response
}

struct Asked<'a> {
    head: Parts,
    parameters: Parameters,
    peer: IpAddr,
    request_id: &'a str,
    upgrade: Option<OnUpgrade>,
}

/// A caller, and what stands for its access token.
struct Who {
    caller: Caller,
    bearer: Option<Digest>,
}

async fn answer<B>(
    app: &App,
    endpoint: Option<Endpoint>,
    asked: Asked<'_>,
    body: B,
    told: &mut Told,
) -> Result<Response<Body>, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let endpoint = endpoint.ok_or_else(|| Refusal::not_found("There is nothing at this URL."))?;
    let takes_method = match asked.head.method {
        Method::GET => endpoint != Endpoint::Send,
        Method::POST => endpoint != Endpoint::Script,
        _ => false,
    };
    if !takes_method {
        return Err(Refusal::not_supported("This URL does not take this method."));
    }
    if endpoint == Endpoint::Script {
        let script = Bytes::from_static(proxy::SCRIPT.as_bytes());
        return Ok(frame::whole("application/javascript; charset=UTF-8", script));
    }
    let credentials = asked.parameters.credentials(&asked.head.headers);
    let bearer = match &credentials {
        Some(Credentials::Bearer(token)) => Some(Digest::of(SecretKind::Access, token)),
        _ => None,
    };
    let caller = authenticate_with(app, credentials, asked.peer).await?;
    told.domain = Some(caller.domain.name.clone());
    told.instance = Some(caller.name().to_owned());
    app.parts.limit.check(caller.instance.number).map_err(Refusal::throttled)?;
    let began = app.now();
    let request_id = asked.request_id.to_owned();
    let who = Who { caller, bearer };
    let result = serve(app, endpoint, asked, body, &who).await;
    if let Err(refusal) = &result {
        let entry = call::audit(Action::Reject, began, &who.caller, &request_id);
        routes::record(app, &who.caller, refusal, Seen::default(), entry);
    }
    result
}

async fn serve<B>(
    app: &App,
    endpoint: Endpoint,
    asked: Asked<'_>,
    body: B,
    who: &Who,
) -> Result<Response<Body>, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let settings = &app.parts.settings;
    let form = body::read(&asked.head.headers, body, LARGEST_FORM, settings.body_timeout).await?;
    let form = Parameters::parse(&String::from_utf8_lossy(&form));
    hubs(&asked.parameters)?;
    if endpoint == Endpoint::Ping {
        return Ok(frame::json(Bytes::from_static(b"{\"Response\":\"pong\"}")));
    }
    let hub = &app.hub.settings;
    if endpoint == Endpoint::Negotiate {
        let connection = uuid::Uuid::new_v4().into_bytes();
        let token = token::seal(&hub.key, connection, live::holder(&who.caller));
        let url = app.links.hub();
        let answer = negotiate::answer(hub, &asked.parameters, &url, connection, &token);
        return Ok(frame::json(answer.map_err(Error::internal)?));
    }
    let id = connection(app, &asked.parameters, &who.caller)?;
    let place = form.get("messageId").or_else(|| asked.parameters.get("messageId"));
    let cursor = place.map(Cursor::parse).unwrap_or_default();
    match endpoint {
        Endpoint::Start => Ok(frame::json(Bytes::from_static(b"{\"Response\":\"started\"}"))),
        Endpoint::Send => send::send(app, &who.caller, id, &form).await,
        Endpoint::Abort => {
            if let Some(live) = app.hub.registry.find(who.caller.instance.number, id) {
                live.end();
            }
            Ok(frame::json(Bytes::from_static(b"{}")))
        }
        Endpoint::Connect => open(app, asked, who, id, None).await,
        Endpoint::Reconnect | Endpoint::Poll => {
            let transport = Transport::of(&asked.parameters)?;
            if transport == Transport::LongPolling {
                let started = cursor.started || waiting::was_started(app, &who.caller, id).await?;
                let present = enter(app, who, id, started)?;
                let reconnects = endpoint == Endpoint::Reconnect;
                return long_polling::poll(app, present, cursor, reconnects).await;
            }
            open(app, asked, who, id, Some(cursor)).await
        }
        Endpoint::Negotiate | Endpoint::Ping | Endpoint::Script => {
            Err(Error::internal("answered above").into())
        }
    }
}

/// Opens a connection, anew or again with the place of its client.
async fn open(
    app: &App,
    asked: Asked<'_>,
    who: &Who,
    id: Connection,
    again: Option<Cursor>,
) -> Result<Response<Body>, Refusal> {
    let transport = Transport::of(&asked.parameters)?;
    if transport == Transport::LongPolling {
        return Ok(long_polling::connect(false));
    }
    let websocket = match transport {
        Transport::WebSockets => {
            let key = websocket::key(&asked.head.headers)?;
            let upgrade = asked.upgrade.ok_or_else(|| {
                Refusal::bad_request("value", "This connection cannot become a WebSocket.")
            })?;
            Some((key, upgrade))
        }
        _ => None,
    };
    let started = match again {
        Some(cursor) => cursor.started || waiting::was_started(app, &who.caller, id).await?,
        None => false,
    };
    let present = enter(app, who, id, started)?;
    if started {
        waiting::look(app, &present.live).await;
    }
    let (app, is_new) = (app.clone(), again.is_none());
    Ok(match websocket {
        Some((key, upgrade)) => websocket::open(app, &key, upgrade, present, is_new),
        None => server_sent_events::open(app, present, is_new),
    })
}

fn enter(app: &App, who: &Who, id: Connection, started: bool) -> Result<Present, Refusal> {
    if app.hub.is_stopping() {
        return Err(Error::Unavailable("the server ends".to_owned()).into());
    }
    let live = Live::new(id, who.caller.clone(), who.bearer, started);
    app.hub.registry.enter(live, app.hub.settings.connections).ok_or_else(|| Refusal {
        retry_after: Some(TRY_AGAIN),
        ..Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "throttled",
            "connections",
            "This application instance has as many connections as it may.",
        )
    })
}

/// The connection of a request's token.
fn connection(app: &App, parameters: &Parameters, caller: &Caller) -> Result<Connection, Refusal> {
    let token = parameters.get("connectionToken").ok_or_else(|| {
        Refusal::bad_request("required", "The parameter `connectionToken` is missing.")
    })?;
    token::open(&app.hub.settings.key, token, live::holder(caller)).map_err(|error| match error {
        Unaccepted::Malformed => {
            Refusal::bad_request("value", "The parameter `connectionToken` is no token.")
        }
        Unaccepted::Foreign => Refusal::forbidden(
            "This connection was negotiated with other credentials; negotiate again.",
        ),
    })
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(alias = "Name")]
    name: String,
}

/// Refuses hubs that are not there.
fn hubs(parameters: &Parameters) -> Result<(), Refusal> {
    let Some(data) = parameters.get("connectionData") else { return Ok(()) };
    let wanted: Vec<Wanted> = serde_json::from_str(data).map_err(|_| {
        Refusal::bad_request("structure", "The parameter `connectionData` is no list of hubs.")
    })?;
    match wanted.iter().all(|hub| hub.name.eq_ignore_ascii_case(NAME)) {
        true => Ok(()),
        false => Err(Refusal::bad_request("value", "There is one hub here: KoppeltaalHub.")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_found_in_any_case() {
        assert!(
            is_hub_path("/signalr/hubs") && is_hub_path("//SignalR") && !is_hub_path("/signal")
        );
        assert_eq!(Endpoint::of("/SignalR/Negotiate"), Some(Endpoint::Negotiate));
        assert_eq!(Endpoint::of("/signalr/hubs/"), Some(Endpoint::Script));
        assert_eq!(Endpoint::of("/signalr"), None);
    }

    #[test]
    fn only_the_one_hub_can_be_wanted() {
        let check = |data: &str| hubs(&Parameters::parse(&format!("connectionData={data}")));
        for good in ["[]", r#"[{"name":"koppeltaalhub"}]"#, r#"[{"Name":"KoppeltaalHub"}]"#, ""] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["x", "{}", r#"[{"name":"chat"}]"#, r#"[{"name":3}]"#, "%5B"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}
