//! Token revocation (RFC 7009): a client takes back an access token of its own.
//! No discovery document names this endpoint (TOP-KT-016).

use http::StatusCode;
use koppeltaal_store::authorization::revoke_token;

use crate::answer::{Answer, OauthError, typed};
use crate::app::Inner;
use crate::asked::Asked;
use crate::assertion::{self, replayed};
use crate::bearer::Unaccepted;
use crate::body::Form;

/// Answers a revocation request: 200 whether or not there was such a token.
pub(crate) async fn revoke(app: &Inner, asked: &Asked, form: &Form) -> Result<Answer, OauthError> {
    let urls = app.urls(&asked.domain);
    let audiences = [urls.revoke(), urls.token(), urls.issuer()];
    let client = assertion::authenticate(app, asked, form, &audiences).await?;
    let token = form
        .get("token")
        .ok_or(OauthError::invalid_request("token is missing: name the token to revoke."))?;
    let claims = match app.verified_access_token(&asked.domain, token, app.now()).await {
        Ok((claims, _)) => Some(claims),
        Err(Unaccepted::Token(_)) => None,
        Err(Unaccepted::Failed(error)) => return Err(error.into()),
    };
    let client_id = client.instance.instance.client_id.as_str();
    // Somebody else's token is none of the caller's: nothing happens.
    let own = claims.filter(|claims| claims.text("azp") == Some(client_id));
    let revoked = match &own {
        Some(claims) => {
            claims.text("jti").map(str::to_owned).zip(claims.time("exp").ok().flatten())
        }
        None => None,
    };
    let (spender, taken_back) = (client.clone(), revoked.clone());
    let first = app
        .parts
        .store
        .scope(&asked.domain)
        .write(move |tx| {
            if !spender.spend(tx)? {
                return Ok(false);
            }
            if let Some((jti, expires)) = &taken_back {
                revoke_token(tx, jti, *expires)?;
            }
            Ok(true)
        })
        .await?;
    if !first {
        return Err(replayed(app, asked, &client));
    }
    if let Some((jti, _)) = revoked {
        app.note_revoked(asked.domain.number, jti);
    }
    Ok(typed(StatusCode::OK, "application/json", "{}".to_owned()))
}
