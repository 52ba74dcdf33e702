//! `koppeltaal bench …`: puts load on a Koppeltaal server, or on a store without a server, and
//! prints how it did. `docs/performance.md` tells how the figures of this project are made.

mod credentials;
mod empty;
mod kt1;
mod kt2;
mod load;
mod message;
mod provision;
mod store;
mod template;
mod watch;

use std::fmt::Display;
use std::time::Duration;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

use crate::context::Context;
use crate::output;

/// Puts load on a server or a store and measures it. Never on one with real
/// data: the messages stay.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Print a provisioning file with a domain for measuring
    Provision(provision::Args),
    /// Ask for nothing: what machine and load generator allow at most
    Empty(empty::Args),
    /// Load on the KT1 face of a server
    #[command(subcommand)]
    Kt1(kt1::Command),
    /// Load on a KT2 server
    #[command(subcommand)]
    Kt2(kt2::Command),
    /// The same rows without a server: the raw bound of a store
    #[command(subcommand)]
    Store(store::Command),
    /// Fill a store with waiting messages, with no server in between
    Fill(store::FillArgs),
    /// Watch the memory of a running server
    Watch(watch::Args),
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::Provision(args) => output::text(&provision::file(&args)),
        Action::Empty(args) => put_load(context, move || empty::run(&args)).await,
        Action::Kt1(command) => put_load(context, move || kt1::run(&command)).await,
        Action::Kt2(kt2::Command::Provision(args)) => output::text(&kt2::provision(&args)?),
        Action::Kt2(kt2::Command::Authorization(args)) => {
            // The default would be the store of this folder, which is not one for measuring.
            let given = context.values.get("database").and_then(|given| given.texts.first());
            let (database, seal) = (given.cloned(), context.seal.clone());
            put_load(context, move || kt2::authorization(&args, database.as_deref(), &seal)).await
        }
        Action::Kt2(kt2::Command::Resources(args)) => {
            let given = context.values.get("database").and_then(|given| given.texts.first());
            let database = given.cloned();
            put_load(context, move || kt2::resources(&args, database.as_deref())).await
        }
        Action::Kt2(kt2::Command::Notifications(args)) => {
            let given = context.values.get("database").and_then(|given| given.texts.first());
            let database = given.cloned();
            put_load(context, move || kt2::notifications(&args, database.as_deref())).await
        }
        Action::Kt2(kt2::Command::Audit(args)) => {
            let given = context.values.get("database").and_then(|given| given.texts.first());
            let database = given.cloned();
            put_load(context, move || kt2::audit(&args, database.as_deref())).await
        }
        Action::Store(command) => {
            let outcome = store::run(&context.config.database, &command).await?;
            match outcome {
                store::Outcome::Report(report) => print(context, &report),
                store::Outcome::Text(text) => output::text(&text),
            }
        }
        Action::Fill(args) => {
            let report = store::fill(&context.config.database, &args).await?;
            print(context, &report)
        }
        Action::Watch(args) => watch_memory(context, args).await,
    }
}

/// The load generator has a runtime of its own on one thread, so that it costs little.
async fn put_load<R: Serialize + Display + Send + 'static>(
    context: &Context,
    load: impl FnOnce() -> Result<R> + Send + 'static,
) -> Result<()> {
    let report = tokio::task::spawn_blocking(load).await??;
    print(context, &report)
}

fn print(context: &Context, report: &(impl Serialize + Display)) -> Result<()> {
    if context.json { output::json(report) } else { output::text(&report.to_string()) }
}

async fn watch_memory(context: &Context, args: watch::Args) -> Result<()> {
    let quiet = context.json;
    let watching = tokio::task::spawn_blocking(move || {
        watch::watch(&args, |sample| {
            if !quiet {
                // A closed pipe shows when the result is printed.
                drop(output::line(format_args!(
                    "{:>8.0} s {:>10.1} MB",
                    sample.second, sample.rss_mb
                )));
            }
        })
    });
    let curve = watching.await??;
    if context.json {
        return output::json(&curve);
    }
    let (Some(early), Some(late), Some(growth)) =
        (curve.minutes_5_to_10_mb, curve.last_5_minutes_mb, curve.growth_percent)
    else {
        return Ok(());
    };
    output::line(format_args!(
        "minutes 5 to 10: {early:.1} MB, last 5 minutes: {late:.1} MB, growth {growth:+.1} %"
    ))
}

/// A duration as the configuration writes it.
fn duration(text: &str) -> Result<Duration, String> {
    koppeltaal_core::duration::parse(text).map_err(|error| error.to_string())
}
