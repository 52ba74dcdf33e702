//! Where a PostgreSQL server is and whether the connection is encrypted, read from
//! the URL.
//!
//! | `sslmode` | encrypted | certificate |
//! |---|---|---|
//! | `disable` | never | |
//! | `prefer` (without the parameter) | when the server offers it | not checked: whoever could forge it could also refuse encryption |
//! | `require`, `verify-ca`, `verify-full` | always | checked, the name in it too |
//! | `no-verify` | always | not checked |
//!
//! `sslrootcert=FILE` names the certificates (PEM) to trust instead of those of
//! the system. A unix socket is never encrypted.

use std::future::poll_fn;
use std::path::PathBuf;
use std::time::Duration;

use koppeltaal_core::{Error, Result};
use tokio::task::JoinHandle;
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{AsyncMessage, Client, Config, Notification};

use super::tls::{Connector, Verify};
use crate::engine::DatabaseUrl;

/// Everything that a new connection needs.
pub(crate) struct Address {
    shown: String,
    config: Config,
    connector: Connector,
}

impl Address {
    /// Reads the URL; a mistake in it is told without the password.
    pub(crate) fn new(url: &DatabaseUrl) -> Result<Self> {
        let shown = url.to_string();
        let DatabaseUrl::Postgres(text) = url else {
            return Err(Error::Internal(format!("{shown} is not a PostgreSQL URL")));
        };
        let Parts { url, ssl_mode, verify } = split(text)?;
        let mut config: Config = url
            .parse()
            .map_err(|e| Error::Invalid(format!("the database URL {shown} cannot be used: {e}")))?;
        config.ssl_mode(ssl_mode);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(10));
        }
        if config.get_application_name().is_none() {
            config.application_name("koppeltaal");
        }
        if config.get_tcp_user_timeout().is_none() {
            // A server that vanished is noticed in this time.
            config.tcp_user_timeout(Duration::from_secs(30));
            config.keepalives_idle(Duration::from_secs(30));
        }
        let over_network = config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_)));
        let encrypted = over_network && ssl_mode != SslMode::Disable;
        let connector = if encrypted { Connector::new(&verify)? } else { Connector::unused() };
        Ok(Self { shown, config, connector })
    }

    /// Opens a connection and the task that serves it on the present runtime.
    pub(crate) async fn connect(&self) -> Result<(Client, JoinHandle<()>)> {
        let (client, connection) = self
            .config
            .connect(self.connector.clone())
            .await
            .map_err(|cause| self.unreachable(&cause))?;
        let serve = tokio::spawn(async move {
            if let Err(cause) = connection.await {
                tracing::warn!("the connection to PostgreSQL ended: {cause}");
            }
        });
        Ok((client, serve))
    }

    /// The same, calling `note` for each notification that comes.
    pub(super) async fn connect_listening(
        &self,
        note: impl Fn(&Notification) + Send + 'static,
    ) -> Result<(Client, JoinHandle<()>)> {
        let (client, mut connection) = self
            .config
            .connect(self.connector.clone())
            .await
            .map_err(|cause| self.unreachable(&cause))?;
        let serve = tokio::spawn(async move {
            while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                if let AsyncMessage::Notification(notification) = message {
                    note(&notification);
                }
            }
        });
        Ok((client, serve))
    }

    /// The address without its password.
    pub(crate) fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn unreachable(&self, cause: &tokio_postgres::Error) -> Error {
        Error::Unavailable(format!(
            "cannot connect to {}: {}",
            self.shown,
            super::error::with_source(cause)
        ))
    }
}

struct Parts {
    url: String,
    ssl_mode: SslMode,
    verify: Verify,
}

/// Takes the parameters out of the URL that the driver does not know.
fn split(text: &str) -> Result<Parts> {
    let (place, query) = text.split_once('?').unwrap_or((text, ""));
    let mut mode = "prefer".to_owned();
    let mut roots = None;
    let mut kept = Vec::new();
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=') {
            Some(("sslmode", value)) => value.clone_into(&mut mode),
            Some(("sslrootcert", value)) => roots = Some(PathBuf::from(decoded(value))),
            _ => kept.push(pair),
        }
    }
    let (ssl_mode, verify) = match mode.as_str() {
        "disable" => (SslMode::Disable, Verify::Nothing),
        "prefer" => (SslMode::Prefer, Verify::Nothing),
        "require" | "verify-ca" | "verify-full" => (SslMode::Require, Verify::Against(roots)),
        "no-verify" => (SslMode::Require, Verify::Nothing),
        other => {
            return Err(Error::Invalid(format!(
                "sslmode `{other}` is not one of disable, prefer, require, verify-full, no-verify"
            )));
        }
    };
    let mark = if kept.is_empty() { "" } else { "?" };
    Ok(Parts { url: format!("{place}{mark}{}", kept.join("&")), ssl_mode, verify })
}

/// Percent-encoding undone.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()) {
            Some(byte) if first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, passed_on: &str, ssl_mode: SslMode, verify: Verify) {
        let parts = split(url).unwrap();
        assert_eq!((parts.url.as_str(), parts.ssl_mode), (passed_on, ssl_mode));
        assert_eq!(parts.verify, verify);
    }

    #[test]
    fn encryption_is_read_from_the_url() {
        check("postgres://h/d", "postgres://h/d", SslMode::Prefer, Verify::Nothing);
        check(
            "postgres://h/d?sslmode=verify-full&connect_timeout=3",
            "postgres://h/d?connect_timeout=3",
            SslMode::Require,
            Verify::Against(None),
        );
        check(
            "postgres://h/d?sslmode=require&sslrootcert=/etc/my%20ca.pem",
            "postgres://h/d",
            SslMode::Require,
            Verify::Against(Some(PathBuf::from("/etc/my ca.pem"))),
        );
        check(
            "postgres://h/d?sslmode=no-verify",
            "postgres://h/d",
            SslMode::Require,
            Verify::Nothing,
        );
        assert!(split("postgres://h/d?sslmode=sometimes").is_err());
    }
}
