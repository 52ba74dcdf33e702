//! Token: a code becomes an access token, and a refresh token where the application
//! gets one; a refresh token becomes the next pair (around, 1.5 to 1.7).

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use koppeltaal_auth::generate_password;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{Application, ConnectedInstance};
use koppeltaal_core::told::Told;
use koppeltaal_fhir::{Node, object};
use koppeltaal_store::sso::{
    self, Authorization, Digest, Found, Granted, LaunchKind, NewToken, SecretKind, Tokens,
};
use sha2::{Digest as _, Sha256};

use super::answer::{OauthError, ok};
use super::client::{Client, client};
use super::parameters::Parameters;
use super::{Answer, Asked, record};
use crate::app::App;

/// How long a refresh token lasts; each gives the next its full time.
const WEB_REFRESH: Duration = Duration::from_secs(24 * 3600);
const MOBILE_REFRESH: Duration = Duration::from_secs(90 * 86_400);

/// What tokens are asked with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Grant {
    Code,
    Refresh,
}

impl Grant {
    fn of(parameters: &Parameters) -> Result<Self, OauthError> {
        match parameters.get("grant_type") {
            Some("authorization_code") => Ok(Self::Code),
            Some("refresh_token") => Ok(Self::Refresh),
            Some("password") => Err(OauthError::unauthorized_client(
                StatusCode::UNAUTHORIZED,
                "Tokens are not given for user names and passwords.",
            )),
            Some(_) => Err(OauthError::unsupported_grant_type()),
            None => Err(OauthError::missing("grant_type")),
        }
    }

    /// The parameter that has it.
    fn parameter(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Refresh => "refresh_token",
        }
    }

    fn secret(self) -> SecretKind {
        match self {
            Self::Code => SecretKind::Code,
            Self::Refresh => SecretKind::Refresh,
        }
    }

    fn action(self) -> Action {
        match self {
            Self::Code => Action::SsoToken,
            Self::Refresh => Action::SsoRefresh,
        }
    }
}

/// Gives tokens.
pub(super) async fn token(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    told: &mut Told,
) -> Result<Answer, OauthError> {
    let grant = Grant::of(parameters)?;
    let client = client(app, asked, parameters).await?;
    if let (Grant::Refresh, Some(application)) = (grant, client.application()) {
        check_refreshes(application)?;
    }
    let secret = parameters.get(grant.parameter());
    let secret = secret.ok_or_else(|| OauthError::missing(grant.parameter()))?;
    let presented = Digest::of(grant.secret(), secret);
    let found = app.parts.store.read(move |tx| sso::look_up(tx, &presented)).await?;
    let Some((found, instance)) = found.and_then(|found| {
        let instance = app.directory().instance(found.authorization.instance)?.clone();
        Some((found, instance)).filter(|(_, instance)| instance.takes_part())
    }) else {
        record::denied(app, asked, None, "token", "invalid_grant");
        return Err(OauthError::invalid_grant("value"));
    };
    told.domain = Some(instance.domain.name.clone());
    told.instance = Some(instance.name().to_owned());
    let refuse = |error: OauthError| {
        let launch = Some((instance.as_ref(), &found.authorization));
        record::denied(app, asked, launch, "token", error.error);
        error
    };
    check(asked, parameters, grant, &client, &found, &instance).map_err(refuse)?;
    if found.used.is_none() && found.expires <= app.now() {
        return Err(refuse(OauthError::invalid_grant("expired")));
    }
    match give(app, asked, grant, presented, &found.authorization, &instance).await? {
        Some(answer) => Ok(answer),
        None => Err(refuse(OauthError::invalid_grant("value"))),
    }
}

/// Whether this client may have tokens for it, in this way.
fn check(
    asked: &Asked<'_>,
    parameters: &Parameters,
    grant: Grant,
    client: &Client,
    found: &Found,
    instance: &ConnectedInstance,
) -> Result<(), OauthError> {
    let named = parameters.get("client_id");
    let is_other = named.is_some_and(|id| {
        id != instance.application.id && Some(id) != instance.instance.username.as_deref()
    });
    if !client.may_have(instance) || is_other {
        return Err(match client {
            Client::Nobody if !is_other => OauthError::invalid_client(false),
            _ => OauthError::invalid_grant("value"),
        });
    }
    if *asked.method == Method::GET && !instance.application.token_by_get {
        return Err(OauthError::method_not_allowed());
    }
    check_scope(&found.authorization, parameters)?;
    if grant == Grant::Refresh {
        return check_refreshes(&instance.application);
    }
    let authorization = &found.authorization;
    let uri = parameters.get("redirect_uri").ok_or_else(|| OauthError::missing("redirect_uri"))?;
    let verifier = parameters.get("code_verifier");
    if authorization.redirect_uri.as_deref() != Some(uri)
        || !verifies(authorization.challenge.as_deref(), verifier)
    {
        return Err(OauthError::invalid_grant("value"));
    }
    Ok(())
}

