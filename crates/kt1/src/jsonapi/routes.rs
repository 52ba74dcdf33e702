//! From a request to its answer: who calls, what is asked of which type, and the
//! record of it.

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use koppeltaal_auth::administrator::Call;
use koppeltaal_core::Error;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::network::is_allowed;
use koppeltaal_core::told::Told;
use koppeltaal_store::audit;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::Api;
use super::ask::Ask;
use super::declaration::{Declaration, Who};
use super::failure::Failure;
use super::types::Type;
use super::{fetch, negotiate, write};
use crate::answer::Refusal;
use crate::body;

/// The largest document.
const MOST_BYTES: usize = 1024 * 1024;
/// The longest id of a resource.
const MOST_ID: usize = 600;

/// Whether a path belongs to the Support API.
pub fn is_support_path(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let mut next_is = |word: &str| parts.next().is_some_and(|p| p.eq_ignore_ascii_case(word));
    next_is("jsonapi") && next_is("Koppeltaal")
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// A type: its list.
    List(Type),
    /// A resource.
    One(Type, String),
    /// What a resource is related to.
    Related(Type, String, String),
    /// A relationship itself.
    Linkage(Type, String, String),
}

impl Place {
    pub(super) fn of(path: &str) -> Option<Self> {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .skip(2)
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (name, rest) = parts.split_first()?;
        let of = Type::of(name)?;
        let id = |id: &str| (id.len() <= MOST_ID).then(|| id.to_owned());
        Some(match rest {
            [] => Self::List(of),
            [one] => Self::One(of, id(one)?),
            [one, "relationships", name] => Self::Linkage(of, id(one)?, (*name).to_owned()),
            [one, name] => Self::Related(of, id(one)?, (*name).to_owned()),
            _ => return None,
        })
    }

    fn of_type(&self) -> Type {
        match self {
            Self::List(of) | Self::One(of, _) | Self::Related(of, ..) | Self::Linkage(of, ..) => {
                *of
            }
        }
    }
}

/// What is answered when nothing is wrong.
pub(super) struct Answer {
    pub status: StatusCode,
    pub document: Option<Map<String, Value>>,
    pub location: Option<String>,
}

impl Answer {
    pub(super) fn ok(document: Map<String, Value>) -> Self {
        Self { status: StatusCode::OK, document: Some(document), location: None }
    }
}

/// Answers a request below `/jsonapi/Koppeltaal`. The answer carries a [`Told`].
pub async fn handle<B>(
    api: Api,
    request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Response<Full<Bytes>>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let work = AssertUnwindSafe(answer(&api, &head, body, peer, &request_id));
    let result = work.catch_unwind().await.unwrap_or_else(|_| {
        Err(Failure::from(Error::internal("a request of the Support API panicked")))
    });
    let mut response = match result {
        Ok(answer) => render(answer),
        Err(failure) => refuse(&failure, &request_id),
    };
    let verb = Place::of(head.uri.path()).map_or("jsonapi", |place| place.of_type().name());
    response.extensions_mut().insert(Told { verb, ..Told::default() });
    response
}

async fn answer<B>(
    api: &Api,
    head: &http::request::Parts,
    body: B,
    peer: IpAddr,
    request_id: &str,
) -> Result<Answer, Failure>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let place = Place::of(head.uri.path());
    let call = Call {
        method: &head.method,
        headers: &head.headers,
        peer,
        request_id,
        basic_from: &api.parts.allow_from,
    };
    let open = place.as_ref().is_some_and(|place| {
        let allowed = operation(&head.method, place.of_type().declaration());
        matches!((place, allowed), (Place::List(_), Some((Who::Anyone, _))))
            && !head.headers.contains_key(header::AUTHORIZATION)
            && is_allowed(&api.parts.allow_from, peer)
    });
    let administrator = match open {
        true => None,
        false => Some(api.parts.administrators.authenticate(&call).await?),
    };
    let ask =
        Ask { api, administrator, directory: api.directory().await?, began: api.now(), request_id };
    let result = served(&ask, place, head, body).await;
    record(&ask, head, result.as_ref().err());
    result
}

