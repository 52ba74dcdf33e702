//! From a request to its verb. Paths are matched without regard to case and
//! with duplicate slashes collapsed, as clients need it (spec 1.1).

use std::net::IpAddr;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use percent_encoding::percent_decode_str;

use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::negotiate::Format;
use crate::query::Query;
use crate::{
    activity_definition, authenticate, browse, claim, cors, device, metadata, post_message,
    read_message, set_status,
};

/// What the request log tells of an answer.
#[derive(Debug, Clone, Default)]
pub struct Told {
    /// The verb.
    pub verb: &'static str,
    /// The domain, once the caller is known.
    pub domain: Option<String>,
    /// The instance, once it is known.
    pub instance: Option<String>,
}

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
    let result = answer(&app, head, body, peer, &request_id, &mut format, &mut told).await;
    let mut response = match result {
        Ok(answer) => answer.into_response(format),
        Err(refusal) => refusal.into_response(format, &request_id),
    };
    cors::allow(response.headers_mut());
    app.metrics().took(told.verb, began.elapsed().as_secs_f64());
    response.extensions_mut().insert(told);
    response
}

async fn answer<B>(
    app: &App,
    head: http::request::Parts,
    body: B,
    peer: IpAddr,
    request_id: &str,
    format: &mut Format,
    told: &mut Told,
) -> Result<Answer, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = segments(head.uri.path());
    let verb = Verb::of(&head.method, &path);
    told.verb = verb.as_ref().map_or("none", Verb::name);
    if let Ok(Verb::Metadata) = verb {
        return Ok(metadata::metadata(app));
    }
    let caller = authenticate::authenticate(app, &head.headers, peer).await?;
    told.domain = Some(caller.domain.name.clone());
    told.instance = Some(caller.name().to_owned());
    app.throttle.check(caller.instance.number)?;
    let verb = verb?;
    let body = read_body(app, &head.headers, body).await?;
    let body_format = Format::of_body(&head.headers, &body);
    *format = Format::of_answer(&head.headers, body_format);
    let call = Call {
        method: head.method,
        query: Query::parse(head.uri.query().unwrap_or("")),
        asked_path: format!("/{}", trimmed(head.uri.path())),
        path,
        body_format: body_format.filter(|_| !body.trim_ascii().is_empty()),
        answer_format: *format,
        headers: head.headers,
        body,
        began: app.now(),
        request_id: request_id.to_owned(),
    };
    perform(app, verb, &call, &caller).await
}

async fn perform(app: &App, verb: Verb, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    match verb {
        Verb::Metadata => Ok(metadata::metadata(app)),
        Verb::PostMessage => post_message::post_message(app, call, caller).await,
        Verb::SearchMessages => search_messages(app, call, caller).await,
        Verb::ReadHeader(number) => read_message::header(app, call, caller, number).await,
        Verb::SetStatus(number) => set_status::set_status(app, call, caller, number).await,
        Verb::SearchOther => {
            only_definitions(call)?;
            activity_definition::search(app, call, caller).await
        }
        Verb::ReadOther(number) => {
            only_definitions(call)?;
            activity_definition::read(app, caller, number).await
        }
        Verb::CreateOther => {
            only_definitions(call)?;
            activity_definition::create(app, call, caller).await
        }
        Verb::UpdateOther(number, version) => {
            only_definitions(call)?;
            activity_definition::update(app, call, caller, number, version).await
        }
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

fn only_definitions(call: &Call) -> Result<(), Refusal> {
    match call.query.get("code") {
        None | Some("ActivityDefinition") => Ok(()),
        Some("StorageItem") => {
            Err(Refusal::new(
                StatusCode::NOT_FOUND,
                "not-supported",
                "not-supported",
                "This domain has no storage service.",
            ))
        }
        Some(_) => Err(Refusal::bad_request(
            "not-supported",
            "`Other` is served with code=ActivityDefinition.",
        )),
    }
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verb {
    Metadata,
    PostMessage,
    SearchMessages,
    ReadHeader(i64),
    SetStatus(i64),
    SearchOther,
    ReadOther(i64),
    CreateOther,
    UpdateOther(i64, Option<String>),
    SearchDevices,
    ReadDevice(i64),
}

impl Verb {
    /// The word in metrics and in the log.
    fn name(&self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::PostMessage => "post_message",
            Self::SearchMessages => "search_messages",
            Self::ReadHeader(_) => "read_header",
            Self::SetStatus(_) => "set_status",
            Self::SearchOther => "search_other",
            Self::ReadOther(_) => "read_other",
            Self::CreateOther => "create_other",
            Self::UpdateOther(..) => "update_other",
            Self::SearchDevices => "search_devices",
            Self::ReadDevice(_) => "read_device",
        }
    }

    fn of(method: &Method, path: &[String]) -> Result<Self, Refusal> {
        let lower: Vec<String> = path.iter().map(|part| part.to_ascii_lowercase()).collect();
        let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let get = method == Method::GET || method == Method::HEAD;
        let verb = match parts.as_slice() {
            ["metadata"] if get => Self::Metadata,
            ["mailbox"] if method == Method::POST => Self::PostMessage,
            ["messageheader"] | ["messageheader", "_search"] if get => Self::SearchMessages,
            ["messageheader", id] | ["messageheader", id, "_history", _] => {
                let number = number(id, "MessageHeader")?;
                if get {
                    Self::ReadHeader(number)
                } else if method == Method::PUT {
                    Self::SetStatus(number)
                } else {
                    return Err(wrong_method(method));
                }
            }
            ["other"] | ["other", "_search"] if get => Self::SearchOther,
            ["other"] if method == Method::POST => Self::CreateOther,
            ["other", id, rest @ ..] if rest.is_empty() || is_version(rest) => {
                let number = number(id.strip_prefix("activitydefinition:").unwrap_or(id), "Other")?;
                if get {
                    Self::ReadOther(number)
                } else if method == Method::PUT {
                    Self::UpdateOther(number, path.get(3).cloned())
                } else {
                    return Err(wrong_method(method));
                }
            }
            ["device"] | ["device", "_search"] if get => Self::SearchDevices,
            ["device", id] if get => Self::ReadDevice(number(id, "Device")?),
            ["metadata" | "mailbox" | "messageheader" | "other" | "device", ..] => {
                return Err(wrong_method(method));
            }
            ["subscription", ..] => {
                return Err(Refusal::not_supported(
                    "Subscriptions are made by the administrator of the domain.",
                ));
            }
            _ => return Err(Refusal::not_found("There is nothing at this URL.")),
        };
        Ok(verb)
    }
}

fn is_version(rest: &[&str]) -> bool {
    matches!(rest, ["_history", _])
}

fn number(text: &str, kind: &str) -> Result<i64, Refusal> {
    text.parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
        Refusal::not_found(format!("There is no such {kind}: its id is an integer."))
    })
}

