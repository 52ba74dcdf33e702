//! Launch and MobileLaunch: the caller's application is left for another, in the
//! browser or with a code that a person types in (around, 1.2 and 1.3).

use std::time::Duration;

use http::{StatusCode, header};
use koppeltaal_auth::generate_password;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::told::Told;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_fhir::object;
use koppeltaal_store::sso::{self, Digest, Launch, LaunchKind, SecretKind};

use super::answer::{Failure, ok, redirect};
use super::destination::{destination, launch_url};
use super::parameters::Parameters;
use super::target::{Target, target};
use super::{Answer, Asked};
use crate::answer::Refusal;
use crate::app::App;
use crate::authenticate::{Credentials, authenticate_with};
use crate::call::{self, Caller};

const DAY: Duration = Duration::from_secs(86_400);
/// How many activation codes are tried before giving up.
const ATTEMPTS: usize = 20;

/// Launches an application.
pub(super) async fn launch(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    kind: LaunchKind,
    told: &mut Told,
) -> Result<Answer, Failure> {
    let caller = caller(app, asked, parameters, kind).await?;
    told.domain = Some(caller.domain.name.clone());
    told.instance = Some(caller.name().to_owned());
    app.parts.limit.check(caller.instance.number).map_err(Refusal::throttled)?;
    let launched = perform(app, asked, parameters, kind, &caller).await;
    if let Err(refusal) = &launched
        && refusal.status != StatusCode::SERVICE_UNAVAILABLE
    {
        let patient = parameters.get("patient").filter(|url| url.len() <= crate::key::MAX_URL);
        let entry = Entry {
            patient: patient.map(|url| identity(url).to_owned()),
            outcome: refusal.status.as_u16().to_string(),
            detail: Some(format!(
                "{} launch, {}, from {}",
                kind.code(),
                refusal.reason,
                asked.peer
            )),
            ..call::audit(Action::SsoDeny, asked.began, &caller, asked.request_id)
        };
        app.parts.audit_log.add(caller.domain.number, entry);
    }
    Ok(launched?)
}

/// Who launches. A browser that is sent here by a page of old has its credentials in
/// the query, where the instance is allowed to.
async fn caller(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    kind: LaunchKind,
) -> Result<Caller, Refusal> {
    let in_header = Credentials::of(asked.headers);
    let in_query = match (kind, asked.headers.contains_key(header::AUTHORIZATION)) {
        (LaunchKind::Web, false) => parameters.get("Authorization").and_then(in_query),
        _ => None,
    };
    let by_query = in_query.is_some();
    let caller = authenticate_with(app, in_header.or(in_query), asked.peer).await?;
    if by_query && !caller.instance.basic_in_launch_query {
        return authenticate_with(app, None, asked.peer).await;
    }
    if kind == LaunchKind::Mobile && caller.patient.is_some() {
        return Err(Refusal::forbidden(
            "Activation codes are made with the credentials of the application instance.",
        ));
    }
    Ok(caller)
}

/// Pages of old write base64 into a URL as it is, where `+` means a space.
fn in_query(value: &str) -> Option<Credentials> {
    let (scheme, rest) = value.trim().split_once(' ')?;
    Credentials::read(&format!("{scheme} {}", rest.replace(' ', "+")))
}

async fn perform(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    kind: LaunchKind,
    caller: &Caller,
) -> Result<Answer, Refusal> {
    let target = target(&app.directory(), caller, parameters, kind)?;
    match kind {
        LaunchKind::Web => web(app, asked, caller, target).await,
        LaunchKind::Mobile => mobile(app, asked, caller, target).await,
    }
}

async fn web(
    app: &App,
    asked: &Asked<'_>,
    caller: &Caller,
    target: Target,
) -> Result<Answer, Refusal> {
    // Never digits alone: those are activation codes.
    let id = format!("L{}", generate_password());
    let application = target.instance.application.clone();
    let lifetime = application.launch_lifetime.unwrap_or(app.parts.settings.sso.launch_lifetime);
    let url = launch_url(&target.instance).unwrap_or_default();
    let mode = application.launch_mode;
    let to = destination(url, mode, &app.links.base, &id, &application.id);
    let secret = Digest::of(SecretKind::Launch, &id);
    let launch = record(app, asked, caller, target, LaunchKind::Web, secret, lifetime);
    if !keep(app, caller, launch).await? {
        return Err(Error::internal("a launch id was made twice").into());
    }
    redirect(&to)
}

async fn mobile(
    app: &App,
    asked: &Asked<'_>,
    caller: &Caller,
    target: Target,
) -> Result<Answer, Refusal> {
    let application = target.instance.application.clone();
    let lifetime = application
        .activation_code_lifetime
        .unwrap_or(app.parts.settings.sso.activation_code_lifetime);
    let code = activation_code();
    let digest = |code: &str| app.sso.activation_code(application.number, code);
    let mut launch =
        record(app, asked, caller, target, LaunchKind::Mobile, digest(&code), lifetime);
    let mut code = code;
    for _ in 0..ATTEMPTS {
        if keep(app, caller, launch.clone()).await? {
            let days = lifetime.as_secs().div_ceil(DAY.as_secs()).max(1);
            return Ok(ok(&object! {
                "activation_code" => code,
                "expires_in" => i64::try_from(days).unwrap_or(i64::MAX),
            }));
        }
        // Somebody waits with this code already.
        code = activation_code();
        launch.secret = digest(&code);
    }
    Err(Error::Unavailable("no activation code is free".to_owned()).into())
}

/// Eight digits: existing applications have a field for digits only.
fn activation_code() -> String {
    format!("{:08}", rand::random_range(0..100_000_000_u32))
}

fn record(
    app: &App,
    asked: &Asked<'_>,
    caller: &Caller,
    target: Target,
    kind: LaunchKind,
    secret: Digest,
    lifetime: Duration,
) -> Launch {
    let action = match kind {
        LaunchKind::Web => Action::SsoLaunch,
        LaunchKind::Mobile => Action::SsoMobileLaunch,
    };
    let patient = identity(&target.patient).to_owned();
    let audit = Entry {
        patient: Some(patient.clone()),
        detail: Some(format!(
            "client {}, instance {}, user {}, from {}",
            target.instance.application.id,
            target.instance.name(),
            target.user,
            asked.peer
        )),
        ..call::audit(action, asked.began, caller, asked.request_id)
    };
    Launch {
        application: target.instance.application.number,
        instance: target.instance.instance.number,
        caller: caller.instance.number,
        kind,
        patient_identity: patient,
        patient: target.patient,
        user_identity: identity(&target.user).to_owned(),
        user: target.user,
        resource: target.resource,
        intent: target.intent,
        secret,
        expires: app.now().plus(lifetime),
        audit,
    }
}

async fn keep(app: &App, caller: &Caller, launch: Launch) -> Result<bool, Refusal> {
    let (ids, now): (_, Timestamp) = (app.parts.ids.clone(), app.now());
    let scope = app.parts.store.scope(&caller.domain);
    let kept = scope.write(move |tx| sso::launch(tx, &ids, now, &launch)).await?;
    Ok(kept.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plus_in_a_query_is_one_again() {
        let expected = Some(Credentials::Basic("u".to_owned(), ">>>".to_owned()));
        assert!(in_query("Basic dTo+Pj4=") == expected);
        assert!(in_query("Basic dTo Pj4=") == expected);
        assert!(in_query("Basic").is_none());
    }

    #[test]
    fn an_activation_code_has_eight_digits() {
        for _ in 0..100 {
            let code = activation_code();
            assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        }
    }
}
