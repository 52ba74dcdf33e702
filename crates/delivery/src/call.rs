//! One HTTP exchange: verified TLS, no redirects, no proxy, bounded in time and
//! in what is read, and a plain word for what went wrong.

use std::error::Error as _;
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use koppeltaal_core::{Error, Result};
use reqwest::header::RETRY_AFTER;
use reqwest::{Certificate, Client, redirect};

use crate::reach::{CheckedResolver, Reach, Refused};
use crate::settings::Settings;
use crate::webhook::Request;

/// An answer's body is read up to here so that the connection can be used
/// again; a longer one is not worth it.
const BODY_LIMIT: usize = 64 * 1024;

/// Shorter than servers usually keep connections, so that few are lost under a
/// request.
const IDLE: Duration = Duration::from_secs(20);

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

/// One client for each reach, made when it is first needed: a server without
/// webhooks loads no trust anchors.
#[derive(Debug)]
pub(crate) struct Clients {
    public: OnceLock<Client>,
    any: OnceLock<Client>,
    loopback: OnceLock<Client>,
    anchors: Vec<Certificate>,
    connect_timeout: Duration,
    timeout: Duration,
}

impl Clients {
    /// Reads the extra trust anchors.
    pub(crate) fn new(settings: &Settings) -> Result<Self> {
        Ok(Self {
            public: OnceLock::new(),
            any: OnceLock::new(),
            loopback: OnceLock::new(),
            anchors: settings.ca_file.as_deref().map_or(Ok(Vec::new()), anchors)?,
            connect_timeout: settings.connect_timeout,
            timeout: settings.timeout,
        })
    }

    fn client(&self, reach: Reach) -> Result<Client, String> {
        let kept = match reach {
            Reach::Public => &self.public,
            Reach::Any => &self.any,
            Reach::Loopback => &self.loopback,
        };
        if let Some(client) = kept.get() {
            return Ok(client.clone());
        }
        let client = self.build(reach).map_err(|error| {
            format!("no https client: {}; see outbound.ca_file", innermost(&error))
        })?;
        Ok(kept.get_or_init(|| client).clone())
    }

    fn build(&self, reach: Reach) -> reqwest::Result<Client> {
        let builder = Client::builder()
            .dns_resolver(CheckedResolver(reach))
            .connect_timeout(self.connect_timeout)
            .timeout(self.timeout)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(IDLE);
        match reach {
            // Plain http only: it must work where no trust anchors are installed.
            Reach::Loopback => builder.tls_certs_only([]),
            Reach::Public | Reach::Any => builder.tls_certs_merge(self.anchors.iter().cloned()),
        }
        .build()
    }

    /// Sends a request and waits for its answer.
    pub(crate) async fn post(&self, request: Request) -> Answer {
        let began = Instant::now();
        let mut answer = self
            .exchange(request)
            .await
            .unwrap_or_else(|error| Answer { error: Some(error), ..Answer::default() });
        answer.took = began.elapsed();
        answer
    }

    async fn exchange(&self, request: Request) -> Result<Answer, String> {
        let sent = self
            .client(request.reach)?
            .post(request.url)
            .headers(request.headers)
            .body("")
            .send()
            .await;
        let mut response = sent.map_err(|error| self.describe(&error))?;
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

    fn describe(&self, error: &reqwest::Error) -> String {
        let mut cause = error.source();
        while let Some(inner) = cause {
            if let Some(refused) = inner.downcast_ref::<Refused>() {
                return refused.to_string();
            }
            cause = inner.source();
        }
        if error.is_timeout() {
            return if error.is_connect() {
                format!("no connection within {} ms", self.connect_timeout.as_millis())
            } else {
                format!("no answer within {} ms", self.timeout.as_millis())
            };
        }
        let what = if error.is_connect() { "no connection" } else { "no answer" };
        format!("{what}: {}", innermost(error))
    }
}

/// The cause at the bottom, which says more than "error sending request" and
/// does not repeat the URL.
fn innermost(error: &reqwest::Error) -> String {
    let Some(mut cause) = error.source() else {
        return "the request failed".to_owned();
    };
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let text: String = cause.to_string().chars().filter(|c| !c.is_control()).take(200).collect();
    text
}

fn anchors(file: &Path) -> Result<Vec<Certificate>> {
    let invalid = |cause: &dyn std::fmt::Display| {
        Error::Invalid(format!("outbound.ca_file {}: {cause}", file.display()))
    };
    let pem = std::fs::read(file).map_err(|error| invalid(&error))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| invalid(&error))?;
    if found.is_empty() {
        return Err(invalid(&"holds no certificate"));
    }
    Ok(found)
}