fn wrong_method(method: &Method) -> Refusal {
    Refusal::not_supported(format!("{method} is not served at this URL."))
}

/// The path below `/FHIR/Koppeltaal`, in decoded segments.
fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .skip(2)
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}

/// The path with duplicate slashes collapsed, without the first.
fn trimmed(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.join("/")
}

/// The whole body, within its limits of size and time.
async fn read_body<B>(app: &App, headers: &HeaderMap, body: B) -> Result<Bytes, Refusal>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let limit = app.parts.settings.body_limit;
    let too_long = || {
        Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too-long",
            "too-long",
            format!("The body is larger than the {limit} bytes that this server reads."),
        )
    };
    let declared = headers
        .get(http::header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|length| length > limit) {
        return Err(too_long());
    }
    let timeout: Duration = app.parts.settings.body_timeout;
    let body = std::pin::pin!(Limited::new(body, limit));
    match tokio::time::timeout(timeout, body.collect()).await {
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "timeout",
            "timeout",
            "The body did not arrive in time.",
        )),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => Err(too_long()),
        Ok(Err(_)) => Err(Refusal::bad_request("structure", "The body did not arrive complete.")),
        Ok(Ok(collected)) => Ok(collected.to_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(method: Method, path: &str) -> Result<Verb, StatusCode> {
        Verb::of(&method, &segments(path)).map_err(|refusal| refusal.status)
    }

    #[test]
    fn paths_lead_to_verbs_in_any_case_and_with_any_slashes() {
        let base = "//fhir//KOPPELTAAL/";
        for (method, path, expected) in [
            (Method::GET, "metadata", Ok(Verb::Metadata)),
            (Method::POST, "Mailbox", Ok(Verb::PostMessage)),
            (Method::GET, "MessageHeader", Ok(Verb::SearchMessages)),
            (Method::GET, "MessageHeader/_search", Ok(Verb::SearchMessages)),
            (Method::GET, "MessageHeader/12", Ok(Verb::ReadHeader(12))),
            (Method::PUT, "MessageHeader/12/_history/2019-03-19T08%3A41:05:1.1", Ok(Verb::SetStatus(12))),
            (Method::GET, "Other/_search", Ok(Verb::SearchOther)),
            (Method::POST, "other", Ok(Verb::CreateOther)),
            (Method::GET, "Other/3", Ok(Verb::ReadOther(3))),
            (Method::GET, "Other/ActivityDefinition%3A3", Ok(Verb::ReadOther(3))),
            (Method::PUT, "Other/ActivityDefinition:3/_history/V1", Ok(Verb::UpdateOther(3, Some("V1".into())))),
            (Method::GET, "Device/4", Ok(Verb::ReadDevice(4))),
            (Method::GET, "MessageHeader/x", Err(StatusCode::NOT_FOUND)),
            (Method::DELETE, "MessageHeader/1", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Mailbox", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::POST, "Subscription", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Condition", Err(StatusCode::NOT_FOUND)),
            (Method::GET, "", Err(StatusCode::NOT_FOUND)),
        ] {
            assert_eq!(verb(method, &format!("{base}{path}")), expected, "{path}");
        }
        assert!(is_kt1_path("//FHIR/Koppeltaal/metadata"));
        assert!(!is_kt1_path("/FHIR/Other"));
    }
}
