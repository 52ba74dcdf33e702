//! A public key in PEM (RFC 7468), or what is left of one: administrators paste it
//! without its first and last line, and on one line (kt2-auth 1.4).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Refused;

/// The longest text, in bytes: a key of 8192 bits takes 1.4 KiB.
const LONGEST: usize = 16 * 1024;

/// The labels of public keys: of any kind, and of PKCS#1.
const LABELS: [&str; 2] = ["PUBLIC KEY", "RSA PUBLIC KEY"];

/// The DER inside.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, Refused> {
    if text.len() > LONGEST {
        return Err(Refused::new("is longer than 16 KiB"));
    }
    let text = text.trim();
    if text.contains("PRIVATE KEY-----") {
        return Err(Refused::new("is a private key: the public one belongs here"));
    }
    if text.contains("CERTIFICATE-----") {
        return Err(Refused::new("is a certificate: the public key in it belongs here"));
    }
    let body = LABELS.iter().find_map(|label| inside(text, label)).unwrap_or(text);
    if body.contains("-----") {
        return Err(Refused::new("is not one public key in PEM"));
    }
    let packed: String = body.split_ascii_whitespace().collect();
    STANDARD
        .decode(packed)
        .ok()
        .filter(|der| !der.is_empty())
        .ok_or_else(|| Refused::new("is not base64 between its first and last line"))
}

/// What is between the first and the last line of this label, either of which may
/// be absent; `None` when both are.
fn inside<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let begin = format!("-----BEGIN {label}-----");
    let end = format!("-----END {label}-----");
    let rest = text.strip_prefix(&begin);
    let body = rest.unwrap_or(text).strip_suffix(&end);
    body.or(rest)
}
