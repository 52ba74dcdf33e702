//! What is remembered of a launch between its steps. It is sealed in the store and
//! found by a digest: a copy of the store alone opens no session and redeems no code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::time::Duration;

use crate::openid::Kept;
use crate::reference::Reference;
use crate::seal::SealKey;

/// How long a user may take to sign in.
pub const LOGIN_LIFETIME: Duration = Duration::from_secs(600);
/// How long a code can be redeemed.
pub const CODE_LIFETIME: Duration = Duration::from_secs(60);

/// A launch, as both kinds of session carry it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Launched {
    /// The module.
    pub client_id: String,
    /// Where the browser goes in the end.
    pub redirect_uri: String,
    /// The scopes as they were asked for.
    pub scope: String,
    /// The nonce for the id_token.
    pub nonce: Option<String>,
    /// The PKCE challenge: SHA-256 of the verifier.
    pub challenge: Option<Vec<u8>>,
    /// The user.
    pub user: Reference,
    /// `Task/…`.
    pub resource: String,
    /// The ActivityDefinition.
    pub definition: Option<String>,
    /// The patient.
    pub patient: Option<String>,
    /// The intent.
    pub intent: Option<String>,
    /// The claims of the launch token that clients of old find in the token
    /// response: `aud`, `iss`, `exp`, `jti`.
    pub claims: Map<String, Value>,
    /// The trace that the launch belongs to.
    pub trace: String,
}

/// A user is signing in.
#[derive(Serialize, Deserialize)]
pub(crate) struct LoginSession {
    /// The launch.
    pub launched: Launched,
    /// The module's `state`.
    pub state: String,
    /// The name of the identity provider.
    pub provider: String,
    /// What the identity provider's answer is checked with.
    pub kept: Kept,
    /// The digest of the cookie that binds the session to a browser.
    pub browser: Vec<u8>,
}

/// A code waits to be redeemed.
#[derive(Serialize, Deserialize)]
pub(crate) struct CodeSession {
    /// The launch.
    pub launched: Launched,
    /// When the user authenticated, in seconds since 1970.
    pub authenticated: i64,
}

/// 256 random bits, as text that is safe anywhere in a URL.
pub(crate) fn secret() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// What the store knows a secret by.
pub(crate) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Seals a session.
pub(crate) fn seal(key: &SealKey, session: &impl Serialize) -> Result<String> {
    let text = serde_json::to_string(session).map_err(Error::internal)?;
    Ok(key.seal(&text)?.0)
}

/// Opens a sealed session.
pub(crate) fn open<T: DeserializeOwned>(key: &SealKey, sealed: String) -> Result<T> {
    serde_json::from_str(&key.open(&Secret(sealed))?).map_err(Error::internal)
}
