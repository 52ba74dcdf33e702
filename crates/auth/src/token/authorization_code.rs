//! A code becomes the context of a launch (spec 3.5): an id_token, and beside it
//! what the module needs to know. The access token is the word `NOOP`: the FHIR
//! service is called with a token of the module's own.

use http::StatusCode;
use koppeltaal_core::Timestamp;
use koppeltaal_store::audit;
use koppeltaal_store::authorization::{Session, SessionKind, read_session, use_session};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::answer::{Answer, OauthError, json_answer};
use crate::app::{Counted, Inner};
use crate::asked::Asked;
use crate::assertion::{Client, replayed};
use crate::audit_event::{Outcome, failed_launch};
use crate::authorize::{CodeSession, digest, open};
use crate::body::Form;
use crate::key_ring::ID_TOKEN_LIFETIME;
use crate::task::in_its_version;

/// What stands in the place of an access token (TOP-KT-007 eis 6).
const NO_ACCESS_TOKEN: &str = "NOOP";

pub(super) async fn grant(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    form: &Form,
) -> Result<Answer, OauthError> {
    let code = form.get("code").ok_or(OauthError::invalid_request("code is missing."))?;
    let key = digest(code);
    let (at, now) = (key.clone(), app.now());
    let scope = app.parts.store.scope(&asked.domain);
    let session: CodeSession = match scope
        .read(move |tx| read_session(tx, SessionKind::Code, &at, now))
        .await?
    {
        Session::Fresh(sealed) => open(&app.parts.seal, sealed)?,
        Session::Used(sealed) => {
            let session: CodeSession = open(&app.parts.seal, sealed)?;
            return refuse(app, asked, client, Some(&session), "the code was used before").await;
        }
        Session::Unknown => {
            return refuse(app, asked, client, None, "the code is unknown or has expired").await;
        }
    };
    if let Err(reason) = check(client, form, &session) {
        return refuse(app, asked, client, Some(&session), reason).await;
    }
    // What can fail comes first: a code that is used up is gone.
    let answer = answer(app, asked, client, &session).await?;
    let spender = client.clone();
    let used = scope
        .write(move |tx| match spender.spend(tx)? {
            true => use_session(tx, SessionKind::Code, &key, now).map(Some),
            false => Ok(None),
        })
        .await?;
    match used {
        None => Err(replayed(app, asked, client)),
        Some(Session::Fresh(_)) => Ok(answer),
        // Its assertion is used up by now.
        Some(_) => {
            record(app, asked, client, Some(&session), "the code was used before", false).await
        }
    }
}

/// The code belongs to this client, redirect URI and verifier.
fn check(client: &Client, form: &Form, session: &CodeSession) -> Result<(), &'static str> {
    let launched = &session.launched;
    if launched.client_id != client.instance.instance.client_id {
        return Err("the code was given to another client");
    }
    if form.get("redirect_uri") != Some(&launched.redirect_uri) {
        return Err("redirect_uri is not that of the authorization request");
    }
    match (&launched.challenge, form.get("code_verifier")) {
        (Some(challenge), Some(verifier)) => {
            let found = Sha256::digest(verifier.as_bytes());
            aws_lc_rs::constant_time::verify_slices_are_equal(challenge, &found)
                .map_err(|_| "code_verifier is not that of the challenge")
        }
        (Some(_), None) => Err("code_verifier is missing"),
        // Only of a client that may go without.
        (None, None) => Ok(()),
        (None, Some(_)) => Err("code_verifier without a challenge"),
    }
}

async fn answer(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    session: &CodeSession,
) -> Result<Answer, OauthError> {
    let launched = &session.launched;
    let urls = app.urls(&asked.domain);
    let seconds = seconds(asked.began);
    let lifetime = ID_TOKEN_LIFETIME.as_secs();
    let client_id = &client.instance.instance.client_id;
    let nonce = launched.nonce.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let claims = json!({
        "iss": urls.issuer(),
        "aud": client_id,
        "azp": client_id,
        "sub": launched.user.to_string(),
        "fhirUser": format!("{}/{}", urls.fhir_base(), launched.user),
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + i64::try_from(lifetime).unwrap_or(300),
        "auth_time": session.authenticated,
        "jti": Uuid::new_v4().to_string(),
        "nonce": nonce,
    });
    let id_token = app.keys.signing(&asked.domain).await?.signer.sign(&claims)?;
    // Clients in use read each of the five as a text that is always there.
    let text = |value: &Option<String>| Value::from(value.as_deref().unwrap_or(""));
    let mut body = Value::Object(launched.claims.clone());
    for (name, value) in [
        ("access_token", NO_ACCESS_TOKEN.into()),
        ("token_type", "Bearer".into()),
        ("expires_in", lifetime.into()),
        ("scope", launched.scope.as_str().into()),
        ("id_token", id_token.into()),
        ("sub", launched.user.to_string().into()),
        ("resource", launched.resource.as_str().into()),
        ("definition", text(&launched.definition)),
        ("patient", text(&launched.patient)),
        ("intent", text(&launched.intent)),
    ] {
        body[name] = value;
    }
    Ok(json_answer(StatusCode::OK, &body))
}

/// Every failure is the same to the client; the domain's trail has the reason.
async fn refuse(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    session: Option<&CodeSession>,
    reason: &'static str,
) -> Result<Answer, OauthError> {
    record(app, asked, client, session, reason, true).await
}

/// Records the refusal and, where it is still to be used up, the assertion.
async fn record(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    session: Option<&CodeSession>,
    reason: &'static str,
    spends: bool,
) -> Result<Answer, OauthError> {
    let client_id = &client.instance.instance.client_id;
    asked.log_refusal(client_id, &reason);
    // What is known of a launch is evidence, and counted by itself.
    let counted = match session {
        Some(session) => Counted::Launch(&session.launched.trace),
        None => Counted::Client(client_id),
    };
    if let Some(wait) = app.failed(counted, asked.peer, app.now()) {
        return Err(OauthError::too_many(wait));
    }
    let launched = session.map(|session| &session.launched);
    let trace = asked.trace(launched.map(|launched| launched.trace.as_str()));
    let task = match launched {
        Some(launched) => Some(in_its_version(app, &asked.domain, &launched.resource).await),
        None => None,
    };
    let words = (Outcome::Minor, reason);
    let entry = failed_launch(asked, &trace, Some(&client.instance), task.as_deref(), words);
    let ids = app.parts.ids.clone();
    let scope = app.parts.store.scope(&asked.domain);
    let spender = client.clone();
    let is_client = scope
        .write(move |tx| {
            if spends && !spender.spend(tx)? {
                return Ok(false);
            }
            audit::append(tx, &ids, std::slice::from_ref(&entry))?;
            Ok(true)
        })
        .await?;
    // Who the client is comes before what it asks for.
    match is_client {
        true => Err(OauthError::invalid_grant()),
        false => Err(replayed(app, asked, client)),
    }
}

fn seconds(time: Timestamp) -> i64 {
    time.0.div_euclid(1_000_000)
}
