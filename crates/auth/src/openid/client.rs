//! This server as a client of an identity provider: its id, its secret and how it
//! shows it (OpenID Connect Core 1.0 §9).

use koppeltaal_core::directory::IdentityProvider;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreRevocationErrorResponse, CoreTokenType,
};
use openidconnect::{
    AdditionalClaims, AuthType, ClientId, ClientSecret, EmptyExtraTokenFields, EndpointNotSet,
    EndpointSet, IdToken, IdTokenClaims, IdTokenFields, JsonWebKeySet, RedirectUrl,
    StandardErrorResponse, StandardTokenIntrospectionResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::discovery::Document;
use super::failure::Failure;
use super::key::Key;
use crate::SealKey;

/// Claims beyond those that `openidconnect` knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct OtherClaims(pub(super) Map<String, Value>);

impl AdditionalClaims for OtherClaims {}

type Fields = IdTokenFields<
    OtherClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// What the token endpoint answers.
pub(super) type Tokens = StandardTokenResponse<Fields, CoreTokenType>;

/// An id_token, unverified.
pub(super) type Token = IdToken<
    OtherClaims,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;

/// The claims of an id_token.
pub(super) type Claims = IdTokenClaims<OtherClaims, CoreGenderClaim>;

/// An error of the token endpoint.
pub(super) type TokenError = StandardErrorResponse<CoreErrorResponseType>;

/// A client that knows the authorization and the token endpoint.
pub(super) type Client = openidconnect::Client<
    OtherClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    Key,
    CoreAuthPrompt,
    TokenError,
    Tokens,
    StandardTokenIntrospectionResponse<EmptyExtraTokenFields, CoreTokenType>,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// A client without its secret. The keys are needed for signed userinfo only.
pub(super) fn build(
    provider: &IdentityProvider,
    document: &Document,
    callback: &str,
    keys: JsonWebKeySet<Key>,
) -> Result<Client, Failure> {
    let callback = RedirectUrl::new(callback.to_owned())
        .map_err(|_| Failure::misconfigured("the callback of this server is no URL"))?;
    let id = ClientId::new(provider.client_id.clone());
    Ok(openidconnect::Client::new(id, document.issuer.clone(), keys)
        .set_auth_uri(document.authorization_endpoint.clone())
        .set_token_uri(document.token_endpoint.clone())
        .set_redirect_uri(callback))
}

/// The secret in clear, and the way it is shown.
pub(super) struct Secret(Option<(ClientSecret, AuthType)>);

impl Secret {
    /// Opens the secret of this server at the provider, if it has one.
    pub(super) fn open(
        provider: &IdentityProvider,
        document: &Document,
        seal: &SealKey,
    ) -> Result<Self, Failure> {
        let Some(sealed) = &provider.client_secret else { return Ok(Self(None)) };
        let way = way(document.token_endpoint_auth_methods_supported.as_deref())?;
        let secret = seal
            .open(sealed)
            .map_err(|_| Failure::misconfigured("its client secret cannot be unsealed"))?;
        Ok(Self(Some((ClientSecret::new(secret), way))))
    }

    /// The client with it.
    pub(super) fn give_to(self, client: Client) -> Client {
        match self.0 {
            Some((secret, way)) => client.set_client_secret(secret).set_auth_type(way),
            None => client,
        }
    }
}

/// Basic unless only the form is announced (Core §9: Basic is the default).
fn way(announced: Option<&[String]>) -> Result<AuthType, Failure> {
    let Some(announced) = announced else { return Ok(AuthType::BasicAuth) };
    let has = |name: &str| announced.iter().any(|it| it == name);
    if has("client_secret_basic") {
        return Ok(AuthType::BasicAuth);
    }
    if has("client_secret_post") {
        return Ok(AuthType::RequestBody);
    }
    Err(Failure::misconfigured("its token endpoint takes no client secret"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_shown_in_the_way_that_the_provider_announces() {
        let way = |names: &[&str]| {
            let names: Vec<_> = names.iter().map(|&name| name.to_owned()).collect();
            way(Some(&names))
        };
        assert!(matches!(super::way(None), Ok(AuthType::BasicAuth)));
        assert!(matches!(way(&["client_secret_post"]), Ok(AuthType::RequestBody)));
        let both = ["private_key_jwt", "client_secret_post", "client_secret_basic"];
        assert!(matches!(way(&both), Ok(AuthType::BasicAuth)));
        assert!(matches!(way(&["private_key_jwt"]), Err(Failure::Misconfigured(_))));
        assert!(way(&[]).is_err());
    }
}
