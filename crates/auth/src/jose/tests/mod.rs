//! Tokens and keys as clients make them, good and bad.

mod jwks;
mod keys;
mod pem;
mod refusals;
mod signatures;
mod signer;
