//! The functions that FHIR adds, and those who answer for resolver and terminology.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{
    Context, EvaluateError, Expression, Resolved, Resolver, Terminology,
};

use crate::data::patient;
use crate::support::{check, check_on, parse, show};

#[test]
fn extensions_are_found_by_url() {
    check(&[
        ("extension('http://example.org/flag').value", "true"),
        ("extension('http://example.org/none')", "{}"),
        ("extension('http://example.org/nested').extension('b').value", "7"),
        ("birthDate.extension('http://example.org/time').exists()", "true"),
        ("name.given.extension('http://example.org/q').value", "\"IN\""),
        ("Patient.extension('http://example.org/size').value.value", "1.80"),
        ("extension({})", "{}"),
        ("'a'.extension('b')", "{}"),
        ("extension('http://example.org/flag') is Extension", "true"),
        ("extension('http://example.org/flag').value is boolean", "true"),
    ]);
}

#[test]
fn has_value_is_about_one_primitive() {
    check(&[
        ("gender.hasValue()", "true"),
        ("name[2].family.hasValue()", "false"),
        ("name.hasValue()", "false"),
        ("name.given.hasValue()", "false"),
        ("maritalStatus.hasValue()", "false"),
        ("nothing.hasValue()", "false"),
        ("'a'.hasValue()", "true"),
        ("gender.getValue()", "'male'"),
        ("birthDate.getValue()", "@1974-12-25"),
        ("name[2].family.getValue()", "{}"),
        ("maritalStatus.getValue()", "{}"),
        ("gender.getValue() is String", "true"),
    ]);
}

#[test]
fn references_resolve_by_their_text_alone() {
    check(&[
        ("generalPractitioner.where(resolve() is Practitioner).reference", "\"Practitioner/g1\""),
        (
            "generalPractitioner.where(resolve() is Organization).reference",
            "\"https://example.org/fhir/Organization/o2\"",
        ),
        ("generalPractitioner.where(resolve() is Patient)", "{}"),
        ("Patient.link.other.where(resolve() is RelatedPerson).reference", "\"RelatedPerson/r1\""),
        ("generalPractitioner.resolve().count()", "2"),
        ("generalPractitioner.reference.resolve().ofType(Organization).count()", "1"),
        ("generalPractitioner.resolve().ofType(Resource).count()", "2"),
        ("('Patient/' & '1').resolve() is Patient", "true"),
        ("'nonsense'.resolve()", "{}"),
        ("name.resolve()", "{}"),
        ("managingOrganization.resolve().name", "\"Clinic\""),
        ("managingOrganization.resolve() is Organization", "true"),
    ]);
    let task = parse(
        r##"{"resourceType": "Task", "id": "t", "for": {"type": "Patient", "identifier": {"value": "1"}},
            "owner": {"reference": "#"}, "requester": {"reference": "#none"}, "focus": {"reference": "urn:uuid:1"}}"##,
    );
    check_on(
        &task,
        &[
            ("Task.for.where(resolve() is Patient).exists()", "false"),
            ("owner.resolve().id", "\"t\""),
            ("requester.resolve()", "{}"),
            ("focus.resolve()", "{}"),
            (
                "onBehalfOf.exists() implies (member.resolve().iif(empty(), true, ofType(Practitioner).exists()))",
                "true",
            ),
        ],
    );
}

/// Knows one organization.
struct One(Node);

impl Resolver for One {
    fn resolve(&self, reference: &str) -> Option<Resolved<'_>> {
        match reference {
            "https://example.org/fhir/Organization/o2" => {
                Some(Resolved { type_name: "Organization", node: Some(&self.0) })
            }
            _ => None,
        }
    }
}

/// Knows one value set with one code.
struct Codes;

impl Terminology for Codes {
    fn member_of(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<bool> {
        let is_known = value_set == "http://example.org/vs";
        is_known
            .then(|| code == "M" && system.is_none_or(|system| system == "http://example.org/m"))
    }
}

#[test]
fn a_resolver_and_a_terminology_answer_when_there_are_some() {
    let patient = patient();
    let one = One(parse(r#"{"resourceType": "Organization", "id": "o2", "name": "Practice"}"#));
    let mut context = Context::new(&patient, Definitions::core());
    context.resolver = Some(&one);
    context.terminology = Some(&Codes);
    for (text, expected) in [
        ("generalPractitioner.resolve().name", "\"Practice\""),
        ("generalPractitioner.resolve().count()", "1"),
        ("generalPractitioner.where(resolve() is Practitioner)", "{}"),
        ("managingOrganization.resolve().name", "\"Clinic\""),
        ("maritalStatus.memberOf('http://example.org/vs')", "true"),
        ("maritalStatus.coding.memberOf('http://example.org/vs')", "true"),
        ("maritalStatus.coding.code.memberOf('http://example.org/vs')", "true"),
        ("gender.memberOf('http://example.org/vs')", "false"),
        ("gender.memberOf('http://example.org/unknown')", "{}"),
        ("nothing.memberOf('http://example.org/vs')", "{}"),
    ] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(show(&expression.evaluate(&context).unwrap()), expected, "{text}");
    }
}

#[test]
fn without_terminology_and_time_there_is_no_answer() {
    check(&[("gender.memberOf('http://example.org/vs')", "{}")]);
    let patient = patient();
    let context = Context::new(&patient, Definitions::core());
    for text in ["now()", "today()", "timeOfDay()"] {
        let expression = Expression::parse(text).unwrap();
        assert_eq!(expression.evaluate(&context).unwrap_err(), EvaluateError::NoTime, "{text}");
    }
}

#[test]
fn html_checks_judge_the_narrative() {
    check(&[("text.htmlChecks()", "true"), ("text.`div`.htmlChecks()", "true")]);
    for (div, expected) in [
        ("<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><p>x</p></div>", "true"),
        ("<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"><script>x</script></div>", "false"),
        ("<div xmlns=\\\"http://www.w3.org/1999/xhtml\\\"> </div>", "false"),
        ("plain", "false"),
    ] {
        let node = parse(&format!(
            "{{\"resourceType\":\"Patient\",\"text\":{{\"status\":\"generated\",\"div\":\"{div}\"}}}}"
        ));
        check_on(&node, &[("text.div.htmlChecks()", expected)]);
    }
}
