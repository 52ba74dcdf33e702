//! A JWT before it is signed (RFC 7519): made with the claims that the standard wants, each of
//! which can be replaced or left out, because servers are tested with tokens that are wrong.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::error::Result;
use super::signer::Signer;

/// The longest lifetime that Koppeltaal allows between `iat` and `exp`.
pub const MAX_LIFETIME: Duration = Duration::from_secs(300);

/// A token of some kind that is not signed yet: an [`Assertion`](super::Assertion) or a
/// [`LaunchToken`](super::LaunchToken).
pub struct Token<Kind> {
    header: Map<String, Value>,
    claims: Map<String, Value>,
    kind: PhantomData<Kind>,
}

impl<Kind> Clone for Token<Kind> {
    fn clone(&self) -> Self {
        Token { header: self.header.clone(), claims: self.claims.clone(), kind: PhantomData }
    }
}

impl<Kind> fmt::Debug for Token<Kind> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("header", &self.header)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

impl<Kind> Token<Kind> {
    /// A token with a new `jti`, issued now, that lives for five minutes.
    pub(super) fn with_claims<const N: usize>(claims: [(&str, Value); N]) -> Self {
        let now = jiff::Timestamp::now().as_second();
        let mut token = Token {
            header: Map::from_iter([("typ".to_owned(), "JWT".into())]),
            claims: claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
            kind: PhantomData,
        };
        token.claims.insert("jti".to_owned(), uuid::Uuid::new_v4().to_string().into());
        token.issued_at(now)
    }

    /// Sets a claim.
    #[must_use]
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.claims.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a claim out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.claims.shift_remove(name);
        self
    }

    /// Sets a member of the header. `alg` changes what is said, not how it is signed.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.header.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a member of the header out. (`kid` is left out by a [`Signer`] that names none.)
    #[must_use]
    pub fn without_header(mut self, name: &str) -> Self {
        self.header.shift_remove(name);
        self
    }

    /// Issued at this time, in seconds since 1970; it expires [`MAX_LIFETIME`] later.
    #[must_use]
    pub fn issued_at(mut self, seconds: i64) -> Self {
        self.claims.insert("iat".to_owned(), seconds.into());
        self.lifetime(MAX_LIFETIME)
    }

    /// Expires so long after it was issued.
    #[must_use]
    pub fn lifetime(self, lifetime: Duration) -> Self {
        let issued = self.claims.get("iat").and_then(Value::as_i64).unwrap_or_default();
        let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        self.claim("exp", issued.saturating_add(seconds))
    }

    /// The claims.
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The token in its compact form (RFC 7515 §7.1). The header gets `alg`, and `kid` if the
    /// signer names one, unless they were set.
    pub fn sign(&self, signer: &Signer) -> Result<String> {
        let mut header = Map::new();
        header.insert("alg".to_owned(), signer.algorithm().name().into());
        if let Some(kid) = signer.kid() {
            header.insert("kid".to_owned(), kid.into());
        }
        header.extend(self.header.clone());
        signer.key().sign(signer.algorithm(), &header, &self.claims)
    }
}

impl super::PrivateKey {
    /// The JWS of these claims in its compact form, with the header as it is given.
    pub fn sign(
        &self,
        algorithm: super::Algorithm,
        header: &Map<String, Value>,
        claims: &Map<String, Value>,
    ) -> Result<String> {
        let part = |part: &Map<String, Value>| {
            let text = Value::Object(part.clone()).to_string();
            URL_SAFE_NO_PAD.encode(text)
        };
        let mut token = format!("{}.{}", part(header), part(claims));
        let signature = self.signature(algorithm, token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }
}
