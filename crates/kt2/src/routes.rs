//! From a request below a FHIR base to its interaction, and what every answer has
//! in common: headers, CORS, the ids of the request (TOP-KT-011).

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, header};
use koppeltaal_auth::{Answer, Area, Place};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::told::Told;
use koppeltaal_core::trace::Trace;
use uuid::Uuid;

use crate::app::App;
use crate::authorize::caller;
use crate::capabilities::capabilities;
use crate::outcome::Refusal;
use crate::read::read;

/// Answers a request below the FHIR base of a domain. The answer carries a
/// [`Told`].
pub async fn handle<B>(app: App, place: Place, request: Request<B>, request_id: String) -> Answer
where
    B: http_body::Body<Data = Bytes>,
{
    let (head, _body) = request.into_parts();
    let domain = &*place.domain;
    let path = match &place.area {
        Area::Fhir(path) => path.as_slice(),
        _ => &[],
    };
    let mut told = Told { domain: Some(domain.name.clone()), ..Told::default() };
    let segments: Vec<&str> = path.iter().map(String::as_str).collect();
    let is_discovery = segments == [".well-known", "smart-configuration"];
    let mut answer = if head.method == Method::OPTIONS {
        koppeltaal_auth::preflight(domain, &head.headers, is_discovery)
    } else if is_discovery && (head.method == Method::GET || head.method == Method::HEAD) {
        told.verb = "smart-configuration";
        app.authorization.smart_configuration(domain)
    } else if is_discovery {
        let mut answer =
            Refusal::not_supported("This document can be read, and nothing else.").into_answer();
        answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        answer
    } else {
        interaction(&app, domain, &head, &segments, &request_id, &mut told)
            .await
            .unwrap_or_else(Refusal::into_answer)
    };
    let headers = answer.headers_mut();
    koppeltaal_auth::secure(headers);
    if is_discovery {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    } else {
        koppeltaal_auth::share_with_listed(domain, &head.headers, headers);
    }
    ids(&head.headers, &request_id, headers);
    answer.extensions_mut().insert(told);
    answer
}

async fn interaction(
    app: &App,
    domain: &Domain,
    head: &http::request::Parts,
    path: &[&str],
    request_id: &str,
    told: &mut Told,
) -> Result<Answer, Refusal> {
    let get = head.method == Method::GET || head.method == Method::HEAD;
    if path == ["metadata"] && get {
        told.verb = "capabilities";
        return Ok(capabilities(app, &app.authorization.urls(domain)));
    }
    let access = caller(app, domain, &head.headers, request_id).await?;
    told.instance = Some(access.instance.name().to_owned());
    match path {
        [] => Err(Refusal::not_supported(
            "Neither searches nor changes of the whole system are supported.",
        )),
        [kind, id] if get && *id != "_history" && *id != "_search" && !id.starts_with('$') => {
            told.verb = "read";
            read(app, domain, &access, kind, id).await
        }
        [_, ..] => Err(Refusal::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "not-supported",
            "This server does not have this interaction yet.",
        )),
    }
}

/// The ids of the request in its answer.
fn ids(asked: &HeaderMap, request_id: &str, headers: &mut HeaderMap) {
    let text = |name: &str| asked.get(name).and_then(|value| value.to_str().ok());
    let fresh = &mut || Uuid::new_v4().to_string();
    let trace = Trace::of(Some(request_id), text("x-correlation-id"), text("x-trace-id"), fresh);
    let replaced = trace.replaced(text("x-request-id"));
    for (name, value) in
        [("x-trace-id", Some(trace.trace_id.as_str())), ("x-correlation-id", replaced)]
    {
        if let Some(Ok(value)) = value.map(HeaderValue::try_from) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
}
