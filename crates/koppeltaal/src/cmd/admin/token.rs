//! `koppeltaal admin token create|list|revoke`.

use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_auth::administrator::{TOKEN_PREFIX, generate};
use koppeltaal_core::{Error, duration};
use koppeltaal_store::Ids;
use koppeltaal_store::administrator::{NewToken, create_token, revoke_token, tokens};
use serde_json::Value;

use koppeltaal_admin::operate::administrator as shown;

use super::RightsArgs;
use crate::context::Context;
use crate::output;

/// Tokens: what a program administers with.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a token; it is shown this once
    Create {
        #[command(flatten)]
        rights: RightsArgs,
        /// What the token is for, as it stands in lists and in the audit trail
        #[arg(long, default_value = "command line")]
        name: String,
        /// How long it works (0s: until it is revoked)
        #[arg(long, default_value = "365d", value_parser = lifetime)]
        lifetime: Duration,
    },
    /// All tokens, without what they are
    List,
    /// Make a token stop working, in every server within a second
    Revoke {
        /// Its number in the list
        id: i64,
    },
}

fn lifetime(text: &str) -> Result<Duration, String> {
    duration::parse(text).map_err(|error| error.to_string())
}

/// Runs the command.
pub(super) async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Create { rights, name, lifetime } => create(context, rights, name, lifetime).await,
        Action::List => {
            let now = context.clock.now();
            let all = context.store().await?.read(|tx| tokens(tx)).await?;
            let objects: Vec<_> = all.iter().map(|token| shown::token(token, now)).collect();
            let columns = [
                "id",
                "name",
                "role",
                "domains",
                "applications",
                "state",
                "created",
                "expires",
                "created_by",
            ];
            output::list(context.json, &objects, &columns)
        }
        Action::Revoke { id } => revoke(context, id).await,
    }
}

async fn create(
    context: &Context,
    rights: RightsArgs,
    name: String,
    lifetime: Duration,
) -> Result<()> {
    let rights = rights.rights(context).await?;
    let generated = generate(TOKEN_PREFIX);
    let author = context.author("admin token create");
    let expires = (!lifetime.is_zero()).then(|| author.recorded.plus(lifetime));
    let new = NewToken { digest: generated.digest, name, rights, account: None, expires };
    let store = context.store().await?;
    let ids = Ids::take(store).await?;
    let now = author.recorded;
    let made = store
        .write(move |tx| {
            let number = create_token(tx, &ids, &new, &author)?;
            Ok(tokens(tx)?.into_iter().find(|token| token.number == number))
        })
        .await?;
    let token = made.ok_or_else(|| Error::internal("a token that was made is not there"))?;
    if context.json {
        let mut object = shown::token(&token, now);
        object.insert("token".to_owned(), Value::from(generated.secret));
        return output::json(&object);
    }
    output::line(&generated.secret)?;
    let until =
        token.expires.map_or_else(|| "until it is revoked".to_owned(), |at| format!("until {at}"));
    output::remark(format_args!(
        "token {} of {}, {until}; it is not shown again",
        token.number, token.rights
    ));
    Ok(())
}

async fn revoke(context: &Context, id: i64) -> Result<()> {
    let store = context.store().await?;
    let ids = Ids::take(store).await?;
    let author = context.author("admin token revoke");
    let now = author.recorded;
    let token = store.write(move |tx| revoke_token(tx, &ids, id, &author)).await?;
    let Some(token) = token else {
        return Err(Error::NotFound(format!("there is no administrator token {id}")).into());
    };
    if context.json {
        return output::json(&shown::token(&token, now));
    }
    output::line(format_args!("token {id} ({}) does not work any more", token.name))
}
