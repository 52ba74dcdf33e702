//! Dates and times plus spans, on the Gregorian calendar (FHIRPath, "Date/Time Arithmetic").

use super::super::quantity::CalendarUnit;
use super::{Precision, SECOND, Temporal, TemporalKind};

impl Temporal {
    /// Later by so many days and minutes.
    pub(super) fn shifted(mut self, days: i64, minutes: i64) -> Option<Temporal> {
        let of_day = i64::from(self.hour) * 60 + i64::from(self.minute);
        let all = of_day.checked_add(minutes)?;
        let day = days_from_civil(self.year, self.month, self.day)
            .checked_add(days)?
            .checked_add(all.div_euclid(1440))?;
        let of_day = all.rem_euclid(1440);
        self.hour = u8::try_from(of_day / 60).ok()?;
        self.minute = u8::try_from(of_day % 60).ok()?;
        if self.kind != TemporalKind::Time {
            (self.year, self.month, self.day) = civil_from_days(day)?;
        }
        Some(self)
    }

    /// Later by a span, earlier by a negative one. A span finer than what is known counts in whole
    /// known parts. `None` when the year leaves 0 to 9999.
    pub(in crate::r4::fhirpath) fn plus(self, amount: i64, unit: CalendarUnit) -> Option<Temporal> {
        let is_time = self.kind == TemporalKind::Time;
        if is_time && unit < CalendarUnit::Hour {
            return None;
        }
        let (amount, unit) = coarsened(amount, unit, self.precision)?;
        match unit {
            CalendarUnit::Year => self.plus_months(amount.checked_mul(12)?),
            CalendarUnit::Month => self.plus_months(amount),
            CalendarUnit::Week => self.shifted(amount.checked_mul(7)?, 0),
            CalendarUnit::Day => self.shifted(amount, 0),
            CalendarUnit::Hour => self.shifted(0, amount.checked_mul(60)?),
            CalendarUnit::Minute => self.shifted(0, amount),
            CalendarUnit::Second => self.plus_nanoseconds(i128::from(amount) * i128::from(SECOND)),
            CalendarUnit::Millisecond => {
                let mut later = self.plus_nanoseconds(i128::from(amount) * 1_000_000)?;
                later.digits = later.digits.max(3);
                Some(later)
            }
        }
    }

    fn plus_months(mut self, months: i64) -> Option<Temporal> {
        let all = (i64::from(self.year) * 12 + i64::from(self.month) - 1).checked_add(months)?;
        self.year = i32::try_from(all.div_euclid(12)).ok().filter(|y| (0..10_000).contains(y))?;
        self.month = u8::try_from(all.rem_euclid(12) + 1).ok()?;
        self.day = self.day.min(days_in_month(self.year, self.month));
        Some(self)
    }

    fn plus_nanoseconds(mut self, nanoseconds: i128) -> Option<Temporal> {
        let minute = i128::from(SECOND) * 60;
        let all = i128::from(self.nanoseconds) + nanoseconds;
        self.nanoseconds = u64::try_from(all.rem_euclid(minute)).ok()?;
        self.shifted(0, i64::try_from(all.div_euclid(minute)).ok()?)
    }
}

/// A span in the finest unit that the precision knows.
fn coarsened(amount: i64, unit: CalendarUnit, known: Precision) -> Option<(i64, CalendarUnit)> {
    let (mut amount, mut unit) = (amount, unit);
    loop {
        let (needs, per_coarser, coarser) = match unit {
            CalendarUnit::Year => return Some((amount, unit)),
            CalendarUnit::Month => (Precision::Month, 12, CalendarUnit::Year),
            CalendarUnit::Week if known < Precision::Day => {
                amount = amount.checked_mul(7)?;
                unit = CalendarUnit::Day;
                continue;
            }
            CalendarUnit::Week => return Some((amount, unit)),
            CalendarUnit::Day if known == Precision::Year => {
                (Precision::Day, 365, CalendarUnit::Year)
            }
            CalendarUnit::Day => (Precision::Day, 30, CalendarUnit::Month),
            CalendarUnit::Hour => (Precision::Hour, 24, CalendarUnit::Day),
            CalendarUnit::Minute => (Precision::Minute, 60, CalendarUnit::Hour),
            CalendarUnit::Second => (Precision::Second, 60, CalendarUnit::Minute),
            CalendarUnit::Millisecond => (Precision::Second, 1000, CalendarUnit::Second),
        };
        if known >= needs {
            return Some((amount, unit));
        }
        amount /= per_coarser;
        unit = coarser;
    }
}

/// Days in a month of the Gregorian calendar.
pub(super) fn days_in_month(year: i32, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01 (Howard Hinnant's algorithm for years that begin in March).
pub(super) fn days_from_civil(year: i32, month: u8, day: u8) -> i64 {
    let (year, month) = (i64::from(year), i64::from(month));
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + i64::from(day) - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

pub(super) fn civil_from_days(days: i64) -> Option<(i32, u8, u8)> {
    let days = days.checked_add(719_468)?;
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + days.div_euclid(146_097) * 400 + i64::from(month <= 2);
    let year = i32::try_from(year).ok().filter(|year| (-1..=10_000).contains(year))?;
    Some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}
