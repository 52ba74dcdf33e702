//! Dates and times as spans: `2024-05` is all of May. A span is half-open, in microseconds since
//! 1970 in UTC (FHIR R4, Search, 3.1.1.4.7 "date"; "date", "dateTime", "instant").

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time in text whose byte order is the order of time: 13 digits in base 32.
pub fn time_key(micros: i64) -> String {
    const DIGITS: &[u8; 32] = b"0123456789abcdefghijklmnopqrstuv";
    let flipped = micros.cast_unsigned() ^ (1 << 63);
    (0..13_u32)
        .rev()
        .map(|place| usize::try_from((flipped >> (5 * place)) & 31).unwrap_or_default())
        .map(|digit| char::from(DIGITS[digit]))
        .collect()
}

/// The time of a [`time_key`]; `None` when the text is none.
pub fn micros_of_key(key: &str) -> Option<i64> {
    let mut flipped: u64 = 0;
    for digit in key.bytes() {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'v' => digit - b'a' + 10,
            _ => return None,
        };
        flipped = (flipped << 5) | u64::from(value);
    }
    (key.len() == 13).then(|| (flipped ^ (1 << 63)).cast_signed())
}

/// The span that a date, dateTime or instant stands for, by the precision in which it is written;
/// beyond microseconds digits do not count. Without a time zone it is UTC. A time needs hours and
/// minutes. `None` when the text is none of these.
pub fn span(text: &str) -> Option<(i64, i64)> {
    let mut parts = Parts(text.as_bytes());
    let year = parts.number(4, 1, 9999)?;
    if parts.is_done() {
        return Some((days(year, 1, 1) * DAY, days(year + 1, 1, 1) * DAY));
    }
    let month = parts.after(b'-')?.number(2, 1, 12)?;
    let next_month = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    if parts.is_done() {
        return Some((days(year, month, 1) * DAY, next_month * DAY));
    }
    let day = days(year, month, parts.after(b'-')?.number(2, 1, 31)?);
    if day >= next_month {
        return None;
    }
    if parts.is_done() {
        return Some((day * DAY, (day + 1) * DAY));
    }
    let hour = parts.after(b'T')?.number(2, 0, 23)?;
    let minute = parts.after(b':')?.number(2, 0, 59)?;
    let (mut low, mut width) = (day * DAY + hour * HOUR + minute * MINUTE, MINUTE);
    if parts.take(b':') {
        // A leap second is the first of the next minute.
        low += parts.number(2, 0, 60)? * SECOND;
        width = SECOND;
        if parts.take(b'.') {
            let fraction = parts.fraction()?;
            low += fraction.0;
            width = fraction.1;
        }
    }
    low -= parts.offset()? * MINUTE;
    parts.is_done().then_some((low, low + width))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar. March begins the year, so that the
/// leap day ends it.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719_468
}

/// Reads from the front of a text.
struct Parts<'t>(&'t [u8]);

