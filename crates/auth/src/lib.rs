//! Who may do what: passwords of application instances with a short-lived cache
//! of verified ones, the seal over secrets that the server itself must be able
//! to read again, and the authorization service of Koppeltaal 2.0 (OAuth2,
//! SMART backend services, HTI launch).

pub mod client_keys;
pub mod jose;
pub mod openid;
pub mod password;
pub mod seal;
pub mod verifier;

pub use password::generate_password;
pub use seal::SealKey;
pub use verifier::{Attempt, Settings, Verifier};
