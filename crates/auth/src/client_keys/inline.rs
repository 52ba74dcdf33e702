//! Key sets that are part of the registration. They are parsed when they are first
//! used, and again when the registration has changed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::directory::Instance;

use super::MOST;
use crate::jose::KeySet;

type Parsed = Result<Arc<KeySet>, String>;

/// The parsed key sets, by client_id.
#[derive(Debug, Default)]
pub(super) struct Inline(Mutex<HashMap<String, (String, Parsed)>>);

impl Inline {
    /// The key set of an instance that has no `jwks_url`.
    pub(super) fn of(&self, instance: &Instance) -> Parsed {
        let (text, parse): (_, fn(&str) -> Parsed) = match instance {
            Instance { jwks: Some(text), .. } => (text, from_jwks),
            Instance { public_key_pem: Some(text), .. } => (text, from_pem),
            _ => return Err("the instance has neither jwks_url, jwks nor public_key_pem".into()),
        };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // A JWKS and a PEM never read the same, so the text alone tells.
        if let Some((of, parsed)) = known.get(&instance.client_id)
            && of == text
        {
            return parsed.clone();
        }
        if known.len() >= MOST {
            known.clear();
        }
        let parsed = parse(text);
        known.insert(instance.client_id.clone(), (text.clone(), parsed.clone()));
        parsed
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
