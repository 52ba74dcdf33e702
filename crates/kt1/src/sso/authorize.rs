//! Authorize: a launch id or an activation code becomes a code for the application,
//! without a login and without a question (around, 1.4). Until client and redirect
//! URI are known to be good, what is wrong is never told by redirect.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use koppeltaal_auth::{generate_password, network};
use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::{Application, ConnectedInstance};
use koppeltaal_core::told::Told;
use koppeltaal_fhir::{Node, object};
use koppeltaal_store::sso::{
    self, Approval, Authorization, Authorized, Digest, GuessLimits, Guesser, SecretKind,
};

use super::answer::{Failure, OauthError, ok, redirect};
use super::destination::with_parameters;
use super::parameters::Parameters;
use super::redirect::{is_allowed, is_known};
use super::request::{Scope, challenge, is_activation_code, scope};
use super::{Answer, Asked, page, record};
use crate::answer::Refusal;
use crate::app::App;

/// How often an activation code may be wrong (around, 1.3).
const WRONG_CODES: GuessLimits = GuessLimits {
    per_address: (5, Duration::from_secs(15 * 60)),
    per_application: (50, Duration::from_secs(3600)),
};

/// A launch that was found, and the instance it is for.
type Launched = (Arc<ConnectedInstance>, Authorization);

/// Gives a code for a launch.
pub(super) async fn authorize(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    told: &mut Told,
) -> Result<Answer, Failure> {
    let application = client(app, parameters).map_err(|error| shown(asked, error))?;
    let scope = parameters.get("scope").and_then(scope);
    let launched = match &scope {
        Some(scope) => find(app, &application, &scope.launch).await?,
        None => None,
    };
    if let Some((instance, _)) = &launched {
        told.domain = Some(instance.domain.name.clone());
        told.instance = Some(instance.name().to_owned());
    }
    let uri = redirect_uri(app, &application, parameters).map_err(|error| shown(asked, error))?;
    // One that is registered elsewhere is no different from a launch that is not
    // known, or activation codes could be tried with it unseen.
    let launched = launched.filter(|(instance, _)| is_allowed(uri, instance));
    let state = parameters.get("state");
    let by_code = scope.as_ref().is_some_and(|scope| is_activation_code(&scope.launch));
    let given = match scope.ok_or_else(OauthError::invalid_scope) {
        Ok(scope) => give(app, asked, parameters, &application, launched, scope, uri).await,
        Err(error) => match response_type(parameters) {
            Ok(()) => Err(error),
            Err(earlier) => Err(earlier),
        },
    };
    match given {
        Ok(code) if by_code => Ok(ok(&for_mobile(&code, state))),
        Ok(code) => Ok(redirect(&back(uri, &[("code", &code)], state))?),
        // What an application has to read with a program, and what is over later.
        Err(error) if by_code || error.status != StatusCode::BAD_REQUEST => Err(error.into()),
        Err(error) => {
            let told = [("error", error.error), ("error_description", error.description.as_str())];
            Ok(redirect(&back(uri, &told, state))?)
        }
    }
}

/// A person sees a page.
fn shown(asked: &Asked<'_>, error: OauthError) -> Failure {
    if page::is_wanted(asked.headers) {
        return Refusal::new(error.status, error.code, error.error, error.description).into();
    }
    error.into()
}

fn client(app: &App, parameters: &Parameters) -> Result<Arc<Application>, OauthError> {
    let id = parameters.get("client_id").ok_or_else(|| OauthError::missing("client_id"))?;
    let directory = app.directory();
    let application = directory.applications().iter().find(|known| known.id == id);
    application.filter(|application| application.active).cloned().ok_or_else(|| {
        OauthError::unauthorized_client(StatusCode::BAD_REQUEST, "The client_id is not known.")
    })
}

