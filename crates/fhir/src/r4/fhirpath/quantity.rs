//! Quantities: a number with a unit. A unit is compared by its code and never converted, since
//! nothing that is checked here needs the whole of UCUM (FHIRPath, "Quantity").

use std::borrow::Cow;
use std::fmt;

use super::decimal::Decimal;
use crate::node::Node;

/// A number with a unit.
#[derive(Clone, Debug)]
pub struct Quantity<'a> {
    /// The number.
    pub value: Decimal,
    /// UCUM code, or the unit as a word; `1` is no unit.
    pub unit: Cow<'a, str>,
    /// Was the unit a calendar word, as in `3 months`? A month is not 30.4375 days then.
    pub is_calendar: bool,
}

/// Units of calendar arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum CalendarUnit {
    Year,
    Month,
    Week,
    Day,
    Hour,
    Minute,
    Second,
    Millisecond,
}

impl CalendarUnit {
    /// The unit that a word or a code of UCUM names; a definite year or month is none.
    pub(super) fn named(name: &str) -> Option<CalendarUnit> {
        Some(match name {
            "year" | "years" => CalendarUnit::Year,
            "month" | "months" => CalendarUnit::Month,
            "week" | "weeks" | "wk" => CalendarUnit::Week,
            "day" | "days" | "d" => CalendarUnit::Day,
            "hour" | "hours" | "h" => CalendarUnit::Hour,
            "minute" | "minutes" | "min" => CalendarUnit::Minute,
            "second" | "seconds" | "s" => CalendarUnit::Second,
            "millisecond" | "milliseconds" | "ms" => CalendarUnit::Millisecond,
            _ => return None,
        })
    }

    /// Is it a word of the language, as in `4 days`?
    pub(super) fn is_word(name: &str) -> bool {
        CalendarUnit::named(name).is_some_and(|unit| unit.code() != name)
    }

    fn code(self) -> &'static str {
        match self {
            CalendarUnit::Year => "a",
            CalendarUnit::Month => "mo",
            CalendarUnit::Week => "wk",
            CalendarUnit::Day => "d",
            CalendarUnit::Hour => "h",
            CalendarUnit::Minute => "min",
            CalendarUnit::Second => "s",
            CalendarUnit::Millisecond => "ms",
        }
    }
}

impl<'a> Quantity<'a> {
    /// The quantity that a FHIR Quantity is; `None` without a number. The code counts, else the
    /// unit.
    pub(super) fn from_node(node: &'a Node) -> Option<Quantity<'a>> {
        let Some(Node::Number(value)) = node.get("value") else { return None };
        let unit =
            [node.get("code"), node.get("unit")].into_iter().flatten().find_map(Node::as_str);
        Some(Quantity {
            value: Decimal::parse(value)?,
            unit: Cow::Borrowed(unit.unwrap_or("1")),
            is_calendar: false,
        })
    }

    /// Reads `4`, `4 'mg'` or `4 days`.
    pub(super) fn parse(text: &str) -> Option<Quantity<'static>> {
        let text = text.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && !"+-.".contains(c));
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let value = Decimal::parse(number)?;
        let unit = unit.trim();
        if unit.is_empty() {
            return Some(Quantity { value, unit: "1".into(), is_calendar: false });
        }
        if let Some(code) = unit.strip_prefix('\'') {
            let code = code.strip_suffix('\'').filter(|code| !code.is_empty())?;
            return Some(Quantity { value, unit: code.to_owned().into(), is_calendar: false });
        }
        CalendarUnit::is_word(unit).then(|| Quantity {
            value,
            unit: unit.to_owned().into(),
            is_calendar: true,
        })
    }

    /// One spelling per unit. Words for years and months are units of their own under `=`, and
    /// those of UCUM under `~`.
    pub(super) fn canonical_unit(&self, is_equivalence: bool) -> &str {
        if !self.is_calendar {
            return &self.unit;
        }
        match CalendarUnit::named(&self.unit) {
            Some(CalendarUnit::Year) if !is_equivalence => "year",
            Some(CalendarUnit::Month) if !is_equivalence => "month",
            Some(unit) => unit.code(),
            None => &self.unit,
        }
    }
}

impl fmt::Display for Quantity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_calendar {
            write!(f, "{} {}", self.value, self.unit)
        } else {
            write!(f, "{} '{}'", self.value, self.unit)
        }
    }
}
