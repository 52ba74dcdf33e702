//! The session of a browser: user name, password and a code of the second factor,
//! against a cookie.

use std::net::IpAddr;

use koppeltaal_core::administrator::{Administrator, Means};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::administrator as stored;

use super::credential::{csrf_token, digest, generate, session};
use super::{Administrators, Totp, of_account, refused};

/// What somebody signs in with.
pub struct SignIn<'a> {
    /// The login of the account.
    pub login: &'a str,
    /// Its password.
    pub password: &'a str,
    /// A code of the second factor.
    pub code: &'a str,
    /// Where the request comes from.
    pub peer: IpAddr,
    /// The id of the request.
    pub request_id: &'a str,
}

/// Somebody signed in.
pub struct SignedIn {
    /// Who.
    pub administrator: Administrator,
    /// The value of the cookie.
    pub cookie: String,
    /// What changes need as header.
    pub csrf_token: String,
}

impl Administrators {
    /// Begins a session. Whatever is wrong, the answer is the same.
    pub async fn sign_in(&self, given: SignIn<'_>) -> Result<SignedIn> {
        let author = self.author(given.login, given.request_id);
        let (account, _) =
            self.check_password(given.login, given.password.to_owned(), &author).await?;
        let step = match &account.totp {
            Some(sealed) => Totp::open(sealed, &self.seal)?.step_of(given.code, self.now()),
            None => None,
        };
        let Some(step) = step else {
            self.failed(Some(account.number), "wrong code of the second factor", &author).await?;
            return Err(refused());
        };
        let cookie = generate("");
        let (ids, number, now) = (self.ids.clone(), account.number, self.now());
        let (hash, by) = (cookie.digest, author.clone());
        let detail = format!("with password and second factor from {}", given.peer);
        let begun = self
            .store
            .write(move |tx| {
                let fresh = stored::succeeded(tx, &ids, number, Some(step), &detail, &by)?;
                if fresh {
                    stored::put_session(tx, &hash, number, now)?;
                }
                Ok(fresh)
            })
            .await?;
        if !begun {
            let reason = "the code of the second factor was used before";
            self.failed(Some(account.number), reason, &author).await?;
            return Err(refused());
        }
        Ok(SignedIn {
            administrator: of_account(account, Means::Session),
            csrf_token: csrf_token(&cookie.secret),
            cookie: cookie.secret,
        })
    }

    /// Ends the session that the cookies name, if there is one.
    pub async fn sign_out(&self, headers: &http::HeaderMap) -> Result<()> {
        let Some(secret) = session(headers) else {
            return Err(Error::Unauthorized("There is no session".to_owned()));
        };
        let hash = digest(&secret);
        self.store.write(move |tx| stored::end_session(tx, &hash)).await
    }
}
