//! The first half of a launch: the request and its launch token are checked, an
//! identity provider is chosen, and the browser is sent there. Launch token,
//! session and AuditEvents are written in one transaction before the answer.

use http::{HeaderValue, header};
use koppeltaal_core::directory::LaunchTokenUse;
use koppeltaal_store::audit;
use koppeltaal_store::authorization::{SessionKind, TokenUse, put_session};
use serde_json::Map;

use super::failure::{Failure, Known, Told, fail};
use super::page::Advice;
use super::request::{Module, module};
use super::session::{LOGIN_LIFETIME, Launched, LoginSession, digest, seal, secret};
use crate::answer::{Answer, OauthError, redirect};
use crate::app::Inner;
use crate::asked::Asked;
use crate::audit_event::{Idp, Outcome, Step, login, unknown_hint};
use crate::body::Form;
use crate::jose::Unverified;
use crate::launch_token::{self, Launch};
use crate::openid::{self, choose};

/// The cookie that binds a login to a browser; each login has its own, so that
/// two launches side by side do not disturb each other.
pub(super) fn cookie_name(session: &[u8]) -> String {
    let short: String = session.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    format!("koppeltaal_login_{short}")
}

/// Answers an authorization request.
pub(crate) async fn authorize(app: &Inner, asked: &Asked, form: &Form) -> Answer {
    match begin(app, asked, form).await {
        Ok(answer) => answer,
        Err(failure) => fail(app, asked, *failure).await,
    }
}

async fn begin(app: &Inner, asked: &Asked, form: &Form) -> Result<Answer, Box<Failure>> {
    let directory = app.directory();
    let urls = app.urls(&asked.domain);
    let module = module(&directory, &asked.domain, form)?;
    let request = module.request(&urls, form).map_err(|mut failure| {
        failure.known.trace = unverified_jti(form);
        failure
    })?;
    let launch =
        launch_token::verify(app, &asked.domain, &module.instance, &request.launch, app.now())
            .await
            .map_err(|reason| {
                let mut failure =
                    module.failure("invalid_request", format!("launch token: {reason}"));
                failure.known.trace = unverified_jti(form);
                failure
            })?;
    let known = Known {
        module: Some(module.instance.clone()),
        trace: Some(launch.jti.clone()),
        task: Some(launch.context.resource.clone()),
    };
    let failed = |error: &'static str, outcome: Outcome, reason: String| {
        Box::new(Failure { known: known.clone(), outcome, ..module.failure(error, reason) })
    };
    let providers: Vec<_> = directory.identity_providers_of(&asked.domain.name).collect();
    let hint = launch.context.idp_hint.as_deref();
    let choice = choose(&providers, &module.instance.instance, &launch.user.kind, hint);
    let trace = asked.trace(Some(&launch.jti));
    let (on, user) = (&module.instance, &launch.user);
    // Recorded whatever becomes of the launch: an administrator must act.
    let misconfiguration = choice.unknown_hint.then(|| unknown_hint(asked, &trace, on, user));
    let failed = |error: &'static str, outcome: Outcome, reason: String| {
        let mut failure = failed(error, outcome, reason);
        failure.entries.extend(misconfiguration.clone());
        failure
    };
    let Some(provider) = choice.provider else {
        let reason = "the domain has no identity provider for this kind of user".to_owned();
        return Err(failed("server_error", Outcome::Serious, reason));
    };
    let state = secret();
    let begun = app
        .providers
        .begin(&asked.domain, provider, &urls.callback(), &state, request.prompt.as_deref())
        .await
        .map_err(|failure| {
            let error = match failure {
                openid::Failure::Unavailable(_) => "temporarily_unavailable",
                _ => "server_error",
            };
            failed(error, Outcome::Serious, failure.to_string())
        })?;
    let accepted = (Outcome::Success, "the launch token is valid");
    let idp = Idp { name: &provider.name, issuer: begun.kept.issuer() };
    let sent = (Outcome::Success, "the user is sent to the identity provider");
    let mut entries = vec![
        login(asked, &trace, Step::Authorize, on, user, None, accepted),
        login(asked, &trace, Step::IdpCall, on, user, Some(idp), sent),
    ];
    entries.extend(misconfiguration.clone());
    let browser = secret();
    let session = LoginSession {
        launched: launched(&module, &request, &launch, trace.trace_id.clone()),
        state: request.state.clone(),
        provider: provider.name.clone(),
        kept: begun.kept,
        browser: digest(&browser),
    };
    let broken = |error| {
        let status = OauthError::from(error).status;
        Box::new(Failure {
            told: Told::Page(status, Advice::AskForHelp),
            ..*failed("server_error", Outcome::Serious, "the store failed".to_owned())
        })
    };
    let sealed = seal(&app.parts.seal, &session).map_err(broken)?;
    let key = digest(&state);
    let token_use = match module.instance.instance.launch_token_use {
        LaunchTokenUse::Once => TokenUse::Launch,
        LaunchTokenUse::IntrospectThenAuthorize => TokenUse::LaunchAuthorized,
    };
    let (expires, ids) = (asked.began.plus(LOGIN_LIFETIME), app.parts.ids.clone());
    let (spender, under) = (launch.clone(), key.clone());
    let first = app
        .parts
        .store
        .scope(&asked.domain)
        .write(move |tx| {
            if !spender.spend(tx, token_use)? {
                return Ok(false);
            }
            put_session(tx, SessionKind::Login, &under, &sealed, expires)?;
            audit::append(tx, &ids, &entries)?;
            Ok(true)
        })
        .await
        .map_err(broken)?;
    if !first {
        let reason = "launch token: the jti was used before".to_owned();
        return Err(failed("invalid_request", Outcome::Minor, reason));
    }
    let mut answer = redirect(&begun.url);
    asked.mark(&mut answer, Some(&launch.jti));
    let cookie = format!(
        "{}={browser}; Path={}; Max-Age={}; Secure; HttpOnly; SameSite=Lax",
        cookie_name(&key),
        urls.callback_path(),
        LOGIN_LIFETIME.as_secs(),
    );
    if let Ok(cookie) = HeaderValue::try_from(cookie) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

fn launched(
    module: &Module,
    request: &super::request::Request,
    launch: &Launch,
    trace: String,
) -> Launched {
    let mut claims = Map::new();
    for name in ["aud", "iss", "exp", "jti"] {
        if let Some(value) = launch.claims.get(name) {
            claims.insert(name.to_owned(), value.clone());
        }
    }
    Launched {
        client_id: module.instance.instance.client_id.clone(),
        redirect_uri: module.redirect_uri.clone(),
        scope: request.scope.clone(),
        nonce: request.nonce.clone(),
        challenge: request.challenge.clone(),
        user: launch.user.clone(),
        resource: launch.context.resource.clone(),
        definition: launch.context.definition.clone(),
        patient: launch.context.patient.clone(),
        intent: launch.context.intent.clone(),
        claims,
        trace,
    }
}

/// The jti of a launch token that does not hold: it connects the failure to what
/// the portal and the module recorded of it.
fn unverified_jti(form: &Form) -> Option<String> {
    let token = Unverified::parse(form.get("launch")?).ok()?;
    token.claims().text("jti").map(str::to_owned)
}
