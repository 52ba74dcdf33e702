//! The keys that sign the tokens of each domain (kt2-auth 4). Their private halves
//! are shown nowhere.

use koppeltaal_auth::key_ring::{KeyRing, Rotation};
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::authorization::{SigningKey, signing_keys};
use serde_json::json;

use crate::desk::Desk;
use crate::page::{self, Object};

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

/// The signing keys of a domain, oldest first.
pub async fn list(desk: &Desk, domain: &Domain) -> Result<Vec<Object>> {
    let keys = stored(desk, domain).await?;
    let states = State::of(&keys, desk.clock.now());
    Ok(keys.iter().zip(states).map(|(key, state)| object(domain, key, state)).collect())
}

fn object(domain: &Domain, key: &SigningKey, state: State) -> Object {
    page::object(json!({
        "domain": domain.name,
        "kid": key.kid,
        "state": state.words(),
        "created": key.created,
        "signs_from": key.signs_from,
        "published_until": key.published_until,
    }))
}

/// A key that took the place of others.
pub struct Rotated {
    /// The new key.
    pub made: SigningKey,
    /// Those it replaced, and until when they are published.
    pub replaced: Vec<SigningKey>,
}

impl Rotated {
    /// What happened, as JSON.
    pub fn object(&self, domain: &Domain) -> Object {
        let replaced = self
            .replaced
            .iter()
            .map(|key| json!({ "kid": key.kid, "published_until": key.published_until }))
            .collect::<Vec<_>>();
        page::object(json!({
            "domain": domain.name,
            "kid": self.made.kid,
            "signs_from": self.made.signs_from,
            "replaced": replaced,
        }))
    }
}

/// Replaces the signing key of a domain; running servers follow by themselves.
pub async fn rotate(desk: &Desk, domain: &Domain, rotation: Rotation) -> Result<Rotated> {
    refuse_development_key(desk, domain)?;
    let before = stored(desk, domain).await?;
    let what = match rotation {
        Rotation::Smooth => "a new signing key",
        Rotation::AtOnce => "a new signing key at once",
    };
    let author = &desk.author;
    let entry = Entry {
        detail: Some(what.to_owned()),
        request_id: author.request_id.clone(),
        ..Entry::new(Action::Administration, author.recorded, author.agent.clone())
    };
    let kid = replace(desk, domain, rotation, entry).await?;
    let keys = stored(desk, domain).await?;
    let made = keys.iter().find(|key| key.kid == kid).cloned();
    let made = made.ok_or_else(|| Error::internal("a key that was made is not there"))?;
    // What had ended before is none of this rotation's business.
    let was_over = |key: &SigningKey| {
        let known = before.iter().find(|known| known.number == key.number);
        known.and_then(|known| known.published_until).is_some_and(|until| until <= author.recorded)
    };
    let replaced =
        keys.into_iter().filter(|key| key.number < made.number && !was_over(key)).collect();
    Ok(Rotated { made, replaced })
}

/// Makes the new key, with its entry in the audit trail, and tells its kid.
async fn replace(desk: &Desk, domain: &Domain, rotation: Rotation, entry: Entry) -> Result<String> {
    let ring = KeyRing::new(
        desk.store.clone(),
        desk.seal.clone(),
        desk.clock.clone(),
        desk.settings.access_token_lifetime,
    );
    // Another process may make a key at the same moment: what was asked for here
    // is one that is newer.
    for _ in 0..10 {
        let recorded = Some((desk.ids.clone(), entry.clone()));
        if let Some(kid) = ring.rotate(domain, rotation, recorded).await? {
            return Ok(kid);
        }
    }
    let text = "others make keys for this domain all the time: try again";
    Err(Error::Unavailable(text.to_owned()))
}

/// As `serve`: what real people depend on is not sealed with a key that
/// everybody knows.
fn refuse_development_key(desk: &Desk, domain: &Domain) -> Result<()> {
    if !domain.phase.is_strict() || !desk.seal.is_development() {
        return Ok(());
    }
    Err(Error::Forbidden(format!(
        "domain {} is in phase {}, and `seal_key` is the development key: run this command with \
         the configuration of the server",
        domain.name,
        domain.phase.code()
    )))
}

async fn stored(desk: &Desk, domain: &Domain) -> Result<Vec<SigningKey>> {
    desk.store.scope(domain).read(signing_keys).await
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
