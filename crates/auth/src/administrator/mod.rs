//! Who administers: accounts with password and second factor, tokens for
//! programs, sessions for browsers (kt13-around 6). Each request is checked
//! against the store, so that what is revoked, switched off or locked is so in
//! every process at once.

mod base32;
mod credential;
mod link;
mod password_check;
mod sign_in;
mod totp;

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Method};
use koppeltaal_core::administrator::{Administrator, Means, Rights, check_login};
use koppeltaal_core::network::{Network, is_allowed};
use koppeltaal_core::{Clock, Error, Result, Timestamp};
use koppeltaal_store::administrator::{self as stored, Account};
use koppeltaal_store::directory::Author;
use koppeltaal_store::{Ids, Store};

use crate::seal::SealKey;
use credential::Credential;
use password_check::PasswordCheck;

pub use credential::{COOKIE, CSRF_HEADER, Generated, digest, generate};
pub use link::{LinkUsed, new_link};
pub use password_check::hash_new;
pub use sign_in::{SignIn, SignedIn};
pub use totp::Totp;

/// The start of every administrator token.
pub const TOKEN_PREFIX: &str = "kta_";

/// What a refused caller is told, whatever was wrong.
const REFUSED: &str = "The credentials are not those of an administrator who may sign in now";

/// A request as it is looked at here.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// Its method: a browser's session changes nothing without [`CSRF_HEADER`].
    pub method: &'a Method,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// Where it comes from.
    pub peer: IpAddr,
    /// Its id.
    pub request_id: &'a str,
    /// From where user name and password are taken (Basic).
    pub basic_from: &'a [Network],
}

/// The administrators: shared by every request.
#[derive(Clone)]
pub struct Administrators {
    store: Store,
    ids: Arc<Ids>,
    clock: Arc<dyn Clock>,
    seal: Arc<SealKey>,
    passwords: Arc<PasswordCheck>,
}

impl Administrators {
    /// Puts it together.
    pub fn new(store: Store, ids: Arc<Ids>, clock: Arc<dyn Clock>, seal: Arc<SealKey>) -> Self {
        Self { store, ids, clock, seal, passwords: Arc::default() }
    }

    /// Who makes this request. [`Error::Unauthorized`] when nobody who may.
    pub async fn authenticate(&self, call: &Call<'_>) -> Result<Administrator> {
        match Credential::of(call.headers)? {
            Credential::None => Err(Error::Unauthorized(
                "Sign in: with an administrator token (Bearer) or a session".to_owned(),
            )),
            Credential::Token(token) => self.by_token(&token).await,
            Credential::Basic { login, password } => {
                if !is_allowed(call.basic_from, call.peer) {
                    tracing::info!(peer = %call.peer, "user name and password from a foreign address");
                    return Err(refused());
                }
                self.by_password(&login, password, call).await
            }
            Credential::Session(secret) => self.by_session(&secret, call).await,
        }
    }

    async fn by_token(&self, token: &str) -> Result<Administrator> {
        if !token.starts_with(TOKEN_PREFIX) {
            return Err(refused());
        }
        let now = self.clock.now();
        let digest = digest(token);
        let found = self
            .store
            .read(move |tx| {
                let Some(token) = stored::token_by_digest(tx, &digest)? else { return Ok(None) };
                let account = match token.account {
                    Some(number) => stored::account(tx, number)?,
                    None => None,
                };
                Ok(Some((token, account)))
            })
            .await?;
        let Some((token, account)) = found.filter(|(token, _)| token.works(now)) else {
            return Err(refused());
        };
        // What an account lost, its tokens have lost.
        let stands = token.account.is_none()
            || account
                .as_ref()
                .is_some_and(|account| account.active && account.rights.covers(&token.rights));
        if !stands {
            return Err(refused());
        }
        Ok(Administrator {
            account: token.account,
            name: account.map_or(token.name, |account| account.login),
            rights: token.rights,
            means: Means::Token,
        })
    }

