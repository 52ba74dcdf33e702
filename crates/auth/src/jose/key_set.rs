//! The public keys of one signer: a JWKS (RFC 7517, 5), from which the `kid` of the
//! token selects, or one PEM.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, Curve};
use super::key::PublicKey;
use super::token::MAX_KID;
use super::{Refused, pem};

/// The longest JWKS that is read, in bytes.
pub const MAX_JWKS: usize = 64 * 1024;

/// The most keys of one JWKS.
pub const MAX_KEYS: usize = 100;

/// Keys of one `kid` that are tried. RFC 7517 allows several only of different
/// types; the limit bounds what one token can cost.
const MAX_TRIED: usize = 4;

/// The public keys of one signer.
#[derive(Debug, Clone)]
pub struct KeySet(Keys);

#[derive(Debug, Clone)]
enum Keys {
    /// The `kid` selects.
    Jwks(Vec<Jwk>),
    /// There is but one, whatever it is called.
    Pem(PublicKey),
}

/// A key as it was published.
#[derive(Debug, Clone)]
struct Jwk {
    kid: Option<String>,
    kty: Option<String>,
    alg: Option<String>,
    usage: Option<String>,
    /// The key, or why it verifies nothing.
    key: Result<PublicKey, &'static str>,
}

/// What is known of a key, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyDescription {
    /// Its `kid`.
    pub kid: Option<String>,
    /// Its `kty`.
    pub kty: Option<String>,
    /// The `alg` it is bound to.
    pub algorithm: Option<String>,
    /// `2048 bits` or `P-256`.
    pub strength: Option<String>,
    /// Its `use`.
    pub usage: Option<String>,
    /// Why it verifies nothing.
    pub problem: Option<String>,
}

impl KeySet {
    /// Reads a JWKS. One bad key does not spoil the others; symmetric keys and
    /// private parts are not looked at.
    pub fn from_jwks(text: &[u8]) -> Result<Self, Refused> {
        if text.len() > MAX_JWKS {
            return Err(Refused::new("is longer than 64 KiB"));
        }
        let Ok(Value::Object(set)) = serde_json::from_slice(text) else {
            return Err(Refused::new("is no JSON object"));
        };
        let Some(Value::Array(keys)) = set.get("keys") else {
            return Err(Refused::new("has no array `keys`"));
        };
        if keys.len() > MAX_KEYS {
            return Err(Refused::new("has more than 100 keys"));
        }
        Ok(Self(Keys::Jwks(keys.iter().map(Jwk::read).collect())))
    }

    /// Reads one public key in PEM (or only the base64 of it), of any of the
    /// accepted types. The `kid` of a token does not matter to it.
    pub fn from_pem(text: &str) -> Result<Self, Refused> {
        PublicKey::from_der(&pem::decode(text)?)
            .map(|key| Self(Keys::Pem(key)))
            .map_err(|problem| Refused::new(format!("holds a key that cannot be used: {problem}")))
    }

    /// Whether there is a key for tokens with this `kid`, fit for use or not.
    pub fn has(&self, kid: &str) -> bool {
        match &self.0 {
            Keys::Jwks(keys) => keys.iter().any(|key| key.kid.as_deref() == Some(kid)),
            Keys::Pem(_) => true,
        }
    }

    /// Every key with what is wrong with it.
    pub fn describe(&self) -> Vec<KeyDescription> {
        match &self.0 {
            Keys::Jwks(keys) => keys.iter().map(Jwk::describe).collect(),
            Keys::Pem(key) => vec![KeyDescription {
                kid: None,
                kty: Some(key.kind().to_owned()),
                algorithm: None,
                strength: Some(key.strength()),
                usage: None,
                problem: None,
            }],
        }
    }