/// A scope that is named here is one that was granted; no less is given for it.
fn check_scope(authorization: &Authorization, parameters: &Parameters) -> Result<(), OauthError> {
    let granted = authorization.scope.as_deref().unwrap_or_default();
    let asked = parameters.get("scope").unwrap_or_default();
    match asked.split_whitespace().all(|word| granted.split(' ').any(|known| known == word)) {
        true => Ok(()),
        false => Err(OauthError::beyond_scope()),
    }
}

fn check_refreshes(application: &Application) -> Result<(), OauthError> {
    match application.refresh_tokens {
        true => Ok(()),
        false => Err(OauthError::unauthorized_client(
            StatusCode::UNAUTHORIZED,
            "This application gets no refresh tokens.",
        )),
    }
}

/// PKCE (RFC 7636): who showed a challenge has to show what it was made of, and who
/// showed none has nothing to show.
fn verifies(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) => {
            (43..=128).contains(&verifier.len())
                && URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == challenge
        }
        _ => false,
    }
}

/// Uses what was presented. `None` when it is used, over or revoked by now; what was
/// used before has ended the whole authorization.
async fn give(
    app: &App,
    asked: &Asked<'_>,
    grant: Grant,
    presented: Digest,
    launch: &Authorization,
    instance: &Arc<ConnectedInstance>,
) -> Result<Option<Answer>, OauthError> {
    let application = &instance.application;
    let lifetime =
        application.access_token_lifetime.unwrap_or(app.parts.settings.sso.access_token_lifetime);
    let refresh_lifetime = match launch.kind {
        LaunchKind::Web => WEB_REFRESH,
        LaunchKind::Mobile => MOBILE_REFRESH,
    };
    let (access, refresh) = (generate_password(), generate_password());
    let now = app.now();
    let new = |kind: SecretKind, text: &str, lifetime: Duration| NewToken {
        digest: Digest::of(kind, text),
        expires: now.plus(lifetime),
    };
    let tokens = Tokens {
        presented,
        access: new(SecretKind::Access, &access, lifetime),
        refresh: application
            .refresh_tokens
            .then(|| new(SecretKind::Refresh, &refresh, refresh_lifetime)),
        audit: record::step(asked, grant.action(), instance, launch, ""),
        audit_reuse: Entry {
            outcome: "reused".to_owned(),
            ..record::step(asked, Action::SsoRevoke, instance, launch, grant.parameter())
        },
    };
    let has_refresh = tokens.refresh.is_some();
    let ids = app.parts.ids.clone();
    let granted = app
        .parts
        .store
        .write(move |tx| match grant {
            Grant::Code => sso::exchange(tx, &ids, now, &tokens),
            Grant::Refresh => sso::refresh(tx, &ids, now, &tokens),
        })
        .await?;
    match granted {
        Granted::Done(authorization) => {
            let refresh = has_refresh.then_some(refresh.as_str());
            let body = body(&authorization, instance, &access, refresh, lifetime);
            Ok(Some(ok(&body)))
        }
        Granted::Reused => {
            tracing::warn!(
                request_id = asked.request_id,
                client = application.id,
                authorization = launch.number,
                what = grant.parameter(),
                "used twice: everything that came of this launch is revoked"
            );
            Ok(None)
        }
        Granted::Denied => Ok(None),
    }
}

fn body(
    authorization: &Authorization,
    instance: &ConnectedInstance,
    access: &str,
    refresh: Option<&str>,
    lifetime: Duration,
) -> Node {
    let mut body = object! {
        "access_token" => access,
        // Clients compare it letter by letter.
        "token_type" => "Bearer",
        "expires_in" => i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX),
    };
    let Some(members) = body.as_object_mut() else { return body };
    if let Some(refresh) = refresh {
        members.push("refresh_token", refresh);
    }
    let scope = authorization.scope.as_deref().unwrap_or_default();
    for (name, value) in [
        ("scope", Some(scope)),
        ("patient", Some(authorization.patient.as_str())),
        ("user", Some(authorization.user.as_str())),
        ("resource", authorization.resource.as_deref()),
        ("intent", authorization.intent.as_deref()),
        ("domain", Some(instance.domain.name.as_str())),
    ] {
        if let Some(value) = value {
            members.push(name, value);
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verifier_belongs_to_its_challenge() {
        // RFC 7636, appendix B.
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert!(verifies(Some(challenge), Some(verifier)));
        assert!(verifies(None, None));
        assert!(!verifies(Some(challenge), None) && !verifies(None, Some(verifier)));
        assert!(!verifies(Some(challenge), Some(challenge)));
        assert!(!verifies(Some(challenge), Some("short")));
    }
}
