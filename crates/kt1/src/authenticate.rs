//! Who calls: Basic credentials name an application instance, and so one domain
//! (spec 1.5); an access token of a launch names the instance that was launched,
//! and one patient. What is wrong is not told.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use koppeltaal_auth::Attempt;
use koppeltaal_core::Error;
use koppeltaal_store::sso::{self, Digest, SecretKind};

use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::Caller;
use crate::negotiate::text;

/// What a caller brings.
#[derive(Clone, PartialEq, Eq)]
pub enum Credentials {
    /// User name and password.
    Basic(String, String),
    /// An access token.
    Bearer(String),
}

impl Credentials {
    /// Reads the value of an `Authorization` header. A password may contain colons.
    pub fn read(value: &str) -> Option<Self> {
        let (scheme, rest) = value.trim().split_once(' ')?;
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return (!rest.is_empty()).then(|| Self::Bearer(rest.to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
        let (username, password) = decoded.split_once(':')?;
        Some(Self::Basic(username.to_owned(), password.to_owned()))
    }

    /// Those of a request's header.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        Self::read(text(headers, &header::AUTHORIZATION)?)
    }
}

/// The caller behind the request's credentials.
pub async fn authenticate(
    app: &Inner,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<Caller, Refusal> {
    authenticate_with(app, Credentials::of(headers), address).await
}

/// The caller behind credentials, wherever they stood.
pub async fn authenticate_with(
    app: &Inner,
    credentials: Option<Credentials>,
    address: IpAddr,
) -> Result<Caller, Refusal> {
    match credentials.ok_or_else(refused)? {
        Credentials::Basic(username, password) => basic(app, &username, &password, address).await,
        Credentials::Bearer(token) => bearer(app, &token).await,
    }
}

async fn basic(
    app: &Inner,
    username: &str,
    password: &str,
    address: IpAddr,
) -> Result<Caller, Refusal> {
    let directory = app.directory();
    let instance = directory.instance_by_username(username).cloned();
    let attempt = Attempt { username, password, address };
    let verified = app.parts.verifier.verify(instance.as_deref(), attempt, app.now()).await?;
    match instance {
        Some(instance) if verified && instance.takes_part() => Ok(Caller::from(instance)),
        _ => Err(refused()),
    }
}

async fn bearer(app: &Inner, token: &str) -> Result<Caller, Refusal> {
    let digest = Digest::of(SecretKind::Access, token);
    let found = app.parts.store.read(move |tx| sso::bearer(tx, &digest)).await?;
    let found = found.ok_or_else(Refusal::no_bearer)?;
    let directory = app.directory();
    let instance = directory.instance(found.instance).filter(|instance| instance.takes_part());
    let instance = instance.ok_or_else(Refusal::no_bearer)?;
    if found.expires <= app.now() {
        return Err(Refusal::expired(token, found.expires));
    }
    Ok(Caller::of_bearer(instance.clone(), found))
}

fn refused() -> Refusal {
    Refusal::from(Error::Unauthorized(
        "Authentication failed: send the user name and password of an application instance.".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_contain_colons() {
        let value = format!("basic {}", STANDARD.encode("u@d:a:b"));
        let credentials = Credentials::read(&value);
        assert!(credentials == Some(Credentials::Basic("u@d".into(), "a:b".into())));
        assert!(Credentials::read("bearer  t") == Some(Credentials::Bearer("t".into())));
        for value in ["Basic", "Basic ???", "Bearer ", "Digest x", "Basic dTpw extra", ""] {
            assert!(Credentials::read(value).is_none(), "{value}");
        }
    }
}
