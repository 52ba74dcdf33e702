//! Administrators as they are stored: accounts, tokens, sessions and the links by
//! which a password is set. Every request reads them here, so what is taken away
//! is gone in all processes at once.

mod account;
mod expiry;
mod link;
mod rights;
mod session;
mod sign_in;
mod token;

use koppeltaal_core::Result;
use koppeltaal_core::audit::{Action, Entry};

use crate::directory::Author;
use crate::{Ids, Tx, audit};

pub use account::{
    Account, Change, HISTORY, NewAccount, account, account_by_login, accounts, change, create,
    set_password, set_totp,
};
pub use expiry::forget_expired;
pub use link::{LINK_LIFETIME, link, put_link, use_link};
pub use session::{IDLE, LONGEST, end_session, put_session, use_session};
pub use sign_in::{LOCK, MOST_FAILURES, failed, succeeded};
pub use token::{NewToken, Token, create_token, revoke_token, token_by_digest, tokens};

/// A row of the trail about administrators; they belong to no domain.
fn record(tx: &mut dyn Tx, ids: &Ids, author: &Author, detail: String) -> Result<()> {
    let entry = Entry {
        detail: Some(detail),
        request_id: author.request_id.clone(),
        ..Entry::new(Action::Administration, author.recorded, &author.agent)
    };
    audit::append_across(tx, ids, &[(audit::SERVER, entry)]).map(drop)
}
