//! The token endpoint (RFC 6749, 3.2; spec 1 and 3.5): who the client is comes
//! first, what it wants second.

mod authorization_code;
mod client_credentials;

use crate::answer::{Answer, OauthError};
use crate::app::Inner;
use crate::asked::Asked;
use crate::assertion::{Client, authenticate, replayed};
use crate::body::Form;

/// Answers a token request.
pub(crate) async fn token(app: &Inner, asked: &Asked, form: &Form) -> Result<Answer, OauthError> {
    let urls = app.urls(&asked.domain);
    let audiences = [urls.token(), urls.issuer()];
    let client = authenticate(app, asked, form, &audiences).await?;
    match form.get("grant_type") {
        Some("client_credentials") => {
            spend(app, asked, &client).await?;
            client_credentials::grant(app, asked, &client).await
        }
        Some("authorization_code") => authorization_code::grant(app, asked, &client, form).await,
        Some(_) => Err(OauthError::unsupported_grant_type()),
        None => Err(OauthError::invalid_request("grant_type is missing.")),
    }
}

/// Uses the assertion up.
async fn spend(app: &Inner, asked: &Asked, client: &Client) -> Result<(), OauthError> {
    let spender = client.clone();
    let scope = app.parts.store.scope(&asked.domain);
    match scope.write(move |tx| spender.spend(tx)).await? {
        true => Ok(()),
        false => Err(replayed(app, asked, client)),
    }
}
