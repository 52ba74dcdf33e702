//! What of a search does not stand in the trail (decisions on AuditEvents): values that name people,
//! where a domain wants it, and secrets always.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What stands in the place of a value.
pub const MASK: &str = "***";

/// Parameters whose values identify people, or hold whatever was typed; the text
/// of a page link holds those of its search.
const PERSONAL: [&str; 9] = [
    "identifier",
    "name",
    "family",
    "given",
    "phonetic",
    "entity-name",
    "_text",
    "_content",
    "_page",
];
/// Parameters that no request has but by mistake.
const SECRET: [&str; 4] = ["access_token", "id_token", "client_assertion", "client_secret"];

/// Whether the value of a parameter, by its decoded name, is left out. A name can be a chain, or
/// have a modifier: `subject:Patient.name:exact`. `masks`: the domain wants nobody named.
pub fn is_hidden(name: &str, masks: bool) -> bool {
    let mut parts = name.split(['.', ':']);
    SECRET.contains(&name) || (masks && parts.any(|part| PERSONAL.contains(&part)))
}

/// Criteria (`Patient?identifier=1`) without the values that name people.
pub fn masked(criteria: &str) -> String {
    let Some((kind, query)) = criteria.split_once('?') else { return criteria.to_owned() };
    let pair = |pair: &str| match pair.split_once('=') {
        Some((name, value)) if !value.is_empty() && is_hidden(&decoded(name), true) => {
            format!("{name}={MASK}")
        }
        _ => pair.to_owned(),
    };
    let pairs: Vec<String> = query.split('&').map(pair).collect();
    format!("{kind}?{}", pairs.join("&"))
}

/// A part of a query as it was meant.
pub fn decoded(text: &str) -> Cow<'_, str> {
    let spaced = match text.contains('+') {
        true => Cow::Owned(text.replace('+', " ")),
        false => Cow::Borrowed(text),
    };
    Cow::Owned(percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn criteria_name_nobody() {
        for (criteria, told) in [
            ("Task?status=ready", "Task?status=ready"),
            ("Patient?identifier=urn:bsn%7C1&active=true", "Patient?identifier=***&active=true"),
            ("Task?patient.n%61me:exact=Jan", "Task?patient.n%61me:exact=***"),
            ("Patient?name=", "Patient?name="),
            ("Patient", "Patient"),
        ] {
            assert_eq!(masked(criteria), told);
        }
    }
}
