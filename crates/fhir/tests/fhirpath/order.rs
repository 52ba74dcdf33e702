//! `<`, `<=`, `>` and `>=`.

use crate::support::{check, check_errors};

#[test]
fn numbers_and_texts_have_an_order() {
    check(&[
        ("1 < 2", "true"),
        ("2 < 2", "false"),
        ("2 <= 2", "true"),
        ("3 > 2", "true"),
        ("2 >= 2.0", "true"),
        ("1.99 >= 2", "false"),
        ("'a' < 'b'", "true"),
        ("'b' <= 'a'", "false"),
        ("'A' < 'a'", "true"),
        ("'' < 'a'", "true"),
        ("1 < {}", "{}"),
        ("{} > 'a'", "{}"),
        ("multipleBirth > 1", "true"),
        ("telecom[0].rank < telecom[1].rank", "true"),
        ("gender < 'zzz'", "true"),
        ("name[2].family < 'a'", "{}"),
    ]);
}

#[test]
fn dates_have_an_order_when_the_precision_tells() {
    check(&[
        ("@2023 < @2024", "true"),
        ("@2024-01 < @2024-02", "true"),
        ("@2024 < @2024-02", "{}"),
        ("@2023 < @2024-02", "true"),
        ("@2024-02 <= @2024", "{}"),
        ("@2024-01-01 <= @2024-01-01", "true"),
        ("@2024-01-01 <= @2024-01-01T10:00:00Z", "{}"),
        ("@2024-01-01 < @2024-01-02T10:00:00Z", "true"),
        ("@2024-01-01T23:00:00-02:00 > @2024-01-02T00:30:00Z", "true"),
        ("@2024-01-01T10:00Z < @2024-01-01T10:00:30Z", "{}"),
        ("@2024-01-01T10:00:00.1Z < @2024-01-01T10:00:00.12Z", "true"),
        ("@T10:00 < @T10:01", "true"),
        ("@T10:00 < @T10:00:30", "{}"),
        ("birthDate < @1975", "true"),
        ("birthDate < deceased", "true"),
        ("birthDate <= @1974-12", "{}"),
        ("birthDate > '1970-01-01'", "true"),
        ("birthDate < 'not a date'", "{}"),
        ("meta.lastUpdated > @2024-01-01", "true"),
        ("@2024 < @T10", "{}"),
    ]);
}

#[test]
fn quantities_have_an_order_within_a_unit() {
    check(&[
        ("1 'm' < 2 'm'", "true"),
        ("1 'm' < 2 'cm'", "{}"),
        ("extension[1].value > 1.7 'm'", "true"),
        ("extension[1].value <= 1.8 'm'", "true"),
        ("3 '1' > 2", "true"),
        ("2 < 3 '1'", "true"),
        ("2 < 3 'm'", "{}"),
        ("1 week > 1 day", "{}"),
        ("2 days > 1 'd'", "true"),
    ]);
}

#[test]
fn different_types_and_lists_have_no_order() {
    check_errors(&[
        ("1 < 'a'", "type"),
        ("true < false", "type"),
        ("@2024 < 1", "type"),
        ("1 < true", "type"),
        ("(1 | 2) < 3", "several values"),
        ("1 < name.given", "several values"),
        ("3 'm' > 'a'", "type"),
    ]);
}
