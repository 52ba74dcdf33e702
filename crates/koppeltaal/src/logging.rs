//! Log lines on stderr: for people or as JSON, never with care data or secrets.

use koppeltaal_core::{Error, Result};
use tracing_subscriber::EnvFilter;

use crate::config::{Log, LogFormat};

/// Starts logging in this process.
pub fn start(log: &Log) -> Result<()> {
    let filter = EnvFilter::try_new(&log.level).map_err(|error| {
        Error::Invalid(format!("log.level `{}` is no filter: {error}", log.level))
    })?;
    let builder =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Human => builder.with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(false).try_init(),
    };
    started.map_err(|error| Error::Internal(error.to_string()))
}
