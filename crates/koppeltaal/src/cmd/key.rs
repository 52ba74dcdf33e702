//! `koppeltaal key list|rotate`: the keys that sign the tokens of each domain
//! (kt2-auth 4). Their private halves are shown nowhere.

use std::sync::Arc;

use anyhow::Result;
use clap::Subcommand;
use koppeltaal_auth::key_ring::{KeyRing, Rotation};
use koppeltaal_core::audit::{Action as Audited, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::Ids;
use koppeltaal_store::authorization::{SigningKey, signing_keys};
use serde_json::{Map, Value, json};

use super::directory::{self, check_domain, found};
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

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Others get to know it before it signs.
    Ahead,
    /// It signs.
    Signs,
    /// It signs no more, and what it signed is still good.
    Published,
    /// Nothing.
    Over,
}

impl State {
    /// The states of the keys of one domain, which stand oldest first.
    fn of(keys: &[SigningKey], now: Timestamp) -> Vec<Self> {
        let is_over = |key: &SigningKey| key.published_until.is_some_and(|until| until <= now);
        let signing = keys.iter().rposition(|key| !is_over(key) && key.signs_from <= now);
        let state = |(at, key)| match key {
            key if is_over(key) => Self::Over,
            key if key.signs_from > now => Self::Ahead,
            _ if Some(at) == signing => Self::Signs,
            _ => Self::Published,
        };
        keys.iter().enumerate().map(state).collect()
    }

    fn words(self) -> &'static str {
        match self {
            Self::Ahead => "publishing ahead",
            Self::Signs => "signs",
            Self::Published => "published",
            Self::Over => "over",
        }
    }
}

async fn list(context: &Context, only: Option<&str>) -> Result<()> {
    let directory = directory::read(context).await?;
    check_domain(&directory, only)?;
    let mut objects = Vec::new();
    for domain in directory.domains().iter().filter(|d| only.is_none_or(|only| only == d.name)) {
        let keys = stored(context, domain).await?;
        let states = State::of(&keys, context.clock.now());
        objects.extend(keys.iter().zip(states).map(|(key, state)| object(domain, key, state)));
    }
    let columns = ["domain", "kid", "state", "created", "signs_from", "published_until"];
    output::list(context.json, &objects, &columns)
}

