//! Credentials of application instances: argon2id passwords with a short-lived
//! cache of verified ones, and the seal over secrets that the server itself
//! must be able to read again.

pub mod password;
pub mod seal;
pub mod verifier;

pub use password::generate_password;
pub use seal::SealKey;
pub use verifier::{Attempt, Settings, Verifier};
