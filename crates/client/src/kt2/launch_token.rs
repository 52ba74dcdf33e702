//! The launch token of HTI 2.0 as Koppeltaal profiles it (topic 007): a portal vouches for who
//! launches which task in which module.

use super::token::Token;

/// Marks a [`Token`] as a launch token.
#[derive(Debug, Clone, Copy)]
pub enum Kind {}

/// A launch token.
pub type LaunchToken = Token<Kind>;

impl LaunchToken {
    /// `portal` (a client_id) launches the module `module` (a client_id) for the user `sub`
    /// (`Patient/x`, `Practitioner/x` or `RelatedPerson/x`) on `resource` (`Task/x`). Valid for
    /// five minutes from now, and once.
    pub fn new(portal: &str, module: &str, sub: &str, resource: &str) -> LaunchToken {
        Token::with_claims([
            ("iss", portal.into()),
            ("aud", format!("Device/{module}").into()),
            ("sub", sub.into()),
            ("resource", resource.into()),
        ])
    }

    /// The definition of the task: a canonical URL, or `ActivityDefinition/x`.
    #[must_use]
    pub fn definition(self, definition: &str) -> LaunchToken {
        self.claim("definition", definition)
    }

    /// The patient, when the user is somebody else.
    #[must_use]
    pub fn patient(self, patient: &str) -> LaunchToken {
        self.claim("patient", patient)
    }

    /// What the user intends: a code of the value set of `Task.intent`.
    #[must_use]
    pub fn intent(self, intent: &str) -> LaunchToken {
        self.claim("intent", intent)
    }

    /// The logical identifier of the identity provider that the portal suggests.
    #[must_use]
    pub fn idp_hint(self, name: &str) -> LaunchToken {
        self.claim("idp_hint", name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_launch_token_has_the_claims_that_must_be_there() {
        let token = LaunchToken::new("p", "m", "Patient/1", "Task/2");
        let claims = token.claims();
        let names: Vec<&str> = claims.keys().map(String::as_str).collect();
        assert_eq!(names, ["iss", "aud", "sub", "resource", "jti", "iat", "exp"]);
        assert_eq!((&claims["iss"], &claims["aud"]), (&json!("p"), &json!("Device/m")));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
    }

    #[test]
    fn the_optional_claims_are_named_as_the_standard_names_them() {
        let token = LaunchToken::new("p", "m", "RelatedPerson/1", "Task/2")
            .definition("https://d/1")
            .patient("Patient/1")
            .intent("plan")
            .idp_hint("gemeente");
        for (name, value) in [
            ("definition", "https://d/1"),
            ("patient", "Patient/1"),
            ("intent", "plan"),
            ("idp_hint", "gemeente"),
        ] {
            assert_eq!(token.claims()[name], json!(value));
        }
    }
}
