//! What the authorization service answers: tokens, what is in one, and the context of a launch.

use std::fmt;
use std::time::Duration;

use serde_json::{Map, Value};

use super::error::{Error, Result};

/// An access token.
#[derive(Clone)]
pub struct AccessToken(Map<String, Value>);

impl AccessToken {
    pub(super) fn read(status: u16, members: Map<String, Value>) -> Result<AccessToken> {
        if members.get("access_token").is_some_and(Value::is_string) {
            return Ok(AccessToken(members));
        }
        Err(Error::unexpected(status, "the answer has no `access_token`"))
    }

    /// The token itself, for `Authorization: Bearer`. It is a secret.
    pub fn secret(&self) -> &str {
        text(&self.0, "access_token").unwrap_or_default()
    }

    /// `Bearer`.
    pub fn token_type(&self) -> Option<&str> {
        text(&self.0, "token_type")
    }

    /// How long it is valid from the answer on.
    pub fn expires_in(&self) -> Option<Duration> {
        self.0.get("expires_in")?.as_u64().map(Duration::from_secs)
    }

    /// What it permits, separated by spaces.
    pub fn scope(&self) -> &str {
        text(&self.0, "scope").unwrap_or_default()
    }

    /// The whole answer, secrets included.
    pub fn answer(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken")
            .field("expires_in", &self.expires_in())
            .field("scope", &self.scope())
            .finish_non_exhaustive()
    }
}

/// What a token turned out to be (RFC 7662).
#[derive(Debug, Clone)]
pub struct Introspection(Map<String, Value>);

impl Introspection {
    pub(super) fn read(status: u16, members: Map<String, Value>) -> Result<Introspection> {
        if members.get("active").is_some_and(Value::is_boolean) {
            return Ok(Introspection(members));
        }
        Err(Error::unexpected(status, "the answer has no `active`"))
    }

    /// Whether the token is valid, for this application, now.
    pub fn is_active(&self) -> bool {
        self.0.get("active") == Some(&Value::Bool(true))
    }

    /// The text of a claim.
    pub fn claim(&self, name: &str) -> Option<&str> {
        text(&self.0, name)
    }

    /// The whole answer.
    pub fn answer(&self) -> &Map<String, Value> {
        &self.0
    }
}

/// What a module gets for the code of a launch: who launched it, on what.
#[derive(Clone)]
pub struct LaunchContext(Map<String, Value>);

impl LaunchContext {
    pub(super) fn read(status: u16, members: Map<String, Value>) -> Result<LaunchContext> {
        if members.get("sub").is_some_and(Value::is_string) {
            return Ok(LaunchContext(members));
        }
        Err(Error::unexpected(status, "the answer has no `sub`"))
    }

    /// The user: `Patient/x`, `Practitioner/x` or `RelatedPerson/x`.
    pub fn sub(&self) -> &str {
        text(&self.0, "sub").unwrap_or_default()
    }

    /// The task: `Task/x`.
    pub fn resource(&self) -> Option<&str> {
        text(&self.0, "resource")
    }

    /// The definition of the task.
    pub fn definition(&self) -> Option<&str> {
        text(&self.0, "definition")
    }

    /// The patient, when the user is somebody else.
    pub fn patient(&self) -> Option<&str> {
        text(&self.0, "patient")
    }

    /// What the user intends.
    pub fn intent(&self) -> Option<&str> {
        text(&self.0, "intent")
    }

    /// The signed proof of who the user is. It is a secret.
    pub fn id_token(&self) -> Option<&str> {
        text(&self.0, "id_token")
    }

    /// The whole answer, secrets included.
    pub fn answer(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl fmt::Debug for LaunchContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LaunchContext")
            .field("sub", &self.sub())
            .field("resource", &self.resource())
            .finish_non_exhaustive()
    }
}

fn text<'a>(members: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    members.get(name)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn members(value: Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn answers_without_what_they_are_for_are_refused() {
        assert!(AccessToken::read(200, members(json!({"token_type": "Bearer"}))).is_err());
        assert!(Introspection::read(200, members(json!({"active": "true"}))).is_err());
        assert!(LaunchContext::read(200, members(json!({"access_token": "NOOP"}))).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let answer =
            members(json!({"access_token": "s3cret", "id_token": "s3cret", "sub": "Patient/1"}));
        let token = AccessToken::read(200, answer.clone()).unwrap();
        let context = LaunchContext::read(200, answer).unwrap();
        assert!(!format!("{token:?}{context:?}").contains("s3cret"));
        assert_eq!((token.secret(), context.id_token()), ("s3cret", Some("s3cret")));
    }
}
