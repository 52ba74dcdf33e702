//! What a request brings to prove who makes it, and how such secrets are made.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use http::{HeaderMap, HeaderName, header};
use koppeltaal_core::{Error, Result};
use rand::RngExt;
use sha2::{Digest, Sha256};

/// The cookie of a session. Its prefix keeps it to this host.
pub const COOKIE: &str = "koppeltaal_admin";
/// What a browser's script sends along with a change.
pub const CSRF_HEADER: HeaderName = HeaderName::from_static("x-csrf-token");

/// What a request brings.
pub(super) enum Credential {
    /// Nothing.
    None,
    /// An administrator token.
    Token(String),
    /// User name and password.
    Basic { login: String, password: String },
    /// The cookie of a session.
    Session(String),
}

impl Credential {
    /// That of these headers; a header goes before a cookie.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), second) = (given.next(), given.next()) else {
            return Ok(session(headers).map_or(Self::None, Self::Session));
        };
        let unread =
            || Error::Unauthorized("The Authorization header is not understood".to_owned());
        if second.is_some() {
            return Err(unread());
        }
        let (scheme, rest) =
            value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unread)?;
        if scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Self::Token(rest.trim().to_owned()));
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Err(unread());
        }
        let decoded = STANDARD.decode(rest.trim()).map_err(|_| unread())?;
        let decoded = String::from_utf8(decoded).map_err(|_| unread())?;
        let (login, password) = decoded.split_once(':').ok_or_else(unread)?;
        Ok(Self::Basic { login: login.to_owned(), password: password.to_owned() })
    }
}

/// The session that the cookies name.
pub(super) fn session(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    cookies.flat_map(|line| line.split(';')).find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == COOKIE && !value.is_empty()).then(|| value.to_owned())
    })
}

/// A random secret (256 bits) and its SHA-256, which is what the store keeps.
pub struct Generated {
    /// The secret, to be told once.
    pub secret: String,
    /// Its hash.
    pub digest: [u8; 32],
}

/// Makes a secret that begins with `prefix`.
pub fn generate(prefix: &str) -> Generated {
    let bytes: [u8; 32] = rand::rng().random();
    let secret = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    Generated { digest: digest(&secret), secret }
}

/// The hash under which a secret is kept.
pub fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// What the script of a session sends as [`CSRF_HEADER`]: it follows from the
/// session, and the session does not follow from it.
pub(super) fn csrf_token(session: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&format!("csrf {session}")))
}

pub(super) fn has_csrf_token(headers: &HeaderMap, session: &str) -> bool {
    let given = headers.get(&CSRF_HEADER).map(http::HeaderValue::as_bytes).unwrap_or_default();
    verify_slices_are_equal(given, csrf_token(session).as_bytes()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.clone(), value.parse().unwrap());
        }
        headers
    }

    #[test]
    fn the_cookie_of_a_session_is_found_among_others() {
        let found = |value| session(&headers(&[(header::COOKIE, value)]));
        assert_eq!(found("a=b; koppeltaal_admin=xyz; c=d"), Some("xyz".to_owned()));
        assert_eq!(found("a=b; xkoppeltaal_admin=xyz"), None);
        assert_eq!(found("koppeltaal_admin="), None);
    }

    #[test]
    fn a_header_that_is_not_understood_is_refused_and_no_cookie_stands_in_for_it() {
        for value in ["Bearer", "Digest x", "Basic ???", "Basic dTpw extra"] {
            let given = headers(&[
                (header::AUTHORIZATION, value),
                (header::COOKIE, "koppeltaal_admin=xyz"),
            ]);
            assert!(Credential::of(&given).is_err(), "{value}");
        }
        let twice =
            headers(&[(header::AUTHORIZATION, "Bearer a"), (header::AUTHORIZATION, "Bearer b")]);
        assert!(Credential::of(&twice).is_err());
    }

    #[test]
    fn a_change_of_a_session_needs_the_token_of_that_session() {
        let good = headers(&[(CSRF_HEADER, &csrf_token("one"))]);
        assert!(has_csrf_token(&good, "one") && !has_csrf_token(&good, "two"));
        assert!(!has_csrf_token(&headers(&[]), "one"));
    }
}