fn object(domain: &Domain, key: &SigningKey, state: State) -> Map<String, Value> {
    let until = key.published_until.map(|until| until.to_string());
    [
        ("domain", Value::from(domain.name.as_str())),
        ("kid", Value::from(key.kid.as_str())),
        ("state", Value::from(state.words())),
        ("created", Value::from(key.created.to_string())),
        ("signs_from", Value::from(key.signs_from.to_string())),
        ("published_until", Value::from(until)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into_iter()
    .collect()
}

async fn rotate(context: &Context, name: &str, rotation: Rotation) -> Result<()> {
    let directory = directory::read(context).await?;
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    let domain = found(directory.domain(name), "domain", name, names)?;
    refuse_development_key(context, domain)?;
    let store = context.store().await?;
    let ids = Arc::new(Ids::take(store).await?);
    let author = context.author("key rotate");
    let before = stored(context, domain).await?;

    let what = match rotation {
        Rotation::Smooth => "a new signing key",
        Rotation::AtOnce => "a new signing key at once",
    };
    let entry = Entry {
        detail: Some(what.to_owned()),
        request_id: author.request_id,
        ..Entry::new(Audited::Administration, author.recorded, author.agent)
    };
    let kid = replace(context, domain, rotation, &(ids, entry)).await?;

    let keys = stored(context, domain).await?;
    let made = found(keys.iter().find(|key| key.kid == kid), "signing key", &kid, [])?;
    // What had ended before is none of this rotation's business.
    let was_over = |key: &SigningKey| {
        let known = before.iter().find(|known| known.number == key.number);
        known.and_then(|known| known.published_until).is_some_and(|until| until <= author.recorded)
    };
    let replaced: Vec<&SigningKey> =
        keys.iter().filter(|key| key.number < made.number && !was_over(key)).collect();
    tell(context, domain, made, &replaced, rotation)
}

fn tell(
    context: &Context,
    domain: &Domain,
    made: &SigningKey,
    replaced: &[&SigningKey],
    rotation: Rotation,
) -> Result<()> {
    let until = |key: &SigningKey| key.published_until.map(|until| until.to_string());
    if context.json {
        let replaced = replaced
            .iter()
            .map(|key| json!({ "kid": key.kid, "published_until": until(key) }))
            .collect::<Vec<_>>();
        output::json(&json!({
            "domain": domain.name,
            "kid": made.kid,
            "signs_from": made.signs_from.to_string(),
            "replaced": replaced,
        }))?;
    } else {
        output::line(format_args!("new key {} signs from {}", made.kid, made.signs_from))?;
        for key in replaced {
            match key.published_until {
                Some(end) if end <= made.signs_from => {
                    output::line(format_args!("old key {} is over", key.kid))?;
                }
                _ => {
                    let until = until(key).unwrap_or_default();
                    output::line(format_args!("old key {} is published until {until}", key.kid))?;
                }
            }
        }
    }
    if rotation == Rotation::AtOnce {
        output::remark(format_args!(
            "all tokens of {} stop working within a second: its applications must ask for new ones",
            domain.name
        ));
    }
    Ok(())
}

/// Makes the new key, with its entry in the audit trail, and tells its kid.
async fn replace(
    context: &Context,
    domain: &Domain,
    rotation: Rotation,
    recorded: &(Arc<Ids>, Entry),
) -> Result<String> {
    let ring = KeyRing::new(
        context.store().await?.clone(),
        context.seal.clone(),
        context.clock.clone(),
        context.config.kt2.access_token_lifetime,
    );
    // Another process may make a key at the same moment: what was asked for here
    // is one that is newer.
    for _ in 0..10 {
        if let Some(kid) = ring.rotate(domain, rotation, Some(recorded.clone())).await? {
            return Ok(kid);
        }
    }
    let text = "others make keys for this domain all the time: try again";
    Err(Error::Unavailable(text.to_owned()).into())
}

/// As `serve`: what real people depend on is not sealed with a key that
/// everybody knows.
fn refuse_development_key(context: &Context, domain: &Domain) -> Result<()> {
    if !domain.phase.is_strict() || !context.seal.is_development() {
        return Ok(());
    }
    let text = format!(
        "domain {} is in phase {}, and `seal_key` is the development key: run this command with \
         the configuration of the server",
        domain.name,
        domain.phase.code()
    );
    Err(Error::Forbidden(text).into())
}

async fn stored(context: &Context, domain: &Domain) -> Result<Vec<SigningKey>> {
    Ok(context.store().await?.scope(domain).read(signing_keys).await?)
}

#[cfg(test)]
mod tests {
    use koppeltaal_core::directory::Secret;

    use super::*;

    fn key(number: i64, signs_from: i64, published_until: Option<i64>) -> SigningKey {
        SigningKey {
            number,
            kid: number.to_string(),
            sealed: Secret(String::new()),
            created: Timestamp(0),
            signs_from: Timestamp(signs_from),
            published_until: published_until.map(Timestamp),
        }
    }

    #[test]
    fn a_key_is_published_then_signs_then_is_published_still_and_then_is_over() {
        let keys = [key(1, 0, Some(10)), key(2, 5, Some(40)), key(3, 30, None)];
        for (now, states) in [
            (0, [State::Signs, State::Ahead, State::Ahead]),
            (5, [State::Published, State::Signs, State::Ahead]),
            (10, [State::Over, State::Signs, State::Ahead]),
            (30, [State::Over, State::Published, State::Signs]),
            (40, [State::Over, State::Over, State::Signs]),
        ] {
            assert_eq!(State::of(&keys, Timestamp(now)), states, "{now}");
        }
    }
}
