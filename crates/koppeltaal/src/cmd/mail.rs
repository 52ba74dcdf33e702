//! `koppeltaal mail list|show`: the outbox of mails. Without `mail.url` this is
//! where they are read.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_core::Error;
use koppeltaal_store::mail::{self, Mail, State};
use serde_json::{Map, Value};

use crate::context::Context;
use crate::output;

/// Mails to administrators.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Mails, newest first
    List {
        /// In this state only
        #[arg(long, value_enum)]
        state: Option<StateArg>,
        /// How many at most
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// One mail with its text
    Show {
        /// Its number
        id: i64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StateArg {
    /// It will be sent
    Waiting,
    /// The mail server has it
    Sent,
    /// It was given up
    Failed,
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    let store = context.store().await?;
    match args.action {
        Action::List { state, limit } => {
            let state = state.map(|state| match state {
                StateArg::Waiting => State::Waiting,
                StateArg::Sent => State::Sent,
                StateArg::Failed => State::Failed,
            });
            let mails = store.read(move |tx| mail::list(tx, state, None, limit.into())).await?;
            let objects = mails.iter().map(object).collect::<Result<Vec<_>>>()?;
            let columns =
                ["id", "created", "recipient", "subject", "state", "attempts", "sent", "error"];
            output::list(context.json, &objects, &columns)?;
            let waits = mails.iter().any(|mail| mail.state == State::Waiting);
            if waits && context.config.mail.url.is_none() && !context.json {
                output::remark("mail.url is not set: mails wait here");
            }
            Ok(())
        }
        Action::Show { id } => {
            let found = store.read(move |tx| mail::find(tx, id)).await?;
            let found = found.ok_or_else(|| Error::NotFound(format!("there is no mail {id}")))?;
            let text = match found.body.0.as_str() {
                "" => None,
                _ => Some(context.seal.open(&found.body)?),
            };
            if context.json {
                let mut object = object(&found)?;
                object.insert("body".to_owned(), Value::from(text));
                return output::json(&object);
            }
            output::show(false, &object(&found)?)?;
            match text {
                Some(text) => output::line(format_args!("\n{text}")),
                None => {
                    output::remark("its text held a secret, and is gone since it was sent");
                    Ok(())
                }
            }
        }
    }
}

fn object(mail: &Mail) -> Result<Map<String, Value>> {
    match serde_json::to_value(mail)? {
        Value::Object(object) => Ok(object),
        _ => Ok(Map::new()),
    }
}
