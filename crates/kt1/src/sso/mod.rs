//! Single sign-on of KT1 (around, 1): a portal launches an application for a
//! patient, the application gets a code for the launch and tokens for the code.
//!
//! | file | what |
//! |---|---|
//! | `parameters` | query and form together, names in any case, none twice |
//! | `launch`, `target` | Launch and MobileLaunch: who may launch what for whom |
//! | `destination` | the URL that a web launch sends the browser to |
//! | `authorize`, `request`, `redirect` | a launch becomes a code |
//! | `token`, `client` | a code or a refresh token becomes tokens |
//! | `answer`, `page` | JSON for programs, a page for people |
//! | `record` | the audit trail |

mod answer;
mod authorize;
mod client;
mod destination;
mod housekeeping;
mod launch;
mod page;
mod parameters;
mod record;
mod redirect;
mod request;
mod target;
mod token;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::FutureExt;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::Full;
use koppeltaal_auth::{SealKey, Throttle, verifier};
use koppeltaal_core::told::Told;
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::sso::{Digest, LaunchKind, SecretKind};

pub(crate) use housekeeping::keep_forgetting;

use crate::answer::Refusal;
use crate::app::App;
use crate::{body, cors};
use answer::{Failure, OauthError};
use parameters::Parameters;

/// How long what single sign-on gives out can be used, where an application says
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SsoSettings {
    /// A launch in the browser.
    pub launch_lifetime: Duration,
    /// An authorization code.
    pub code_lifetime: Duration,
    /// An access token.
    pub access_token_lifetime: Duration,
    /// An activation code.
    pub activation_code_lifetime: Duration,
}

/// Wrong client secrets that are let through at once, and again within a minute.
const WRONG_SECRETS: verifier::Limits = verifier::Limits { per_username: 20, per_address: 60 };

/// What the endpoints keep in this process.
#[derive(Debug)]
pub(crate) struct State {
    /// The key of the digests of activation codes.
    activation_key: [u8; 32],
    wrong_secrets: Mutex<Throttle>,
}

impl State {
    pub(crate) fn new(seal: &SealKey) -> Self {
        Self {
            activation_key: seal.derive("KT1 activation codes"),
            wrong_secrets: Mutex::new(Throttle::new(WRONG_SECRETS)),
        }
    }

    /// The digest of a launch id, or of an activation code of this application.
    fn launch(&self, application: i64, launch: &str) -> Digest {
        match request::is_activation_code(launch) {
            true => self.activation_code(application, launch),
            false => Digest::of(SecretKind::Launch, launch),
        }
    }

    fn activation_code(&self, application: i64, code: &str) -> Digest {
        Digest::of_activation_code(&self.activation_key, application, code)
    }

    fn wrong_secrets(&self) -> MutexGuard<'_, Throttle> {
        // What a panic left is still a count.
        self.wrong_secrets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The largest form.
const MOST: usize = 64 * 1024;

/// The endpoints.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Endpoint {
    Launch,
    MobileLaunch,
    Authorize,
    Token,
}

impl Endpoint {
    fn of(path: &str) -> Option<Self> {
        let mut parts = path.split('/').filter(|part| !part.is_empty()).skip(2);
        let (name, rest) = (parts.next()?, parts.next());
        let all = [Self::Launch, Self::MobileLaunch, Self::Authorize, Self::Token];
        let found = all.into_iter().find(|endpoint| endpoint.name().eq_ignore_ascii_case(name));
        found.filter(|_| rest.is_none())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Launch => "launch",
            Self::MobileLaunch => "mobilelaunch",
            Self::Authorize => "authorize",
            Self::Token => "token",
        }
    }
}

/// Whether a path belongs to KT1's single sign-on.
pub fn is_sso_path(path: &str) -> bool {
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let mut next_is = |word: &str| parts.next().is_some_and(|p| p.eq_ignore_ascii_case(word));
    next_is("OAuth2") && next_is("Koppeltaal")
}

