//! How values of each type become rows, with what is easily got wrong.

use super::super::{hash, number_key, span, target, time_key};
use super::custom::{parameter, rows_of};
use super::{BASE, indexed, parameters};
use crate::r4::definition::SearchKind;

fn rows(kind: SearchKind, expression: &str, variant: &str, resource: &str) -> Vec<(String, i64)> {
    let base = expression.split('.').next().unwrap().to_owned();
    rows_of(parameter("own", &base, kind, expression), variant, resource)
}

fn row(value: &str, qualifier: i64) -> (String, i64) {
    (value.to_owned(), qualifier)
}

#[test]
fn an_extension_stands_for_its_value() {
    let task = r#"{"resourceType": "Task", "extension": [
        {"url": "urn:r", "valueReference": {"reference": "ActivityDefinition/a"}},
        {"url": "urn:i", "id": "e", "valueId": "Id-1"}, {"url": "urn:d", "valueDateTime": "2024"},
        {"url": "urn:c", "valueCode": "c"}, {"url": "urn:q", "valueAge": {"value": 3}},
        {"url": "urn:n", "extension": [{"url": "x", "valueString": "inner"}]}, {"url": "urn:e"}]}"#;
    let found = |kind, url| rows(kind, &format!("Task.extension('{url}')"), "", task);
    assert_eq!(found(SearchKind::Reference, "urn:r"), [row("ActivityDefinition/a", 0)]);
    assert_eq!(found(SearchKind::Token, "urn:i"), [row("Id-1", 0)]);
    assert_eq!(found(SearchKind::Token, "urn:c"), [row("c", 0)]);
    let year = span("2024").unwrap();
    assert_eq!(found(SearchKind::Date, "urn:d"), [(time_key(year.0), year.1)]);
    assert_eq!(found(SearchKind::Quantity, "urn:q"), [(number_key("3").unwrap(), 0)]);
    assert_eq!(found(SearchKind::String, "urn:n"), []);
    assert_eq!(found(SearchKind::String, "urn:e"), []);
    // Through the engine too.
    let engine = "Task.extension.where(url = 'urn:i' and id = 'e')";
    assert_eq!(rows(SearchKind::Token, engine, "", task), [row("Id-1", 0)]);
}

#[test]
fn a_profile_with_a_version_is_found_without_it_too() {
    let task = r#"{"resourceType": "Task", "meta": {"profile": ["urn:p|2.0", "urn:q"]}}"#;
    let number = parameters().find("Task", "_profile").unwrap().number();
    let found = indexed(task).rows.into_iter().filter(|row| row.parameter == number);
    let values: Vec<String> = found.map(|row| row.value).collect();
    assert_eq!(values, ["urn:p", "urn:p|2.0", "urn:q"]);
}

