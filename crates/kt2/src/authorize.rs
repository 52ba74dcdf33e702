//! Who calls: the bearer token of the request (RFC 6750, 2.1), and nowhere else.

use http::{HeaderMap, header};
use koppeltaal_auth::{Access, Unaccepted};
use koppeltaal_core::directory::Domain;

use crate::app::App;
use crate::outcome::Refusal;

/// The caller behind the request's token; the log says why there is none.
pub async fn caller(
    app: &App,
    domain: &Domain,
    headers: &HeaderMap,
    request_id: &str,
) -> Result<Access, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refusal::unauthorized());
    };
    let token = value.to_str().ok().and_then(bearer).ok_or_else(Refusal::unauthorized)?;
    match app.authorization.access(domain, token).await {
        Ok(access) => Ok(access),
        Err(Unaccepted::Failed(error)) => Err(error.into()),
        Err(Unaccepted::Token(reason)) => {
            tracing::info!(request_id, domain = domain.name, %reason, "bearer token refused");
            Err(Refusal::unauthorized())
        }
    }
}

fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bearer_token_is_one() {
        assert_eq!(bearer("Bearer abc"), Some("abc"));
        assert_eq!(bearer("bearer  abc "), Some("abc"));
        for odd in ["abc", "Basic abc", "Bearer"] {
            assert_eq!(bearer(odd), None, "{odd}");
        }
    }
}
