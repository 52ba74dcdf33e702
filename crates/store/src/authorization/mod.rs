//! What the authorization service keeps: ids that may be used once, logins and
//! codes, signing keys, and what was revoked. It is in force in every process
//! that shares the store, and after a restart.

mod change;
mod expiry;
mod key;
mod revoke;
mod session;
mod spend;

pub use change::{Changes, changes};
pub use expiry::forget_expired;
pub use key::{SigningKey, add_signing_key, signing_keys};
pub use revoke::{revoke_token, revoked_tokens};
pub use session::{Session, SessionKind, put_session, read_session, use_session};
pub use spend::{TokenUse, spend};
