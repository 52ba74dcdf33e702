//! Literals and the constants of the environment.

use crate::support::check;

#[test]
fn literals_are_their_values() {
    check(&[
        ("true", "true"),
        ("false", "false"),
        ("{}", "{}"),
        ("{ }", "{}"),
        ("0", "0"),
        ("42", "42"),
        ("-42", "-42"),
        ("+42", "42"),
        ("1.50", "1.50"),
        ("0.0", "0.0"),
        ("12345678901234567890", "12345678901234567890"),
        ("'text'", "'text'"),
        ("\"text\"", "'text'"),
        ("''", "''"),
        ("'it\\'s'", "'it's'"),
        ("'a\\\\b'", "'a\\b'"),
        ("'\\/'", "'/'"),
        ("'a\\nb'", "'a\nb'"),
        ("'\\t\\r\\f'", "'\t\r\u{c}'"),
        ("'\\u0041\\u00e9'", "'Aé'"),
        ("'\\`\\\"'", "'`\"'"),
        ("'é😀'", "'é😀'"),
        ("@2024", "@2024"),
        ("@2024-02", "@2024-02"),
        ("@2024-02-29", "@2024-02-29"),
        ("@2024T", "@2024"),
        ("@2024-02-29T10", "@2024-02-29T10"),
        ("@2024-02-29T10:30", "@2024-02-29T10:30"),
        ("@2024-02-29T10:30:15.123+01:00", "@2024-02-29T10:30:15.123+01:00"),
        ("@2024-02-29T10:30:15Z", "@2024-02-29T10:30:15Z"),
        ("@T10:30", "@10:30"),
        ("@T10:30:15.5", "@10:30:15.5"),
        ("4 'mg'", "4 'mg'"),
        ("4.5 days", "4.5 days"),
        ("1 year", "1 year"),
        ("-3 'kg'", "-3 'kg'"),
    ]);
}

#[test]
fn a_method_may_follow_a_literal() {
    check(&[
        ("'abc'.length()", "3"),
        ("7.toString()", "'7'"),
        ("7.5.toString()", "'7.5'"),
        ("@2024-02-29.toString()", "'2024-02-29'"),
        ("true.not()", "false"),
        ("{}.exists()", "false"),
        ("(1 | 2).count()", "2"),
        ("@T10.toString()", "'10'"),
    ]);
}

#[test]
fn white_space_and_comments_mean_nothing() {
    check(&[
        ("  1\n+\t2  ", "3"),
        ("1 // one\n + 2", "3"),
        ("1 /* one */ + /* two */ 2", "3"),
        ("name . family", "\"Jansen\", <no value>"),
        ("1 + 2 // end", "3"),
    ]);
}

#[test]
fn the_environment_has_its_constants() {
    check(&[
        ("%ucum", "'http://unitsofmeasure.org'"),
        ("%sct", "'http://snomed.info/sct'"),
        ("%loinc", "'http://loinc.org'"),
        ("%`ext-birthTime`", "'http://hl7.org/fhir/StructureDefinition/birthTime'"),
        ("%\"ext-birthTime\"", "'http://hl7.org/fhir/StructureDefinition/birthTime'"),
        ("%'vs-gender'", "'http://hl7.org/fhir/ValueSet/gender'"),
        ("%resource.id", "\"p1\""),
        ("%rootResource.id", "\"p1\""),
        ("%context.id", "\"p1\""),
        ("name.select(%resource.id)", "\"p1\", \"p1\", \"p1\""),
        ("name.where(%context.active).count()", "3"),
    ]);
}

#[test]
fn the_time_comes_from_the_context() {
    check(&[
        ("now()", "@2024-02-29T13:14:15.678+01:00"),
        ("today()", "@2024-02-29"),
        ("timeOfDay()", "@13:14:15.678"),
        ("birthDate < today()", "true"),
        ("now() > @2024-02-29T12:00:00Z", "true"),
    ]);
}
