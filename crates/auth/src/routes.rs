//! From a request below a domain's issuer to its endpoint, and what every answer
//! has in common: headers, CORS, the ids of the request.

use std::net::IpAddr;
use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, header};
use koppeltaal_core::told::Told;
use uuid::Uuid;

use crate::answer::{self, Answer, OauthError};
use crate::app::App;
use crate::asked::{Asked, TRACE_ID};
use crate::authorize;
use crate::body::{Form, read_form};
use crate::introspect::introspect;
use crate::revoke::revoke;
use crate::token::token;
use crate::urls::{Area, Place};

/// The endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Token,
    Introspect,
    Revoke,
    Authorize,
    Callback,
    SmartConfiguration,
    OpenidConfiguration,
    Jwks,
}

impl Endpoint {
    fn of(area: &Area) -> Option<Self> {
        let endpoint = match area {
            Area::Oauth2(path) => match path.as_str() {
                "token" => Self::Token,
                "introspect" | "token/introspection" => Self::Introspect,
                "revoke" => Self::Revoke,
                "authorize" => Self::Authorize,
                "idp/callback" => Self::Callback,
                _ => return None,
            },
            Area::WellKnown(document) => match document.as_str() {
                "smart-configuration" => Self::SmartConfiguration,
                "openid-configuration" => Self::OpenidConfiguration,
                "jwks.json" => Self::Jwks,
                _ => return None,
            },
            Area::Fhir(_) | Area::Nothing => return None,
        };
        Some(endpoint)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Introspect => "introspect",
            Self::Revoke => "revoke",
            Self::Authorize => "authorize",
            Self::Callback => "idp-callback",
            Self::SmartConfiguration => "smart-configuration",
            Self::OpenidConfiguration => "openid-configuration",
            Self::Jwks => "jwks",
        }
    }

    /// Documents that anybody may read.
    fn is_public(self) -> bool {
        matches!(self, Self::SmartConfiguration | Self::OpenidConfiguration | Self::Jwks)
    }

    /// The methods it is served with.
    fn methods(self) -> &'static str {
        match self {
            Self::Token | Self::Introspect | Self::Revoke => "POST",
            Self::Authorize => "GET, POST",
            // Not HEAD: an answer of the provider is used up by the first who asks.
            Self::Callback => "GET",
            _ => "GET, HEAD",
        }
    }

    fn serves(self, method: &Method) -> bool {
        self.methods().split(", ").any(|served| served == method.as_str())
    }
}

/// Answers a request below the issuer of a domain. The answer carries a [`Told`].
pub async fn handle<B>(
    app: App,
    place: Place,
    request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    let domain = place.domain;
    let mut told = Told { domain: Some(domain.name.clone()), ..Told::default() };
    let Some(endpoint) = Endpoint::of(&place.area) else {
        let mut answer = answer::not_found();
        answer::secure(answer.headers_mut());
        return answer;
    };
    told.verb = endpoint.name();
    let began = Instant::now();
    let text = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok());
    let asked = Asked {
        domain,
        peer,
        began: app.now(),
        correlation_id: text("x-correlation-id").map(str::to_owned),
        trace_id: text("x-trace-id").map(str::to_owned),
        new_trace: Uuid::new_v4().to_string(),
        request_id,
    };
    let mut answer = if head.method == Method::OPTIONS {
        answer::preflight(&asked.domain, &head.headers, endpoint.is_public())
    } else if !endpoint.serves(&head.method) {
        let mut answer = OauthError::method_not_allowed().into_answer();
        let methods = HeaderValue::from_static(endpoint.methods());
        answer.headers_mut().insert(header::ALLOW, methods);
        answer
    } else {
        let query = head.uri.query().unwrap_or("");
        let result = serve(&app, endpoint, &asked, &head.headers, &head.method, query, body).await;
        result.unwrap_or_else(OauthError::into_answer)
    };
    finish(&asked, endpoint, &head.headers, answer.headers_mut());
    let (status, took) = (answer.status().as_u16(), began.elapsed().as_secs_f64());
    app.parts.metrics.answered(&asked.domain.name, endpoint.name(), status, took);
    answer.extensions_mut().insert(told);
    answer
}

async fn serve<B>(
    app: &App,
    endpoint: Endpoint,
    asked: &Asked,
    headers: &HeaderMap,
    method: &Method,
    query: &str,
    body: B,
) -> Result<Answer, OauthError>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    match endpoint {
        // What stands in the query of these is not looked at: it ends up in logs.
        Endpoint::Token => token(app, asked, &read_form(headers, body).await?.once()?).await,
        Endpoint::Introspect => {
            introspect(app, asked, &read_form(headers, body).await?.once()?).await
        }
        Endpoint::Revoke => revoke(app, asked, &read_form(headers, body).await?.once()?).await,
        Endpoint::Authorize => {
            let form = match *method == Method::POST {
                true => read_form(headers, body).await,
                false => Form::parse(query.as_bytes()),
            };
            Ok(match form {
                Ok(form) => authorize::authorize(app, asked, &form).await,
                Err(error) => authorize::malformed(app, asked, error.status).await,
            })
        }
        Endpoint::Callback => {
            let cookies: Vec<&str> = headers
                .get_all(header::COOKIE)
                .iter()
                .filter_map(|value| value.to_str().ok())
                .collect();
            Ok(match Form::parse(query.as_bytes()) {
                Ok(form) => authorize::callback(app, asked, &form, &cookies.join("; ")).await,
                Err(error) => authorize::malformed(app, asked, error.status).await,
            })
        }
        Endpoint::SmartConfiguration => Ok(app.smart_configuration(&asked.domain)),
        Endpoint::OpenidConfiguration => Ok(app.openid_configuration(&asked.domain)),
        Endpoint::Jwks => Ok(app.jwks(&asked.domain).await?),
    }
}

fn finish(asked: &Asked, endpoint: Endpoint, request: &HeaderMap, headers: &mut HeaderMap) {
    answer::secure(headers);
    if endpoint.is_public() {
        answer::share_with_all(headers);
    } else {
        answer::share_with_listed(&asked.domain, request, headers);
    }
    if let Ok(value) = HeaderValue::try_from(asked.trace(None).trace_id) {
        headers.entry(TRACE_ID).or_insert(value);
    }
    // A request id that is none was replaced; the caller is told which it was.
    if let Some(sent) = request.get("x-request-id")
        && !sent.is_empty()
        && sent.as_bytes() != asked.request_id.as_bytes()
    {
        headers.insert(HeaderName::from_static("x-correlation-id"), sent.clone());
    }
}
