//! `process --exec CMD`: every message of the mailbox on the standard input of a command, whose exit
//! code becomes the status of the message.

use std::process::Stdio;

use anyhow::Result;
use koppeltaal_client::kt1::{Connector, Message, Outcome};
use koppeltaal_core::Error;
use koppeltaal_fhir::json;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::{failure, mailbox};
use crate::context::Context;
use crate::output;

/// The exit code that means: not now (`EX_TEMPFAIL` of sysexits.h).
const NOT_NOW: i32 = 75;
/// What is kept of what the command says on its standard error.
const LONGEST_EXCEPTION: usize = 1000;

/// What is done with which messages.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Run by `sh -c` with the bundle (JSON) on standard input, and KOPPELTAAL_MESSAGE_ID and
    /// KOPPELTAAL_MESSAGE_EVENT in the environment. Exit code 0: Success. 75: not now, the message
    /// is New again and processing ends. Any other: Failed, with what it wrote on standard error
    #[arg(long, value_name = "CMD")]
    exec: String,
    #[command(flatten)]
    which: mailbox::Which,
}

/// Runs the command.
pub async fn run(context: &Context, connector: &Connector, args: Args) -> Result<()> {
    let command = args.exec;
    let done = connector
        .process(&args.which.filter(), |message| {
            let command = command.clone();
            async move { hand_over(&command, message).await }
        })
        .await
        .map_err(failure)?;
    if context.json {
        output::json(&json!({
            "succeeded": done.succeeded,
            "failed": done.failed,
            "stopped_by": done.stopped_by,
        }))?;
    } else {
        output::line(format_args!("{} succeeded, {} failed", done.succeeded, done.failed))?;
    }
    match done.stopped_by {
        None => Ok(()),
        Some(why) => Err(Error::Unavailable(format!("stopped: {why}")).into()),
    }
}

async fn hand_over(command: &str, message: Message) -> Result<Outcome, String> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .env("KOPPELTAAL_MESSAGE_ID", message.header().id())
        .env("KOPPELTAAL_MESSAGE_EVENT", message.header().event())
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|cause| format!("the command cannot be run: {cause}"))?;
    let bundle = json::render(&message.into_bundle().into_node());
    let input = child.stdin.take();
    let write = async move {
        if let Some(mut input) = input {
            // A command that does not read all of it has seen enough.
            drop(input.write_all(bundle.as_bytes()).await);
        }
    };
    let (output, ()) = tokio::join!(child.wait_with_output(), write);
    let output = output.map_err(|cause| format!("the command cannot be waited for: {cause}"))?;
    let said = excerpt(&String::from_utf8_lossy(&output.stderr));
    match output.status.code() {
        Some(0) => Ok(Outcome::Success),
        Some(NOT_NOW) => {
            Err(if said.is_empty() { "the command says: not now".to_owned() } else { said })
        }
        Some(code) if said.is_empty() => Ok(Outcome::Failed(format!("exit code {code}"))),
        Some(_) => Ok(Outcome::Failed(said)),
        None => Err("the command was killed".to_owned()),
    }
}

/// The end of what was said: errors come last.
fn excerpt(text: &str) -> String {
    let text = text.trim();
    let skipped = text.chars().count().saturating_sub(LONGEST_EXCEPTION);
    text.chars().skip(skipped).collect()
}