impl Parts<'_> {
    fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn after(&mut self, byte: u8) -> Option<&mut Self> {
        self.take(byte).then_some(self)
    }

    /// So many digits, with a value between two.
    fn number(&mut self, count: usize, least: i64, most: i64) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            value = value * 10 + i64::from(digit.checked_sub(b'0').filter(|d| *d < 10)?);
        }
        self.0 = rest;
        (least..=most).contains(&value).then_some(value)
    }

    /// The digits after the point: microseconds, and what the last digit is worth.
    fn fraction(&mut self) -> Option<(i64, i64)> {
        let count = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        let (mut value, mut worth) = (0, SECOND);
        for digit in digits.iter().take(6) {
            worth /= 10;
            value += i64::from(digit - b'0') * worth;
        }
        (count > 0).then_some((value, worth))
    }

    /// Minutes east of UTC; none is UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.take(b'Z') {
            return Some(0);
        }
        let sign = match (self.take(b'+'), self.take(b'-')) {
            (false, false) => return Some(0),
            (is_east, _) => {
                if is_east {
                    1
                } else {
                    -1
                }
            }
        };
        let hours = self.number(2, 0, 14)?;
        let minutes = self.after(b':')?.number(2, 0, 59)?;
        Some(sign * (hours * 60 + minutes))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_000;

    #[test]
    fn partial_dates_are_whole_years_months_and_days() {
        for (text, low, high) in [
            ("1970", 0, 365 * DAY),
            ("1972", 730 * DAY, (730 + 366) * DAY),
            ("1970-02", 31 * DAY, 59 * DAY),
            ("2024-02", 19_754 * DAY, 19_783 * DAY),
            ("2023-12", 19_692 * DAY, 19_723 * DAY),
            ("1969-12-31", -DAY, 0),
            ("2024-02-29", 19_782 * DAY, 19_783 * DAY),
            ("0001", -719_162 * DAY, (-719_162 + 365) * DAY),
            ("9999-12-31", 2_932_896 * DAY, 2_932_897 * DAY),
        ] {
            assert_eq!(span(text), Some((low, high)), "{text}");
        }
    }

    #[test]
    fn times_are_as_wide_as_they_are_written() {
        for (text, low, width) in [
            ("1970-01-01T00:00", 0, MINUTE),
            ("1970-01-01T00:00Z", 0, MINUTE),
            ("1970-01-01T00:00:01Z", SECOND, SECOND),
            ("1970-01-01T00:00:00.5Z", 500 * MS, 100 * MS),
            ("1970-01-01T00:00:00.123Z", 123 * MS, MS),
            ("1970-01-01T00:00:00.123456Z", 123_456, 1),
            ("1970-01-01T00:00:00.123456789Z", 123_456, 1),
            ("1969-12-31T23:59:59.999Z", -MS, MS),
            ("1970-01-01T00:00:60Z", MINUTE, SECOND),
        ] {
            assert_eq!(span(text), Some((low, low + width)), "{text}");
        }
    }

    #[test]
    fn zones_are_offsets_and_know_no_summer() {
        for (one, other) in [
            ("2024-07-01T12:00:00+02:00", "2024-07-01T10:00:00Z"),
            ("2024-07-01T12:00:00", "2024-07-01T12:00:00Z"),
            ("2024-03-31T02:30:00+01:00", "2024-03-31T01:30:00Z"),
            ("2024-03-31T02:30:00", "2024-03-31T02:30:00Z"),
            ("2024-01-01T00:30:00-11:30", "2024-01-01T12:00:00Z"),
            ("2024-01-01T00:00:00-00:00", "2024-01-01T00:00:00Z"),
        ] {
            assert_eq!(span(one), span(other), "{one}");
            assert!(span(one).is_some());
        }
    }

    #[test]
    fn what_is_no_date_is_no_span() {
        for text in [
            "",
            "0",
            "24",
            "0000",
            "20244",
            "2024-",
            "2024-13",
            "2024-00",
            "2024-1",
            "2024-02-30",
            "2023-02-29",
            "2024-01-32",
            "2024-01-01T",
            "2024-01-01T10",
            "2024-01-01T24:00",
            "2024-01-01T10:60",
            "2024-01-01T10:00:61Z",
            "2024-01-01T10:00:00.",
            "2024-01-01T10:00+",
            "2024-01-01T10:00:00.Z",
            "2024-01-01T10:00+2:00",
            "2024-01-01T10:00+15:00",
            "2024-01-01T10:00ZZ",
            "2024-01-01 10:00",
            "2024-01-01t10:00",
            "-2024",
            "２０２４",
            "2024-01-01T10:00:00.é",
            "2024-01-01+02:00",
        ] {
            assert_eq!(span(text), None, "{text}");
        }
    }

    #[test]
    fn the_keys_of_the_ends_of_time_are_the_outer_ones() {
        assert_eq!(time_key(i64::MIN), "0000000000000");
        assert_eq!(time_key(0), "8000000000000");
        assert_eq!(time_key(i64::MAX), "fvvvvvvvvvvvv");
    }

    proptest! {
        #[test]
        fn keys_have_the_order_of_time(one: i64, other: i64, near in -3_i64..3) {
            prop_assert_eq!(time_key(one).cmp(&time_key(other)), one.cmp(&other));
            let close = one.saturating_add(near);
            prop_assert_eq!(time_key(one).cmp(&time_key(close)), one.cmp(&close));
        }

        #[test]
        fn reading_a_span_never_fails_badly(text in "\\PC{0,40}", date in "[0-9T:+.Z-]{0,30}") {
            let _ = span(&text);
            if let Some((low, high)) = span(&date) {
                prop_assert!(low < high);
            }
        }

        #[test]
        fn each_day_follows_the_one_before(day in -719_162_i64..2_932_896) {
            let (mut year, mut month) = (1970 + (day / 365).min(day / 366) - 2, 1);
            while days(year + 1, 1, 1) <= day { year += 1; }
            while month < 12 && days(year, month + 1, 1) <= day { month += 1; }
            let text = format!("{year:04}-{month:02}-{:02}", day - days(year, month, 1) + 1);
            prop_assert_eq!(span(&text), Some((day * DAY, (day + 1) * DAY)));
        }
    }
}
