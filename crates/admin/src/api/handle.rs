//! A request of the API: who makes it, which operation it is, and a row in the
//! audit trail. Changes record themselves; here it is what was read and refused.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use koppeltaal_auth::administrator::Call;
use koppeltaal_auth::secure;
use koppeltaal_core::administrator::{Administrator, Role};
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::network::is_allowed;
use koppeltaal_core::{Error, Result};
use koppeltaal_store::audit::SERVER;
use percent_encoding::percent_decode_str;

use super::answer::{Answer, Refusal};
use super::app::App;
use super::asked::Asked;
use super::route::{Route, Who};
use super::table::ROUTES;

/// Where the API is.
pub const PREFIX: &str = "/admin/api/v1";
/// The largest body: a provisioning file.
const MOST: usize = 4 * 1024 * 1024;
/// How long a body may take to arrive.
const PATIENCE: Duration = Duration::from_secs(30);
/// More parameters than any request has.
const MOST_PARAMETERS: usize = 64;

/// Whether this path is of the API.
pub fn is_api_path(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Answers a request whose path [`is_api_path`].
pub async fn handle<B>(
    app: App,
    request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Response<Full<Bytes>>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    let (parts, body) = request.into_parts();
    let mut seen = Noticed::default();
    let outcome = answer(&app, &parts, body, peer, &request_id, &mut seen).await;
    let mut response = match outcome {
        Ok(answer) => answer.into_response(),
        Err(refusal) => refusal.into_response(),
    };
    secure(response.headers_mut());
    record(&app, &parts, &seen, response.status(), request_id);
    response
}

/// What was found out about a request, for the trail.
#[derive(Default)]
struct Noticed {
    who: Option<Administrator>,
    route: Option<&'static Route>,
}

async fn answer<B>(
    app: &App,
    parts: &Parts,
    body: B,
    peer: IpAddr,
    request_id: &str,
    seen: &mut Noticed,
) -> Result<Answer, Refusal>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    if !is_allowed(&app.allow_from, peer) {
        return Err(
            Error::Forbidden("the administration does not answer this address".to_owned()).into()
        );
    }
    let (route, path) = find(parts)?;
    seen.route = Some(route);
    let who = match route.who {
        Who::Anyone => None,
        _ => {
            let call = Call {
                method: &parts.method,
                headers: &parts.headers,
                peer,
                request_id,
                basic_from: &app.allow_from,
            };
            Some(app.administrators.authenticate(&call).await?)
        }
    };
    seen.who.clone_from(&who);
    if let Some(who) = &who {
        check_role(route, who)?;
    }
    let query = parameters(route, parts.uri.query().unwrap_or(""))?;
    let asked = Asked {
        app: app.clone(),
        who,
        path,
        query,
        headers: parts.headers.clone(),
        body: read(route, &parts.method, body).await?,
        peer,
        request_id: request_id.to_owned(),
    };
    (route.run)(asked).await
}

type Found = (&'static Route, Vec<(&'static str, String)>);

fn find(parts: &Parts) -> Result<Found, Refusal> {
    let mut allow = Vec::new();
    let nothing = || Error::NotFound("there is nothing at this URL".to_owned());
    let below = parts.uri.path().strip_prefix(PREFIX).unwrap_or("");
    let mut segments = Vec::new();
    for segment in below.split('/').skip(1) {
        let text = percent_decode_str(segment).decode_utf8().map_err(|_| nothing())?;
        if text.chars().any(char::is_control) {
            return Err(nothing().into());
        }
        segments.push(text.into_owned());
    }
    for route in ROUTES {
        let Some(path) = route.matches(&segments) else { continue };
        if *route.method == parts.method {
            return Ok((route, path));
        }
        allow.push(route.method.as_str());
    }
    match allow.is_empty() {
        true => Err(nothing().into()),
        false => Err(Refusal::Method(allow)),
    }
}

fn check_role(route: &Route, who: &Administrator) -> Result<()> {
    let may = match route.who {
        Who::Anyone | Who::Administrator => true,
        Who::Domain => who.rights.role() != Role::Application,
        Who::System => who.rights.is_system(),
    };
    if may {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "this is not for an administrator of role {}",
        who.rights.role().code()
    )))
}

fn parameters(route: &Route, query: &str) -> Result<Vec<(String, String)>> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        let invalid = |why: &str| {
            let shown: String = name.chars().filter(|c| !c.is_control()).take(80).collect();
            Err(Error::Invalid(format!("the parameter `{shown}` {why}")))
        };
        if !route.query.iter().any(|(known, _)| *known == name) {
            return invalid("is not one of this operation");
        }
        if found.iter().any(|(known, _)| *known == name) || found.len() >= MOST_PARAMETERS {
            return invalid("is given more than once");
        }
        if value.chars().any(char::is_control) {
            return invalid("holds a control character");
        }
        found.push((name.into_owned(), value.into_owned()));
    }
    Ok(found)
}

async fn read<B>(route: &Route, method: &Method, body: B) -> Result<Bytes>
where
    B: Body<Data = Bytes, Error: Into<Box<dyn std::error::Error + Send + Sync>>>,
{
    if route.body.is_none() && *method != Method::PUT && *method != Method::POST {
        return Ok(Bytes::new());
    }
    let collected = Limited::new(body, MOST).collect();
    match tokio::time::timeout(PATIENCE, collected).await {
        Ok(Ok(whole)) => Ok(whole.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => {
            Err(Error::Invalid(format!("the body is longer than {MOST} bytes")))
        }
        Ok(Err(_)) => Err(Error::Invalid("the body broke off".to_owned())),
        Err(_) => Err(Error::Invalid("the body took too long".to_owned())),
    }
}

/// Reads, and what was refused to a known administrator.
fn record(app: &App, parts: &Parts, seen: &Noticed, status: StatusCode, request_id: String) {
    let Some(who) = &seen.who else { return };
    if parts.method != Method::GET && status.is_success() {
        return;
    }
    let operation = seen.route.map_or("", |route| route.name);
    let place: String = parts.uri.path().chars().take(300).collect();
    let outcome = match status.is_success() {
        true => "ok".to_owned(),
        false => status.as_u16().to_string(),
    };
    let entry = Entry {
        outcome,
        detail: Some(format!("{operation}: {} {place}", parts.method)),
        request_id: Some(request_id),
        ..Entry::new(Action::Administration, app.clock.now(), who.agent())
    };
    app.audit_log.add(SERVER, entry);
}
