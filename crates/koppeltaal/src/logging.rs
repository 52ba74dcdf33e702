//! Log lines on stderr: for people or as JSON, never with care data or secrets.

use std::io::{self, IsTerminal};

use koppeltaal_core::{Error, Result};
use tracing::{Level, Metadata};
use tracing_subscriber::filter::{EnvFilter, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt, registry};

use crate::config::{Log, LogFormat};

/// Starts logging in this process.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        Error::Invalid(format!("log.level `{}` is no filter: {error}", log.level))
    })?;
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match log.format {
        LogFormat::Human => lines.with_target(false).with_ansi(io::stderr().is_terminal()).boxed(),
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
        }
    };
    registry()
        .with(lines.with_filter(filter_fn(is_ours_or_harmless)).with_filter(filter))
        .try_init()
        .map_err(|error| Error::Internal(error.to_string()))
}

/// Libraries tell what they were given when they are asked for details (the one
/// that speaks to PostgreSQL tells the values of every statement), so that only
/// our own modules say more than `info`.
fn is_ours_or_harmless(event: &Metadata<'_>) -> bool {
    *event.level() <= Level::INFO || event.target().starts_with("koppeltaal")
}
