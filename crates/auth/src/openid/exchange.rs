//! What is asked of an identity provider after the browser came back: tokens for
//! the code, and claims for the access token (OpenID Connect Core 1.0 §3.1.3 and
//! §5.3).

use http::HeaderValue;
use openidconnect::core::CoreGenderClaim;
use openidconnect::{
    AuthorizationCode, OAuth2TokenResponse, PkceCodeVerifier, RequestTokenError, SubjectIdentifier,
    UserInfoClaims, UserInfoError,
};
use serde_json::Value;

use super::Kept;
use super::calls::{CallFailed, Calls};
use super::client::{Client, OtherClaims, TokenError, Tokens};
use super::discovery::Document;
use super::failure::Failure;

/// Redeems the code.
pub(super) async fn redeem(
    client: Client,
    code: &str,
    kept: &Kept,
    calls: Calls<'_>,
) -> Result<Tokens, Failure> {
    client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(kept.code_verifier.clone()))
        .request_async(&calls.own())
        .await
        .map_err(|error| token_failure(&error))
}

/// What a failure at the token endpoint means. Only words of this server: the
/// description is the provider's and may name somebody.
fn token_failure(error: &RequestTokenError<CallFailed, TokenError>) -> Failure {
    match error {
        RequestTokenError::ServerResponse(response) => {
            let code: &str = response.error().as_ref();
            let readable = code.len() <= 40
                && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
            let text = format!(
                "its token endpoint says `{}`",
                if readable { code } else { "(unreadable)" }
            );
            match code {
                "invalid_grant" | "access_denied" => Failure::Refused(text),
                "invalid_client"
                | "unauthorized_client"
                | "invalid_request"
                | "invalid_scope"
                | "unsupported_grant_type" => Failure::Misconfigured(text),
                _ => Failure::Unavailable(text),
            }
        }
        RequestTokenError::Request(failed) => {
            Failure::unavailable(format!("its token endpoint cannot be called: {failed}"))
        }
        RequestTokenError::Parse(_, body) if has_id_token(body) => {
            Failure::refused("its tokens cannot be read")
        }
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            Failure::unavailable("its token endpoint answers something else than tokens")
        }
    }
}

fn has_id_token(body: &[u8]) -> bool {
    serde_json::from_slice(body).is_ok_and(|body: Value| body.get("id_token").is_some())
}

/// The claims of the userinfo endpoint about `subject`.
pub(super) async fn userinfo(
    client: Client,
    document: &Document,
    tokens: &Tokens,
    subject: &str,
    calls: Calls<'_>,
) -> Result<Value, Failure> {
    let Some(url) = &document.userinfo_endpoint else {
        return Err(Failure::refused(
            "the claim that names the user is not in the id_token, and there is no userinfo endpoint",
        ));
    };
    let token = tokens.access_token();
    // The crate would panic at a token that no header can hold.
    if HeaderValue::from_str(token.secret()).is_err() {
        return Err(Failure::refused("its access token is none"));
    }
    let claims: UserInfoClaims<OtherClaims, CoreGenderClaim> = client
        .set_user_info_url(url.clone())
        .user_info(token.clone(), Some(SubjectIdentifier::new(subject.to_owned())))
        .request_async(&calls.own())
        .await
        .map_err(|error| userinfo_failure(&error))?;
    serde_json::to_value(claims).map_err(|_| Failure::refused("its userinfo cannot be read"))
}

fn userinfo_failure(error: &UserInfoError<CallFailed>) -> Failure {
    match error {
        UserInfoError::ClaimsVerification(_) => {
            Failure::refused("its userinfo is not about the user of the id_token")
        }
        UserInfoError::Request(failed) => {
            Failure::unavailable(format!("its userinfo endpoint cannot be called: {failed}"))
        }
        UserInfoError::Response(status, ..) => Failure::unavailable(format!(
            "its userinfo endpoint answers status {} or another type than JSON",
            status.as_u16()
        )),
        _ => Failure::unavailable("its userinfo cannot be read"),
    }
}
