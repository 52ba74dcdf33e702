//! Time as the program sees it: a number of microseconds since 1970 in UTC,
//! taken from an injected clock so that tests can move it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved forward by `duration` (saturating).
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// This moment moved back by `duration` (saturating).
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// The time that passed since `earlier`; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As an instant of FHIR without fraction and with an explicit offset:
    /// `2024-01-05T10:00:00+00:00`.
    pub fn to_instant(self) -> String {
        let seconds = jiff::Timestamp::from_second(self.0.div_euclid(1_000_000))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        seconds.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
    }

    /// As an instant of FHIR R4 in milliseconds, cut off: `2026-11-22T02:28:10.123Z`.
    pub fn to_instant_millis(self) -> String {
        let millis = self.0.div_euclid(1000).rem_euclid(1000);
        format!("{}.{millis:03}Z", self.jiff().strftime("%Y-%m-%dT%H:%M:%S"))
    }

    /// As a date of HTTP (RFC 9110, 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`.
    pub fn to_http_date(self) -> String {
        self.jiff().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }

    /// The month in UTC as a number: 202611 for November 2026.
    pub fn month(self) -> i64 {
        let date = self.jiff().to_zoned(jiff::tz::TimeZone::UTC).date();
        i64::from(date.year()) * 100 + i64::from(date.month())
    }

    /// The first moment of a month like 202611, `None` where there is no such month.
    pub fn of_month(month: i64) -> Option<Self> {
        let year = i16::try_from(month / 100).ok()?;
        let date = jiff::civil::Date::new(year, i8::try_from(month % 100).ok()?, 1).ok()?;
        let zoned = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        Some(Self(zoned.timestamp().as_microsecond()))
    }

    fn jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, `2024-01-05T10:00:00.123456Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.jiff().fmt(f)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339 with any offset.
    fn from_str(text: &str) -> Result<Self> {
        jiff::Timestamp::from_str(text).map(|t| Self(t.as_microsecond())).map_err(|_| {
            Error::Invalid(format!("`{text}` is not a time like 2024-01-05T10:00:00Z"))
        })
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Where the time comes from. The program injects the system's clock, a test
/// one that it moves.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_has_seconds_and_an_explicit_offset() {
        let t: Timestamp = "2024-01-05T11:00:00.987654+01:00".parse().unwrap();
        assert_eq!(t.to_instant(), "2024-01-05T10:00:00+00:00");
        assert_eq!(t.to_string(), "2024-01-05T10:00:00.987654Z");
    }

    #[test]
    fn an_instant_in_milliseconds_always_has_three_digits() {
        for (micros, instant) in [
            (1_795_314_490_123_999, "2026-11-22T02:28:10.123Z"),
            (1_795_314_490_000_000, "2026-11-22T02:28:10.000Z"),
            (1_795_314_490_007_000, "2026-11-22T02:28:10.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp(micros).to_instant_millis(), instant);
        }
    }

    #[test]
    fn a_date_of_http_is_in_english_and_gmt() {
        let t: Timestamp = "1994-11-06T09:49:37.9+01:00".parse().unwrap();
        assert_eq!(t.to_http_date(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_month_is_that_of_utc_and_begins_with_its_first_day() {
        let t: Timestamp = "2026-12-01T00:30:00+01:00".parse().unwrap();
        assert_eq!(t.month(), 202_611);
        let first = Timestamp::of_month(202_611).unwrap();
        assert_eq!(first.to_string(), "2026-11-01T00:00:00Z");
        assert_eq!(Timestamp(first.0 - 1).month(), 202_610);
        for odd in [0, 202_613, 202_600, -1, i64::MAX] {
            assert_eq!(Timestamp::of_month(odd), None, "{odd}");
        }
    }

    #[test]
    fn since_never_underflows() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
        assert_eq!(Timestamp(9).since(Timestamp(5)), Duration::from_micros(4));
    }
}
