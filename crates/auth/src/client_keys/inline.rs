//! Key sets that are part of the registration. They are parsed when they are first
//! used, and again when the registration has changed.

use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Instance;

use super::MOST;
use super::recent::Recent;
use crate::jose::KeySet;

type Parsed = Result<Arc<KeySet>, String>;

/// The parsed key sets with the texts they were parsed from, by client_id.
#[derive(Debug, Default)]
pub(super) struct Inline(Mutex<Recent<String, (String, Parsed), MOST>>);

impl Inline {
    /// The key set of an instance that has no `jwks_url`.
    pub(super) fn of(&self, instance: &Instance, now: Timestamp) -> Parsed {
        let (text, parse): (_, fn(&str) -> Parsed) = match instance {
            Instance { jwks: Some(text), .. } => (text, from_jwks),
            Instance { public_key_pem: Some(text), .. } => (text, from_pem),
            _ => return Err("the instance has neither jwks_url, jwks nor public_key_pem".into()),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let client_id = instance.client_id.clone();
        let (of, parsed) = known.use_or_make(client_id, now, || (text.clone(), parse(text)));
        // A JWKS and a PEM never read the same, so the text alone tells.
        if of != text {
            *parsed = parse(text);
            of.clone_from(text);
        }
        parsed.clone()
    }
}

fn from_jwks(text: &str) -> Parsed {
    KeySet::from_jwks(text.as_bytes())
        .map(Arc::new)
        .map_err(|refused| format!("the jwks of the instance {refused}"))
}

fn from_pem(text: &str) -> Parsed {
    KeySet::from_pem(text)
        .map(Arc::new)
        .map_err(|refused| format!("the public_key_pem of the instance {refused}"))
}
