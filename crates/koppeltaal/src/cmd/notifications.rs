//! `koppeltaal notifications list|show|resend`: what applications were told,
//! every attempt, and dead letters sent again.

use std::sync::Arc;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
use koppeltaal_core::Error;
use koppeltaal_core::audit::{Action as Audited, Entry};
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::notification::State;
use koppeltaal_store::outbox::{self, Filter, Generation, Notification};
use koppeltaal_store::{Ids, audit};
use serde_json::{Map, Value, json};

use super::directory::{check_domain, found, read};
use super::names;
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
    let directory = read(context).await?;
    match args.action {
        Action::List(args) => list(context, &directory, args).await,
        Action::Show { id } => {
            let (domain, notification) = find(context, &directory, id).await?;
            output::show(context.json, &shown(&directory, &domain, &notification))
        }
        Action::Resend { id, reason } => resend(context, &directory, id, &reason).await,
    }
}

async fn list(context: &Context, directory: &Directory, args: List) -> Result<()> {
    check_domain(directory, args.domain.as_deref())?;
    let instance = match &args.instance {
        None => None,
        Some(name) => {
            let names = directory.instances().iter().map(|i| i.name().to_owned());
            let instance = directory.instance_by_username(name);
            Some(found(instance, "instance", name, names)?.instance.number)
        }
    };
    let filter = Filter { state: args.state.map(State::from), instance, after: args.after };
    let store = context.store().await?;
    let mut listed = Vec::new();
    for domain in directory.domains() {
        if args.domain.as_ref().is_some_and(|name| *name != domain.name) {
            continue;
        }
        let limit = args.limit;
        let all = store.scope(domain).read(move |tx| outbox::list(tx, &filter, limit)).await?;
        listed.extend(all.iter().map(|one| (one.id, shown(directory, domain, one))));
    }
    listed.sort_by_key(|(id, _)| *id);
    listed.truncate(usize::try_from(args.limit).unwrap_or(0));
    let mut objects: Vec<_> = listed.into_iter().map(|(_, object)| object).collect();
    if !context.json {
        for object in &mut objects {
            let tried = object.get("attempts").and_then(Value::as_array).map_or(0, Vec::len);
            object.insert("tried".to_owned(), Value::from(tried));
        }
    }
    let columns = ["id", "domain", "instance", "state", "tried", "next_attempt", "endpoint"];
    output::list(context.json, &objects, &columns)
}

async fn find(
    context: &Context,
    directory: &Directory,
    id: i64,
) -> Result<(Arc<Domain>, Notification)> {
    let store = context.store().await?;
    for domain in directory.domains() {
        if let Some(found) = store.scope(domain).read(move |tx| outbox::show(tx, id)).await? {
            return Ok((domain.clone(), found));
        }
    }
    Err(unknown(id).into())
}

fn unknown(id: i64) -> Error {
    Error::NotFound(format!(
        "notification {id} does not exist; `koppeltaal notifications list` shows those that do"
    ))
}

async fn resend(context: &Context, directory: &Directory, id: i64, reason: &str) -> Result<()> {
    let (domain, notification) = find(context, directory, id).await?;
    let now = context.clock.now();
    let author = context.author("notifications resend");
    let entry = Entry {
        item: (notification.generation == Generation::Kt1).then_some(notification.item),
        outcome: "pending".to_owned(),
        detail: Some(format!("resend notification {id}: {reason}")),
        ..Entry::new(Audited::Administration, now, author.agent)
    };
    let store = context.store().await?;
    let ids = Ids::take(store).await?;
    store
        .scope(&domain)
        .write(move |tx| {
            outbox::resend(tx, id, now)?;
            audit::append(tx, &ids, std::slice::from_ref(&entry))
        })
        .await?;
    let (domain, notification) = find(context, directory, id).await?;
    if context.json {
        return output::json(&shown(directory, &domain, &notification));
    }
    output::line(format_args!("notification {id} is sent again by the running server"))
}

fn shown(
    directory: &Directory,
    domain: &Domain,
    notification: &Notification,
) -> Map<String, Value> {
    let instance = directory.instance(notification.instance);
    let endpoint = instance.and_then(|found| Some(found.instance.webhook.as_ref()?.url.clone()));
    // The endpoint of a rest-hook stands in its Subscription; where it went is known
    // from its attempts.
    let is_rest_hook = notification.generation == Generation::Kt2;
    let endpoint = if is_rest_hook {
        tried_at(notification)
    } else {
        endpoint.or_else(|| tried_at(notification))
    };
    let message = (!is_rest_hook).then_some(&notification.identifier);
    let resource = is_rest_hook.then_some(&notification.identifier);
    let object = json!({
        "id": notification.id,
        "domain": domain.name,
        "generation": notification.generation,
        "instance": names::instance(directory, notification.instance),
        "subscription": notification.subscription,
        "endpoint": endpoint,
        "item": (!is_rest_hook).then_some(notification.item),
        "message_identifier": message,
        "resource": resource,
        "request_id": notification.request_id,
        "trace_id": notification.trace_id,
        "state": notification.state,
        "attempts": notification.attempts,
        "next_attempt": notification.next_attempt,
        "created": notification.created,
    });
    match object {
        Value::Object(object) => object,
        _ => Map::new(),
    }
}

fn tried_at(notification: &Notification) -> Option<String> {
    notification.attempts.iter().rev().find_map(|attempt| attempt.endpoint.clone())
}
