//! Dates and times with the precision they were written in. Two of different precision have an
//! order only where that does not matter (FHIRPath, "Date/Time Comparison").

mod read;
mod span;

use std::cmp::Ordering;
use std::fmt;

/// A date, dateTime or time of day.
#[derive(Clone, Copy, Debug)]
pub struct Temporal {
    kind: TemporalKind,
    precision: Precision,
    year: i32,
    month: u8,
    day: u8,
    hour: u8,
    minute: u8,
    /// Of the minute; a leap second is one more.
    nanoseconds: u64,
    /// Digits of the fraction of the second as written.
    digits: u8,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

/// Which of the three types of FHIRPath it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemporalKind {
    /// `System.Date`.
    Date,
    /// `System.DateTime`.
    DateTime,
    /// `System.Time`.
    Time,
}

/// The last part that is known. A second and its fraction are one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Precision {
    /// `2024`
    Year,
    /// `2024-05`
    Month,
    /// `2024-05-01`
    Day,
    /// `T10`
    Hour,
    /// `T10:30`
    Minute,
    /// `T10:30:00` and finer.
    Second,
}

const SECOND: u64 = 1_000_000_000;

impl Temporal {
    const MIDNIGHT: Temporal = Temporal {
        kind: TemporalKind::Time,
        precision: Precision::Hour,
        year: 0,
        month: 1,
        day: 1,
        hour: 0,
        minute: 0,
        nanoseconds: 0,
        digits: 0,
        offset: None,
    };

    /// Date, dateTime or time.
    pub fn kind(&self) -> TemporalKind {
        self.kind
    }

    /// The last part that is known.
    pub fn precision(&self) -> Precision {
        self.precision
    }

    /// The same as dateTime; a time of day stays one.
    pub(super) fn to_date_time(self) -> Temporal {
        match self.kind {
            TemporalKind::Date => Temporal { kind: TemporalKind::DateTime, ..self },
            _ => self,
        }
    }

    /// The date of a dateTime.
    pub(super) fn to_date(self) -> Option<Temporal> {
        if self.kind == TemporalKind::Time {
            return None;
        }
        Some(Temporal {
            kind: TemporalKind::Date,
            precision: self.precision.min(Precision::Day),
            year: self.year,
            month: self.month,
            day: self.day,
            ..Temporal::MIDNIGHT
        })
    }

    /// The time of day of a dateTime that has one.
    pub(super) fn to_time(self) -> Option<Temporal> {
        if self.kind != TemporalKind::DateTime || self.precision < Precision::Hour {
            return None;
        }
        Some(Temporal { kind: TemporalKind::Time, offset: None, ..self })
    }

    fn has_time(&self) -> bool {
        self.precision >= Precision::Hour
    }

    /// The order; `None` when the precisions do not tell, or the types have none.
    pub fn compare(&self, other: &Temporal) -> Option<Ordering> {
        if (self.kind == TemporalKind::Time) != (other.kind == TemporalKind::Time) {
            return None;
        }
        let (left, right) = if self.has_time() && other.has_time() {
            (self.in_utc()?, other.in_utc()?)
        } else {
            (*self, *other)
        };
        let common = left.precision.min(right.precision);
        for (precision, order) in [
            (Precision::Year, left.year.cmp(&right.year)),
            (Precision::Month, left.month.cmp(&right.month)),
            (Precision::Day, left.day.cmp(&right.day)),
            (Precision::Hour, left.hour.cmp(&right.hour)),
            (Precision::Minute, left.minute.cmp(&right.minute)),
            (Precision::Second, left.nanoseconds.cmp(&right.nanoseconds)),
        ] {
            if precision > common {
                return None;
            }
            if order != Ordering::Equal {
                return Some(order);
            }
            if precision == left.precision && precision == right.precision {
                return Some(Ordering::Equal);
            }
        }
        None
    }

    /// The same moment in UTC, where a time without zone is already.
    fn in_utc(self) -> Option<Temporal> {
        match self.offset {
            None | Some(0) => Some(self),
            Some(offset) => self.shifted(0, -i64::from(offset)),
        }
    }
}

impl fmt::Display for Temporal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != TemporalKind::Time {
            write!(f, "{:04}", self.year)?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.month)?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.day)?;
            }
            if self.precision < Precision::Hour {
                return Ok(());
            }
            f.write_str("T")?;
        }
        write!(f, "{:02}", self.hour)?;
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.nanoseconds / SECOND)?;
            if self.digits > 0 {
                let nanoseconds = format!("{:09}", self.nanoseconds % SECOND);
                write!(f, ".{}", &nanoseconds[..usize::from(self.digits)])?;
            }
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                write!(f, "{sign}{:02}:{:02}", offset.abs() / 60, offset.abs() % 60)
            }
        }
    }
}

#[cfg(test)]
mod tests;
