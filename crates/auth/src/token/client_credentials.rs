//! SMART backend services (spec 1.5): an access token with the scopes of the
//! role. The `scope` of the request narrows nothing.

use http::StatusCode;
use serde_json::json;

use crate::access_token;
use crate::answer::{Answer, OauthError, json_answer};
use crate::app::Inner;
use crate::asked::Asked;
use crate::assertion::Client;

pub(super) async fn grant(
    app: &Inner,
    asked: &Asked,
    client: &Client,
) -> Result<Answer, OauthError> {
    let issued = access_token::issue(app, &client.instance, asked.began).await?;
    // Old clients refuse members that they do not know: only these.
    let mut body = json!({
        "access_token": issued.token,
        "token_type": "Bearer",
        "expires_in": issued.lifetime.as_secs(),
    });
    if !issued.scope.is_empty() {
        body["scope"] = issued.scope.into();
    }
    Ok(json_answer(StatusCode::OK, &body))
}
