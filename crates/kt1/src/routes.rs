//! From a request to its verb, and what every request has in common: who calls,
//! how often, in which format, and the record of what was refused.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Full};
use koppeltaal_core::audit::{Action, Entry};

use koppeltaal_core::told::Told;
use koppeltaal_core::{Error, Timestamp};

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{self, Call, Caller, Seen as Subject};
use crate::negotiate::{Format, text};
use crate::query::Query;
use crate::request_log::Seen;
use crate::verb::Verb;
use crate::{
    activity_definition, authenticate, body, browse, claim, cors, device, feed, metadata,
    post_message, read_message, set_status, storage_item,
};

/// Whether a path belongs to KT1's FHIR face.
pub fn is_kt1_path(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let mut next_is = |word: &str| parts.next().is_some_and(|p| p.eq_ignore_ascii_case(word));
    next_is("FHIR") && next_is("Koppeltaal")
}

/// Answers a request below `/FHIR/Koppeltaal`. The answer carries a [`Told`].
pub async fn handle<B>(
    app: App,
    request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Response<Full<Bytes>>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    if head.method == Method::OPTIONS {
        return cors::preflight(&head.headers);
    }
    let began = Instant::now();
    let mut told = Told::default();
    let mut format = Format::of_answer(&head.headers, Format::of_body(&head.headers, b""));
    let asked = Asked { head: &head, peer, request_id: &request_id };
    let mut known = None;
    let work = answer(&app, asked, body, &mut format, &mut told, &mut known);
    // A defect answers as every other error does.
    let result = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Error::internal("a request panicked").into()));
    let mut response = match result {
        Ok(answer) => answer.into_response(format),
        Err(refusal) => refusal.into_response(format, &request_id),
    };
    cors::allow(response.headers_mut());
    if let Some(known) = known.filter(|_| app.parts.request_log.keeps(response.status().as_u16())) {
        let response = (response.status().as_u16(), response.body().clone());
        keep(&app, known, &head, response, (peer, &request_id), began).await;
    }
    app.metrics().took(told.verb, began.elapsed().as_secs_f64());
    response.extensions_mut().insert(told);
    response
}

/// A request of a known caller, for the request log.
struct Known {
    caller: Caller,
    began: Timestamp,
    body: Bytes,
}

/// Hands a request and its answer to the request log.
async fn keep(
    app: &App,
    known: Known,
    head: &http::request::Parts,
    (status, response): (u16, Full<Bytes>),
    (address, request_id): (IpAddr, &str),
    began: Instant,
) {
    let response = response.collect().await.map(http_body_util::Collected::to_bytes);
    app.parts.request_log.add(Seen {
        domain: known.caller.domain.clone(),
        instance: known.caller.instance.number,
        method: head.method.to_string(),
        target: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        status,
        duration: began.elapsed(),
        request_id: request_id.to_owned(),
        address,
        request: known.body,
        response: response.unwrap_or_default(),
        began: known.began,
    });
}

struct Asked<'a> {
    head: &'a http::request::Parts,
    peer: IpAddr,
    request_id: &'a str,
}

async fn answer<B>(
    app: &App,
    asked: Asked<'_>,
    body: B,
    format: &mut Format,
    told: &mut Told,
    known: &mut Option<Known>,
) -> Result<Answer, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let query = Query::parse(asked.head.uri.query().unwrap_or(""));
    let verb = Verb::of(&asked.head.method, asked.head.uri.path(), query.get("code"));
    told.verb = verb.as_ref().map_or("none", Verb::name);
    if let Ok(Verb::Metadata) = verb {
        return Ok(metadata::metadata(app));
    }
    let caller = authenticate::authenticate(app, &asked.head.headers, asked.peer).await?;
    told.domain = Some(caller.domain.name.clone());
    told.instance = Some(caller.name().to_owned());
    // Not recorded: a flood must not reach the store.
    app.parts.limit.check(caller.instance.number).map_err(Refusal::throttled)?;
    let began = app.now();
    let kept = known.insert(Known { caller: caller.clone(), began, body: Bytes::new() });
    let request_id = asked.request_id;
    let sends_message = matches!(verb, Ok(Verb::PostMessage));
    let mut seen = Subject { item: verb.as_ref().ok().and_then(Verb::item), ..Subject::default() };
    let result = async {
        let verb = verb?;
        let settings = &app.parts.settings;
        let headers = &asked.head.headers;
        let body = body::read(headers, body, settings.body_limit, settings.body_timeout).await?;
        kept.body = body.clone();
        let body_format = Format::of_body(headers, &body);
        *format = Format::of_answer(headers, body_format);
        let call = Call {
            query,
            asked_path: collapsed(asked.head.uri.path()),
            content_location: text(headers, &header::CONTENT_LOCATION).map(str::to_owned),
            body_format: body_format.filter(|_| !body.trim_ascii().is_empty()),
            body,
            began,
            request_id: request_id.to_owned(),
        };
        perform(app, verb, &call, &caller, &mut seen).await
    }
    .await;
    if let Err(refusal) = &result {
        if sends_message {
            app.metrics().rejected(&caller.domain.name, seen.event, refusal.reason);
        }
        let entry = call::audit(Action::Reject, began, &caller, request_id);
        record(app, &caller, refusal, seen, entry);
    }
    result
}

