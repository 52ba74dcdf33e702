//! Accounts and tokens of administrators as objects: no hash, no secret.

use koppeltaal_core::Timestamp;
use koppeltaal_core::administrator::Rights;
use koppeltaal_store::administrator::{Account, Token};
use serde_json::json;

use crate::page::{self, Object};

/// An account.
pub fn account(account: &Account, now: Timestamp) -> Object {
    let mut object = rights(&account.rights);
    let locked = (now < account.locked_until).then_some(account.locked_until);
    object.extend(page::object(json!({
        "login": account.login,
        "name": account.name,
        "email": account.email,
        "active": account.active,
        "has_password": account.password_hash.is_some(),
        "has_second_factor": account.totp.is_some(),
        "locked_until": locked,
        "last_login": account.last_login,
        "created": account.created,
    })));
    object
}

/// A token.
pub fn token(token: &Token, now: Timestamp) -> Object {
    let mut object = rights(&token.rights);
    let state = match token.revoked {
        Some(_) => "revoked",
        None if !token.works(now) => "expired",
        None => "works",
    };
    object.extend(page::object(json!({
        "id": token.number,
        "name": token.name,
        "state": state,
        "created": token.created,
        "created_by": token.created_by,
        "expires": token.expires,
        "revoked": token.revoked,
    })));
    object
}

/// What somebody administers.
pub fn rights(rights: &Rights) -> Object {
    let (domains, applications) = match rights {
        Rights::System => (Vec::new(), Vec::new()),
        Rights::Domains(_) => (rights.names(), Vec::new()),
        Rights::Applications(_) => (Vec::new(), rights.names()),
    };
    page::object(json!({
        "role": rights.role().code(),
        "domains": domains,
        "applications": applications,
    }))
}
