//! Notifications: listed, shown, sent again.

use koppeltaal_core::Result;
use koppeltaal_core::notification::State;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use super::messages::{Reason, of_instance};
use crate::operate::notification;

pub(super) const STATES: &[&str] = &["pending", "delivered", "dead"];

pub(super) async fn list(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let state = match asked.parameter("state") {
        None => None,
        Some("pending") => Some(State::Pending),
        Some("delivered") => Some(State::Delivered),
        Some("dead") => Some(State::Dead),
        Some(other) => {
            let all = STATES.join(", ");
            let text = format!("state: `{other}` is not one of {all}");
            return Err(koppeltaal_core::Error::Invalid(text).into());
        }
    };
    let wanted = notification::Wanted {
        domain: asked.seen_domain(&directory)?,
        instance: of_instance(&asked, &directory)?,
        state,
        after: asked.parsed("after")?,
        limit: asked.limit()?,
    };
    Answer::page(&notification::list(&desk, &directory, &wanted).await?)
}

pub(super) async fn show(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let id = asked.number("notification")?;
    let (domain, found) = notification::find(&desk, &directory, id).await?;
    Answer::json(&notification::shown(&directory, &domain, &found))
}

pub(super) async fn resend(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let Reason { reason } = asked.json()?;
    let directory = desk.directory().await?;
    let id = asked.number("notification")?;
    Answer::json(&notification::resend(&desk, &directory, id, &reason).await?)
}
