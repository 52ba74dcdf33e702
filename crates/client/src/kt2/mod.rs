//! Koppeltaal 2.0 from the side of an application: its key, access tokens of the authorization
//! service (SMART backend services), launch tokens (HTI 2.0), introspection and the exchange of a
//! code (SMART on FHIR app launch).
//!
//! ```no_run
//! use koppeltaal_client::kt2::{Authorization, LaunchToken, Options, PrivateKey, Signer};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let key = PrivateKey::from_pem(&std::fs::read_to_string("key.pem")?)?;
//! let signer = Signer::new(key).with_kid("2026-1");
//!
//! let base = "https://koppeltaal.example/api/v1/demo/fhir/r4";
//! let client_id = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
//! let portal = Authorization::discover(base, client_id, signer.clone(), &Options::default()).await?;
//! println!("Authorization: Bearer {}", portal.token("").await?.secret());
//!
//! let module = "0e5b6f3c-8a35-4a0c-a3f1-2f6f5d1b9c02";
//! let launch = LaunchToken::new(client_id, module, "Patient/1", "Task/2").sign(&signer)?;
//! # drop(launch);
//! # Ok(())
//! # }
//! ```

mod algorithm;
mod answer;
mod assertion;
mod authorization;
mod authorize;
mod cache;
mod der;
mod discovery;
mod error;
mod http;
mod jwk;
mod key;
mod launch_form;
mod launch_token;
mod pem;
mod pkce;
mod signer;
mod token;

pub use algorithm::Algorithm;
pub use answer::{AccessToken, Introspection, LaunchContext};
pub use assertion::{ASSERTION_TYPE, Assertion};
pub use authorization::Authorization;
pub use authorize::{AuthorizeRequest, LAUNCH_SCOPE};
pub use discovery::Discovery;
pub use error::{Error, Result};
pub use http::Options;
pub use jwk::jwks;
pub use key::{KeyKind, PrivateKey};
pub use launch_form::launch_form;
pub use launch_token::LaunchToken;
pub use pkce::Pkce;
pub use signer::Signer;
pub use token::{MAX_LIFETIME, Token};