async fn served<B>(
    ask: &Ask<'_>,
    place: Option<Place>,
    head: &http::request::Parts,
    body: B,
) -> Result<Answer, Failure>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let place = place.ok_or_else(|| {
        Failure::new(StatusCode::NOT_FOUND, "There is nothing at this URL.".to_owned())
    })?;
    let of = place.of_type().declaration();
    let (who, word) = operation(&head.method, of)
        .filter(|_| is_at(&head.method, &place))
        .ok_or_else(|| not_served(&head.method, of))?;
    if who == Who::Nobody {
        return Err(not_served(&head.method, of));
    }
    let settings = &ask.inner().parts.kt1.parts.settings;
    let limit = settings.body_limit.min(MOST_BYTES);
    let body =
        body::read(&head.headers, body, limit, settings.body_timeout).await.map_err(of_refusal)?;
    let writes = head.method == Method::POST || head.method == Method::PATCH;
    negotiate::check(&head.headers, writes)?;
    ask.allow(who, of, word)?;
    let query = head.uri.query().unwrap_or("");
    match (place, &head.method) {
        (Place::List(of), &Method::POST) => write::create(ask, of, &body, query).await,
        (Place::List(of), _) => fetch::list(ask, of, query).await,
        (Place::One(of, id), &Method::PATCH) => write::update(ask, of, &id, &body, query).await,
        (Place::One(of, id), &Method::DELETE) => write::delete(ask, of, &id).await,
        (Place::One(of, id), _) => fetch::one(ask, of, &id, query).await,
        (Place::Related(of, id, name), _) => fetch::related(ask, of, &id, &name, query).await,
        (Place::Linkage(of, id, name), _) => fetch::linkage(ask, of, &id, &name).await,
    }
}

/// Who may do what a method means, and its word.
fn operation(method: &Method, of: &Declaration) -> Option<(Who, &'static str)> {
    let operations = &of.operations;
    Some(match *method {
        Method::GET => (operations.read, "read"),
        Method::POST => (operations.create, "create"),
        Method::PATCH => (operations.update, "change"),
        Method::DELETE => (operations.delete, "delete"),
        _ => return None,
    })
}

fn is_at(method: &Method, place: &Place) -> bool {
    match *method {
        Method::POST => matches!(place, Place::List(_)),
        Method::PATCH | Method::DELETE => matches!(place, Place::One(..)),
        _ => true,
    }
}

fn not_served(method: &Method, of: &Declaration) -> Failure {
    let method: String = method.as_str().chars().take(20).collect();
    Failure::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{method} is not served here for {}.", of.name),
    )
}

fn of_refusal(refusal: Refusal) -> Failure {
    let title = refusal.issues.into_iter().next().map(|issue| issue.details).unwrap_or_default();
    Failure { internal: refusal.internal, ..Failure::new(refusal.status, title) }
}

/// Every call of a known administrator leaves a row; what changes something has
/// recorded itself too, with what changed.
fn record(ask: &Ask<'_>, head: &http::request::Parts, failure: Option<&Failure>) {
    let author = ask.author();
    let action = match (failure, &head.method) {
        (Some(_), _) => Action::Reject,
        (None, &Method::GET) => Action::Read,
        (None, _) => Action::Administration,
    };
    let path: String = head.uri.path().chars().take(300).collect();
    let outcome = failure.map_or_else(|| "ok".to_owned(), |f| f.status().as_u16().to_string());
    let entry = Entry {
        outcome,
        detail: Some(format!("{} {path}", head.method)),
        request_id: author.request_id,
        ..Entry::new(action, ask.began, author.agent)
    };
    ask.inner().parts.kt1.parts.audit_log.add(audit::SERVER, entry);
}

fn render(answer: Answer) -> Response<Full<Bytes>> {
    let text = answer.document.map(|document| Value::Object(document).to_string());
    let mut response = respond(answer.status, text.unwrap_or_default());
    if answer.status == StatusCode::NO_CONTENT {
        response.headers_mut().remove(header::CONTENT_TYPE);
    }
    if let Some(location) = answer.location.and_then(|url| HeaderValue::try_from(url).ok()) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn refuse(failure: &Failure, request_id: &str) -> Response<Full<Bytes>> {
    if let Some(internal) = &failure.internal {
        tracing::error!(request_id, error = internal.as_str(), "request failed");
    }
    let mut response = respond(failure.status(), failure.document().to_string());
    if let Some(seconds) = failure.retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if failure.challenge {
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Basic realm=\"Koppeltaal\", charset=\"UTF-8\""),
        );
    }
    response
}

fn respond(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(negotiate::MEDIA_TYPE));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("Accept"));
    headers.insert(negotiate::VERSION_HEADER, HeaderValue::from_static(negotiate::VERSION));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_types_resources_and_relationships() {
        let base = "/JsonApi//koppeltaal/";
        let id = || "a b".to_owned();
        let name = || "Domain".to_owned();
        for (path, expected) in [
            ("Application", Some(Place::List(Type::Application))),
            ("Application/a%20b", Some(Place::One(Type::Application, id()))),
            ("Application/a%20b/Domain", Some(Place::Related(Type::Application, id(), name()))),
            (
                "Application/a%20b/relationships/Domain",
                Some(Place::Linkage(Type::Application, id(), name())),
            ),
            ("Nothing", None),
            ("", None),
            ("Application/1/2/3", None),
        ] {
            assert!(is_support_path(&format!("{base}{path}")));
            assert_eq!(Place::of(&format!("{base}{path}")), expected, "{path}");
        }
        assert!(!is_support_path("/jsonapi"));
    }
}
