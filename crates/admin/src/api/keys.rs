//! The signing keys of a domain: listed, replaced.

use koppeltaal_auth::key_ring::Rotation;
use koppeltaal_core::Result;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use crate::operate::key;

pub(super) async fn list(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    Answer::list(&key::list(&desk, domain).await?)
}

pub(super) async fn rotate(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let rotation = if asked.flag("at_once")? { Rotation::AtOnce } else { Rotation::Smooth };
    Answer::json(&key::rotate(&desk, domain, rotation).await?.object(domain))
}
