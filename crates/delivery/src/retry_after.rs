//! The `Retry-After` header of an answer: seconds or a date (RFC 9110, 10.2.3).

use std::time::Duration;

use jiff::fmt::rfc2822::DateTimeParser;
use koppeltaal_core::Timestamp;

/// The endpoint of a webhook cannot ask for a longer pause.
pub(crate) const OF_WEBHOOK: Duration = Duration::from_secs(3600);

/// The pause that the header asks for, `longest` at most; `None` when it says
/// nothing readable.
pub(crate) fn pause(header: &str, now: Timestamp, longest: Duration) -> Option<Duration> {
    let header = header.trim();
    let pause = if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit ask for a long time.
        Duration::from_secs(header.parse().unwrap_or(u64::MAX))
    } else {
        let date = DateTimeParser::new().parse_timestamp(header).ok()?;
        Timestamp(date.as_microsecond()).since(now)
    };
    Some(pause.min(longest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_capped() {
        let now: Timestamp = "2024-01-05T10:00:00Z".parse().unwrap();
        for (header, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999", Some(3600)),
            ("Fri, 05 Jan 2024 10:01:00 GMT", Some(60)),
            ("Fri, 05 Jan 2024 09:00:00 GMT", Some(0)),
            ("Sat, 06 Jan 2024 10:00:00 GMT", Some(3600)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(
                pause(header, now, OF_WEBHOOK).map(|pause| pause.as_secs()),
                expected,
                "{header}"
            );
        }
    }
}
