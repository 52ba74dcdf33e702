//! Exact decimals of at most 36 digits, so that `0.1 + 0.2 = 0.3` and a price keeps its zeros
//! (FHIRPath, "Decimal"; FHIR R4, decimal: "precision is significant").

use std::cmp::Ordering;
use std::fmt;

/// Most digits on either side of the point.
const MAX_SCALE: u32 = 36;
/// Digits after the point of a quotient that does not end.
const QUOTIENT_DIGITS: u32 = 18;

/// An exact decimal: `coefficient / 10^scale`. `1.50` and `1.5` are equal numbers and not the same.
#[derive(Clone, Copy, Debug)]
pub struct Decimal {
    coefficient: i128,
    scale: u32,
}

fn power(exponent: u32) -> Option<i128> {
    10_i128.checked_pow(exponent).filter(|_| exponent <= MAX_SCALE)
}

impl Decimal {
    /// Reads a number as JSON or FHIRPath writes it, with an exponent if need be. `None` when it is
    /// none, or has too many digits.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (mantissa, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], text[at + 1..].parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (is_negative, digits) = match mantissa.as_bytes().first()? {
            b'-' => (true, &mantissa[1..]),
            b'+' => (false, &mantissa[1..]),
            _ => (false, mantissa),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.is_empty() || (fraction.is_empty() && digits.contains('.')) {
            return None;
        }
        let mut coefficient: i128 = 0;
        for byte in whole.bytes().chain(fraction.bytes()) {
            let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
            coefficient = coefficient.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        if is_negative {
            coefficient = -coefficient;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let decimal = match u32::try_from(scale) {
            Ok(scale) => Decimal { coefficient, scale },
            Err(_) if coefficient == 0 => Decimal { coefficient, scale: 0 },
            Err(_) => {
                let factor = power(scale.unsigned_abs())?;
                Decimal { coefficient: coefficient.checked_mul(factor)?, scale: 0 }
            }
        };
        decimal.checked()
    }

    /// The same number when it is within bounds.
    fn checked(self) -> Option<Decimal> {
        let limit = power(MAX_SCALE)?;
        (self.scale <= MAX_SCALE && self.coefficient.abs() < limit).then_some(self)
    }

    /// Digits after the point as written.
    pub fn scale(self) -> u32 {
        self.scale
    }

    /// The whole number, when it is one that fits.
    pub fn to_integer(self) -> Option<i64> {
        let one = power(self.scale)?;
        if self.coefficient % one != 0 {
            return None;
        }
        i64::try_from(self.coefficient / one).ok()
    }

    /// Without zeros at the end of the fraction.
    pub fn trimmed(self) -> Decimal {
        let Decimal { mut coefficient, mut scale } = self;
        while scale > 0 && coefficient % 10 == 0 {
            coefficient /= 10;
            scale -= 1;
        }
        Decimal { coefficient, scale }
    }

    fn aligned(self, other: Decimal) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        let left = self.coefficient.checked_mul(power(scale - self.scale)?)?;
        let right = other.coefficient.checked_mul(power(scale - other.scale)?)?;
        Some((left, right, scale))
    }

    /// The sum; `None` when it does not fit.
    pub fn plus(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Decimal { coefficient: left.checked_add(right)?, scale }.checked()
    }

    /// The negative.
    pub fn negated(self) -> Decimal {
        Decimal { coefficient: -self.coefficient, scale: self.scale }
    }

    /// The product; `None` when it does not fit.
    pub fn multiply(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale + other.scale;
        Decimal { coefficient: self.coefficient.checked_mul(other.coefficient)?, scale }.checked()
    }

    /// The quotient; `None` when it does not fit, or on division by zero.
    pub fn divide(self, other: Decimal) -> Option<Decimal> {
        let (left, right, _) = self.trimmed().aligned(other.trimmed())?;
        let mut coefficient = left.checked_div(right)?;
        let mut rest = left.checked_rem(right)?;
        let mut scale = 0;
        while rest != 0 && scale < QUOTIENT_DIGITS {
            rest = rest.checked_mul(10)?;
            coefficient = coefficient.checked_mul(10)?.checked_add(rest / right)?;
            rest %= right;
            scale += 1;
        }
        Decimal { coefficient, scale }.checked()
    }

    /// The whole part of the quotient, rounded to zero.
    pub fn divide_whole(self, other: Decimal) -> Option<Decimal> {
        let (left, right, _) = self.aligned(other)?;
        Decimal { coefficient: left.checked_div(right)?, scale: 0 }.checked()
    }

    /// What the whole quotient leaves; has the sign of the dividend.
    pub fn remainder(self, other: Decimal) -> Option<Decimal> {
        let (left, right, scale) = self.aligned(other)?;
        Decimal { coefficient: left.checked_rem(right)?, scale }.checked()
    }

