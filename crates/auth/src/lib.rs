//! Who may do what: passwords of application instances with a short-lived cache
//! of verified ones, the seal over secrets that the server itself must be able
//! to read again, and the authorization service of Koppeltaal 2.0 (OAuth2,
//! SMART backend services, HTI launch); and who administers the server.

mod access_token;
pub mod administrator;
mod answer;
mod app;
mod asked;
mod assertion;
mod audit_event;
mod authorize;
mod bearer;
mod body;
pub mod client_keys;
mod content_seal;
mod discovery;
mod introspect;
pub mod jose;
pub mod key_ring;
mod launch_token;
mod metrics;
pub mod openid;
pub mod password;
mod reference;
mod request_limit;
mod revoke;
mod routes;
pub mod seal;
mod task;
mod throttle;
mod token;
mod urls;
pub mod verifier;

pub use answer::{Answer, preflight, secure, share_with_all, share_with_listed};
pub use app::{App, Parts, Settings as AuthorizationSettings};
pub use authorize::{Advice, page};
pub use bearer::{Access, Unaccepted};
pub use content_seal::ContentKey;
pub use metrics::Metrics;

pub use password::generate_password;
pub use request_limit::RequestLimit;
pub use routes::handle;
pub use seal::SealKey;
pub use throttle::{Guess, Throttle, network};
pub use urls::{Area, Place, Urls, is_kt2_path, place};
pub use verifier::{Attempt, Settings, Verifier};
