//! `koppeltaal instance approve|reject`: the instance's status, with its Device,
//! in one transaction.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_core::directory::{Instance, InstanceStatus};
use koppeltaal_store::Ids;
use koppeltaal_store::directory::{Change, Item, change};

use super::{object, one};
use crate::cmd::directory;
use crate::context::Context;
use crate::output;

/// Gives the instance this status.
pub(super) async fn run(context: &Context, name: &str, status: InstanceStatus) -> Result<()> {
    let verb = if status == InstanceStatus::Approved { "approve" } else { "reject" };
    // Another change may come in between: then the present state is read anew.
    for _ in 0..10 {
        let directory = directory::read(context).await?;
        let connected = one(&directory, name)?;
        let instance = Instance { status, ..connected.instance.clone() };
        let object = object(&instance)?;
        let summary = format!("changed instance {name} in {}: status", connected.domain.name);
        let unchanged = instance == connected.instance;
        let store = context.store().await?;
        if !unchanged {
            let ids = Ids::take(store).await?;
            let author = context.author(&format!("instance {verb}"));
            let changes = [Change { item: Item::Instance(instance), summary: summary.clone() }];
            let based_on = directory.version;
            let catalogs = koppeltaal_kt2::Catalogs::of_all(store, &directory).await?;
            let written = store
                .write(move |tx| change(tx, &ids, &catalogs, based_on, &changes, &author))
                .await?;
            if written.is_none() {
                continue;
            }
        }
        match (context.json, unchanged) {
            (true, _) => output::json(&object)?,
            (false, false) => output::line(summary)?,
            (false, true) => output::remark("nothing to change"),
        }
        if status == InstanceStatus::Rejected && !unchanged {
            output::remark(format_args!("the tokens of {name} stop working within a second"));
        }
        return Ok(());
    }
    let text = "the directory is being changed by others all the time: try again";
    Err(Error::Unavailable(text.to_owned()).into())
}
