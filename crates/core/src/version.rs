//! Version stamps of KT1: `yyyy-MM-ddTHH:mm:ss:fff.ffff`, UTC, 100 ns
//! resolution, every group zero-padded because clients compare them as text.

use std::fmt;

use crate::clock::Timestamp;

/// A version stamp, as 100 ns units since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp(pub i64);

impl Stamp {
    /// The moment of the stamp.
    pub fn time(self) -> Timestamp {
        Timestamp(self.0.div_euclid(10))
    }

    /// Reads a stamp of this server or of old data (`1970-01-01T01:01:01:01.1`
    /// is seen in the wild: groups may be short). `None` when it is no stamp;
    /// versions are compared as opaque text, so that is no error.
    pub fn parse(text: &str) -> Option<Self> {
        let (seconds, fraction) = text.split_at_checked(19)?;
        let (ms, tenths) = fraction.strip_prefix(':')?.split_once('.')?;
        let digits = |s: &str, most: usize| -> Option<i64> {
            (1..=most).contains(&s.len()).then_some(())?;
            s.bytes().all(|b| b.is_ascii_digit()).then(|| s.parse().ok())?
        };
        let (ms, tenths) = (digits(ms, 3)?, digits(tenths, 4)?);
        let time: jiff::civil::DateTime = seconds.parse().ok()?;
        let time = time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
        Some(Self(time.as_second() * 10_000_000 + ms * 10_000 + tenths))
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = jiff::Timestamp::from_second(self.0.div_euclid(10_000_000))
            .unwrap_or(jiff::Timestamp::UNIX_EPOCH);
        let rest = self.0.rem_euclid(10_000_000);
        let civil = second.to_zoned(jiff::tz::TimeZone::UTC);
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}:{:03}.{:04}",
            civil.year(),
            civil.month(),
            civil.day(),
            civil.hour(),
            civil.minute(),
            civil.second(),
            rest / 10_000,
            rest % 10_000
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_written_zero_padded_and_read_back() {
        for text in ["2019-03-19T08:41:05:117.0342", "2024-01-01T00:00:00:000.0000"] {
            assert_eq!(Stamp::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            Stamp::parse("1970-01-01T01:01:01:01.1").unwrap().to_string(),
            "1970-01-01T01:01:01:001.0001"
        );
    }

    #[test]
    fn what_is_no_stamp_is_none() {
        for text in [
            "",
            "1",
            "2019-03-19T08:41:05",
            "2019-03-19T08:41:05:.1",
            "2019-13-19T08:41:05:117.0342",
            "é019-03-19T08:41:05:1.1",
        ] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
