//! Dates and times from text (FHIR R4, "date", "dateTime", "time"; FHIRPath, "Literals").

use super::span::days_in_month;
use super::{Precision, SECOND, Temporal, TemporalKind};

/// Reads parts of fixed length from the front of a text.
struct Parts<'t>(&'t [u8]);

impl Parts<'_> {
    fn digits(&mut self, count: usize) -> Option<u32> {
        let mut value = 0;
        for byte in self.0.get(..count)? {
            value = value * 10 + u32::from(byte.checked_sub(b'0').filter(|digit| *digit < 10)?);
        }
        self.0 = &self.0[count..];
        Some(value)
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.0.first() == Some(&byte);
        if is_there {
            self.0 = &self.0[1..];
        }
        is_there
    }

    /// Two digits below a limit.
    fn pair(&mut self, least: u32, most: u32) -> Option<u8> {
        let value = self.digits(2).filter(|value| (least..=most).contains(value))?;
        u8::try_from(value).ok()
    }
}

impl Temporal {
    /// A date: `2024`, `2024-05`, `2024-05-01`.
    pub fn date(text: &str) -> Option<Temporal> {
        let mut parts = Parts(text.as_bytes());
        let date = Temporal::read_date(&mut parts)?;
        parts.0.is_empty().then_some(date)
    }

    /// A dateTime: a date, or one with a time and mostly a time zone. `2024-05-01T` is one too.
    pub fn date_time(text: &str) -> Option<Temporal> {
        let mut parts = Parts(text.as_bytes());
        let mut all = Temporal::read_date(&mut parts)?;
        all.kind = TemporalKind::DateTime;
        if parts.take(b'T') && !parts.0.is_empty() {
            if all.precision != Precision::Day {
                return None;
            }
            all.read_time(&mut parts)?;
            all.read_offset(&mut parts)?;
        }
        parts.0.is_empty().then_some(all)
    }

    /// A time of day: `10`, `10:30`, `10:30:00.000`.
    pub fn time(text: &str) -> Option<Temporal> {
        let mut parts = Parts(text.as_bytes());
        let mut time = Temporal::MIDNIGHT;
        time.read_time(&mut parts)?;
        parts.0.is_empty().then_some(time)
    }

    /// A date or dateTime, as the text has it.
    pub(in crate::r4::fhirpath) fn date_or_time(text: &str) -> Option<Temporal> {
        Temporal::date(text).or_else(|| Temporal::date_time(text))
    }

    fn read_date(parts: &mut Parts<'_>) -> Option<Temporal> {
        let mut date = Temporal {
            kind: TemporalKind::Date,
            precision: Precision::Year,
            year: i32::try_from(parts.digits(4)?).ok()?,
            ..Temporal::MIDNIGHT
        };
        if parts.take(b'-') {
            date.month = parts.pair(1, 12)?;
            date.precision = Precision::Month;
            if parts.take(b'-') {
                date.day = parts.pair(1, u32::from(days_in_month(date.year, date.month)))?;
                date.precision = Precision::Day;
            }
        }
        Some(date)
    }

    fn read_time(&mut self, parts: &mut Parts<'_>) -> Option<()> {
        self.hour = parts.pair(0, 23)?;
        self.precision = Precision::Hour;
        if !parts.take(b':') {
            return Some(());
        }
        self.minute = parts.pair(0, 59)?;
        self.precision = Precision::Minute;
        if !parts.take(b':') {
            return Some(());
        }
        self.nanoseconds = u64::from(parts.pair(0, 60)?) * SECOND;
        self.precision = Precision::Second;
        if parts.take(b'.') {
            let mut worth = SECOND;
            while let Some(digit) = parts.digits(1) {
                worth /= 10;
                self.nanoseconds += u64::from(digit) * worth;
                self.digits = self.digits.saturating_add(1).min(9);
            }
            if self.digits == 0 {
                return None;
            }
        }
        Some(())
    }

    fn read_offset(&mut self, parts: &mut Parts<'_>) -> Option<()> {
        if parts.take(b'Z') {
            self.offset = Some(0);
            return Some(());
        }
        let sign = match (parts.take(b'+'), parts.take(b'-')) {
            (true, false) => 1,
            (false, true) => -1,
            _ => return Some(()),
        };
        let hours = i16::from(parts.pair(0, 14)?);
        if !parts.take(b':') {
            return None;
        }
        self.offset = Some(sign * (hours * 60 + i16::from(parts.pair(0, 59)?)));
        Some(())
    }
}
