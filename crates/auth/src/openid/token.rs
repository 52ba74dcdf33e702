//! The verification of an id_token (OpenID Connect Core 1.0 §3.1.3.7): signature,
//! issuer, audience, times, nonce and the hash of the access token.

use std::time::{Duration, SystemTime};

use koppeltaal_core::Timestamp;
use openidconnect::{
    AccessTokenHash, ClaimsVerificationError, ClientId, IdTokenVerifier, IssuerUrl, Nonce,
    OAuth2TokenResponse, SignatureVerificationError, TokenResponse,
};
use serde_json::Value;

use super::client::{Claims, Token, Tokens};
use super::failure::Failure;
use super::key::{ALGORITHMS, Key, Keys, set};

/// How far the provider's clock may be off.
const LEEWAY: Duration = Duration::from_secs(60);

/// The longest `sub` that is taken (Core §2 allows 255).
const LONGEST_SUBJECT: usize = 256;

/// What the token must say.
pub(super) struct Expected<'a> {
    pub(super) client_id: &'a str,
    pub(super) issuer: &'a IssuerUrl,
    pub(super) nonce: &'a str,
    pub(super) now: Timestamp,
}

/// What a verified token says.
pub(super) struct Proven {
    pub(super) subject: String,
    pub(super) authenticated: Option<Timestamp>,
    /// All its claims.
    pub(super) claims: Value,
}

/// Whether the token names a key that is not among these; they may have been
/// rotated.
pub(super) fn is_key_unknown(
    tokens: &Tokens,
    expected: &Expected<'_>,
    keys: &Keys,
) -> Result<bool, Failure> {
    let token = id_token(tokens)?;
    let accepted = token.signing_alg().is_ok_and(|it| ALGORITHMS.iter().any(|(_, a)| a == it));
    let verifier = verifier(expected, keys);
    let missing =
        matches!(token.signing_key(&verifier), Err(SignatureVerificationError::NoMatchingKey));
    Ok(accepted && missing)
}

/// Verifies the id_token among the tokens.
pub(super) fn verify(
    tokens: &Tokens,
    expected: &Expected<'_>,
    keys: &Keys,
) -> Result<Proven, Failure> {
    let token = id_token(tokens)?;
    let verifier = verifier(expected, keys);
    let nonce = Nonce::new(expected.nonce.to_owned());
    let claims = token.claims(&verifier, &nonce).map_err(|error| refusal(&error))?;
    check_parties(claims, expected.client_id)?;
    check_not_before(claims, expected.now)?;
    check_access_token(tokens, token, claims, &verifier)?;
    let subject = claims.subject().as_str();
    if subject.is_empty() || subject.chars().count() > LONGEST_SUBJECT {
        return Err(Failure::refused("the id_token has no usable subject"));
    }
    let seconds = claims.auth_time().map(|time| time.timestamp());
    Ok(Proven {
        subject: subject.to_owned(),
        authenticated: seconds.map(|it| Timestamp(it.saturating_mul(1_000_000))),
        claims: serde_json::to_value(claims)
            .map_err(|_| Failure::refused("the id_token cannot be read"))?,
    })
}

fn id_token(tokens: &Tokens) -> Result<&Token, Failure> {
    tokens.id_token().ok_or_else(|| Failure::refused("the provider gave no id_token"))
}

fn verifier<'a>(expected: &Expected<'_>, keys: &Keys) -> IdTokenVerifier<'a, Key> {
    let now = expected.now;
    IdTokenVerifier::new_public_client(
        ClientId::new(expected.client_id.to_owned()),
        expected.issuer.clone(),
        set(keys),
    )
    .set_allowed_algs(ALGORITHMS.iter().map(|(_, algorithm)| algorithm.clone()))
    // Other audiences are fine as long as the token was issued to us, which
    // `check_parties` demands.
    .set_other_audience_verifier_fn(|_| true)
    .set_time_fn(move || system_time(now.minus(LEEWAY)).into())
    .set_issue_time_verifier_fn(move |issued| {
        if SystemTime::from(issued) > system_time(now.plus(LEEWAY)) {
            return Err("issued in the future".to_owned());
        }
        Ok(())
    })
}

/// `openidconnect` counts time with a crate that is not used here; this is the way
/// there.
fn system_time(at: Timestamp) -> SystemTime {
    let micros = u64::try_from(at.0).unwrap_or(0);
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_micros(micros))
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

/// `azp` is us when it is there, and it is there when there are other audiences.
fn check_parties(claims: &Claims, client_id: &str) -> Result<(), Failure> {
    match claims.authorized_party() {
        Some(party) if party.as_str() == client_id => Ok(()),
        Some(_) => Err(Failure::refused("the id_token was issued to another client")),
        None if claims.audiences().len() > 1 => {
            Err(Failure::refused("the id_token has several audiences and no authorized party"))
        }
        None => Ok(()),
    }
}

fn check_not_before(claims: &Claims, now: Timestamp) -> Result<(), Failure> {
    let Some(value) = claims.additional_claims().0.get("nbf") else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "a second more or less is within the leeway")]
    let latest = now.plus(LEEWAY).0 as f64 / 1e6;
    if value.as_f64().is_some_and(|not_before| not_before <= latest) {
        return Ok(());
    }
    Err(Failure::refused("the id_token is not valid yet"))
}

fn check_access_token(
    tokens: &Tokens,
    token: &Token,
    claims: &Claims,
    verifier: &IdTokenVerifier<'_, Key>,
) -> Result<(), Failure> {
    let Some(claimed) = claims.access_token_hash() else { return Ok(()) };
    let differs = || Failure::refused("the id_token does not belong to the access token");
    let algorithm = token.signing_alg().map_err(|_| differs())?;
    let key = token.signing_key(verifier).map_err(|_| differs())?;
    let computed = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
        .map_err(|_| differs())?;
    if computed == *claimed { Ok(()) } else { Err(differs()) }
}

/// The reason in this server's words: those of the crate quote claims.
fn refusal(error: &ClaimsVerificationError) -> Failure {
    Failure::refused(match error {
        ClaimsVerificationError::Expired(_) => "the id_token is expired or from the future",
        ClaimsVerificationError::InvalidAudience(_) => "the id_token is for another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "the id_token is from another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "the nonce of the id_token is not ours",
        ClaimsVerificationError::SignatureVerification(error) => match error {
            SignatureVerificationError::NoSignature => "the id_token is not signed",
            SignatureVerificationError::DisallowedAlg(_)
            | SignatureVerificationError::UnsupportedAlg(_) => {
                "the id_token is signed with an algorithm that is not accepted"
            }
            SignatureVerificationError::NoMatchingKey => {
                "the provider publishes no key for the id_token"
            }
            SignatureVerificationError::AmbiguousKeyId(_) => {
                "the id_token does not say which key signed it"
            }
            _ => "the signature of the id_token is wrong",
        },
        _ => "the id_token is of an unsupported kind",
    })
}
