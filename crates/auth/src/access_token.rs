//! Access tokens (spec 1.5, 1.6): signed JWTs whose scopes are computed from the
//! role of the instance at the moment they are issued.

use std::time::Duration;

use koppeltaal_core::directory::{ConnectedInstance, Directory};
use koppeltaal_core::permission::Permissions;
use koppeltaal_core::{Result, Timestamp};
use serde_json::json;
use uuid::Uuid;

use crate::app::Inner;

/// Who an access token is for: the FHIR service.
pub const AUDIENCE: &str = "fhir-server";
/// The claim that tells an access token from the other tokens of this service.
pub const TYPE: &str = "access";

/// An access token that was issued.
pub struct Issued {
    /// The token.
    pub token: String,
    /// Its scopes.
    pub scope: String,
    /// How long it lasts.
    pub lifetime: Duration,
}

/// What an instance may do by its role of this moment; nothing without one.
pub fn permissions(directory: &Directory, instance: &ConnectedInstance) -> Permissions {
    directory.role_of(&instance.instance).map_or_else(Permissions::default, |role| {
        Permissions::of_role(role, &instance.instance.client_id)
    })
}

/// Issues an access token for an instance.
pub async fn issue(app: &Inner, instance: &ConnectedInstance, now: Timestamp) -> Result<Issued> {
    let scope = permissions(&app.directory(), instance).to_scope();
    let lifetime = app.parts.settings.access_token_lifetime;
    let seconds = now.0.div_euclid(1_000_000);
    let claims = json!({
        "iss": app.urls(&instance.domain).issuer(),
        "aud": AUDIENCE,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX / 2),
        "jti": Uuid::new_v4().to_string(),
        "nonce": Uuid::new_v4().to_string(),
        "type": TYPE,
        "scope": scope,
        "azp": instance.instance.client_id,
    });
    let key = app.keys.signing(&instance.domain).await?;
    let token = key.signer.sign(&claims)?;
    Ok(Issued { token, scope, lifetime })
}
