//! Basic authentication: the credentials name an application instance, and so
//! one domain (spec 1.5). What is wrong is not told.

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use koppeltaal_auth::Attempt;
use koppeltaal_core::Error;

use crate::answer::Refusal;
use crate::app::Inner;
use crate::call::Caller;
use crate::negotiate::text;

/// The instance behind the request's credentials.
pub async fn authenticate(
    app: &Inner,
    headers: &HeaderMap,
    address: IpAddr,
) -> Result<Caller, Refusal> {
    let (username, password) = credentials(headers).ok_or_else(refused)?;
    let directory = app.directory();
    let instance = directory.instance_by_username(&username).cloned();
    let attempt = Attempt { username: &username, password: &password, address };
    let verified = app.parts.verifier.verify(instance.as_deref(), attempt, app.now()).await?;
    match instance {
        Some(instance) if verified && instance.takes_part() => Ok(instance),
        _ => Err(refused()),
    }
}

fn refused() -> Refusal {
    Refusal::from(Error::Unauthorized(
        "Authentication failed: send the user name and password of an application instance.".into(),
    ))
}

/// The user name and password of a Basic `Authorization` header. A password may
/// contain colons.
fn credentials(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = text(headers, &header::AUTHORIZATION)?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (username, password) = decoded.split_once(':')?;
    Some((username.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_contain_colons() {
        let mut headers = HeaderMap::new();
        let value = format!("basic {}", STANDARD.encode("u@d:a:b"));
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        assert_eq!(credentials(&headers), Some(("u@d".into(), "a:b".into())));
        for value in ["Basic", "Basic ???", "Bearer x", "Basic dTpw extra"] {
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            assert_eq!(credentials(&headers), None, "{value}");
        }
    }
}
