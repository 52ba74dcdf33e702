//! `koppeltaal instance approve|reject`: the instance's status, with its Device,
//! in one transaction.

use anyhow::Result;
use koppeltaal_admin::operate::instance;
use koppeltaal_core::directory::InstanceStatus;

use super::found_instance;
use crate::context::Context;
use crate::output;

/// Gives the instance this status.
pub(super) async fn run(context: &Context, name: &str, status: InstanceStatus) -> Result<()> {
    let verb = if status == InstanceStatus::Approved { "approve" } else { "reject" };
    let desk = context.desk(&format!("instance {verb}")).await?;
    let decided =
        instance::decide(&desk, |directory| found_instance(directory, name).cloned(), status)
            .await?;
    match (context.json, &decided.summary) {
        (true, _) => output::json(&decided.instance)?,
        (false, Some(summary)) => output::line(summary)?,
        (false, None) => output::remark("nothing to change"),
    }
    if status == InstanceStatus::Rejected && decided.summary.is_some() {
        output::remark(format_args!("the tokens of {name} stop working within a second"));
    }
    Ok(())
}
