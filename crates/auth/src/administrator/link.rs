//! Setting a password by a link: the only way to the first password of an account
//! that nobody at the server made, and to a new one for who forgot it.

use koppeltaal_core::Timestamp;
use koppeltaal_core::{Error, Result};
use koppeltaal_store::Tx;
use koppeltaal_store::administrator::{self as stored, LINK_LIFETIME};

use super::{Administrators, Totp, digest, hash_new};
use koppeltaal_store::directory::Author;

/// Makes a link for an account in the caller's transaction. The secret behind the digest
/// goes into a mail, and is used with [`Administrators::use_link`].
pub fn new_link(tx: &mut dyn Tx, digest: &[u8; 32], account: i64, now: Timestamp) -> Result<()> {
    stored::put_link(tx, digest, account, now.plus(LINK_LIFETIME))
}

/// A link was used.
pub struct LinkUsed {
    /// The login of the account.
    pub login: String,
    /// The URL for an app, when the account had no second factor before.
    pub totp_url: Option<String>,
}

impl Administrators {
    /// Sets the password of the account that a link is for. `issuer` is the name
    /// of this environment, for the app of the second factor.
    pub async fn use_link(
        &self,
        secret: &str,
        password: String,
        issuer: &str,
        request_id: &str,
    ) -> Result<LinkUsed> {
        let over = || Error::NotFound("The link does not exist, was used, or is over".to_owned());
        let (hash, now) = (digest(secret), self.now());
        let account = self
            .store
            .read(move |tx| match stored::link(tx, &hash, now)? {
                Some(number) => stored::account(tx, number),
                None => Ok(None),
            })
            .await?;
        let account = account.filter(|account| account.active).ok_or_else(over)?;
        let permit = self.passwords.permit().await?;
        let (login, of) = (account.login.clone(), account.clone());
        let password_hash = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            hash_new(&password, &login, Some(&of))
        })
        .await
        .map_err(Error::internal)??;
        let totp = account.totp.is_none().then(Totp::generate);
        let sealed = totp.as_ref().map(|totp| totp.sealed(&self.seal)).transpose()?;
        let author: Author = self.author(&account.login, request_id);
        let (ids, of) = (self.ids.clone(), account.clone());
        let used = self
            .store
            .write(move |tx| {
                if stored::use_link(tx, &hash, now)? != Some(of.number) {
                    return Ok(false);
                }
                stored::set_password(tx, &ids, &of, &password_hash, &author)?;
                if let Some(sealed) = &sealed {
                    stored::set_totp(tx, &ids, &of, sealed, &author)?;
                }
                Ok(true)
            })
            .await?;
        if !used {
            return Err(over());
        }
        Ok(LinkUsed {
            totp_url: totp.map(|totp| totp.url(issuer, &account.login)),
            login: account.login,
        })
    }
}
