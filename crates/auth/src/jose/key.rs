//! One public key (RFC 7518, 6), parsed once: a verification then costs little more
//! than the arithmetic.

use std::fmt;
use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::rsa::{PublicKey as RsaPublicKey, PublicKeyComponents};
use aws_lc_rs::signature::ParsedPublicKey;

use super::algorithm::{Algorithm, Curve, Family};

/// RSA moduli that are accepted, in bits (A21-19). Longer ones only cost time.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A public key that can verify.
#[derive(Debug, Clone)]
pub(super) enum PublicKey {
    /// Clones share what was parsed.
    Rsa(Arc<RsaKey>),
    Ec(Curve, ParsedPublicKey),
}

pub(super) struct RsaKey {
    bits: usize,
    der: Vec<u8>,
    /// The key in the form each of the six algorithms wants it, made when one
    /// first needs it.
    parsed: [OnceLock<Option<ParsedPublicKey>>; 6],
}

impl fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaKey").field("bits", &self.bits).finish_non_exhaustive()
    }
}

impl PublicKey {
    /// An RSA key of its modulus and exponent, big-endian.
    pub(super) fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, &'static str> {
        let (n, e) = (without_zeros(modulus), without_zeros(exponent));
        check_rsa(n, e)?;
        let der: PublicKeyX509Der<'_> = PublicKeyComponents { n, e }
            .as_der()
            .map_err(|_| "its modulus and exponent make no RSA key")?;
        // Parsing it again makes the library check it.
        Self::from_der(der.as_ref())
    }

    /// A point of a curve.
    pub(super) fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, &'static str> {
        let length = curve.coordinate_len();
        if x.len() != length || y.len() != length {
            return Err("its coordinates have not the length of the curve");
        }
        let point = [&[4], x, y].concat();
        ParsedPublicKey::new(curve.verification(), point)
            .map(|key| Self::Ec(curve, key))
            .map_err(|_| "its coordinates are no point of the curve")
    }

    /// A key in DER: SubjectPublicKeyInfo of RSA or of one of the three curves, or
    /// RSAPublicKey of PKCS#1.
    pub(super) fn from_der(der: &[u8]) -> Result<Self, &'static str> {
        if let Ok(key) = RsaPublicKey::from_der(der) {
            let (n, e) = (key.modulus(), key.exponent());
            let bits = check_rsa(
                n.big_endian_without_leading_zero(),
                e.big_endian_without_leading_zero(),
            )?;
            let parsed = std::array::from_fn(|_| OnceLock::new());
            let der = key.as_ref().to_vec();
            return Ok(Self::Rsa(Arc::new(RsaKey { bits, der, parsed })));
        }
        Curve::ALL
            .into_iter()
            .find_map(|curve| {
                let key = ParsedPublicKey::new(curve.verification(), der).ok()?;
                // The library would take the bare point, too, which no PEM holds.
                der.starts_with(&[0x30]).then_some(Self::Ec(curve, key))
            })
            .ok_or("it is neither an RSA key nor one on P-256, P-384 or P-521")
    }

    /// Whether a key of this type makes signatures of this algorithm.
    pub(super) fn fits(&self, algorithm: Algorithm) -> bool {
        match (algorithm.family(), self) {
            (Family::Rsa(..), Self::Rsa(_)) => true,
            (Family::Ec(wanted), Self::Ec(curve, _)) => wanted == *curve,
            _ => false,
        }
    }

    /// Whether this is the signature of `message` by the owner of this key.
    pub(super) fn verifies(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        match (algorithm.family(), self) {
            (Family::Rsa(parameters, at), Self::Rsa(key)) => key
                .parsed
                .get(at)
                .and_then(|kept| {
                    kept.get_or_init(|| ParsedPublicKey::new(parameters, &key.der).ok()).as_ref()
                })
                .is_some_and(|key| key.verify_sig(message, signature).is_ok()),
            (Family::Ec(wanted), Self::Ec(curve, key)) => {
                wanted == *curve && key.verify_sig(message, signature).is_ok()
            }
            _ => false,
        }
    }

    /// The value of `kty`.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Ec(..) => "EC",
        }
    }

    /// `2048 bits` or `P-256`.
    pub(super) fn strength(&self) -> String {
        match self {
            Self::Rsa(key) => format!("{} bits", key.bits),
            Self::Ec(curve, _) => curve.name().to_owned(),
        }
    }
}

/// The number without the zeros that some publishers put in front of it.
fn without_zeros(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The length of the modulus in bits, where both numbers are fit for use.
fn check_rsa(modulus: &[u8], exponent: &[u8]) -> Result<usize, &'static str> {
    let (Some(first), Some(last)) = (modulus.first(), modulus.last()) else {
        return Err("its modulus is zero");
    };
    let bits = modulus.len() * 8 - first.leading_zeros() as usize;
    if !RSA_BITS.contains(&bits) {
        return Err("its modulus has not 2048 to 8192 bits");
    }
    let odd = |byte: &u8| byte % 2 == 1;
    // 3 at least, and what every library can handle at most.
    let sane = exponent.len() <= 4 && exponent != [1] && exponent.last().is_some_and(odd);
    if !odd(last) || !sane {
        return Err("its modulus or exponent is even, or its exponent below 3 or over 32 bits");
    }
    Ok(bits)
}
