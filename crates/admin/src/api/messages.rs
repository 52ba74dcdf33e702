//! Messages: listed, shown, put back, failed.

use koppeltaal_core::Result;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::status::Status;
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use crate::operate::{instance, message};

/// Why somebody intervenes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    pub(super) reason: String,
}

/// The number of the instance that the query limits to.
pub(super) fn of_instance(asked: &Asked, directory: &Directory) -> Result<Option<i64>> {
    let Some(name) = asked.parameter("instance") else { return Ok(None) };
    let found = instance::one(&asked.desk()?, directory, name);
    found.map(|one| Some(one.instance.number)).ok_or_else(|| unknown("instance", name))
}

pub(super) async fn list(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let wanted = message::Wanted {
        domain: asked.seen_domain(&directory)?,
        recipient: of_instance(&asked, &directory)?,
        status: asked.parsed("status")?,
        event: asked.parsed("event")?,
        patient: asked.parameter("patient").map(str::to_owned),
        since: asked.parsed("since")?,
        after: asked.parsed("after")?,
        limit: asked.limit()?,
    };
    Answer::page(&message::list(&desk, &directory, &wanted).await?)
}

pub(super) async fn show(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let (domain, found) = message::find(&desk, &directory, asked.number("message")?).await?;
    Answer::json(&message::shown(&directory, &domain, &found))
}

pub(super) async fn requeue(asked: Asked) -> Result<Answer, Refusal> {
    intervene(asked, Status::New).await
}

pub(super) async fn fail(asked: Asked) -> Result<Answer, Refusal> {
    intervene(asked, Status::Failed).await
}

async fn intervene(asked: Asked, status: Status) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let Reason { reason } = asked.json()?;
    let directory = desk.directory().await?;
    let id = asked.number("message")?;
    let (_, after) = message::intervene(&desk, &directory, id, status, &reason).await?;
    Answer::json(&after)
}
