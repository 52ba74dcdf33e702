//! The second half of a launch: the browser comes back from the identity provider
//! (spec 3.3). Who signed in is verified and compared with the user of the launch;
//! the code for the module and the AuditEvent are written before the answer.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use http::{HeaderValue, StatusCode, header};
use koppeltaal_core::Error;
use koppeltaal_core::audit::Entry;
use koppeltaal_core::directory::{ConnectedInstance, IdentityProvider};
use koppeltaal_store::audit;
use koppeltaal_store::authorization::{
    Session, SessionKind, put_session, read_session, use_session,
};
use std::sync::Arc;

use super::begin::cookie_name;
use super::failure::{Failure, Known, Told, fail, with_parameters};
use super::page::Advice;
use super::session::{CODE_LIFETIME, CodeSession, LoginSession, digest, open, seal, secret};
use super::user::mismatch;
use crate::answer::{Answer, OauthError, redirect};
use crate::app::Inner;
use crate::asked::Asked;
use crate::audit_event::{Idp, Outcome, Step, login};
use crate::body::Form;
use crate::openid::{self, Person};

/// Answers the browser that comes back; `cookies` is its `Cookie` header.
pub(crate) async fn callback(app: &Inner, asked: &Asked, form: &Form, cookies: &str) -> Answer {
    let mut answer = match finish(app, asked, form, cookies).await {
        Ok(answer) => answer,
        Err(failure) => fail(app, asked, *failure).await,
    };
    // The browser has no more use for what bound it to the login, unless it may try
    // again.
    let name = cookie_name(&digest(form.get("state").unwrap_or("")));
    if cookie(cookies, &name).is_some() && !answer.status().is_server_error() {
        let path = app.urls(&asked.domain).callback_path();
        let gone = format!("{name}=; Path={path}; Max-Age=0; Secure; HttpOnly; SameSite=Lax");
        if let Ok(gone) = HeaderValue::try_from(gone) {
            answer.headers_mut().append(header::SET_COOKIE, gone);
        }
    }
    answer
}

/// A login that this browser began.
struct Login {
    key: Vec<u8>,
    session: LoginSession,
    module: Arc<ConnectedInstance>,
}

async fn finish(
    app: &Inner,
    asked: &Asked,
    form: &Form,
    cookies: &str,
) -> Result<Answer, Box<Failure>> {
    let login = find(app, asked, form, cookies).await?;
    let directory = app.directory();
    let provider = directory
        .identity_providers_of(&asked.domain.name)
        .find(|provider| provider.name == login.session.provider);
    let Some(provider) = provider else {
        let reason = "the identity provider was removed meanwhile";
        return Err(login.failure("server_error", Outcome::Serious, reason));
    };
    if let Some(error) = form.get("error") {
        return Err(login.refused_by_provider(asked, provider, error));
    }
    let Some(code) = form.get("code") else {
        let reason = "the identity provider sent neither code nor error";
        return Err(login.not_signed_in(asked, provider, "server_error", reason));
    };
    let answer = openid::Answer { code, issuer: form.get("iss") };
    let callback = app.urls(&asked.domain).callback();
    let kept = &login.session.kept;
    let person =
        app.providers.finish(&asked.domain, provider, &callback, answer, kept).await.map_err(
            |failure| {
                let error = match failure {
                    openid::Failure::Refused(_) => "access_denied",
                    openid::Failure::Unavailable(_) => "temporarily_unavailable",
                    openid::Failure::Misconfigured(_) => "server_error",
                };
                login.not_signed_in(asked, provider, error, &failure.to_string())
            },
        )?;
    let launched = &login.session.launched;
    let different = mismatch(app, &asked.domain, provider, launched, &person.username)
        .await
        .map_err(|error| login.broken(error))?;
    match different {
        Some(reason) => Err(login.not_signed_in(asked, provider, "access_denied", reason)),
        None => login.signed_in(app, asked, provider, &person).await,
    }
}

/// Finds the session of the `state`, provided that this browser began it.
async fn find(
    app: &Inner,
    asked: &Asked,
    form: &Form,
    cookies: &str,
) -> Result<Login, Box<Failure>> {
    let unknown = |status: StatusCode, reason: &str| {
        Box::new(Failure {
            known: Known::default(),
            told: Told::Page(status, Advice::StartAgain),
            outcome: Outcome::Minor,
            reason: reason.to_owned(),
            entries: Vec::new(),
        })
    };
    let bad = |reason: &str| unknown(StatusCode::BAD_REQUEST, reason);
    if form.has_repeated() {
        return Err(bad("a parameter of the callback is given more than once"));
    }
    let state = form.get("state").ok_or_else(|| bad("the callback has no state"))?;
    let key = digest(state);
    let (at, now) = (key.clone(), app.now());
    let session = app
        .parts
        .store
        .scope(&asked.domain)
        .read(move |tx| read_session(tx, SessionKind::Login, &at, now))
        .await
        .map_err(|error| unknown(OauthError::from(error).status, "the store failed"))?;
    let Session::Fresh(sealed) = session else {
        return Err(bad("the state of the callback is unknown, was used, or has expired"));
    };
    let session: LoginSession = open(&app.parts.seal, sealed)
        .map_err(|error| unknown(OauthError::from(error).status, "a session cannot be opened"))?;
    let directory = app.directory();
    let client_id = &session.launched.client_id;
    let module = directory.instance_by_client_id(asked.domain.number, client_id);
    let Some(module) = module.filter(|module| module.takes_part()) else {
        return Err(bad("the application does not take part any more"));
    };
    let login = Login { module: module.clone(), key, session };
    let cookie = cookie(cookies, &cookie_name(&login.key)).map(digest).unwrap_or_default();
    if verify_slices_are_equal(&cookie, &login.session.browser).is_err() {
        let failure = bad("the callback came from another browser than the launch");
        return Err(Box::new(Failure { known: login.known(), ..*failure }));
    }
    // From here on the session is this request's: a reload must not spoil what the
    // identity provider answers once.
    let (key, now) = (login.key.clone(), app.now());
    let claimed = app
        .parts
        .store
        .scope(&asked.domain)
        .write(move |tx| use_session(tx, SessionKind::Login, &key, now))
        .await
        .map_err(|error| login.broken(error))?;
    match claimed {
        Session::Fresh(_) => Ok(login),
        Session::Used(_) | Session::Unknown => {
            let failure = bad("the callback came twice");
            Err(Box::new(Failure { known: login.known(), ..*failure }))
        }
    }
}