#[test]
fn periods_may_be_open() {
    let check = |period: &str, expected: Option<(i64, i64)>| {
        let task = format!(r#"{{"resourceType": "Task", "executionPeriod": {period}}}"#);
        let found = rows(SearchKind::Date, "Task.executionPeriod", "", &task);
        let ends = rows(SearchKind::Date, "Task.executionPeriod", ":high", &task);
        assert_eq!(
            found,
            expected.map(|(low, high)| (time_key(low), high)).into_iter().collect::<Vec<_>>(),
            "{period}"
        );
        assert_eq!(
            ends,
            expected.map(|(low, high)| (time_key(high), low)).into_iter().collect::<Vec<_>>(),
            "{period}"
        );
    };
    let (year, day) = (span("2024").unwrap(), span("2024-06-01").unwrap());
    check(r#"{"start": "2024-06-01", "end": "2024"}"#, Some((day.0, year.1)));
    check(r#"{"start": "2024"}"#, Some((year.0, i64::MAX)));
    check(r#"{"end": "2024-06-01"}"#, Some((i64::MIN, day.1)));
    check("{}", None);
    check(r#"{"start": "2025", "end": "2024"}"#, None);
    check(r#"{"start": "soon"}"#, None);
    check(
        r#"{"start": "2024", "_end": {"extension": [{"url": "urn:unknown"}]}}"#,
        Some((year.0, i64::MAX)),
    );
}

#[test]
fn a_timing_is_the_span_of_its_events_and_bounds() {
    let check = |timing: &str, low: &str, high: &str| {
        let device = format!(
            r#"{{"resourceType": "Task", "extension": [{{"url": "urn:t", "valueTiming": {timing}}}]}}"#
        );
        let found = rows(SearchKind::Date, "Task.extension('urn:t').value", "", &device);
        assert_eq!(found, [(time_key(span(low).unwrap().0), span(high).unwrap().1)], "{timing}");
    };
    check(r#"{"event": ["2024-03-01", "2024-01-01", "2024-02"]}"#, "2024-01-01", "2024-03-01");
    check(r#"{"repeat": {"boundsPeriod": {"start": "2023", "end": "2024"}}}"#, "2023", "2024");
    check(
        r#"{"event": ["2022"], "repeat": {"boundsPeriod": {"start": "2023", "end": "2024"}}}"#,
        "2022",
        "2024",
    );
}

#[test]
fn the_type_that_a_reference_names_decides_what_it_resolves_to() {
    let of = |reference: &str| {
        let task = format!(
            r#"{{"resourceType": "Task", "contained": [{{"resourceType": "Patient", "id": "c"}}], "for": {reference}}}"#
        );
        rows(SearchKind::Reference, "Task.for.where(resolve() is Patient)", "", &task)
    };
    assert_eq!(of(r#"{"reference": "Patient/1"}"#), [row("Patient/1", 0)]);
    assert_eq!(of(r#"{"reference": "Practitioner/1"}"#), []);
    assert_eq!(
        of(r#"{"reference": "https://x.example/Patient/1"}"#),
        [row("https://x.example/Patient/1", 0)]
    );
    assert_eq!(of(r#"{"reference": "urn:uuid:1", "type": "Patient"}"#), [row("urn:uuid:1", 0)]);
    assert_eq!(of(r##"{"reference": "#c"}"##), [], "it leads nowhere outside");
}

#[test]
fn references_are_compared_in_one_form() {
    let own = format!("{BASE}/Patient/1/_history/2");
    for (reference, expected, version) in [
        ("Patient/1", "Patient/1", 0),
        ("Patient/1/_history/2", "Patient/1", 0),
        (own.as_str(), "Patient/1", 0),
        ("https://x.example/fhir/Patient/1/_history/2", "https://x.example/fhir/Patient/1", 0),
        (
            "https://kt.example/api/v1/d/fhir/r4x/Patient/1",
            "https://kt.example/api/v1/d/fhir/r4x/Patient/1",
            0,
        ),
        ("https://kt.example/api/v1/d/fhir/r4", "https://kt.example/api/v1/d/fhir/r4", 0),
        ("http://x.example/Library/l|1.0", "http://x.example/Library/l", hash("1.0")),
        ("urn:uuid:3f5c", "urn:uuid:3f5c", 0),
        ("a/_history/b", "a/_history/b", 0),
        ("", "", 0),
    ] {
        assert_eq!(target(reference, Some(BASE)), (expected.into(), version), "{reference}");
    }
    assert_eq!(target(&own, Some(&format!("{BASE}/"))).0, "Patient/1");
    assert_eq!(target("Patient/1", None).0, "Patient/1");
}

#[test]
fn money_has_a_currency_and_ranges_have_two_ends() {
    let task = |value: &str| {
        format!(r#"{{"resourceType": "Task", "extension": [{{"url": "urn:q", {value}}}]}}"#)
    };
    let found =
        |value: &str| rows(SearchKind::Quantity, "Task.extension('urn:q')", "", &task(value));
    let key = |text: &str| number_key(text).unwrap();
    let mut money = vec![
        (key("12.5"), 0),
        (key("12.5"), hash("urn:iso:std:iso:4217|EUR")),
        (key("12.5"), hash("|EUR")),
    ];
    money.sort();
    assert_eq!(found(r#""valueMoney": {"value": 12.50, "currency": "EUR"}"#), money);
    assert_eq!(
        found(r#""valueRange": {"low": {"value": -2}, "high": {"value": 3e1}}"#),
        [(key("-2"), 0), (key("30"), 0)]
    );
    assert_eq!(found(r#""valueQuantity": {"unit": "kg"}"#), []);
    assert_eq!(found(r#""valueQuantity": {"value": "12"}"#), [], "a text is no number");
}

#[test]
fn tokens_may_lack_a_part() {
    let check = |identifier: &str, expected: &[(String, i64)]| {
        let patient = format!(r#"{{"resourceType": "Patient", "identifier": [{identifier}]}}"#);
        assert_eq!(
            rows(SearchKind::Token, "Patient.identifier", "", &patient),
            expected,
            "{identifier}"
        );
    };
    check(r#"{"value": "1"}"#, &[row("1", 0)]);
    check(r#"{"system": "urn:s"}"#, &[row("", hash("urn:s"))]);
    check(r#"{"system": "urn:s", "value": "A a"}"#, &[row("A a", hash("urn:s"))]);
    check(r#"{"type": {"text": "x"}}"#, &[]);
    check(r#"{"value": null, "_value": {"id": "1"}}"#, &[]);
    check(r#"{"value": ""}"#, &[]);
}

#[test]
fn long_and_odd_values_fit_a_row() {
    let long = "é".repeat(5_000);
    let patient = format!(
        r#"{{"resourceType": "Patient", "identifier": [{{"value": "{long}"}}, {{"value": "a\u0000b"}}], "name": [{{"text": "{long}"}}]}}"#
    );
    for row in indexed(&patient).rows {
        assert!(row.value.len() <= 190 && !row.value.contains('\0'), "{row:?}");
    }
}

#[test]
fn data_of_the_wrong_form_gives_no_rows_and_no_trouble() {
    for text in [
        "{}",
        "[]",
        "null",
        r#"{"resourceType": "Patient"}"#,
        r#"{"resourceType": "Nothing", "name": "x"}"#,
        r#"{"resourceType": 1}"#,
        r#"{"resourceType": "Patient", "name": "x", "birthDate": 1, "identifier": {}, "telecom": [[1]],
            "gender": {"a": 1}, "active": [], "generalPractitioner": "Practitioner/1", "meta": [], "extension": 3}"#,
        r#"{"resourceType": "Task", "executionPeriod": "2024", "for": {"reference": {}}, "code": "x", "contained": {}}"#,
    ] {
        let found = indexed(text);
        let mut values: Vec<&str> = found.rows.iter().map(|row| row.value.as_str()).collect();
        // A Patient without a word about it is alive.
        values.retain(|value| !["x", "false"].contains(value));
        assert_eq!(values, Vec::<&str>::new(), "{text}");
    }
}

#[test]
fn lists_of_codings_do_not_multiply_without_bound() {
    let codings = vec![r#"{"system": "urn:s", "code": "c"}"#; 2_000].join(",");
    let context = format!(
        r#"{{"code": {{"code": "focus"}}, "valueCodeableConcept": {{"coding": [{codings}]}}}}"#
    );
    let contexts = vec![context; 3].join(",");
    let found = indexed(&format!(
        r#"{{"resourceType": "ActivityDefinition", "useContext": [{contexts}]}}"#
    ));
    assert!(found.rows.len() < 20);
    assert!(parameters().find("ActivityDefinition", "context-type-value").is_some());
}
