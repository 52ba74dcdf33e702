//! Instances admitted, kept out, and their public keys looked at.

use koppeltaal_core::Result;
use koppeltaal_core::directory::InstanceStatus;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use crate::operate::instance;

pub(super) async fn approve(asked: Asked) -> Result<Answer, Refusal> {
    decide(asked, InstanceStatus::Approved).await
}

pub(super) async fn reject(asked: Asked) -> Result<Answer, Refusal> {
    decide(asked, InstanceStatus::Rejected).await
}

async fn decide(asked: Asked, status: InstanceStatus) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let name = asked.part("instance");
    let decided = instance::decide(
        &desk,
        |directory| {
            let found = instance::one(&desk, directory, name);
            found.cloned().ok_or_else(|| unknown("instance", name))
        },
        status,
    )
    .await?;
    Answer::json(&decided.instance)
}

pub(super) async fn check_keys(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let name = asked.part("instance");
    let found = instance::one(&desk, &directory, name).ok_or_else(|| unknown("instance", name))?;
    Answer::list(&instance::check_keys(&desk, found).await?)
}