/// Every refusal of a known caller leaves an audit row, but for those that
/// recorded themselves and for a store that cannot write anyway.
pub(crate) fn record(app: &App, caller: &Caller, refusal: &Refusal, seen: Subject, entry: Entry) {
    if refusal.recorded || refusal.status == StatusCode::SERVICE_UNAVAILABLE {
        return;
    }
    let entry = Entry {
        event: seen.event,
        patient: seen.patient,
        focal: seen.focal,
        item: seen.item,
        outcome: refusal.status.as_u16().to_string(),
        detail: Some(refusal.reason.to_owned()),
        ..entry
    };
    app.parts.audit_log.add(caller.domain.number, entry);
}

async fn perform(
    app: &App,
    verb: Verb,
    call: &Call,
    caller: &Caller,
    seen: &mut Subject,
) -> Result<Answer, Refusal> {
    match verb {
        Verb::Metadata => Ok(metadata::metadata(app)),
        Verb::PostMessage => post_message::post_message(app, call, caller, seen).await,
        Verb::SearchMessages => search_messages(app, call, caller).await,
        Verb::ReadHeader(number) => read_message::header(app, call, caller, number).await,
        Verb::SetStatus(number) => set_status::set_status(app, call, caller, number).await,
        Verb::SearchOther => activity_definition::search(app, call, caller).await,
        Verb::ReadOther(number) => activity_definition::read(app, caller, number).await,
        Verb::CreateOther => activity_definition::create(app, call, caller).await,
        Verb::UpdateOther(number, version) => {
            activity_definition::update(app, call, caller, number, version).await
        }
        Verb::SearchStorageItems => storage_item::search(app, call, caller).await,
        Verb::CreateStorageItem => storage_item::create(app, call, caller).await,
        Verb::ReadStorageItem(id, version) => {
            storage_item::read(app, call, caller, &id, version.as_deref()).await
        }
        Verb::UpdateStorageItem(id, version) => {
            storage_item::update(app, call, caller, &id, version).await
        }
        Verb::DeleteStorageItem(id) => storage_item::delete(app, call, caller, &id).await,
        Verb::SearchNothing(collection) => Ok(feed::nothing(app, call, collection)),
        Verb::SearchDevices => Ok(device::search(app, call, caller)),
        Verb::ReadDevice(number) => device::read(app, caller, number),
    }
}

async fn search_messages(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    match call.query.get("_query") {
        Some("MessageHeader.GetNextNewAndClaim") => claim::claim(app, call, caller).await,
        Some(other) => Err(Refusal::bad_request(
            "not-supported",
            format!(
                "The query `{}` is not known; there is MessageHeader.GetNextNewAndClaim.",
                other.chars().take(80).collect::<String>()
            ),
        )),
        None => match call.query.get("_id") {
            Some(id) => read_message::by_id(app, call, caller, id).await,
            None => browse::browse(app, call, caller).await,
        },
    }
}

/// The path with duplicate slashes collapsed.
fn collapsed(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_face_is_found_in_any_case_and_with_any_slashes() {
        assert!(is_kt1_path("//FHIR/Koppeltaal/metadata"));
        assert!(is_kt1_path("/fhir/koppeltaal"));
        assert!(!is_kt1_path("/FHIR/Other"));
    }
}
