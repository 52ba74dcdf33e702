//! JSON Web Tokens and keys (RFC 7515, 7517, 7518, 7519): parsed strictly, verified
//! fully, signed with one algorithm.
//!
//! | file | what |
//! |---|---|
//! | `algorithm` | the signatures that are accepted; HMAC and `none` have no name here |
//! | `token` | the compact form: [`Unverified`] in, [`Claims`] out |
//! | `claims` | what a token says |
//! | `strict_json` | JSON objects in which no member is there twice |
//! | `key` | one public key, parsed once |
//! | `key_set` | the keys of one signer: a JWKS or a PEM |
//! | `pem` | PEM to DER |
//! | `signer` | our own key pairs |
//!
//! The signatures are those of `aws-lc-rs` itself: the usual crates for tokens
//! lack ES512, and parse a key again at every use.

mod algorithm;
mod claims;
mod key;
mod key_set;
mod pem;
mod refused;
mod signer;
mod strict_json;
#[cfg(test)]
mod tests;
mod token;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use key_set::{KeyDescription, KeySet, MAX_JWKS, MAX_KEYS};
pub use refused::Refused;
pub use signer::Signer;
pub use token::{MAX_TOKEN, Unverified};
