//! A slip of the pen in a file of definitions is told with its line.

use super::{profile_text, search_text, terminology_text};
use crate::r4::definition::{DefinitionError, Definitions, Structure};

fn read(rules: &str) -> Result<Vec<Structure>, DefinitionError> {
    let text = format!("profile: http://example.org/P 1.0\nname: P\non: Patient\n{rules}\n");
    profile_text::read(&[&text], Definitions::core())
}

fn check_refused(rules: &str, line: usize, reason: &str) {
    let expected = DefinitionError::Line { line, reason: reason.to_owned() };
    assert_eq!(read(rules), Err(expected), "{rules}");
}

#[test]
fn a_line_that_says_nothing_the_standard_knows_is_refused() {
    for (rules, line, reason) in [
        ("nmae 1..1", 4, "there is no element Patient.nmae"),
        ("# a comment\n\nname.nick 0..1", 6, "there is no element Patient.name.nick"),
        ("name:a 0..1", 4, "Patient.name does not say how its slices differ"),
        ("name 1..x", 4, "1..x is not understood"),
        ("name Nickname", 4, "Nickname is not understood"),
        ("name HumanName{nobody}", 4, "HumanName{nobody} is not understood"),
        ("link.other Reference(Patient", 4, "Reference(Patient is not understood"),
        ("name slices sometimes value@use", 4, "slices is not understood"),
        ("name slices open valeu@use", 4, "slices is not understood"),
        ("gender codes maybe http://example.org/set", 4, "codes is not understood"),
        ("gender codes required", 4, "codes is not understood"),
        ("active fixed tru", 4, "fixed is not understood"),
        ("absent: photo foto", 4, "there is no element Patient.foto"),
        ("multipleBirth[x].value 1..1", 4, "Patient.multipleBirth[x] has not one type"),
        ("invariant: p-1 error", 4, "an invariant has a key, a severity and an element"),
        ("invariant: p-1 fatal .", 4, "the severity is unknown"),
        ("invariant: p-1 error .\nsays: Words.", 4, "holds is missing"),
        ("finds: Patient.name", 4, "finds is not known here"),
    ] {
        check_refused(rules, line, reason);
    }
    let orphan = profile_text::read(&["name 1..1"], Definitions::core());
    assert!(matches!(orphan, Err(DefinitionError::Line { line: 1, .. })));
}

#[test]
fn a_profile_is_spread_out_only_once_it_is_known() {
    let text = "profile: http://example.org/P\nname: P\non: Patient\nname 0..* HumanName{N}\n\
                name.use 1..1\n\nprofile: http://example.org/N\nname: N\non: HumanName\n";
    let reason = "http://example.org/N, the type of Patient.name, is not known yet".to_owned();
    let found = profile_text::read(&[text], Definitions::core());
    assert_eq!(found, Err(DefinitionError::Line { line: 5, reason }));
}

#[test]
fn a_slice_begins_with_what_its_element_has_inside() {
    let rules = "contact slices open value@gender\ncontact.name 1..1\ncontact:m 0..1\n\
                 contact:m.gender 1..1 pattern \"male\"\ninvariant: p-1 error contact\n\
                 says: Words.\nholds: true";
    let profiles = read(rules).unwrap();
    let profile = &profiles[0];
    let element = |id: &str| profile.element(profile.position(id).unwrap()).unwrap();
    assert_eq!(element("Patient.contact:m.name").min, 1);
    assert_eq!(element("Patient.contact:m.gender").path, "Patient.contact.gender");
    assert!(element("Patient.contact.gender").pattern.is_none());
    assert!(element("Patient.contact:m").slicing.is_none());
    let has_it = |id: &str| element(id).constraints.iter().any(|c| c.key == "p-1");
    assert!(has_it("Patient.contact") && !has_it("Patient.contact:m"));
    // Behind the element and all that is inside it, before the next one.
    let at = profile.position("Patient.contact:m").unwrap();
    let period = profile.position("Patient.contact.period").unwrap();
    let next = profile.position("Patient.communication").unwrap();
    assert_eq!(at, period + 1);
    assert!(profile.position("Patient.contact:m.period").unwrap() < next);
}

#[test]
fn value_sets_and_search_parameters_with_unknown_words_are_refused() {
    for (text, line) in [
        ("set: http://example.org/s\nname: S\nall: http://example.org/unknown", 3),
        ("set: http://example.org/s\nname: S\nset-of: http://example.org/unknown", 3),
        ("set: http://example.org/s\nname: S\nalso: http://example.org/unknown", 3),
        ("system: http://example.org/s\nname: S\nsome: a", 3),
        ("system: http://example.org/s\ncode: a", 1),
    ] {
        let found = terminology_text::read(text, Definitions::core());
        assert!(matches!(found, Err(DefinitionError::Line { line: l, .. }) if l == line), "{text}");
    }
    for text in ["search: u\ncode: c\ntype: number", "search: u\ncode: c\ntype: word\nfinds: x"] {
        assert!(search_text::read(text).is_err(), "{text}");
    }
}
