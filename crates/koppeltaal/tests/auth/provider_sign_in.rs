//! How somebody signs in at the fake provider, and how it answers: rightly, or as a
//! test wants it.

use serde_json::{Value, json};

/// How an id_token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signature {
    /// With the published key.
    Right,
    /// With another key under the same id.
    Forged,
    /// Not at all (`alg: none`).
    Missing,
}

/// What the token endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    Tokens,
    WithoutIdToken,
    /// A page, with status 200.
    Html,
    Status(u16),
    /// An error of OAuth.
    Error(&'static str),
    /// Nothing, for as long as the caller waits.
    Silence,
    /// The connection is cut.
    Cut,
}

/// Somebody signs in.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Claims that differ from those that are right; null leaves one out.
    pub claims: Value,
    pub signature: Signature,
    pub reply: Reply,
}

impl SignIn {
    /// The person with this e-mail address.
    pub fn of(email: &str) -> Self {
        let claims = json!({ "email": email });
        Self { claims, signature: Signature::Right, reply: Reply::Tokens }
    }

    /// With other claims.
    pub fn but(mut self, claims: Value) -> Self {
        for (name, value) in claims.as_object().unwrap() {
            self.claims[name] = value.clone();
        }
        self
    }

    pub fn signed(self, signature: Signature) -> Self {
        Self { signature, ..self }
    }

    pub fn answered(self, reply: Reply) -> Self {
        Self { reply, ..self }
    }
}
