//! One call to a provider: never longer than it may take, never more than the server can hold, and
//! never so many that one slow provider takes the server from others.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::{Node, json};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Provider;
use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::{Call, Caller};

/// Calls to the provider of one domain at the same time.
const AT_ONCE: usize = 32;
const JSON: HeaderValue = HeaderValue::from_static("application/json+fhir; charset=UTF-8");
const ACCEPT: HeaderValue = HeaderValue::from_static(
    "application/json+fhir, application/json;q=0.9, application/xml;q=0.1",
);

/// The calls to providers that are going on, by domain.
#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<HashMap<i64, Arc<Semaphore>>>);

impl Calls {
    fn begin(&self, domain: i64) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut calls = self.0.lock().ok()?;
            calls.entry(domain).or_insert_with(|| Arc::new(Semaphore::new(AT_ONCE))).clone()
        };
        places.try_acquire_owned().ok()
    }
}

/// What a provider is asked.
pub(super) struct Request {
    method: Method,
    url: String,
    pub(super) headers: HeaderMap,
    body: Vec<u8>,
}

impl Request {
    /// Without a body.
    pub(super) fn plain(method: Method, url: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, ACCEPT);
        Self { method, url, headers, body: Vec::new() }
    }

    /// With a resource.
    pub(super) fn with(method: Method, url: String, body: &Node) -> Self {
        let mut request = Self::plain(method, url);
        request.headers.insert(header::CONTENT_TYPE, JSON);
        request.body = json::render(body).into_bytes();
        request
    }
}

/// The value of a Basic `Authorization` header.
pub(super) fn basic(username: &str, password: &str) -> Result<HeaderValue> {
    let value = format!("Basic {}", STANDARD.encode(format!("{username}:{password}")));
    let mut value = HeaderValue::try_from(value).map_err(Error::internal)?;
    value.set_sensitive(true);
    Ok(value)
}

impl Provider<'_> {
    /// The answer to a request, whatever it says. What keeps it away is told to the client in
    /// general and to the log in particular.
    pub(super) async fn ask(
        &self,
        app: &Inner,
        call: &Call,
        caller: &Caller,
        request: Request,
        limit: usize,
    ) -> Result<Response<Vec<u8>>, Refusal> {
        let Some(_place) = app.storage_calls.begin(caller.domain.number) else {
            return Err(Error::Unavailable(format!(
                "{AT_ONCE} calls to the storage provider of {} are going on",
                caller.domain.name
            ))
            .into());
        };
        let mut sent = http::Request::new(request.body);
        *sent.method_mut() = request.method;
        *sent.headers_mut() = request.headers;
        sent.headers_mut().extend(self.credentials(app)?);
        *sent.uri_mut() = request
            .url
            .parse()
            .map_err(|_| failed(call, caller, "its URL cannot be called", UNREACHABLE))?;
        let patience = app.parts.settings.storage_timeout;
        let answered = app.parts.outbound.execute(&caller.domain, sent, limit);
        match tokio::time::timeout(patience, answered).await {
            Err(_) => {
                let refusal = failed(call, caller, "no answer in time", "");
                let seconds = patience.as_secs_f32();
                Err(Refusal {
                    status: StatusCode::GATEWAY_TIMEOUT,
                    ..Refusal::new(
                        StatusCode::GATEWAY_TIMEOUT,
                        "timeout",
                        refusal.reason,
                        format!(
                            "The storage provider of this domain did not answer within {seconds} s. \
                             If this was a change, look first whether it was kept."
                        ),
                    )
                })
            }
            Ok(Err(cause)) => Err(failed(call, caller, &cause, UNREACHABLE)),
            Ok(Ok(answer)) => Ok(answer),
        }
    }
}

const UNREACHABLE: &str = "The storage provider of this domain cannot be reached. If this was a \
     change, look first whether it was kept; if it lasts, tell the administrator of the domain.";

/// 502: the provider failed. `cause` is for the log, `details` for the client.
pub(super) fn failed(call: &Call, caller: &Caller, cause: &str, details: &str) -> Refusal {
    tracing::warn!(
        request_id = call.request_id.as_str(),
        domain = caller.domain.name.as_str(),
        cause,
        "the storage provider failed"
    );
    Refusal::new(StatusCode::BAD_GATEWAY, "exception", "storage-provider", details)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_so_many_calls_go_to_one_provider_at_once() {
        let calls = Calls::default();
        let mut going: Vec<_> = (0..AT_ONCE).map(|_| calls.begin(1).unwrap()).collect();
        assert!(calls.begin(1).is_none());
        assert!(calls.begin(2).is_some(), "another domain has its own");
        going.pop();
        assert!(calls.begin(1).is_some());
    }
}
