//! The public keys of instances (kt2-auth 1.4, T020): where they are found and how
//! long they are kept. A key set at a URL is fetched once for all who wait for it,
//! kept for as long as its publisher says, and used on for a day while the publisher
//! is down.
//!
//! | file | what |
//! |---|---|
//! | `freshness` | how long an answer may be used, from its headers |
//! | `published` | the key set at one URL: when it is used, when it is fetched |
//! | `inline` | key sets that are part of the registration, parsed once |
//! | `recent` | a map of bounded size, in which both are kept |

mod freshness;
mod inline;
mod published;
pub(crate) mod recent;

use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::Clock;
use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_outbound::Clients;

use self::inline::Inline;
use self::published::Published;
use self::recent::Recent;
use crate::jose::KeySet;

/// Key sets that are kept at most, of either kind: twice as many as there are
/// instances at the scale this server is made for. One that is forgotten is fetched
/// or parsed again, and its failures and pauses begin anew.
const MOST: usize = 20_000;

/// The public keys of all instances, as this process knows them.
#[derive(Debug)]
pub struct ClientKeys {
    outbound: Arc<Clients>,
    clock: Arc<dyn Clock>,
    /// By the number of the domain and the URL: each domain has its own, as the
    /// rules for the URL are those of the domain.
    published: Mutex<Recent<(i64, String), Arc<Published>, MOST>>,
    inline: Inline,
}

impl ClientKeys {
    /// Knows no keys yet.
    pub fn new(outbound: Arc<Clients>, clock: Arc<dyn Clock>) -> Self {
        Self { outbound, clock, published: Mutex::default(), inline: Inline::default() }
    }

    /// The key set for a token of this instance; `kid` is that of the token's
    /// header, and one that is not in a fetched set is looked for once more (at
    /// most once a minute). The error is for the log.
    pub async fn of(
        &self,
        instance: &ConnectedInstance,
        kid: Option<&str>,
    ) -> Result<Arc<KeySet>, String> {
        let Some(url) = &instance.instance.jwks_url else {
            return self.inline.of(&instance.instance, self.clock.now());
        };
        let published = self.at(instance.domain.number, url);
        published.keys(kid, &instance.domain, &self.outbound, &self.clock).await
    }

    /// Fetches the key set now, whatever is kept, and keeps it: for an operator
    /// who asks whether it works.
    pub async fn check(&self, instance: &ConnectedInstance) -> Result<Arc<KeySet>, String> {
        let Some(url) = &instance.instance.jwks_url else {
            return self.inline.of(&instance.instance, self.clock.now());
        };
        let published = self.at(instance.domain.number, url);
        published.fetch_now(&instance.domain, &self.outbound, &self.clock).await
    }

    /// What is known of the key set at this URL.
    fn at(&self, domain: i64, url: &str) -> Arc<Published> {
        let mut known = self.published.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (domain, url.to_owned());
        Arc::clone(known.use_or_make(key, self.clock.now(), || Arc::new(Published::new(url))))
    }
}
