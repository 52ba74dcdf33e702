//! `koppeltaal key list|rotate`: the keys that sign the tokens of each domain
//! (kt2-auth 4). Their private halves are shown nowhere.

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_admin::operate::key::{self, Rotated};
use koppeltaal_auth::key_ring::Rotation;
use koppeltaal_core::directory::Domain;

use super::directory::{check_domain, found};
use crate::context::Context;
use crate::output;

/// Signing keys: what proves that a token is of this server (Koppeltaal 2.0).
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// The signing keys of the domains, oldest first
    List {
        /// Of this domain only
        #[arg(long)]
        domain: Option<String>,
    },
    /// Replace the signing key of a domain; a running server follows by itself
    ///
    /// Run it with the configuration of the server: `seal_key` seals the new key,
    /// and the old one is published for as long as `kt2.access_token_lifetime`
    /// says, here and not in the server.
    Rotate {
        /// The domain
        #[arg(long)]
        domain: String,
        /// The old key may be in wrong hands: every token of the domain stops
        /// working
        #[arg(long)]
        at_once: bool,
    },
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    match args.action {
        Action::List { domain } => list(context, domain.as_deref()).await,
        Action::Rotate { domain, at_once } => {
            let rotation = if at_once { Rotation::AtOnce } else { Rotation::Smooth };
            rotate(context, &domain, rotation).await
        }
    }
}

async fn list(context: &Context, only: Option<&str>) -> Result<()> {
    let desk = context.desk("key list").await?;
    let directory = desk.directory().await?;
    check_domain(&directory, only)?;
    let mut objects = Vec::new();
    for domain in directory.domains().iter().filter(|d| only.is_none_or(|only| only == d.name)) {
        objects.extend(key::list(&desk, domain).await?);
    }
    let columns = ["domain", "kid", "state", "created", "signs_from", "published_until"];
    output::list(context.json, &objects, &columns)
}

async fn rotate(context: &Context, name: &str, rotation: Rotation) -> Result<()> {
    let desk = context.desk("key rotate").await?;
    let directory = desk.directory().await?;
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    let domain = found(directory.domain(name), "domain", name, names)?;
    let rotated = key::rotate(&desk, domain, rotation).await?;
    tell(context, domain, &rotated)?;
    if rotation == Rotation::AtOnce {
        output::remark(format_args!(
            "all tokens of {} stop working within a second: its applications must ask for new ones",
            domain.name
        ));
    }
    Ok(())
}

fn tell(context: &Context, domain: &Domain, rotated: &Rotated) -> Result<()> {
    let made = &rotated.made;
    if context.json {
        return output::json(&rotated.object(domain));
    }
    output::line(format_args!("new key {} signs from {}", made.kid, made.signs_from))?;
    for key in &rotated.replaced {
        match key.published_until {
            Some(end) if end > made.signs_from => {
                output::line(format_args!("old key {} is published until {end}", key.kid))?;
            }
            Some(_) => output::line(format_args!("old key {} is over", key.kid))?,
            None => output::line(format_args!("old key {} is published", key.kid))?,
        }
    }
    Ok(())
}
