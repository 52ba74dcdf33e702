//! Parts of collections, and collections as sets.

use crate::support::{check, check_errors, check_on, parse};

#[test]
fn parts_are_taken_in_order() {
    check(&[
        ("name.first().use", "\"official\""),
        ("name.last().use", "\"old\""),
        ("name.tail().use", "\"nickname\", \"old\""),
        ("name.skip(1).use", "\"nickname\", \"old\""),
        ("name.skip(0).count()", "3"),
        ("name.skip(-1).count()", "3"),
        ("name.skip(9)", "{}"),
        ("name.take(2).use", "\"official\", \"nickname\""),
        ("name.take(0)", "{}"),
        ("name.take(-1)", "{}"),
        ("name.take(9).count()", "3"),
        ("name.take({})", "{}"),
        ("gender.single()", "\"male\""),
        ("nothing.single()", "{}"),
        ("{}.first()", "{}"),
        ("{}.last()", "{}"),
        ("{}.tail()", "{}"),
        ("1.tail()", "{}"),
    ]);
    check_errors(&[("name.single()", "several values"), ("name.skip('a')", "type")]);
}

#[test]
fn sets_hold_every_value_once() {
    check(&[
        ("1 | 2 | 1", "1, 2"),
        ("1 | 1.0", "1"),
        ("'a' | 'b' | 'a'", "'a', 'b'"),
        ("1.union(2)", "1, 2"),
        ("{} | {}", "{}"),
        ("{} | 1", "1"),
        ("1 | {}", "1"),
        ("name.given | name.given", "\"Jan\", \"Piet\""),
        ("name.given.distinct()", "\"Jan\", \"Piet\""),
        ("name.given.isDistinct()", "false"),
        ("name.use.isDistinct()", "true"),
        ("{}.isDistinct()", "true"),
        ("{}.distinct()", "{}"),
        ("name.given.combine('Jan').count()", "4"),
        ("1.combine(1)", "1, 1"),
        ("{}.combine(1)", "1"),
        ("(1 | 2 | 3).intersect(2 | 3 | 4)", "2, 3"),
        ("1.combine(1).intersect(1)", "1"),
        ("(1 | 2).intersect({})", "{}"),
        ("1.combine(1).combine(2).exclude(2)", "1, 1"),
        ("(1 | 2).exclude({})", "1, 2"),
        ("(1 | 2).subsetOf(1 | 2 | 3)", "true"),
        ("(1 | 4).subsetOf(1 | 2 | 3)", "false"),
        ("{}.subsetOf(1)", "true"),
        ("(1 | 2).supersetOf(1)", "true"),
        ("(1 | 2).supersetOf({})", "true"),
        ("{}.supersetOf(1)", "false"),
    ]);
    check(&[("(name | name).count()", "3"), ("(identifier | contact).count()", "3")]);
}

#[test]
fn dates_in_sets_are_equal_by_moment() {
    let resource = parse(
        r#"{"resourceType": "Basic", "created": "2024-01-01", "extension": [
            {"url": "a", "valueDateTime": "2024-01-01T10:00:00Z"},
            {"url": "b", "valueDateTime": "2024-01-01T11:00:00+01:00"},
            {"url": "c", "valueDateTime": "2024-01-01T12:00:00+01:00"},
            {"url": "d", "valueString": "2024-01-01T10:00:00Z"}]}"#,
    );
    check_on(
        &resource,
        &[
            ("extension.value.take(3).distinct().count()", "2"),
            ("extension.value.take(3).isDistinct()", "false"),
            ("extension.value.where($this is dateTime).count()", "3"),
            ("(@2024-01-01T10:00:00Z | extension[1].value).count()", "1"),
            ("created.combine(@2024-01-01).isDistinct()", "false"),
        ],
    );
}

#[test]
fn thousands_of_texts_are_compared_quickly() {
    let concepts: Vec<String> = (0..20_000).map(|i| format!("{{\"code\":\"{i}\"}}")).collect();
    let resource =
        parse(&format!("{{\"resourceType\":\"CodeSystem\",\"concept\":[{}]}}", concepts.join(",")));
    check_on(
        &resource,
        &[
            ("concept.code.isDistinct()", "true"),
            ("concept.code.combine($this.descendants().concept.code).isDistinct()", "true"),
            ("concept.code.combine('7').isDistinct()", "false"),
            ("concept.code.exclude(concept.code.tail())", "\"0\""),
        ],
    );
}
