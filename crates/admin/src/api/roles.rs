//! The predefined roles, and what a role permits.

use koppeltaal_core::{Error, Result};

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use crate::operate::instance;
use crate::provision::{Kind, shown};
use crate::role::{explain, templates};

pub(super) async fn template(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let roles = templates().map(|template| shown(Kind::Role, &template.role(&domain.name)));
    Answer::list(&roles.collect::<Result<Vec<_>>>()?)
}

/// Whether an instance may make a request, by which rule, and why.
pub(super) async fn explained(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let name = asked.part("instance");
    let found = instance::one(&desk, &directory, name).ok_or_else(|| unknown("instance", name))?;
    let request = asked
        .parameter("request")
        .ok_or_else(|| Error::Invalid("request: such as `GET Task`".to_owned()))?;
    let origin = asked.parameter("origin");
    let explained = explain(&desk.store, &directory, found, request, origin).await?;
    Answer::json(&explained.json())
}
