//! Client authentication by `private_key_jwt` (RFC 7523; SMART backend services;
//! spec 1.2 to 1.4). Who fails hears always the same; the log says why.

use std::sync::Arc;

use koppeltaal_core::directory::ConnectedInstance;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::DomainTx;
use koppeltaal_store::authorization::{TokenUse, spend};

use crate::answer::OauthError;
use crate::app::{Counted, Inner};
use crate::asked::Asked;
use crate::body::Form;
use crate::jose::{Claims, Refused, Unverified};
use crate::key_ring::LEEWAY;

/// The only type of client assertion.
const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far ahead an assertion expires at most, where the instance sets nothing.
const MOST_LIFETIME: std::time::Duration = std::time::Duration::from_secs(300);
/// The longest jti.
pub(crate) const MOST_JTI: usize = 256;

/// A client whose assertion holds. It is to be spent in the transaction of what
/// the client asks for.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// The instance.
    pub instance: Arc<ConnectedInstance>,
    jti: String,
    until: Timestamp,
}

impl Client {
    /// Uses the assertion up. False: it was used before.
    pub fn spend(&self, tx: &mut DomainTx<'_>) -> Result<bool> {
        spend(tx, TokenUse::Assertion, &self.instance.instance.client_id, &self.jti, self.until)
    }
}

/// Authenticates the client of a request whose assertion may be addressed to any
/// of `audiences`. Nothing is used up yet.
pub(crate) async fn authenticate(
    app: &Inner,
    asked: &Asked,
    form: &Form,
    audiences: &[String],
) -> Result<Client, OauthError> {
    let parsed = match form.get("client_assertion") {
        Some(token) if form.get("client_assertion_type") == Some(TYPE) => Unverified::parse(token),
        Some(_) => Err(Refused::new("client_assertion_type is missing or another one")),
        None => Err(Refused::new("client_assertion is missing")),
    };
    let parsed = match parsed {
        Ok(parsed) => parsed,
        Err(reason) => return Err(refuse(app, asked, "", &reason)),
    };
    let client_id = parsed.claims().text("iss").unwrap_or("").to_owned();
    check(app, asked, form, parsed, audiences)
        .await
        .map_err(|reason| refuse(app, asked, &client_id, &reason))
}

/// The assertion of this client was used before.
pub(crate) fn replayed(app: &Inner, asked: &Asked, client: &Client) -> OauthError {
    let client_id = &client.instance.instance.client_id;
    refuse(app, asked, client_id, &Refused::new("the jti was used before"))
}

fn refuse(app: &Inner, asked: &Asked, client_id: &str, reason: &Refused) -> OauthError {
    asked.log_refusal(client_id, reason);
    match app.failed(Counted::Client(client_id), asked.peer, app.now()) {
        Some(wait) => OauthError::too_many(wait),
        None => OauthError::invalid_client(),
    }
}

async fn check(
    app: &Inner,
    asked: &Asked,
    form: &Form,
    token: Unverified,
    audiences: &[String],
) -> Result<Client, Refused> {
    let claims = token.claims();
    let issuer = claims.text("iss").ok_or(Refused::new("no iss"))?;
    if claims.text("sub") != Some(issuer) {
        return Err(Refused::new("sub is not iss"));
    }
    if form.get("client_id").is_some_and(|given| given != issuer) {
        return Err(Refused::new("client_id is not that of the assertion"));
    }
    let directory = app.directory();
    let instance = directory
        .instance_by_client_id(asked.domain.number, issuer)
        .ok_or(Refused::new("no such client in this domain"))?
        .clone();
    if !instance.takes_part() {
        return Err(Refused::new("the instance does not take part: pending, rejected or off"));
    }
    let audience = claims.audience();
    if !audience.iter().any(|aud| audiences.iter().any(|ours| ours == aud)) {
        return Err(Refused::new("aud is not this endpoint"));
    }
    let most = instance.instance.assertion_max_lifetime.unwrap_or(MOST_LIFETIME);
    // Not when the request began: its body may have taken its time.
    let until = in_force(claims, app.now(), most)?;
    let jti = jti(claims)?;
    let keys = app.client_keys.of(&instance, token.kid()).await.map_err(Refused::new)?;
    token.verify(&keys)?;
    Ok(Client { instance, jti, until })
}

/// Checks `exp`, `nbf` and `iat`, with leeway for a clock that is off, and tells
/// until when the token has to be remembered.
fn in_force(
    claims: &Claims,
    now: Timestamp,
    most: std::time::Duration,
) -> Result<Timestamp, Refused> {
    let expires = claims.time("exp")?.ok_or(Refused::new("no exp"))?;
    if expires.plus(LEEWAY) <= now {
        return Err(Refused::new("it has expired"));
    }
    if expires > now.plus(most).plus(LEEWAY) {
        return Err(Refused::new("exp is too far ahead"));
    }
    for name in ["nbf", "iat"] {
        if claims.time(name)?.is_some_and(|from| from > now.plus(LEEWAY)) {
            return Err(Refused::new("nbf or iat is in the future"));
        }
    }
    Ok(expires.plus(LEEWAY))
}

/// The jti of a token.
pub(crate) fn jti(claims: &Claims) -> Result<String, Refused> {
    let jti = claims.text("jti").filter(|jti| !jti.is_empty()).ok_or(Refused::new("no jti"))?;
    if jti.chars().count() > MOST_JTI || jti.contains('\0') {
        return Err(Refused::new("the jti is too long or no text"));
    }
    Ok(jti.to_owned())
}