/// The launch with this id or code, if it is one of this application, whose instance
/// takes part.
async fn find(
    app: &App,
    application: &Application,
    launch: &str,
) -> Result<Option<Launched>, OauthError> {
    let digest = app.sso.launch(application.number, launch);
    let found = app.parts.store.read(move |tx| sso::look_up(tx, &digest)).await?;
    let Some(found) = found.map(|found| found.authorization) else { return Ok(None) };
    if found.application != application.number {
        return Ok(None);
    }
    let directory = app.directory();
    let instance = directory.instance(found.instance).filter(|instance| instance.takes_part());
    Ok(instance.map(|instance| (instance.clone(), found)))
}

fn redirect_uri<'a>(
    app: &App,
    application: &Application,
    parameters: &'a Parameters,
) -> Result<&'a str, OauthError> {
    let uri = parameters.get("redirect_uri").ok_or_else(|| OauthError::missing("redirect_uri"))?;
    match is_known(uri, application, &app.directory()) {
        true => Ok(uri),
        false => Err(OauthError::invalid_request(
            "value",
            "The redirect_uri is not one that is registered for this application.",
        )),
    }
}

fn response_type(parameters: &Parameters) -> Result<(), OauthError> {
    match parameters.get("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(OauthError::unsupported_response_type()),
        None => Err(OauthError::missing("response_type")),
    }
}

/// Uses the launch and makes the code.
async fn give(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
    application: &Application,
    launched: Option<Launched>,
    scope: Scope,
    uri: &str,
) -> Result<String, OauthError> {
    response_type(parameters)?;
    let challenge = challenge(parameters)?;
    let by_code = is_activation_code(&scope.launch);
    let Some((instance, launch)) = launched else {
        if by_code {
            guess(app, asked, application).await?;
        }
        record::denied(app, asked, None, "authorize", "access_denied");
        return Err(OauthError::access_denied());
    };
    let code = generate_password();
    let now = app.now();
    let approval = Approval {
        launch: app.sso.launch(application.number, &scope.launch),
        redirect_uri: uri.to_owned(),
        scope: scope.granted,
        challenge,
        code: Digest::of(SecretKind::Code, &code),
        expires: now.plus(app.parts.settings.sso.code_lifetime),
        audit: record::step(asked, Action::SsoAuthorize, &instance, &launch, ""),
    };
    let ids = app.parts.ids.clone();
    let guesser = by_code.then(|| guesser(application, asked));
    let authorized = app
        .parts
        .store
        .write(move |tx| match &guesser {
            Some(guesser) => sso::authorize_by_code(tx, &ids, now, &approval, guesser),
            None => sso::authorize(tx, &ids, now, &approval),
        })
        .await?;
    let error = match authorized {
        Authorized::Done => return Ok(code),
        Authorized::Denied => OauthError::access_denied(),
        Authorized::Throttled(until) => OauthError::too_many(until.since(now).as_secs() + 1),
    };
    record::denied(app, asked, Some((&instance, &launch)), "authorize", error.error);
    Err(error)
}

/// Counts a code that nobody has.
async fn guess(app: &App, asked: &Asked<'_>, application: &Application) -> Result<(), OauthError> {
    let (ids, now) = (app.parts.ids.clone(), app.now());
    let guesser = guesser(application, asked);
    let throttled =
        app.parts.store.write(move |tx| sso::wrong_code(tx, &ids, now, &guesser)).await?;
    match throttled {
        Some(until) => Err(OauthError::too_many(until.since(now).as_secs() + 1)),
        None => Ok(()),
    }
}

fn guesser(application: &Application, asked: &Asked<'_>) -> Guesser {
    Guesser {
        application: application.number,
        address: network(asked.peer).to_string(),
        limits: WRONG_CODES,
    }
}

fn for_mobile(code: &str, state: Option<&str>) -> Node {
    // The second is how the standard spells it, the first how clients read it.
    let mut answer = object! { "authorization_code" => code, "authorisation_code" => code };
    if let (Some(state), Some(members)) = (state, answer.as_object_mut()) {
        members.push("state", state);
    }
    answer
}

fn back(uri: &str, parameters: &[(&str, &str)], state: Option<&str>) -> String {
    let mut all = parameters.to_vec();
    all.extend(state.map(|state| ("state", state)));
    with_parameters(uri, &all)
}