impl Login {
    fn known(&self) -> Known {
        Known {
            module: Some(self.module.clone()),
            trace: Some(self.session.launched.trace.clone()),
            task: Some(self.session.launched.resource.clone()),
        }
    }

    /// A failure that ends the login and is told to the module.
    fn failure(&self, error: &'static str, outcome: Outcome, reason: &str) -> Box<Failure> {
        Box::new(Failure {
            known: self.known(),
            told: Told::Module {
                redirect_uri: self.session.launched.redirect_uri.clone(),
                state: Some(self.session.state.clone()),
                error,
            },
            outcome,
            reason: reason.to_owned(),
            entries: Vec::new(),
        })
    }

    /// The store failed.
    fn broken(&self, error: Error) -> Box<Failure> {
        let status = OauthError::from(error).status;
        Box::new(Failure {
            told: Told::Page(status, Advice::AskForHelp),
            ..*self.failure("server_error", Outcome::Serious, "the store failed")
        })
    }

    fn event(&self, asked: &Asked, provider: &IdentityProvider, outcome: (Outcome, &str)) -> Entry {
        let launched = &self.session.launched;
        let trace = asked.trace(Some(&launched.trace));
        let idp = Idp { name: &provider.name, issuer: self.session.kept.issuer() };
        let (module, user) = (&self.module, &launched.user);
        login(asked, &trace, Step::IdpLogin, module, user, Some(idp), outcome)
    }

    /// A failure with the record that the user was not authenticated.
    fn not_signed_in(
        &self,
        asked: &Asked,
        provider: &IdentityProvider,
        error: &'static str,
        reason: &str,
    ) -> Box<Failure> {
        let outcome = match error {
            "access_denied" => Outcome::Minor,
            _ => Outcome::Serious,
        };
        let mut failure = self.failure(error, outcome, reason);
        failure.entries.push(self.event(asked, provider, (Outcome::Serious, reason)));
        failure
    }

    fn refused_by_provider(
        &self,
        asked: &Asked,
        provider: &IdentityProvider,
        error: &str,
    ) -> Box<Failure> {
        let ours = match error {
            "access_denied"
            | "login_required"
            | "interaction_required"
            | "consent_required"
            | "account_selection_required" => "access_denied",
            "temporarily_unavailable" => "temporarily_unavailable",
            _ => "server_error",
        };
        let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
        let code: String = error.chars().filter(plain).take(64).collect();
        let reason = format!("the identity provider answered {code}");
        self.not_signed_in(asked, provider, ours, &reason)
    }

    /// The code for the module and the record of the login, at once.
    async fn signed_in(
        &self,
        app: &Inner,
        asked: &Asked,
        provider: &IdentityProvider,
        person: &Person,
    ) -> Result<Answer, Box<Failure>> {
        let code = secret();
        let parameters = [("code", code.as_str()), ("state", self.session.state.as_str())];
        let Some(url) = with_parameters(&self.session.launched.redirect_uri, &parameters) else {
            let reason = "the redirect URI is no URL";
            return Err(self.failure("server_error", Outcome::Serious, reason));
        };
        let now = app.now();
        let session = CodeSession {
            launched: self.session.launched.clone(),
            authenticated: person.authenticated.unwrap_or(now).0.div_euclid(1_000_000),
        };
        let sealed = seal(&app.parts.seal, &session).map_err(|error| self.broken(error))?;
        let entry = self.event(asked, provider, (Outcome::Success, "the user signed in"));
        let (under, ids) = (digest(&code), app.parts.ids.clone());
        let expires = now.plus(CODE_LIFETIME);
        app.parts
            .store
            .scope(&asked.domain)
            .write(move |tx| {
                put_session(tx, SessionKind::Code, &under, &sealed, expires)?;
                audit::append(tx, &ids, std::slice::from_ref(&entry))
            })
            .await
            .map_err(|error| self.broken(error))?;
        let mut answer = redirect(&url);
        asked.mark(&mut answer, Some(&self.session.launched.trace));
        Ok(answer)
    }
}

/// The value of a cookie.
fn cookie<'a>(cookies: &'a str, name: &str) -> Option<&'a str> {
    cookies.split(';').find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        (known == name).then_some(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name() {
        let cookies = "a=1; koppeltaal_login_ab=xyz;koppeltaal_login_abc=other";
        assert_eq!(cookie(cookies, "koppeltaal_login_ab"), Some("xyz"));
        assert_eq!(cookie(cookies, "koppeltaal_login_a"), None);
        assert_eq!(cookie("", "a"), None);
    }
}
