//! The claim that names a user (T023: the identifier attribute of the provider),
//! looked up in the id_token and else in the answer of the userinfo endpoint.

use koppeltaal_core::directory::IdentityProvider;
use serde_json::Value;

use super::failure::Failure;

const EMAIL: &str = "email";
const LONGEST: usize = 256;

/// The claim to look for.
pub(super) fn claim(provider: &IdentityProvider) -> &str {
    provider.username_claim.as_deref().unwrap_or(EMAIL)
}

/// The scope besides `openid` that brings a claim; no more than is needed.
pub(super) fn scope(claim: &str) -> Option<&'static str> {
    match claim {
        "sub" => None,
        EMAIL => Some("email"),
        _ => Some("profile"),
    }
}

/// The name in the claims of an id_token; none when userinfo must be asked.
pub(super) fn in_token(claim: &str, claims: &Value) -> Result<Option<String>, Failure> {
    if claim == EMAIL && is_unverified(claims) {
        return Err(unverified());
    }
    match claims.get(claim) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => read(value).map(Some),
    }
}

/// The name in the claims of the userinfo endpoint.
pub(super) fn in_userinfo(claim: &str, claims: &Value) -> Result<String, Failure> {
    in_token(claim, claims)?
        .ok_or_else(|| Failure::refused("the claim that names the user is missing"))
}

fn read(value: &Value) -> Result<String, Failure> {
    let Value::String(text) = value else {
        return Err(Failure::refused("the claim that names the user is not text"));
    };
    if text.is_empty() || text.chars().count() > LONGEST {
        return Err(Failure::refused("the claim that names the user is empty or too long"));
    }
    Ok(text.clone())
}

/// Only an explicit no counts: many providers never say.
fn is_unverified(claims: &Value) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => !verified,
        Some(Value::String(text)) => text.eq_ignore_ascii_case("false"),
        _ => false,
    }
}

fn unverified() -> Failure {
    Failure::refused("the provider has not verified the user's e-mail address")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_scope_that_the_claim_needs_is_asked_for() {
        assert_eq!(scope("sub"), None);
        assert_eq!(scope("email"), Some("email"));
        assert_eq!(scope("preferred_username"), Some("profile"));
        assert_eq!(claim(&IdentityProvider::default()), "email");
    }

    #[test]
    fn a_name_is_taken_as_it_is() {
        for (claims, expected) in [
            (json!({"email": " A@b.nl "}), Ok(Some(" A@b.nl "))),
            (json!({"email": "a@b.nl", "email_verified": true}), Ok(Some("a@b.nl"))),
            (json!({"email": "a@b.nl", "email_verified": null}), Ok(Some("a@b.nl"))),
            (json!({}), Ok(None)),
            (json!({"email": null}), Ok(None)),
            (json!({"email": ""}), Err(())),
            (json!({"email": 7}), Err(())),
            (json!({"email": ["a@b.nl"]}), Err(())),
            (json!({"email": "é".repeat(257)}), Err(())),
            (json!({"email": "a@b.nl", "email_verified": false}), Err(())),
            (json!({"email": "a@b.nl", "email_verified": "false"}), Err(())),
            (json!({"email_verified": false}), Err(())),
        ] {
            let found = in_token("email", &claims);
            assert_eq!(
                found.as_ref().map(|it| it.as_deref()).map_err(|_| ()),
                expected,
                "{claims}"
            );
        }
        let longest = "é".repeat(256);
        assert_eq!(in_token("email", &json!({"email": longest})), Ok(Some(longest)));
        let other = json!({"employee": "7", "email_verified": false});
        assert_eq!(in_token("employee", &other), Ok(Some("7".to_owned())));
        assert!(in_userinfo("email", &json!({})).is_err());
    }
}