    /// The greatest whole number that is not greater.
    pub fn floor(self) -> Decimal {
        let one = power(self.scale).unwrap_or(1);
        Decimal { coefficient: self.coefficient.div_euclid(one), scale: 0 }
    }

    /// The least whole number that is not less.
    pub fn ceiling(self) -> Decimal {
        self.negated().floor().negated()
    }

    /// The whole part.
    pub fn truncated(self) -> Decimal {
        let one = power(self.scale).unwrap_or(1);
        Decimal { coefficient: self.coefficient / one, scale: 0 }
    }

    /// Rounded to so many digits after the point, halves away from zero.
    pub fn rounded(self, digits: u32) -> Decimal {
        let Some(cut) = self.scale.checked_sub(digits).filter(|cut| *cut > 0) else {
            return self;
        };
        let unit = power(cut).unwrap_or(1);
        let half = if self.coefficient < 0 { -(unit / 2) } else { unit / 2 };
        Decimal { coefficient: (self.coefficient + half) / unit, scale: digits }
    }

    /// Without its sign.
    pub fn abs(self) -> Decimal {
        Decimal { coefficient: self.coefficient.abs(), scale: self.scale }
    }

    /// Near enough for roots and logarithms.
    pub(super) fn to_float(self) -> Option<f64> {
        self.to_string().parse().ok()
    }

    /// The shortest decimal that is this float.
    pub(super) fn from_float(value: f64) -> Option<Decimal> {
        if !value.is_finite() || value.abs() >= 1e30 {
            return None;
        }
        let text = format!("{value:.15}");
        Some(Decimal::parse(&text)?.trimmed())
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Decimal { coefficient: i128::from(value), scale: 0 }
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Decimal {}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        if self.scale == other.scale {
            return self.coefficient.cmp(&other.coefficient);
        }
        // Whole part, then fraction brought to the same length: neither can overflow.
        let parts = |decimal: &Decimal| {
            let one = power(decimal.scale).unwrap_or(1);
            let rest = power(MAX_SCALE - decimal.scale).unwrap_or(1);
            (decimal.coefficient.div_euclid(one), decimal.coefficient.rem_euclid(one) * rest)
        };
        parts(self).cmp(&parts(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = power(self.scale).unwrap_or(1).unsigned_abs();
        let all = self.coefficient.unsigned_abs();
        let sign = if self.coefficient < 0 { "-" } else { "" };
        write!(f, "{sign}{}", all / one)?;
        if self.scale > 0 {
            write!(f, ".{:0width$}", all % one, width = self.scale as usize)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        Decimal::parse(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_read_as_written() {
        for (text, shown) in [
            ("0", "0"),
            ("-0.50", "-0.50"),
            ("12.500", "12.500"),
            ("1e3", "1000"),
            ("1.5E1", "15"),
            ("15e-1", "1.5"),
            ("0e99", "0"),
            ("+7", "7"),
        ] {
            assert_eq!(decimal(text).to_string(), shown, "{text}");
        }
        for bad in ["", "-", ".5", "5.", "1a", "1e", "1e400", "1e-400", "--1", "1.2.3"] {
            assert!(Decimal::parse(bad).is_none(), "{bad}");
        }
        assert!(Decimal::parse(&"9".repeat(36)).is_some());
        assert!(Decimal::parse(&"9".repeat(37)).is_none());
    }

    #[test]
    fn order_is_that_of_the_numbers_whatever_the_digits() {
        for (less, more) in [
            ("1.0", "1.01"),
            ("-1.01", "-1.0"),
            ("-1", "0.000000000000000000000000000000000001"),
            ("999999999999999999999999999999999999", "999999999999999999999999999999999999.0e0"),
        ] {
            let (left, right) = (Decimal::parse(less), Decimal::parse(more));
            let Some(right) = right else { continue };
            assert!(left < Some(right), "{less} < {more}");
        }
        assert_eq!(decimal("1.10"), decimal("1.1"));
        assert_eq!(decimal("-0.0"), decimal("0"));
    }

    #[test]
    fn arithmetic_is_exact_and_never_overflows() {
        let sum = decimal("0.1").plus(decimal("0.2")).map(|sum| sum.to_string());
        assert_eq!(sum.as_deref(), Some("0.3"));
        let third = decimal("1").divide(decimal("3")).map(|third| third.to_string());
        assert_eq!(third.as_deref(), Some("0.333333333333333333"));
        assert!(decimal("1").divide(decimal("0")).is_none());
        let huge = decimal(&"9".repeat(36));
        assert!(huge.multiply(huge).is_none() && huge.plus(huge).is_none());
        assert_eq!(decimal("-7").remainder(decimal("2")), Some(decimal("-1")));
        assert_eq!(decimal("-1.5").floor(), decimal("-2"));
        assert_eq!(decimal("-1.5").ceiling(), decimal("-1"));
        assert_eq!(decimal("2.345").rounded(2), decimal("2.35"));
        assert_eq!(decimal("-2.345").rounded(2), decimal("-2.35"));
    }
}