/// A request on its way through an endpoint.
struct Asked<'a> {
    headers: &'a HeaderMap,
    method: &'a Method,
    peer: IpAddr,
    began: Timestamp,
    request_id: &'a str,
}

/// An answer with its whole body.
type Answer = Response<Full<Bytes>>;

/// Answers a request below `/OAuth2/Koppeltaal`. The answer carries a [`Told`].
pub async fn handle_sso<B>(
    app: App,
    request: Request<B>,
    peer: IpAddr,
    request_id: String,
) -> Answer
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (head, body) = request.into_parts();
    if head.method == Method::OPTIONS {
        return cors::preflight(&head.headers);
    }
    let began = Instant::now();
    let endpoint = Endpoint::of(head.uri.path());
    let mut told = Told { verb: endpoint.map_or("none", Endpoint::name), ..Told::default() };
    let asked = Asked {
        headers: &head.headers,
        method: &head.method,
        peer,
        began: app.now(),
        request_id: &request_id,
    };
    let query = head.uri.query().unwrap_or("");
    let work = serve(&app, &asked, endpoint, query, body, &mut told);
    // A defect answers as every other error does.
    let result = AssertUnwindSafe(work)
        .catch_unwind()
        .await
        .unwrap_or_else(|_| Err(Refusal::from(Error::internal("a request panicked")).into()));
    let mut answer = match result {
        Ok(answer) => answer,
        Err(failure) => failure.into_answer(&head.headers, &request_id),
    };
    cors::allow(answer.headers_mut());
    app.metrics().took(told.verb, began.elapsed().as_secs_f64());
    answer.extensions_mut().insert(told);
    answer
}

async fn serve<B>(
    app: &App,
    asked: &Asked<'_>,
    endpoint: Option<Endpoint>,
    query: &str,
    body: B,
    told: &mut Told,
) -> Result<Answer, Failure>
where
    B: http_body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let endpoint = endpoint.ok_or_else(|| Refusal::not_found("There is nothing at this URL."))?;
    // Not HEAD: what is made for it would be lost.
    if ![Method::GET, Method::POST].contains(asked.method) {
        let details = format!("{} is not served at this URL.", asked.method);
        return Err(Refusal::not_supported(details).into());
    }
    let body = match *asked.method == Method::POST {
        true => body::read(asked.headers, body, MOST, app.parts.settings.body_timeout).await?,
        false => Bytes::new(),
    };
    let parameters = Parameters::read(query, asked.headers, &body);
    match endpoint {
        Endpoint::Launch => launch::launch(app, asked, &parameters?, LaunchKind::Web, told).await,
        Endpoint::MobileLaunch => {
            launch::launch(app, asked, &parameters?, LaunchKind::Mobile, told).await
        }
        Endpoint::Authorize => {
            let parameters = parameters.map_err(OauthError::from)?;
            authorize::authorize(app, asked, &parameters, told).await
        }
        Endpoint::Token => {
            let parameters = parameters.map_err(OauthError::from)?;
            Ok(token::token(app, asked, &parameters, told).await?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoints_are_found_in_any_case_and_with_any_slashes() {
        for (path, endpoint) in [
            ("/OAuth2/Koppeltaal/Launch", Some(Endpoint::Launch)),
            ("//oauth2/koppeltaal//mobileLAUNCH/", Some(Endpoint::MobileLaunch)),
            ("/OAuth2/Koppeltaal/authorize", Some(Endpoint::Authorize)),
            ("/OAuth2/Koppeltaal/Token", Some(Endpoint::Token)),
            ("/OAuth2/Koppeltaal/Token/more", None),
            ("/OAuth2/Koppeltaal", None),
        ] {
            assert!(is_sso_path(path), "{path}");
            assert_eq!(Endpoint::of(path), endpoint, "{path}");
        }
        assert!(!is_sso_path("/Outh2/Koppeltaal/Launch") && !is_sso_path("/OAuth2/Other"));
    }
}
