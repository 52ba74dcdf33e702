//! The mails of the request workflows (kt13-around 3.3), put into the outbox in the
//! transaction that causes them. Credentials go in a mail of their own.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_auth::administrator::Generated;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::administrator::{self, Account};
use koppeltaal_store::mail::{self, NewMail};
use koppeltaal_store::{Ids, Tx};

use super::ask::Ask;
use super::change::Beside;

/// How long the link of an invitation works.
const INVITED: Duration = Duration::from_secs(7 * 86_400);

/// What writes mails, inside a transaction.
#[derive(Clone)]
pub struct Post {
    ids: Arc<Ids>,
    seal: Arc<SealKey>,
    now: Timestamp,
    server: String,
    public_url: String,
}

impl Post {
    /// That of a request.
    pub fn of(ask: &Ask<'_>) -> Self {
        let parts = &ask.inner().parts.kt1.parts;
        Self {
            ids: parts.ids.clone(),
            seal: ask.inner().parts.seal.clone(),
            now: ask.began,
            server: parts.settings.server_name.clone(),
            public_url: parts.settings.public_url.trim_end_matches('/').to_owned(),
        }
    }

    /// Puts a mail into the outbox. `secret`: it is emptied once it is sent.
    pub fn put(
        &self,
        tx: &mut dyn Tx,
        to: &str,
        subject: &str,
        text: &str,
        secret: bool,
    ) -> Result<()> {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let subject: String = format!("{}: {subject}", self.server).chars().map(plain).collect();
        let text = format!("{text}\n\nDit is een automatisch bericht van {}.\n", self.server);
        let body = self.seal.seal(&text)?;
        let mail = NewMail { recipient: to.to_owned(), subject, body, secret };
        mail::put(tx, &self.ids, &mail, self.now).map(drop)
    }

    /// Tells every active administrator whom `wanted` chooses and who has an address.
    pub fn tell(
        &self,
        tx: &mut dyn Tx,
        wanted: impl Fn(&Account) -> bool,
        subject: &str,
        text: &str,
    ) -> Result<()> {
        for account in administrator::accounts(tx)? {
            if let Some(email) = account.email.as_deref().filter(|_| account.active)
                && wanted(&account)
            {
                self.put(tx, email, subject, text, false)?;
            }
        }
        Ok(())
    }

    /// The mail with the user name and password of an instance, and nothing else.
    pub fn credentials(
        &self,
        tx: &mut dyn Tx,
        to: &str,
        login: &str,
        password: &str,
    ) -> Result<()> {
        let text = format!(
            "De inloggegevens van uw applicatie-instantie:\n\n\
             Gebruikersnaam: {login}\nWachtwoord: {password}\n\nServer: {}",
            self.public_url
        );
        self.put(tx, to, "inloggegevens", &text, true)
    }

    /// Invites an account that has no password yet to set one.
    pub fn invitation(
        &self,
        tx: &mut dyn Tx,
        to: &str,
        account: i64,
        login: &str,
        link: &Generated,
        about: &str,
    ) -> Result<()> {
        administrator::put_link(tx, &link.digest, account, self.now.plus(INVITED))?;
        let text = format!(
            "{about}\n\nUw gebruikersnaam is {login}. Kies binnen zeven dagen een wachtwoord:\n\n\
             {}/admin/password?link={}",
            self.public_url, link.secret
        );
        self.put(tx, to, "uitnodiging", &text, true)
    }
}

/// Sends the password that was made up for a new user name.
pub fn credentials(ask: &Ask<'_>, to: String, login: String) -> Beside {
    let post = Post::of(ask);
    Arc::new(move |tx, planned| match &planned.password {
        Some(password) => post.credentials(tx, &to, &login, password),
        None => Ok(()),
    })
}
