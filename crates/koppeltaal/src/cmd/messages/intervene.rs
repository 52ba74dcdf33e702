//! `koppeltaal messages requeue|fail`: an operator changes the status of a copy,
//! which is audited with the reason.

use anyhow::Result;
use koppeltaal_admin::operate::message;
use koppeltaal_core::status::Status;

use crate::context::Context;
use crate::output;

/// Sets the status of a copy.
pub async fn run(context: &Context, id: i64, status: Status, reason: &str) -> Result<()> {
    let verb = if status == Status::New { "requeue" } else { "fail" };
    let desk = context.desk(&format!("messages {verb}")).await?;
    let directory = desk.directory().await?;
    let (before, after) = message::intervene(&desk, &directory, id, status, reason).await?;
    if context.json {
        return output::json(&after);
    }
    output::line(format_args!("message {id}: {} → {status}", before.item.status))
}
