//! Who asks for tokens: a confidential client by its secret, an instance by its own
//! password, or nobody in particular (around, 1.5).

use std::sync::Arc;

use http::header;
use koppeltaal_auth::{Attempt, Guess};
use koppeltaal_core::directory::{Application, ConnectedInstance};

use super::Asked;
use super::answer::OauthError;
use super::parameters::Parameters;
use crate::app::App;
use crate::authenticate::Credentials;

/// The client of a token request.
#[derive(Debug, Clone)]
pub(super) enum Client {
    /// An application that showed its secret.
    Application(Arc<Application>),
    /// An instance that showed its password.
    Instance(Arc<ConnectedInstance>),
    /// One that showed nothing.
    Nobody,
}

impl Client {
    /// The application it is, if it says so.
    pub(super) fn application(&self) -> Option<&Application> {
        match self {
            Self::Application(application) => Some(application),
            Self::Instance(instance) => Some(&instance.application),
            Self::Nobody => None,
        }
    }

    /// Whether tokens of this instance may be given to it.
    pub(super) fn may_have(&self, instance: &ConnectedInstance) -> bool {
        match self {
            Self::Application(application) => application.number == instance.application.number,
            Self::Instance(own) => own.instance.number == instance.instance.number,
            Self::Nobody => instance.application.allow_public_token_requests,
        }
    }
}

/// Authenticates the client.
pub(super) async fn client(
    app: &App,
    asked: &Asked<'_>,
    parameters: &Parameters,
) -> Result<Client, OauthError> {
    let by_header = asked.headers.contains_key(header::AUTHORIZATION);
    let secret = parameters.get("client_secret");
    if by_header && secret.is_some() {
        let text = "The client authenticates in two ways at once.";
        return Err(OauthError::invalid_request("value", text));
    }
    if secret.is_some() && parameters.in_form("client_secret").is_none() {
        let text = "A client_secret belongs in the header or in the body, not in the URL.";
        return Err(OauthError::invalid_request("value", text));
    }
    let (id, secret) = match (by_header, secret) {
        (true, _) => match Credentials::of(asked.headers) {
            Some(Credentials::Basic(id, secret)) => (id, secret),
            _ => return Err(OauthError::invalid_client(true)),
        },
        (false, Some(secret)) => {
            let id = parameters.get("client_id").ok_or_else(|| OauthError::missing("client_id"))?;
            (id.to_owned(), secret.to_owned())
        }
        (false, None) => return Ok(Client::Nobody),
    };
    if let Some(application) = by_secret(app, asked, &id, &secret)? {
        return Ok(Client::Application(application));
    }
    let instance = by_password(app, asked, &id, &secret).await?;
    instance.map(Client::Instance).ok_or_else(|| OauthError::invalid_client(by_header))
}

/// The application with this secret. Who guesses is slowed down.
fn by_secret(
    app: &App,
    asked: &Asked<'_>,
    id: &str,
    given: &str,
) -> Result<Option<Arc<Application>>, OauthError> {
    let directory = app.directory();
    let application = directory.applications().iter().find(|known| known.id == id);
    let Some((application, secret)) =
        application.and_then(|found| Some((found, found.oauth_secret.as_ref()?)))
    else {
        return Ok(None);
    };
    let guess = Guess::new(id, asked.peer, true);
    let wait = app.sso.wrong_secrets().wait(&guess, app.now());
    if !wait.is_zero() {
        return Err(OauthError::too_many(wait.as_secs() + 1));
    }
    if app.parts.seal.holds(secret, given)? {
        return Ok(application.active.then(|| application.clone()));
    }
    app.sso.wrong_secrets().charge(guess, app.now());
    Ok(None)
}

async fn by_password(
    app: &App,
    asked: &Asked<'_>,
    username: &str,
    password: &str,
) -> Result<Option<Arc<ConnectedInstance>>, OauthError> {
    let directory = app.directory();
    // Who names an application and shows no secret of it does not cost an argon2 run.
    let Some(instance) = directory.instance_by_username(username) else { return Ok(None) };
    let attempt = Attempt { username, password, address: asked.peer };
    let verified = app.parts.verifier.verify(Some(instance), attempt, app.now()).await?;
    Ok((verified && instance.takes_part()).then(|| instance.clone()))
}