    pub(super) fn verify(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        signed: &[u8],
        signature: &[u8],
    ) -> Result<(), Refused> {
        let keys = match &self.0 {
            Keys::Pem(key) if !key.fits(algorithm) => {
                return Err(Refused::new("is signed with an algorithm that is not of the key"));
            }
            Keys::Pem(key) if key.verifies(algorithm, signed, signature) => return Ok(()),
            Keys::Pem(_) => return Err(Refused::new("has a signature that is not of the key")),
            Keys::Jwks(keys) => keys,
        };
        let Some(kid) = kid else {
            return Err(Refused::new("has no kid, which a JWKS needs"));
        };
        let named: Vec<&Jwk> = keys.iter().filter(|key| key.kid.as_deref() == Some(kid)).collect();
        if named.is_empty() {
            return Err(Refused::new("has a kid that is not in the JWKS"));
        }
        let usable: Vec<&PublicKey> =
            named.iter().filter_map(|key| key.key.as_ref().ok()).collect();
        if let (true, Some(Err(problem))) = (usable.is_empty(), named.first().map(|k| &k.key)) {
            return Err(Refused::new(format!("has a kid whose key cannot be used: {problem}")));
        }
        let bound_to = |key: &&Jwk| key.alg.as_deref().is_none_or(|alg| alg == algorithm.name());
        let fitting = named
            .into_iter()
            .filter(bound_to)
            .filter_map(|key| key.key.as_ref().ok())
            .filter(|key| key.fits(algorithm))
            .take(MAX_TRIED);
        let mut tried = false;
        for key in fitting {
            tried = true;
            if key.verifies(algorithm, signed, signature) {
                return Ok(());
            }
        }
        Err(Refused::new(if tried {
            "has a signature that is not of the key"
        } else {
            "is signed with an algorithm that is not of the key"
        }))
    }
}

impl From<(String, Algorithm, PublicKey)> for KeySet {
    /// The set of one key of our own.
    fn from((kid, algorithm, key): (String, Algorithm, PublicKey)) -> Self {
        Self(Keys::Jwks(vec![Jwk {
            kid: Some(kid),
            kty: Some(key.kind().to_owned()),
            alg: Some(algorithm.name().to_owned()),
            usage: Some("sig".to_owned()),
            key: Ok(key),
        }]))
    }
}

impl Jwk {
    fn read(value: &Value) -> Self {
        let empty = Map::new();
        let members = value.as_object().unwrap_or(&empty);
        let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            kid: text("kid"),
            kty: text("kty"),
            alg: text("alg"),
            usage: text("use"),
            key: public_key(members),
        }
    }

    fn describe(&self) -> KeyDescription {
        let key = self.key.as_ref();
        KeyDescription {
            kid: self.kid.as_deref().map(shown),
            kty: self.kty.as_deref().map(shown),
            algorithm: self.alg.as_deref().map(shown),
            strength: key.ok().map(PublicKey::strength),
            usage: self.usage.as_deref().map(shown),
            problem: key.err().map(|problem| (*problem).to_owned()),
        }
    }
}

/// A text of a publisher as it is printed on a terminal.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(MAX_KID).collect()
}

fn public_key(members: &Map<String, Value>) -> Result<PublicKey, &'static str> {
    match members.get("kid") {
        Some(Value::String(kid)) if !kid.is_empty() && kid.chars().count() <= MAX_KID => {}
        _ => return Err("it has no kid of 1 to 256 characters"),
    }
    if members.get("use").is_some_and(|usage| usage != "sig") {
        return Err("its use is not sig");
    }
    match members.get("key_ops") {
        None => {}
        Some(Value::Array(ops)) if ops.iter().any(|op| op == "verify") => {}
        Some(_) => return Err("its key_ops lack verify"),
    }
    let algorithm = match members.get("alg") {
        None => None,
        Some(alg) => Some(
            alg.as_str()
                .and_then(Algorithm::named)
                .ok_or("its alg is not an accepted signature algorithm")?,
        ),
    };
    let bytes = |name: &str| {
        let text = members.get(name).and_then(Value::as_str).unwrap_or_default();
        URL_SAFE_NO_PAD.decode(text).map_err(|_| "one of its numbers is not in base64url")
    };
    let key = match members.get("kty").and_then(Value::as_str) {
        Some("RSA") => PublicKey::rsa(&bytes("n")?, &bytes("e")?)?,
        Some("EC") => {
            let name = members.get("crv").and_then(Value::as_str).unwrap_or_default();
            let curve = Curve::ALL
                .into_iter()
                .find(|curve| curve.name() == name)
                .ok_or("its curve is not P-256, P-384 or P-521")?;
            PublicKey::ec(curve, &bytes("x")?, &bytes("y")?)?
        }
        Some("oct") => return Err("it is symmetric, and only asymmetric keys are accepted"),
        _ => return Err("its kty is neither RSA nor EC"),
    };
    match algorithm {
        Some(algorithm) if !key.fits(algorithm) => Err("its alg is not one of its kty and crv"),
        _ => Ok(key),
    }
}
