//! Dates and times: every value is a span, and spans are compared (FHIR R4,
//! Search, 3.1.1.4.7). A value without a time zone is in UTC.

use koppeltaal_core::Timestamp;
use koppeltaal_core::search::{Condition, End, Qualifier, Span, Test, Values};
use koppeltaal_fhir::r4::search::{span, time_key};

use super::Context;
use super::asked::{Asked, bad_value};
use super::value::{Prefix, unescape, with_plus};
use crate::outcome::Issue;

/// What dates look like.
pub const FORM: &str = "a date or time as in `2024`, `2024-05`, `2024-05-31` or `2024-05-31T10:00:00Z`, after a \
     prefix (eq ne gt lt ge le sa eb ap) if any";

/// The condition of a date parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    if asked.modifier.is_some() {
        return Err(asked.misfit());
    }
    let numbers = asked.numbers();
    let rows = Rows { low: numbers.own, high: numbers.high };
    asked.any_of(|value| {
        let (prefix, span) = compared(asked.code(), value, asked.context.now)?;
        Ok(rows.tests(prefix, span))
    })
}

/// The condition of `_lastUpdated`.
pub fn read_updated(values: &[&str], context: &Context<'_>) -> Result<Condition, Issue> {
    let mut spans = Vec::new();
    for value in values {
        let (prefix, (low, high)) = compared("_lastUpdated", value, context.now)?;
        let between = |from: Option<i64>, until: Option<i64>| Span {
            from: from.map(Timestamp),
            until: until.map(Timestamp),
        };
        match prefix {
            Prefix::Equal | Prefix::About => spans.push(between(Some(low), Some(high))),
            Prefix::NotEqual => {
                spans.extend([between(None, Some(low)), between(Some(high), None)]);
            }
            Prefix::Greater | Prefix::After => spans.push(between(Some(high), None)),
            Prefix::Less | Prefix::Before => spans.push(between(None, Some(low))),
            Prefix::AtLeast => spans.push(between(Some(low), None)),
            Prefix::AtMost => spans.push(between(None, Some(high))),
        }
    }
    Ok(Condition::Updated(spans))
}

/// The prefix of a value and its span, which `ap` has widened.
fn compared(code: &str, value: &str, now: Timestamp) -> Result<(Prefix, (i64, i64)), Issue> {
    let plain = unescape(value);
    let (prefix, date) = Prefix::of(&plain);
    let (low, high) = span(&with_plus(date)).ok_or_else(|| bad_value(code, value, FORM))?;
    if prefix != Prefix::About {
        return Ok((prefix, (low, high)));
    }
    // A tenth of the distance to the present, and the precision at least.
    let precision = high.saturating_sub(low);
    let width = low.saturating_sub(now.0).saturating_abs() / 10;
    let width = width.max(precision);
    Ok((prefix, (low.saturating_sub(width), high.saturating_add(width))))
}

/// The two rows of a span: its low end with the high one as qualifier, and the
/// other way round.
struct Rows {
    low: i64,
    high: i64,
}

impl Rows {
    /// The tests of a value with this span; any of them is enough.
    fn tests(&self, prefix: Prefix, (a, b): (i64, i64)) -> Vec<Test> {
        let equal = || self.low_from(a, Qualifier::AtMost(b));
        let above = || self.high_above(b);
        let below = || self.low_below(a, Qualifier::Any);
        match prefix {
            Prefix::Equal => vec![equal()],
            Prefix::NotEqual => vec![below(), above()],
            Prefix::Greater => vec![above()],
            Prefix::Less => vec![below()],
            Prefix::AtLeast => vec![above(), equal()],
            Prefix::AtMost => vec![below(), equal()],
            Prefix::After => vec![self.low_from(b, Qualifier::Any)],
            Prefix::Before => vec![self.high_to(a)],
            Prefix::About => vec![self.low_below(b, Qualifier::AtLeast(a.saturating_add(1)))],
        }
    }

    fn low_from(&self, from: i64, qualifier: Qualifier) -> Test {
        let value = Values::Between { from: end(from, true), to: None };
        Test { parameter: self.low, value, qualifier }
    }

    fn low_below(&self, to: i64, qualifier: Qualifier) -> Test {
        let value = Values::Between { from: None, to: end(to, false) };
        Test { parameter: self.low, value, qualifier }
    }

    fn high_above(&self, from: i64) -> Test {
        let value = Values::Between { from: end(from, false), to: None };
        Test { parameter: self.high, value, qualifier: Qualifier::Any }
    }

    fn high_to(&self, to: i64) -> Test {
        let value = Values::Between { from: None, to: end(to, true) };
        Test { parameter: self.high, value, qualifier: Qualifier::Any }
    }
}

fn end(micros: i64, is_included: bool) -> Option<End> {
    Some(End { value: time_key(micros), is_included })
}
