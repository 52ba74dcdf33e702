//! Calls to an identity provider through the outbound clients, which enforce the
//! rules for addresses, the time-outs and the size of an answer.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CACHE_CONTROL};
use koppeltaal_core::directory::Domain;
use koppeltaal_outbound::Clients;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use serde_json::{Map, Value};

use super::failure::Failure;

/// More than any provider says in one answer.
const LARGEST_ANSWER: usize = 256 * 1024;

/// How long an answer is believed when its publisher does not say.
const DEFAULT_LIFETIME: Duration = Duration::from_secs(10 * 60);
const SHORTEST_LIFETIME: Duration = Duration::from_secs(60);
const LONGEST_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// The way out for the providers of one domain.
#[derive(Clone, Copy)]
pub(super) struct Calls<'a> {
    pub(super) clients: &'a Arc<Clients>,
    pub(super) domain: &'a Domain,
}

/// A call without an answer.
#[derive(Debug)]
pub(super) struct CallFailed(pub(super) String);

impl fmt::Display for CallFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CallFailed {}

/// The same for `openidconnect`, whose futures are only `Send` when the client
/// borrows nothing.
pub(super) struct OwnCalls {
    clients: Arc<Clients>,
    domain: Domain,
}

impl Calls<'_> {
    pub(super) fn own(self) -> OwnCalls {
        OwnCalls { clients: Arc::clone(self.clients), domain: self.domain.clone() }
    }
}

impl<'c> AsyncHttpClient<'c> for OwnCalls {
    type Error = CallFailed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallFailed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            self.clients.execute(&self.domain, request, LARGEST_ANSWER).await.map_err(CallFailed)
        })
    }
}

/// Fetches a JSON object, and how long it may be believed. `what` names it in
/// failures.
pub(super) async fn fetch_object(
    calls: Calls<'_>,
    url: &str,
    what: &str,
) -> Result<(Map<String, Value>, Duration), Failure> {
    let request = http::Request::get(url)
        .header(ACCEPT, "application/json")
        .body(Vec::new())
        .map_err(|_| Failure::misconfigured(format!("the URL of the {what} is none")))?;
    let response =
        calls.clients.execute(calls.domain, request, LARGEST_ANSWER).await.map_err(|error| {
            Failure::unavailable(format!("the {what} cannot be fetched: {error}"))
        })?;
    let status = response.status();
    if status != http::StatusCode::OK {
        let text = format!("the {what} is answered with status {}", status.as_u16());
        // 408 and 429 ask for patience; other 4xx mean that the URL is wrong.
        let wrong = status.is_client_error() && !matches!(status.as_u16(), 408 | 429);
        return Err(if wrong { Failure::Misconfigured(text) } else { Failure::Unavailable(text) });
    }
    let object = serde_json::from_slice(response.body())
        .map_err(|_| Failure::unavailable(format!("the {what} is not a JSON object")))?;
    Ok((object, lifetime(response.headers())))
}

/// What `Cache-Control` says, within bounds.
fn lifetime(headers: &http::HeaderMap) -> Duration {
    let mut lifetime = DEFAULT_LIFETIME;
    let values = headers.get_all(CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    for directive in values.flat_map(|value| value.split(',')) {
        let directive = directive.trim().to_ascii_lowercase();
        if directive == "no-store" || directive == "no-cache" {
            return SHORTEST_LIFETIME;
        }
        if let Some(age) = directive.strip_prefix("max-age=") {
            lifetime = age.trim_matches('"').parse().map_or(DEFAULT_LIFETIME, Duration::from_secs);
        }
    }
    lifetime.clamp(SHORTEST_LIFETIME, LONGEST_LIFETIME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cache_control_is_honoured_between_a_minute_and_an_hour() {
        for (value, seconds) in [
            ("", 600),
            ("public", 600),
            ("max-age=300", 300),
            ("public, Max-Age=\"300\", must-revalidate", 300),
            ("max-age=0", 60),
            ("max-age=86400", 3600),
            ("max-age=99999999999999999999", 600),
            ("max-age=-1", 600),
            ("no-store, max-age=300", 60),
            ("max-age=300,no-cache", 60),
        ] {
            let mut headers = http::HeaderMap::new();
            headers.insert(CACHE_CONTROL, value.parse().unwrap());
            assert_eq!(lifetime(&headers).as_secs(), seconds, "{value}");
        }
        assert_eq!(lifetime(&http::HeaderMap::new()), DEFAULT_LIFETIME);
    }
}
