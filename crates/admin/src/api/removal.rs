//! Data removed: bodies whose time is over, and a patient from a domain.

use koppeltaal_core::{Error, Result};
use serde::Deserialize;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use crate::operate::erase;

pub(super) async fn retention(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    Answer::list(&erase::retention(&desk, &directory, asked.flag("dry_run")?).await?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patient {
    patient: String,
}

pub(super) async fn patient(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = asked.own_domain(&directory, asked.part("domain"))?;
    let Patient { patient } = asked.json()?;
    if patient.is_empty() || patient.len() > 2000 || patient.contains('\0') {
        return Err(Error::Invalid("patient: a URL or Patient/<id>".to_owned()).into());
    }
    Answer::json(&erase::patient(&desk, domain, &patient, asked.flag("dry_run")?).await?)
}
