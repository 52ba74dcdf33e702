//! A secret that is kept sealed: never shown, never logged.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A sealed secret (`auth::seal` opens it). What is inside is text made by the
/// seal, not the secret itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
