//! The check of an access token on a resource call (spec 1.6, consumer contract):
//! verified once and remembered until it expires; whether its instance still
//! takes part, its role still permits, and it was not revoked is asked each time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::directory::{ConnectedInstance, Directory, Domain};
use koppeltaal_core::permission::{Decision, Operation, Permissions, Reach, allows};
use koppeltaal_core::{Error, Timestamp};
use sha2::{Digest, Sha256};

use crate::access_token::{AUDIENCE, TYPE, permissions};
use crate::app::Inner;
use crate::jose::{Claims, Refused, Unverified};
use crate::key_ring::LEEWAY;

/// Tokens remembered; beyond that the expired go, then all.
const MOST_REMEMBERED: usize = 20_000;

/// The caller of a resource call.
#[derive(Debug, Clone)]
pub struct Access {
    /// The instance whose token it is.
    pub instance: Arc<ConnectedInstance>,
    /// What the token says.
    granted: Arc<Permissions>,
    /// What the role of this moment says.
    current: Arc<Permissions>,
}

impl Access {
    /// Whether the caller may do this. The token must say so and the role of this
    /// moment too: a right that is given counts from the next token on, a right
    /// that is taken away is gone at once.
    pub fn allows<'a>(
        &'a self,
        operation: Operation,
        resource_type: &'a str,
        origin: Option<&'a str>,
    ) -> Decision<'a> {
        let by_role = allows(&self.current, operation, resource_type, origin);
        match by_role.allowed {
            true => allows(&self.granted, operation, resource_type, origin),
            false => by_role,
        }
    }

    /// The Devices whose resources the caller may do this to: what both the token
    /// and the role of this moment reach.
    pub fn reach(&self, operation: Operation, resource_type: &str) -> Reach<'_> {
        let by_token = self.granted.reach(operation, resource_type);
        match (by_token, self.current.reach(operation, resource_type)) {
            (Reach::Nothing, _) | (_, Reach::Nothing) => Reach::Nothing,
            (Reach::All, reached) | (reached, Reach::All) => reached,
            (Reach::Of(mut by_token), Reach::Of(by_role)) => {
                by_token.retain(|device| by_role.contains(device));
                match by_token.is_empty() {
                    true => Reach::Nothing,
                    false => Reach::Of(by_token),
                }
            }
        }
    }
}

/// Why a bearer token is not accepted.
#[derive(Debug)]
pub enum Unaccepted {
    /// It is not good; the reason is for the log.
    Token(Refused),
    /// It cannot be checked now.
    Failed(Error),
}

impl From<Refused> for Unaccepted {
    fn from(refused: Refused) -> Self {
        Self::Token(refused)
    }
}

/// The tokens that were verified.
#[derive(Debug, Default)]
pub(crate) struct Remembered(Mutex<HashMap<[u8; 32], Known>>);

#[derive(Debug, Clone)]
struct Known {
    domain: i64,
    client_id: String,
    jti: String,
    kid: String,
    expires: Timestamp,
    granted: Arc<Permissions>,
    /// The role's permissions at a version of the directory.
    current: (i64, Arc<Permissions>),
}

impl Inner {
    /// Verifies the access token of a call to the FHIR service of `domain`.
    pub async fn access(&self, domain: &Domain, token: &str) -> Result<Access, Unaccepted> {
        let now = self.now();
        let directory = self.directory();
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        let known = self.remembered.get(&digest);
        let mut known = match known {
            Some(known) => known,
            None => {
                let claims = self.verified_access_token(domain, token, now).await?;
                let known = Known::of(&claims.0, claims.1, domain, &directory)?;
                self.remembered.put(digest, known.clone(), now);
                known
            }
        };
        if known.domain != domain.number {
            return Err(Refused::new("the token is of another domain").into());
        }
        if now >= known.expires {
            return Err(Refused::new("the token has expired").into());
        }
        if self.is_revoked(domain.number, &known.jti) {
            return Err(Refused::new("the token was revoked").into());
        }
        let instance = directory.instance_by_client_id(domain.number, &known.client_id);
        let Some(instance) = instance.filter(|instance| instance.takes_part()) else {
            return Err(Refused::new("the instance does not take part").into());
        };
        // A key that was replaced at once takes its tokens with it.
        let keys = self.keys.keys(domain).await.map_err(Unaccepted::Failed)?;
        if keys.by_kid(&known.kid, now).is_none() {
            return Err(Refused::new("the key of the token is no longer in use").into());
        }
        if known.current.0 != directory.version {
            known.current = (directory.version, Arc::new(permissions(&directory, instance)));
            self.remembered.put(digest, known.clone(), now);
        }
        Ok(Access { instance: instance.clone(), granted: known.granted, current: known.current.1 })
    }

    /// The claims of an access token of this domain whose signature, issuer,
    /// audience and times hold, and the kid of its key. Revocation is not asked.
    pub(crate) async fn verified_access_token(
        &self,
        domain: &Domain,
        token: &str,
        now: Timestamp,
    ) -> Result<(Claims, String), Unaccepted> {
        let (claims, kid) = self.verified_own_token(domain, token, now).await?;
        if claims.audience() != [AUDIENCE] || claims.text("type") != Some(TYPE) {
            return Err(Refused::new("not an access token").into());
        }
        Ok((claims, kid))
    }

    /// The claims of a token that this domain's service has signed.
    pub(crate) async fn verified_own_token(
        &self,
        domain: &Domain,
        token: &str,
        now: Timestamp,
    ) -> Result<(Claims, String), Unaccepted> {
        let token = Unverified::parse_own(token)?;
        let kid = token.kid().ok_or(Refused::new("no kid"))?.to_owned();
        if token.claims().text("iss") != Some(self.urls(domain).issuer().as_str()) {
            return Err(Refused::new("not a token of this issuer").into());
        }
        let keys = self.keys.keys(domain).await.map_err(Unaccepted::Failed)?;
        let key = keys.by_kid(&kid, now).ok_or(Refused::new("no such signing key"))?;
        let claims = token.verify(&key.public)?;
        let expires = claims.time("exp")?.ok_or(Refused::new("no exp"))?;
        if now >= expires {
            return Err(Refused::new("the token has expired").into());
        }
        if claims.time("nbf")?.is_some_and(|from| from > now.plus(LEEWAY)) {
            return Err(Refused::new("the token is not valid yet").into());
        }
        Ok((claims, kid))
    }
}

impl Known {
    fn of(
        claims: &Claims,
        kid: String,
        domain: &Domain,
        directory: &Directory,
    ) -> Result<Self, Unaccepted> {
        let text = |name: &'static str| {
            claims.text(name).map(str::to_owned).ok_or(Refused::new("a claim is missing"))
        };
        let client_id = text("azp")?;
        let current = directory
            .instance_by_client_id(domain.number, &client_id)
            .map_or_else(Permissions::default, |instance| permissions(directory, instance));
        Ok(Self {
            domain: domain.number,
            jti: text("jti")?,
            kid,
            expires: claims.time("exp")?.ok_or(Refused::new("no exp"))?,
            granted: Arc::new(Permissions::from_scope(claims.text("scope").unwrap_or(""))),
            current: (directory.version, Arc::new(current)),
            client_id,
        })
    }
}

impl Remembered {
    fn get(&self, digest: &[u8; 32]) -> Option<Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    fn put(&self, digest: [u8; 32], known: Known, now: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST_REMEMBERED {
            all.retain(|_, known| now < known.expires);
            if all.len() >= MOST_REMEMBERED {
                all.clear();
            }
        }
        all.insert(digest, known);
    }
}
