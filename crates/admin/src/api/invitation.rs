//! The mail with the link by which the owner of an account sets its password.

use koppeltaal_auth::administrator::{generate, new_link};
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::administrator::Account;
use koppeltaal_store::mail::{self, NewMail};
use koppeltaal_store::{Ids, Tx};

use super::asked::Asked;

/// A mail with a link.
#[derive(Clone)]
pub(super) struct Invitation {
    digest: [u8; 32],
    subject: String,
    body: Secret,
}

/// Makes the link and the mail.
pub(super) fn invitation(asked: &Asked) -> Result<Invitation> {
    let made = generate("");
    let settings = &asked.app.settings;
    let text = format!(
        "Stel binnen 30 minuten een wachtwoord in voor uw beheerdersaccount van {}:\n\n\
         {}/admin/password?link={}\n\n\
         Set a password for your administrator account within 30 minutes by this link.\n",
        settings.server_name, settings.public_url, made.secret
    );
    Ok(Invitation {
        digest: made.digest,
        subject: format!("{}: wachtwoord instellen / set your password", settings.server_name),
        body: asked.app.seal.seal(&text)?,
    })
}

impl Invitation {
    /// Puts the mail into the outbox, in the transaction of the caller.
    pub(super) fn send(
        &self,
        tx: &mut dyn Tx,
        ids: &Ids,
        account: &Account,
        now: Timestamp,
    ) -> Result<()> {
        let recipient = account.email.clone().ok_or_else(|| {
            Error::Conflict(format!("{} has no mail address: give one first", account.login))
        })?;
        new_link(tx, &self.digest, account.number, now)?;
        let mail = NewMail {
            recipient,
            subject: self.subject.clone(),
            body: self.body.clone(),
            secret: true,
        };
        mail::put(tx, ids, &mail, now).map(drop)
    }
}
