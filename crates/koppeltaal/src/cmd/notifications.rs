//! `koppeltaal notifications list|show|resend`: what applications were told,
//! every attempt, and dead letters sent again.

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use koppeltaal_admin::operate::notification;
use koppeltaal_core::notification::State;
use serde_json::Value;

use super::directory::{check_domain, found};
use crate::context::Context;
use crate::output;

/// Notifications of new messages and of changed resources.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Notifications, oldest first
    List(List),
    /// One notification with its attempts
    Show {
        /// Its id
        id: i64,
    },
    /// Send a dead or delivered notification again
    Resend {
        /// Its id
        id: i64,
        /// Why; it stands in the audit trail
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, clap::Args)]
struct List {
    /// In this domain only
    #[arg(long)]
    domain: Option<String>,
    /// To this instance only (user name)
    #[arg(long)]
    instance: Option<String>,
    /// In this state only
    #[arg(long, value_enum)]
    state: Option<StateArg>,
    /// After this notification
    #[arg(long, value_name = "ID")]
    after: Option<i64>,
    /// How many at most
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(i64).range(1..=1_000_000))]
    limit: i64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum StateArg {
    Pending,
    Delivered,
    Dead,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Pending => Self::Pending,
            StateArg::Delivered => Self::Delivered,
            StateArg::Dead => Self::Dead,
        }
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::List(args) => list(context, args).await,
        Action::Show { id } => {
            let desk = context.desk("notifications show").await?;
            let directory = desk.directory().await?;
            let (domain, found) = notification::find(&desk, &directory, id).await?;
            output::show(context.json, &notification::shown(&directory, &domain, &found))
        }
        Action::Resend { id, reason } => {
            let desk = context.desk("notifications resend").await?;
            let directory = desk.directory().await?;
            let sent = notification::resend(&desk, &directory, id, &reason).await?;
            if context.json {
                return output::json(&sent);
            }
            output::line(format_args!("notification {id} is sent again by the running server"))
        }
    }
}

async fn list(context: &Context, args: List) -> Result<()> {
    let desk = context.desk("notifications list").await?;
    let directory = desk.directory().await?;
    check_domain(&directory, args.domain.as_deref())?;
    let instance = match &args.instance {
        None => None,
        Some(name) => {
            let names = directory.instances().iter().map(|i| i.name().to_owned());
            let instance = directory.instance_by_username(name);
            Some(found(instance, "instance", name, names)?.instance.number)
        }
    };
    let wanted = notification::Wanted {
        domain: args.domain,
        instance,
        state: args.state.map(State::from),
        after: args.after,
        limit: usize::try_from(args.limit)?,
    };
    let mut objects = notification::list(&desk, &directory, &wanted).await?.objects;
    if !context.json {
        for object in &mut objects {
            let tried = object.get("attempts").and_then(Value::as_array).map_or(0, Vec::len);
            object.insert("tried".to_owned(), Value::from(tried));
        }
    }
    let columns = ["id", "domain", "instance", "state", "tried", "next_attempt", "endpoint"];
    output::list(context.json, &objects, &columns)
}
