//! Tables of values that are, and are not, of a primitive type.

use super::*;

#[track_caller]
fn check(name: &str, good: &[&str], bad: &[&str]) {
    let primitive = Primitive::named(name).unwrap();
    for text in good {
        assert_eq!(primitive.check(&Node::from(*text)), Ok(()), "{name} {text:?}");
    }
    for text in bad {
        let fault = primitive.check(&Node::from(*text));
        assert!(matches!(fault, Err(Fault::Form(_))), "{name} {text:?}: {fault:?}");
    }
}

#[test]
fn texts_have_the_form_of_their_type() {
    check("string", &["a", " ", "é\n\tz", "中"], &["", "a\u{0}", "\u{1b}[31m"]);
    check("markdown", &["# a\n* b"], &["", "\u{7}"]);
    check("code", &["a", "a b", "A-1"], &["", " a", "a ", "a  b", "a\n b", "\t"]);
    let long = "a".repeat(64);
    let longer = "a".repeat(65);
    check("id", &["a", "A-1.b", &long], &["", "a_b", "é", "a b", &longer]);
    check("uri", &["urn:oid:1.2", "http://x/ü", "#a", "a"], &["", "a b", "a\n", "a\u{a0}b"]);
    check("url", &["mailto:a@b"], &["a b"]);
    check("canonical", &["http://x|1.0"], &[""]);
    check(
        "oid",
        &["urn:oid:1.2.3", "urn:oid:2.0.10"],
        &["1.2.3", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.02", "urn:oid:1.2.", "urn:oid:1.a"],
    );
    check(
        "uuid",
        &["urn:uuid:0d0e8400-e29b-41d4-a716-446655440000"],
        &[
            "0d0e8400-e29b-41d4-a716-446655440000",
            "urn:uuid:0D0E8400-e29b-41d4-a716-446655440000",
            "urn:uuid:0d0e8400e29b-41d4-a716-4466554400000",
        ],
    );
    check("base64Binary", &["AAAA", "AA=="], &["", "AAA", "A===", "A=AA", "A*AA"]);
    check("base64Binary", &["AAAA BBBB\n"], &["===="]);
}

#[test]
fn dates_and_times_exist() {
    check(
        "date",
        &["2024", "2024-05", "2024-02-29", "2000-02-29", "0001-01-01"],
        &[
            "0000",
            "24",
            "2024-13",
            "2024-00",
            "2023-02-29",
            "1900-02-29",
            "2024-04-31",
            "2024-5-1",
            "2024-05-01T09:00:00Z",
            "2024-",
        ],
    );
    check(
        "dateTime",
        &["2024", "2024-05-01", "2024-05-01T09:30:00Z", "2024-05-01T09:30:60.125+14:00"],
        &[
            "2024-05-01T09:30:00",
            "2024-05-01T09:30Z",
            "2024-05T09:30:00Z",
            "2024-05-01T24:00:00Z",
            "2024-05-01T09:30:00.Z",
            "2024-05-01T09:30:00+14:30",
            "2024-05-01 09:30:00Z",
            "2024-02-30T09:30:00Z",
        ],
    );
    check(
        "instant",
        &["2024-05-01T09:30:00Z", "2024-05-01T09:30:00.000001-05:00"],
        &["2024-05-01", "2024", "2024-05-01T09:30:00", "2024-05-01T09:61:00Z"],
    );
    check(
        "time",
        &["09:30:00", "23:59:59.9"],
        &["9:30:00", "24:00:00", "09:30", "09:30:00Z", "09:30:00."],
    );
}

#[test]
fn numbers_are_numbers_in_range() {
    let number = |text: &str| Node::Number(text.into());
    let cases = [
        ("integer", "-2147483648", true),
        ("integer", "2147483648", false),
        ("integer", "1.0", false),
        ("integer", "1e2", false),
        ("integer", "-0", false),
        ("unsignedInt", "0", true),
        ("unsignedInt", "-1", false),
        ("positiveInt", "1", true),
        ("positiveInt", "0", false),
        ("decimal", "-1.50e-7", true),
    ];
    for (name, text, expected) in cases {
        let checked = Primitive::named(name).unwrap().check(&number(text));
        assert_eq!(checked.is_ok(), expected, "{name} {text}");
    }
}

#[test]
fn the_kind_of_json_value_must_fit() {
    let cases = [
        ("boolean", Node::from("true")),
        ("integer", Node::from("1")),
        ("decimal", Node::from("1.5")),
        ("string", Node::from(1)),
        ("date", Node::from(2024)),
        ("code", Node::from(true)),
        ("string", Node::object()),
    ];
    for (name, value) in cases {
        let fault = Primitive::named(name).unwrap().check(&value);
        assert!(matches!(fault, Err(Fault::Json(_))), "{name} {value:?}");
    }
}

#[test]
fn a_text_of_more_than_a_mebibyte_is_too_long() {
    let text = Node::from("a".repeat(MAX_TEXT + 1));
    assert_eq!(Primitive::String.check(&text), Err(Fault::TooLong));
    assert_eq!(Primitive::Markdown.check(&text), Err(Fault::TooLong));
}
