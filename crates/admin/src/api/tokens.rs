//! Administrator tokens: everybody makes some that can do no more than they can;
//! administrators of the server see all of them.

use std::time::Duration;

use koppeltaal_auth::administrator::{TOKEN_PREFIX, generate};
use koppeltaal_core::{Error, Result, duration};
use koppeltaal_store::administrator::{
    NewToken, Token, create_token, revoke_token, token_by_digest, tokens,
};
use serde::Deserialize;
use serde_json::Value;

use super::answer::{Answer, Refusal};
use super::asked::{Asked, unknown};
use super::rights_given::RightsGiven;
use crate::operate::administrator as shown;

/// How long a token works when nothing is said.
const LIFETIME: Duration = Duration::from_secs(365 * 86_400);

fn sees_token(asked: &Asked, token: &Token) -> Result<bool> {
    let who = asked.administrator()?;
    Ok(who.rights.is_system() || (token.account.is_some() && token.account == who.account))
}

pub(super) async fn list(asked: Asked) -> Result<Answer, Refusal> {
    let now = asked.app.clock.now();
    let all = asked.app.store.read(|tx| tokens(tx)).await?;
    let mut objects = Vec::new();
    for token in &all {
        if sees_token(&asked, token)? {
            objects.push(shown::token(token, now));
        }
    }
    Answer::list(&objects)
}

#[derive(Deserialize)]
struct TokenGiven {
    name: String,
    lifetime: Option<String>,
    #[serde(flatten)]
    rights: RightsGiven,
}

/// The token stands in this answer and nowhere else.
pub(super) async fn create(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let given: TokenGiven = asked.json()?;
    let lifetime = given.lifetime.as_deref().map_or(Ok(LIFETIME), duration::parse)?;
    let who = asked.administrator()?;
    // Whether something exists that is not theirs is not told.
    let directory = desk.directory().await?;
    let beyond = || Error::Forbidden("a token can do no more than who makes it".to_owned());
    let rights = given.rights.rights(&directory).map_err(|error| match error {
        Error::NotFound(_) if !who.rights.is_system() => beyond(),
        error => error,
    })?;
    if !who.rights.covers(&rights) {
        return Err(beyond().into());
    }
    let made = generate(TOKEN_PREFIX);
    let now = desk.clock.now();
    let new = NewToken {
        digest: made.digest,
        name: given.name,
        rights,
        account: who.account,
        expires: (!lifetime.is_zero()).then(|| now.plus(lifetime)),
    };
    let (ids, author) = (desk.ids.clone(), desk.author.clone());
    let token = desk
        .store
        .write(move |tx| {
            create_token(tx, &ids, &new, &author)?;
            token_by_digest(tx, &new.digest)
        })
        .await?;
    let token = token.ok_or_else(|| Error::internal("a token that was made is not there"))?;
    let mut object = shown::token(&token, now);
    object.insert("token".to_owned(), Value::from(made.secret));
    Ok(Answer::json(&object)?.created())
}

pub(super) async fn revoke(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let id = asked.number("token")?;
    let all = desk.store.read(|tx| tokens(tx)).await?;
    let nothing = || unknown("administrator token", asked.part("token"));
    let token = all.into_iter().find(|token| token.number == id).ok_or_else(nothing)?;
    if !sees_token(&asked, &token)? {
        return Err(nothing().into());
    }
    let (ids, author) = (desk.ids.clone(), desk.author.clone());
    let revoked = desk.store.write(move |tx| revoke_token(tx, &ids, id, &author)).await?;
    Answer::json(&shown::token(&revoked.ok_or_else(nothing)?, desk.clock.now()))
}