    async fn by_password(
        &self,
        login: &str,
        password: String,
        call: &Call<'_>,
    ) -> Result<Administrator> {
        let author = self.author(login, call.request_id);
        let (account, known) = self.check_password(login, password, &author).await?;
        if !known {
            let (ids, number) = (self.ids.clone(), account.number);
            let detail = format!("with user name and password from {}", call.peer);
            self.store
                .write(move |tx| stored::succeeded(tx, &ids, number, None, &detail, &author))
                .await?;
        }
        Ok(of_account(account, Means::Password))
    }

    async fn by_session(&self, secret: &str, call: &Call<'_>) -> Result<Administrator> {
        // A page elsewhere can make the browser send the cookie, not this header.
        if !call.method.is_safe() && !credential::has_csrf_token(call.headers, secret) {
            return Err(Error::Forbidden(format!(
                "a request of a session that changes something needs the header {CSRF_HEADER}"
            )));
        }
        let now = self.clock.now();
        let digest = digest(secret);
        let account = self
            .store
            .write(move |tx| match stored::use_session(tx, &digest, now)? {
                Some(number) => stored::account(tx, number),
                None => Ok(None),
            })
            .await?;
        match account.filter(|account| account.active) {
            Some(account) => Ok(of_account(account, Means::Session)),
            None => Err(Error::Unauthorized("The session is over: sign in again".to_owned())),
        }
    }

    /// The account with this login when the password is its own; true: it was
    /// verified a moment ago. Failures are counted and recorded.
    async fn check_password(
        &self,
        login: &str,
        password: String,
        author: &Author,
    ) -> Result<(Account, bool)> {
        let permit = self.passwords.permit().await?;
        // What is no login is nobody's, and may hold what the store does not take.
        let wanted = check_login(login).map_or_else(|_| String::new(), |()| login.to_owned());
        let account = self.store.read(move |tx| stored::account_by_login(tx, &wanted)).await?;
        let now = self.clock.now();
        let usable = account.filter(|account| account.active);
        let hash = usable.as_ref().and_then(|account| account.password_hash.clone());
        // Nobody learns from the time it takes whether there is such an account.
        let verdict = self.passwords.verify(permit, login, password, hash, now).await?;
        let number = usable.as_ref().map(|account| account.number);
        let is_locked = |account: &Account| now < account.locked_until;
        let reason = match &usable {
            None => "no such administrator",
            Some(account) if is_locked(account) => "the account is locked",
            Some(_) if !verdict.right => "wrong password",
            Some(_) => "",
        };
        match usable {
            Some(account) if reason.is_empty() => Ok((account, verdict.remembered)),
            _ => {
                self.failed(number, reason, author).await?;
                Err(refused())
            }
        }
    }

    async fn failed(
        &self,
        account: Option<i64>,
        reason: &'static str,
        author: &Author,
    ) -> Result<()> {
        let (ids, author) = (self.ids.clone(), author.clone());
        tracing::info!(agent = author.agent, reason, "an administrator could not sign in");
        self.store
            .write(move |tx| stored::failed(tx, &ids, account, reason, &author))
            .await
            .map(drop)
    }

    /// Who is recorded for an attempt to sign in.
    fn author(&self, login: &str, request_id: &str) -> Author {
        // What a caller sends as its name takes no more of the trail than a name.
        let shown: String = login.chars().filter(|c| !c.is_control()).take(50).collect();
        Author {
            agent: format!("{shown} (administrator)"),
            recorded: self.now(),
            request_id: Some(request_id.to_owned()),
        }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn of_account(account: Account, means: Means) -> Administrator {
    let rights: Rights = account.rights;
    Administrator { account: Some(account.number), name: account.login, rights, means }
}

fn refused() -> Error {
    Error::Unauthorized(REFUSED.to_owned())
}
