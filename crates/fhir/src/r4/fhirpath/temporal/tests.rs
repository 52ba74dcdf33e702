//! Reading, showing and adding.

use super::super::quantity::CalendarUnit;
use super::Temporal;
use super::span::{civil_from_days, days_from_civil};

#[test]
fn dates_and_times_come_back_as_written() {
    for text in ["2024", "2024-02", "2024-02-29", "0001-01-01"] {
        assert_eq!(Temporal::date(text).map(|d| d.to_string()).as_deref(), Some(text));
    }
    for text in [
        "2024",
        "2024-02-29T10",
        "2024-02-29T10:30Z",
        "2024-02-29T10:30:00.120+02:00",
        "2024-02-29T23:59:60-05:30",
    ] {
        assert_eq!(Temporal::date_time(text).map(|d| d.to_string()).as_deref(), Some(text));
    }
    for text in ["10", "10:30", "10:30:00", "10:30:00.123456789"] {
        assert_eq!(Temporal::time(text).map(|d| d.to_string()).as_deref(), Some(text));
    }
}

#[test]
fn what_is_no_date_is_refused() {
    for bad in ["", "24", "2024-", "2024-13", "2024-00", "2023-02-29", "2024-1-1", "2024-01-01T"] {
        assert!(Temporal::date(bad).is_none(), "{bad}");
    }
    for bad in ["2024T10", "2024-01-01T24", "2024-01-01T10:60", "2024-01-01T10:00:00.", "x"] {
        assert!(Temporal::date_time(bad).is_none(), "{bad}");
    }
    for bad in ["", "1", "10:", "10:30Z", "25:00", "10:30:61"] {
        assert!(Temporal::time(bad).is_none(), "{bad}");
    }
}

#[test]
fn the_calendar_counts_both_ways() {
    for day in -800_000..800_000_i64 {
        let Some((year, month, of_month)) = civil_from_days(day) else { continue };
        assert_eq!(days_from_civil(year, month, of_month), day);
    }
    assert_eq!(days_from_civil(1970, 1, 1), 0);
    assert_eq!(civil_from_days(11_016), Some((2000, 2, 29)));
}

#[test]
fn spans_end_on_real_days() {
    let plus = |text: &str, amount, unit| {
        Temporal::date_time(text)?.plus(amount, unit).map(|t| t.to_string())
    };
    use CalendarUnit::{Day, Hour, Month, Second, Week, Year};
    assert_eq!(plus("2024-02-29", 1, Year).as_deref(), Some("2025-02-28"));
    assert_eq!(plus("2024-01-31", 1, Month).as_deref(), Some("2024-02-29"));
    assert_eq!(plus("2024-12-31", 1, Day).as_deref(), Some("2025-01-01"));
    assert_eq!(plus("2024-01-08", -1, Week).as_deref(), Some("2024-01-01"));
    assert_eq!(plus("2024", 24, Month).as_deref(), Some("2026"));
    assert_eq!(plus("2024", 364, Day).as_deref(), Some("2024"));
    assert_eq!(plus("2024-01-01T23:00Z", 2, Hour).as_deref(), Some("2024-01-02T01:00Z"));
    assert_eq!(plus("2024-01-01T23:59:59Z", 1, Second).as_deref(), Some("2024-01-02T00:00:00Z"));
    assert_eq!(plus("9999-12-31", i64::MAX, Day), None);
}
