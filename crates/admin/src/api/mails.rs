//! The outbox of mails. A text that holds a secret is not shown.

use koppeltaal_core::{Error, Result};
use koppeltaal_store::mail::{self, Mail, State};
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use crate::page::{self, Object, Page};

pub(super) const STATES: &[&str] = &["waiting", "sent", "failed"];

pub(super) async fn list(asked: Asked) -> Result<Answer, Refusal> {
    let state = match asked.parameter("state") {
        None => None,
        Some("waiting") => Some(State::Waiting),
        Some("sent") => Some(State::Sent),
        Some("failed") => Some(State::Failed),
        Some(other) => {
            let text = format!("state: `{other}` is not one of {}", STATES.join(", "));
            return Err(Error::Invalid(text).into());
        }
    };
    let (before, limit) = (asked.parsed("before")?, asked.limit()?);
    let most = i64::try_from(limit).map_err(Error::internal)?;
    let mails = asked.app.store.read(move |tx| mail::list(tx, state, before, most)).await?;
    let next = mails.last().filter(|_| mails.len() == limit).map(|mail| mail.id);
    let objects = mails.iter().map(object).collect::<Result<Vec<_>>>()?;
    Answer::page(&Page { objects, next })
}

pub(super) async fn show(asked: Asked) -> Result<Answer, Refusal> {
    let id = asked.number("mail")?;
    let found = asked.app.store.read(move |tx| mail::find(tx, id)).await?;
    let found = found.ok_or_else(|| Error::NotFound(format!("there is no mail {id}")))?;
    let text = match found.secret || found.body.0.is_empty() {
        true => None,
        false => Some(asked.app.seal.open(&found.body)?),
    };
    let mut object = object(&found)?;
    object.insert("body".to_owned(), Value::from(text));
    Answer::json(&object)
}

fn object(mail: &Mail) -> Result<Object> {
    serde_json::to_value(mail).map(page::object).map_err(Error::internal)
}
