//! What an application asks for at Authorize: the launch in the scope, the patient's
//! data beside it, and PKCE if it likes (around, 1.4).

use super::answer::OauthError;
use super::parameters::Parameters;

/// The scopes that are granted.
const PATIENT_SCOPES: [&str; 2] = ["patient/*.read", "patient/*.*"];
const LAUNCH: &str = "launch:";

/// The scope of a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scope {
    /// The launch id or activation code.
    pub(super) launch: String,
    /// What is granted.
    pub(super) granted: String,
}

/// Reads the scope: exactly one launch, and at least one scope of the patient, in
/// any order.
pub(super) fn scope(text: &str) -> Option<Scope> {
    let mut launch = None;
    let mut granted: Vec<&str> = Vec::new();
    for word in text.split_whitespace() {
        let start = word.get(..LAUNCH.len());
        if start.is_some_and(|start| start.eq_ignore_ascii_case(LAUNCH)) {
            let id = word.get(LAUNCH.len()..).filter(|id| !id.is_empty())?;
            if launch.replace(id.to_owned()).is_some() {
                return None;
            }
        } else {
            let known = PATIENT_SCOPES.iter().find(|known| known.eq_ignore_ascii_case(word))?;
            if !granted.contains(known) {
                granted.push(known);
            }
        }
    }
    if granted.is_empty() {
        return None;
    }
    Some(Scope { launch: launch?, granted: granted.join(" ") })
}

/// Whether it is an activation code; launch ids are never digits alone.
pub(super) fn is_activation_code(launch: &str) -> bool {
    !launch.is_empty() && launch.bytes().all(|byte| byte.is_ascii_digit())
}

/// The challenge of PKCE, if there is one; S256 only.
pub(super) fn challenge(parameters: &Parameters) -> Result<Option<String>, OauthError> {
    let Some(challenge) = parameters.get("code_challenge") else { return Ok(None) };
    let is_digest = challenge.len() == 43
        && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    if parameters.get("code_challenge_method") != Some("S256") || !is_digest {
        return Err(OauthError::invalid_request(
            "value",
            "code_challenge is served with code_challenge_method=S256 only.",
        ));
    }
    Ok(Some(challenge.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_one_launch_and_the_patient_in_any_order() {
        let read = |text: &str| scope(text).map(|scope| (scope.launch, scope.granted));
        let made = |launch: &str, granted: &str| Some((launch.to_owned(), granted.to_owned()));
        assert_eq!(read("patient/*.read launch:L1"), made("L1", "patient/*.read"));
        assert_eq!(read(" LAUNCH:12  patient/*.* "), made("12", "patient/*.*"));
        assert_eq!(read("launch:x Patient/*.Read patient/*.read"), made("x", "patient/*.read"));
        for odd in [
            "",
            "launch:x",
            "patient/*.read",
            "launch: patient/*.read",
            "launch:x launch:y patient/*.read",
            "launch:x patient/*.read offline_access",
        ] {
            assert_eq!(read(odd), None, "{odd}");
        }
    }

    #[test]
    fn digits_alone_are_an_activation_code() {
        assert!(is_activation_code("00123456"));
        assert!(!is_activation_code("L1") && !is_activation_code(""));
    }
}
