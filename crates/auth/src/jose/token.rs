//! The compact form of a signed token (RFC 7515, 7.1), parsed without mercy: what a
//! careful client would not send is not interpreted.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::strict_json::object;
use super::{Algorithm, Claims, KeySet, Refused};

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN: usize = 8 * 1024;

/// The longest token that is looked at as one of our own.
const MAX_OWN_TOKEN: usize = 64 * 1024;

/// The longest `kid`, in characters.
pub(super) const MAX_KID: usize = 256;

/// Kinds of token that are taken here. A logout token or another server's access
/// token has a `typ` of its own (RFC 8725, 3.11).
const TYPES: [&str; 2] = ["jwt", "client-authentication+jwt"];

/// Header members that would let the sender choose the key, or change what is
/// signed.
const FORBIDDEN: [&str; 7] = ["crit", "jku", "x5u", "x5c", "jwk", "b64", "zip"];

/// A token that nobody has vouched for yet.
pub struct Unverified {
    /// Header and payload as they were sent: what the signature covers.
    signed: String,
    signature: Vec<u8>,
    algorithm: Algorithm,
    kid: Option<String>,
    claims: Claims,
}

impl Unverified {
    /// Parses a token. Its signature is still to be verified.
    pub fn parse(token: &str) -> Result<Self, Refused> {
        if token.len() > MAX_TOKEN {
            return Err(Refused::new("is longer than 8 KiB"));
        }
        Self::parse_own(token)
    }

    /// Parses a token that may be one of our own, which grow with the role of
    /// their instance. What bounds it is the size of a request.
    pub(crate) fn parse_own(token: &str) -> Result<Self, Refused> {
        if token.len() > MAX_OWN_TOKEN {
            return Err(Refused::new("is longer than 64 KiB"));
        }
        let mut parts = token.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Refused::new("has not exactly three parts"));
        };
        let signed = &token[..header.len() + 1 + payload.len()];
        let header = members(header, "has a header that is no JSON object in base64url")?;
        let payload = members(payload, "has claims that are no JSON object in base64url")?;
        let signature = decode(signature)
            .ok_or_else(|| Refused::new("has a signature that is not in base64url"))?;
        Ok(Self {
            signed: signed.to_owned(),
            signature,
            algorithm: algorithm(&header)?,
            kid: kid(&header)?,
            claims: Claims::new(payload),
        })
    }

    /// The `kid` of the header.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The `alg` of the header.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// What it claims, to find out whose keys to verify it with and no more.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }

    /// Verifies the signature with the key that the `kid` names.
    pub fn verify(self, keys: &KeySet) -> Result<Claims, Refused> {
        keys.verify(self.kid(), self.algorithm, self.signed.as_bytes(), &self.signature)?;
        Ok(self.claims)
    }
}

/// Without the token, which would be good for a replay.
impl fmt::Debug for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unverified")
            .field("algorithm", &self.algorithm)
            .field("kid", &self.kid)
            .field("claims", &self.claims)
            .finish_non_exhaustive()
    }
}

fn decode(part: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).ok().filter(|bytes| !bytes.is_empty())
}

fn members(part: &str, otherwise: &'static str) -> Result<Map<String, Value>, Refused> {
    decode(part).and_then(|bytes| object(&bytes)).ok_or_else(|| Refused::new(otherwise))
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, Refused> {
    if FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
        return Err(Refused::new("has one of crit, jku, x5u, x5c, jwk, b64 and zip in its header"));
    }
    let is_taken = |typ: &str| TYPES.iter().any(|taken| taken.eq_ignore_ascii_case(typ));
    match header.get("typ") {
        None => {}
        Some(Value::String(typ)) if is_taken(typ) => {}
        Some(_) => return Err(Refused::new("is a token of another kind (typ)")),
    }
    header
        .get("alg")
        .and_then(Value::as_str)
        .and_then(Algorithm::named)
        .ok_or_else(|| Refused::new("is signed with an algorithm that is not accepted"))
}

fn kid(header: &Map<String, Value>) -> Result<Option<String>, Refused> {
    match header.get("kid") {
        None => Ok(None),
        Some(Value::String(kid)) if !kid.is_empty() && kid.chars().count() <= MAX_KID => {
            Ok(Some(kid.clone()))
        }
        Some(_) => Err(Refused::new("has a kid that is no text of 1 to 256 characters")),
    }
}
