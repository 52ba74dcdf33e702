//! Introspection (RFC 7662; TOP-KT-021; spec 2.4) of launch tokens, access tokens
//! and id_tokens. A launch token is used up by it; anything that does not hold is
//! `{"active":false}` and nothing more.

use http::StatusCode;
use koppeltaal_core::Error;
use koppeltaal_core::directory::LaunchTokenUse;
use koppeltaal_store::audit;
use koppeltaal_store::authorization::TokenUse;
use serde_json::{Map, Value, json};

use crate::access_token::{AUDIENCE, TYPE};
use crate::answer::{Answer, OauthError, json_answer};
use crate::app::Inner;
use crate::asked::Asked;
use crate::assertion::{self, Client, replayed};
use crate::audit_event::{self, Outcome, Step};
use crate::bearer::Unaccepted;
use crate::body::Form;
use crate::jose::{Refused, Unverified};
use crate::launch_token::{self, Launch};

/// What became of spending the tokens of a request.
enum Spent {
    /// Both were used for the first time.
    Both,
    /// The client assertion was used before.
    AssertionBefore,
    /// The launch token was used before.
    LaunchBefore,
}

/// Answers an introspection request.
pub(crate) async fn introspect(
    app: &Inner,
    asked: &Asked,
    form: &Form,
) -> Result<Answer, OauthError> {
    let urls = app.urls(&asked.domain);
    let introspection = urls.introspect();
    let second = format!("{}/introspection", urls.token());
    let audiences = [introspection, second, urls.token(), urls.issuer()];
    let client = assertion::authenticate(app, asked, form, &audiences).await?;
    let token = form
        .get("token")
        .ok_or(OauthError::invalid_request("token is missing: name the token to introspect."))?;
    let is_own = Unverified::parse_own(token)
        .is_ok_and(|parsed| parsed.claims().text("iss") == Some(urls.issuer().as_str()));
    let found = if is_own {
        own_token(app, asked, &client, token).await
    } else {
        launch_token::verify(app, &asked.domain, &client.instance, token, app.now())
            .await
            .map(|launch| Found::Launch(Box::new(launch)))
            .map_err(Unaccepted::Token)
    };
    let found = match found {
        Ok(found) => Some(found),
        Err(Unaccepted::Failed(error)) => return Err(error.into()),
        Err(Unaccepted::Token(reason)) => {
            log_inactive(asked, &client, &reason);
            None
        }
    };
    match spend(app, asked, &client, found.as_ref()).await? {
        Spent::AssertionBefore => Err(replayed(app, asked, &client)),
        Spent::LaunchBefore => {
            log_inactive(asked, &client, &Refused::new("the launch token was used before"));
            Ok(answer(None))
        }
        Spent::Both => {
            let jti = found.as_ref().and_then(Found::jti);
            let mut answer = answer(found.map(Found::claims));
            asked.mark(&mut answer, jti.as_deref());
            Ok(answer)
        }
    }
}

/// A token that holds.
enum Found {
    Own(Map<String, Value>),
    Launch(Box<Launch>),
}

impl Found {
    /// The jti of a launch token.
    fn jti(&self) -> Option<String> {
        match self {
            Self::Own(_) => None,
            Self::Launch(launch) => Some(launch.jti.clone()),
        }
    }

    fn claims(self) -> Map<String, Value> {
        match self {
            Self::Own(claims) => claims,
            Self::Launch(launch) => launch.claims,
        }
    }
}

/// An access token of this domain, or an id_token that was made for the caller.
async fn own_token(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    token: &str,
) -> Result<Found, Unaccepted> {
    let domain = &asked.domain;
    let (claims, _) = app.verified_own_token(domain, token, app.now()).await?;
    let refused = |reason: &'static str| Err(Unaccepted::Token(Refused::new(reason)));
    let jti = claims.text("jti").unwrap_or("");
    if app.is_revoked(domain.number, jti) {
        return refused("the token was revoked");
    }
    let client_id = client.instance.instance.client_id.as_str();
    if claims.text("type") == Some(TYPE) && claims.audience() == [AUDIENCE] {
        let directory = app.directory();
        let issued_to = claims.text("azp").unwrap_or("");
        let issued_to = directory.instance_by_client_id(domain.number, issued_to);
        if !issued_to.is_some_and(|instance| instance.takes_part()) {
            return refused("the instance of the token does not take part");
        }
    } else if claims.audience() != [client_id] {
        return refused("the id_token is for another client");
    }
    Ok(Found::Own(claims.into_map()))
}

/// Uses the tokens up and records the login, in one transaction.
async fn spend(
    app: &Inner,
    asked: &Asked,
    client: &Client,
    found: Option<&Found>,
) -> Result<Spent, Error> {
    let launch = match found {
        Some(Found::Launch(launch)) => Some((**launch).clone()),
        _ => None,
    };
    let token_use = match client.instance.instance.launch_token_use {
        LaunchTokenUse::Once => TokenUse::Launch,
        LaunchTokenUse::IntrospectThenAuthorize => TokenUse::LaunchIntrospected,
    };
    let entry = launch.as_ref().map(|launch| {
        let trace = asked.trace(Some(&launch.jti));
        let outcome = (Outcome::Success, "the launch token is valid");
        let user = &launch.user;
        audit_event::login(asked, &trace, Step::Introspect, &client.instance, user, None, outcome)
    });
    let (client, ids) = (client.clone(), app.parts.ids.clone());
    app.parts
        .store
        .scope(&asked.domain)
        .write(move |tx| {
            if !client.spend(tx)? {
                return Ok(Spent::AssertionBefore);
            }
            if let (Some(launch), Some(entry)) = (&launch, &entry) {
                if !launch.spend(tx, token_use)? {
                    return Ok(Spent::LaunchBefore);
                }
                audit::append(tx, &ids, std::slice::from_ref(entry))?;
            }
            Ok(Spent::Both)
        })
        .await
}

fn answer(claims: Option<Map<String, Value>>) -> Answer {
    let body = match claims {
        Some(mut claims) => {
            claims.insert("active".to_owned(), true.into());
            Value::Object(claims)
        }
        None => json!({ "active": false }),
    };
    json_answer(StatusCode::OK, &body)
}

fn log_inactive(asked: &Asked, client: &Client, reason: &Refused) {
    tracing::info!(
        request_id = asked.request_id,
        domain = asked.domain.name,
        client_id = client.instance.instance.client_id,
        %reason,
        "an introspected token is not active"
    );
}
