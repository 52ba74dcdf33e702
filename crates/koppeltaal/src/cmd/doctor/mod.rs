//! `koppeltaal doctor`: looks at a live installation and says what to fix.

mod machine;
mod mailbox;
mod outside;
mod signing_keys;
mod storage;
mod store;

use anyhow::Result;
use koppeltaal_core::Error;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::context::Context;
use crate::output;

/// Checks the store, the disk, the clock, certificates, keys, mailboxes and
/// everything the configuration and the directory point to. Ends with 0 when
/// all is well, 1 when something needs attention, 5 when the store cannot be
/// reached.
#[derive(Debug, clap::Args)]
pub struct Args {}

/// How serious a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Level {
    /// As it should be.
    Ok,
    /// Works, but somebody should look.
    Warning,
    /// Does not work.
    Error,
}

/// What a check found, and what to do about it.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    check: &'static str,
    level: Level,
    finding: String,
    fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, finding: impl Into<String>) -> Self {
        Self { check, level: Level::Ok, finding: finding.into(), fix: None }
    }

    fn warning(check: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, level: Level::Warning, finding: finding.into(), fix: Some(fix.into()) }
    }

    fn error(check: &'static str, finding: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, level: Level::Error, finding: finding.into(), fix: Some(fix.into()) }
    }
}

/// Runs the command.
pub async fn run(context: &Context, _args: Args) -> Result<()> {
    let mut findings = Vec::new();
    let reached = store::check(context, &mut findings).await;
    machine::check(context, &mut findings);
    if reached {
        mailbox::check(context, &mut findings).await?;
        signing_keys::check(context, &mut findings).await?;
        storage::check(context, &mut findings).await?;
        outside::check(context, &mut findings).await?;
    }
    let objects: Vec<Map<String, Value>> = findings
        .iter()
        .filter_map(|finding| match serde_json::to_value(finding) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        })
        .collect();
    output::list(context.json, &objects, &["check", "level", "finding", "fix"])?;
    let bad = findings.iter().filter(|finding| finding.level != Level::Ok).count();
    if !reached {
        return Err(Error::Unavailable("the store cannot be used".to_owned()).into());
    }
    if bad > 0 {
        anyhow::bail!("{bad} findings need attention");
    }
    Ok(())
}
