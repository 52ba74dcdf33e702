//! One HTTP exchange of a notification: what was answered, and a plain word for what
//! went wrong. Where and how it is called belongs to `outbound`.

use std::time::{Duration, Instant};

use koppeltaal_outbound::{Clients, Reach};
use reqwest::header::{HeaderMap, RETRY_AFTER};
use url::Url;

/// A request that is ready to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Where it goes.
    pub(crate) url: Url,
    /// Which addresses that may be.
    pub(crate) reach: Reach,
    /// What it says.
    pub(crate) headers: HeaderMap,
    /// The limit on the exchange.
    pub(crate) timeout: Duration,
}

/// What is to be done with a notification now.
#[derive(Debug, Clone)]
pub(crate) enum Plan {
    /// Send this.
    Send(Request),
    /// The attempt fails before anything is sent: endpoint and reason.
    Fail(String, String),
    /// There is nowhere to send it, and there will not be.
    GiveUp(&'static str),
    /// This process may not know yet what another has provisioned.
    Wait,
}

/// An answer's body is read up to here so that the connection can be used
/// again; a longer one is not worth it.
const BODY_LIMIT: usize = 64 * 1024;

/// What came of an exchange.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// What went wrong; `None` after a 2xx.
    pub(crate) error: Option<String>,
    /// The `Retry-After` header as it came.
    pub(crate) retry_after: Option<String>,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Sends a request and waits for its answer.
pub(crate) async fn post(clients: &Clients, request: Request) -> Answer {
    let began = Instant::now();
    let mut answer = exchange(clients, request)
        .await
        .unwrap_or_else(|error| Answer { error: Some(error), ..Answer::default() });
    answer.took = began.elapsed();
    answer
}

async fn exchange(clients: &Clients, request: Request) -> Result<Answer, String> {
    let sent = clients
        .client(request.reach)?
        .post(request.url)
        .headers(request.headers)
        .timeout(request.timeout)
        .body("")
        .send()
        .await;
    let mut response = sent.map_err(|error| clients.describe_within(&error, request.timeout))?;
    let status = response.status();
    let retry_after = response.headers().get(RETRY_AFTER);
    let answer = Answer {
        status: Some(status.as_u16()),
        error: match status {
            _ if status.is_success() => None,
            _ if status.is_redirection() => {
                Some(format!("answered {} (redirects are not followed)", status.as_u16()))
            }
            _ => Some(format!("answered {}", status.as_u16())),
        },
        retry_after: retry_after.and_then(|value| value.to_str().ok()).map(str::to_owned),
        took: Duration::ZERO,
    };
    // The status has said everything; a body that breaks off changes nothing.
    let mut read = 0;
    while let Ok(Some(chunk)) = response.chunk().await {
        read += chunk.len();
        if read > BODY_LIMIT {
            break;
        }
    }
    Ok(answer)
}
