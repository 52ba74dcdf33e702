//! The configuration (`docs/operations.md`): a TOML file, then the
//! environment, then flags, the later wins. The keys stand in one table; this
//! is what the rest of the program sees of them.

mod example;
mod keys;
mod read;
mod show;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use koppeltaal_core::directory::Phase;
use koppeltaal_core::network::Network;
use koppeltaal_kt1::Keep;
use koppeltaal_store::{DatabaseUrl, Options};

use crate::provision::Rules;

pub use example::example;
pub use keys::{KEYS, Key, Kind};
pub use show::{Shown, shown};
pub use values::{Given, Origin, Values};

/// The configuration of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// The address and port of the main listener; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The URL under which others reach the server, without a slash at its end;
    /// `None`: that of the listener, see [`Config::public_url`].
    pub public_url: Option<String>,
    /// Where the server keeps its files.
    pub data_dir: PathBuf,
    /// The store.
    pub database: DatabaseUrl,
    /// How the store is used.
    pub store: Options,
    /// The key that seals secrets, as text: base64 of 32 bytes.
    pub seal_key: String,
    /// Certificate and key, when the server speaks https itself.
    pub tls: Option<Tls>,
    /// The environment.
    pub server: Server,
    /// The administration.
    pub admin: Admin,
    /// A listener of its own for `/metrics`.
    pub metrics_listen: Option<SocketAddr>,
    /// Who may use the Support API.
    pub support_api_allow_from: Vec<Network>,
    /// Which requests are kept for support.
    pub request_log: Keep,
    /// Logging.
    pub log: Log,
    /// Limits on requests.
    pub limits: Limits,
    /// How long rows of the audit trail stay; zero: for ever.
    pub audit_retention: Duration,
    /// More trust anchors for calls that the server makes.
    pub outbound_ca_file: Option<PathBuf>,
    /// Koppeltaal 1.3.
    pub kt1: Kt1,
    /// Koppeltaal 2.0.
    pub kt2: Kt2,
    /// Mail.
    pub mail: Mail,
}

/// Certificate and key in PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// The certificate chain.
    pub certificate: PathBuf,
    /// The private key.
    pub key: PathBuf,
}

/// The environment that this server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name.
    pub name: String,
    /// A line that every page shows.
    pub banner: Option<String>,
    /// The phases of the domains it takes.
    pub phases: Vec<Phase>,
}

/// The administration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admin {
    /// A listener of its own.
    pub listen: Option<SocketAddr>,
    /// Who may reach it.
    pub allow_from: Vec<Network>,
}

/// The form of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Human,
    /// For machines.
    Json,
}

/// Logging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// The form of a line.
    pub format: LogFormat,
    /// What is logged, as `tracing` filters read it.
    pub level: String,
}

/// Limits on requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body: usize,
    /// Requests a second of one instance; 0: no limit.
    pub requests_per_second: u32,
    /// Requests of one instance at once.
    pub burst: u32,
}

/// Koppeltaal 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kt1 {
    /// How long a claim lasts, unless the domain says otherwise.
    pub claim_timeout: Duration,
    /// How long bodies stay.
    pub retention: koppeltaal_core::retention::Limits,
    /// How often bodies are removed.
    pub retention_interval: Duration,
    /// Attempts of a webhook per message and instance.
    pub webhook_attempts: u32,
    /// The wait before the second attempt; it doubles.
    pub webhook_first_retry: Duration,
    /// How often a silent SignalR connection says that it lives.
    pub signalr_keep_alive: Duration,
    /// SignalR connections of one instance.
    pub signalr_connections: usize,
    /// How long the storage provider of a domain may take to answer.
    pub storage_timeout: Duration,
    /// How long a launch can be used.
    pub launch_lifetime: Duration,
    /// How long an authorization code can be used.
    pub code_lifetime: Duration,
    /// How long an access token lasts.
    pub access_token_lifetime: Duration,
    /// How long an activation code can be used.
    pub activation_code_lifetime: Duration,
}

/// Koppeltaal 2.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kt2 {
    /// How long an access token lasts.
    pub access_token_lifetime: Duration,
    /// How old a signing key gets.
    pub signing_key_max_age: Duration,
    /// The wait before the second attempt of a hook.
    pub hook_first_retry: Duration,
    /// The longest wait between two attempts.
    pub hook_max_interval: Duration,
    /// How long after the first attempt the last one is.
    pub hook_give_up_after: Duration,
    /// How long a subscriber may take to answer.
    pub hook_timeout: Duration,
    /// Whether notifications that wait in one lane become one.
    pub hook_coalesce: bool,
}

/// Mail.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    /// The SMTP server, with credentials; `None`: mails wait in the outbox.
    pub url: Option<String>,
    /// The sender.
    pub from: Option<String>,
}

impl std::fmt::Debug for Mail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mail").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Config {
    /// The limits that a provisioning file is held to.
    pub fn rules(&self) -> Rules {
        Rules { phases: self.server.phases.clone(), retention_max: self.kt1.retention.max }
    }

    /// The URL under which others reach the server when its main listener is
    /// bound to `listen`; without a slash at its end.
    pub fn public_url(&self, listen: SocketAddr) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        self.public_url.clone().unwrap_or_else(|| format!("{scheme}://{listen}"))
    }
}

#[cfg(test)]
mod tests;
