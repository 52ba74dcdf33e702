//! Dates, times and spans.

use crate::support::{check, check_errors};

#[test]
fn spans_are_added_to_dates() {
    check(&[
        ("@2024-01-31 + 1 month", "@2024-02-29"),
        ("@2024-02-29 + 1 year", "@2025-02-28"),
        ("@2024-01-01 + 1 week", "@2024-01-08"),
        ("@2024-01-01 - 1 day", "@2023-12-31"),
        ("@2024 + 1 year", "@2025"),
        ("@2024 + 18 months", "@2025"),
        ("@2024-01 + 35 days", "@2024-02"),
        ("@2024-01-01 + 48 hours", "@2024-01-03"),
        ("@2024-01-01 + 23 hours", "@2024-01-01"),
        ("@2024-01-01T10:00:00Z + 90 minutes", "@2024-01-01T11:30:00Z"),
        ("@2024-01-01T23:59:59.5Z + 0.5 seconds", "@2024-01-02T00:00:00.000Z"),
        ("@2024-01-01T10:00:00Z + 1 'd'", "@2024-01-02T10:00:00Z"),
        ("@T23:30 + 1 hour", "@00:30"),
        ("@T00:30 - 1 hour", "@23:30"),
        ("@2024-01-01 + {}", "{}"),
        ("birthDate + 18 years", "@1992-12-25"),
        ("birthDate + 18 years <= today()", "true"),
        ("today() - 1 year", "@2023-02-28"),
    ]);
    check(&[
        ("@9999-12-31 + 1 year", "{}"),
        ("@2024-01-01 + 100000 years", "{}"),
        ("@2024-01-01 + 99999999999999999999 years", "{}"),
        ("@2024-01-01 + 9999999999999999 days", "{}"),
        ("@T10:00 + 1 year", "{}"),
    ]);
}

#[test]
fn only_spans_are_added_to_dates() {
    check_errors(&[
        ("@2024 + 1", "type"),
        ("@2024 + 1 'a'", "type"),
        ("@2024 + 1 'mg'", "type"),
        ("@2024 * 1 year", "type"),
        ("@2024 + @2024", "type"),
    ]);
}

#[test]
fn elements_are_dates_by_their_type() {
    check(&[
        ("birthDate is date", "true"),
        ("birthDate + 1 day", "@1974-12-26"),
        ("birthDate.extension.value + 1 hour", "@1974-12-25T15:35:45-05:00"),
        ("birthDate.extension.value = @1974-12-25T19:35:45Z", "true"),
        ("birthDate.extension.value > birthDate", "{}"),
        ("deceased > birthDate", "true"),
        ("meta.lastUpdated > birthDate", "true"),
    ]);
}
