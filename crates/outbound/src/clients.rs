//! The HTTP clients: verified TLS, no redirects, no proxy, bounded in time, and a
//! plain word for what went wrong.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use koppeltaal_core::{Error, Result};
use reqwest::{Certificate, Client, redirect};

use crate::reach::{CheckedResolver, Reach, Refused};

/// Shorter than servers usually keep connections, so that few are lost under a
/// request.
const IDLE: Duration = Duration::from_secs(20);

/// How calls are made.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The limit on name look-up, connection and TLS handshake.
    pub connect_timeout: Duration,
    /// The limit on a whole exchange, the body of the answer included.
    pub timeout: Duration,
    /// Extra trust anchors (PEM).
    pub ca_file: Option<PathBuf>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(2),
            timeout: Duration::from_secs(5),
            ca_file: None,
        }
    }
}

/// One client for each reach, made when it is first needed: a server that calls
/// nobody loads no trust anchors.
#[derive(Debug)]
pub struct Clients {
    public: OnceLock<Client>,
    any: OnceLock<Client>,
    loopback: OnceLock<Client>,
    anchors: Vec<Certificate>,
    connect_timeout: Duration,
    timeout: Duration,
}

impl Clients {
    /// Reads the extra trust anchors. Fails when they cannot be read.
    pub fn new(settings: Settings) -> Result<Self> {
        Ok(Self {
            public: OnceLock::new(),
            any: OnceLock::new(),
            loopback: OnceLock::new(),
            anchors: settings.ca_file.as_deref().map_or(Ok(Vec::new()), anchors)?,
            connect_timeout: settings.connect_timeout,
            timeout: settings.timeout,
        })
    }

    /// The client that calls addresses within this reach and no others. The error
    /// says why there is none.
    pub fn client(&self, reach: Reach) -> Result<Client, String> {
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

    /// What went wrong with a request of one of these clients, in plain words and
    /// without the URL.
    pub fn describe(&self, error: &reqwest::Error) -> String {
        self.describe_within(error, self.timeout)
    }

    /// The same of a request that had a limit of its own.
    pub fn describe_within(&self, error: &reqwest::Error, limit: Duration) -> String {
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
                format!("no answer within {} ms", limit.as_millis())
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
