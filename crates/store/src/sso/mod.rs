//! Single sign-on of KT1: launches and what becomes of them, and the secrets by
//! which each step is found. In force in every process that shares the store, and
//! after a restart.

mod authorization;
mod authorize;
mod bearer;
mod erase;
mod expiry;
mod guess;
mod launch;
mod list;
mod refresh;
mod revoke;
mod secret;
mod token;

pub use authorization::{Authorization, GrantStatus, LaunchKind};
pub use authorize::{Approval, Authorized, Guesser, authorize, authorize_by_code, wrong_code};
pub use bearer::{Bearer, bearer};
pub use erase::{count_of_patient, erase_of_patient};
pub use expiry::forget_expired;
pub use guess::Limits as GuessLimits;
pub use launch::{Launch, launch};
pub use list::{find, list};
pub use refresh::refresh;
pub use revoke::revoke;
pub use secret::{Digest, Found, SecretKind, look_up};
pub use token::{Granted, NewToken, Tokens, exchange};
