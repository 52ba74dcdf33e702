//! Whether a resource is about a patient: the Patient compartment of R4 as far as
//! it is kept here, and Tasks, which are not in it (K028-1).

use koppeltaal_fhir::Node;

use crate::content::{Reference, local};

/// Types that stay whatever they say: what happened, and who wants to be told.
pub const STAY: [&str; 2] = ["AuditEvent", "Subscription"];

/// Whether a resource goes when those of `goes` do: a RelatedPerson of the
/// patient; a CareTeam about the patient, or about nobody with the patient or a
/// relation in it; a Task for the patient, owned by one of those, or part of such
/// a Task.
pub fn belongs(kind: &str, resource: &Node, base: &str, goes: &dyn Fn(&Reference) -> bool) -> bool {
    if STAY.contains(&kind) {
        return false;
    }
    let references = local(base, resource);
    let at = |place: &str| {
        let of_place = references.iter().filter(|found| is_at(found, kind, place));
        of_place.collect::<Vec<_>>()
    };
    let any = |place: &str| at(place).iter().any(|found| goes(found));
    match kind {
        "RelatedPerson" => any("patient"),
        "CareTeam" => match at("subject").as_slice() {
            [] => any("participant.member"),
            subjects => subjects.iter().any(|found| goes(found)),
        },
        "Task" => any("for") || any("owner") || any("partOf"),
        _ => false,
    }
}

/// Whether a reference stands at this element, whatever the places in its lists.
fn is_at(reference: &Reference, kind: &str, element: &str) -> bool {
    let mut plain = String::with_capacity(reference.expression.len());
    let mut is_inside = false;
    for c in reference.expression.chars() {
        match c {
            '[' => is_inside = true,
            ']' => is_inside = false,
            c if !is_inside => plain.push(c),
            _ => {}
        }
    }
    plain.strip_prefix(kind).and_then(|rest| rest.strip_prefix('.')) == Some(element)
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    #[test]
    fn what_is_about_the_patient_goes_and_what_only_mentions_it_stays() {
        let goes = |found: &Reference| ["p", "r", "c", "t"].contains(&found.id.as_str());
        for (text, expected) in [
            (r#"{"resourceType":"RelatedPerson","patient":{"reference":"Patient/p"}}"#, true),
            (r#"{"resourceType":"RelatedPerson","patient":{"reference":"Patient/q"}}"#, false),
            (
                r#"{"resourceType":"CareTeam","subject":{"reference":"https://kt/f/Patient/p"}}"#,
                true,
            ),
            (
                r#"{"resourceType":"CareTeam","participant":[{"member":{"reference":"RelatedPerson/r"}}]}"#,
                true,
            ),
            (
                r#"{"resourceType":"CareTeam","subject":{"reference":"Patient/q"},"participant":[{"member":{"reference":"Patient/p"}}]}"#,
                false,
            ),
            (r#"{"resourceType":"Task","for":{"reference":"Patient/p"}}"#, true),
            (
                r#"{"resourceType":"Task","for":{"reference":"Patient/q"},"owner":{"reference":"CareTeam/c"}}"#,
                true,
            ),
            (
                r#"{"resourceType":"Task","partOf":[{"reference":"Task/x"},{"reference":"Task/t"}]}"#,
                true,
            ),
            (r#"{"resourceType":"Task","basedOn":[{"reference":"Task/t"}]}"#, false),
            (r#"{"resourceType":"Patient","link":[{"other":{"reference":"Patient/p"}}]}"#, false),
            (r#"{"resourceType":"AuditEvent","agent":[{"who":{"reference":"Patient/p"}}]}"#, false),
        ] {
            let resource = json::parse(text.as_bytes()).unwrap();
            let kind = resource.resource_type().unwrap();
            assert_eq!(belongs(kind, &resource, "https://kt/f", &goes), expected, "{text}");
        }
    }
}
