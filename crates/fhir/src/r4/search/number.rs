//! Numbers in text whose byte order is the order of numbers, whatever their size and precision
//! (FHIR R4, Search, 3.1.1.4.6 "number" and 3.1.1.4.11 "quantity").

/// Digits that are kept; a number with more loses the last ones, which keeps the order.
const MOST_DIGITS: usize = 130;
/// Ten digits hold every exponent that is kept.
const EXPONENT_ZERO: i64 = 5_000_000_000;

/// A key for a decimal as JSON and FHIR write it. `None` when it is none, or its exponent is
/// beyond all measure.
pub fn number_key(decimal: &str) -> Option<String> {
    Decimal::read(decimal)?.key()
}

/// The keys between which a number lies that is written like this: `100` is
/// [99.5, 100.5), `100.00` is [99.995, 100.005), and as the standard has it `1e2` is [95, 105).
pub fn number_span(decimal: &str) -> Option<(String, String)> {
    let mut number = Decimal::read(decimal)?;
    if decimal.contains(['e', 'E']) {
        number.digits.push(0);
        number.exponent -= 1;
    }
    let (nearer, farther) = (number.half_down(), number.half_up());
    let (low, high) = if number.is_negative { (farther, nearer) } else { (nearer, farther) };
    Some((low.key()?, high.key()?))
}

/// `digits` × 10^`exponent`. The digits are values, not characters.
struct Decimal {
    is_negative: bool,
    digits: Vec<u8>,
    exponent: i64,
}

impl Decimal {
    fn read(text: &str) -> Option<Decimal> {
        let (is_negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, read_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_number(whole) || !is_number(fraction) {
            return None;
        }
        let digits = whole.bytes().chain(fraction.bytes()).map(|byte| byte - b'0').collect();
        let exponent = exponent - i64::try_from(fraction.len()).ok()?;
        Some(Decimal { is_negative, digits, exponent })
    }

    /// Half a unit of the last digit farther from zero.
    fn half_up(&self) -> Decimal {
        let digits = self.digits.iter().copied().chain([5]).collect();
        Decimal { is_negative: self.is_negative, digits, exponent: self.exponent - 1 }
    }

    /// Half a unit of the last digit nearer to zero, and from zero to the other side.
    fn half_down(&self) -> Decimal {
        let mut half = self.half_up();
        if self.digits.iter().all(|digit| *digit == 0) {
            half.is_negative = !half.is_negative;
            return half;
        }
        // 10 × digits − 5 is 10 × (digits − 1) + 5.
        let before_last = half.digits.len() - 1;
        for digit in half.digits[..before_last].iter_mut().rev() {
            if *digit > 0 {
                *digit -= 1;
                break;
            }
            *digit = 9;
        }
        half
    }

    /// Sign, then how large the number is (where its first digit stands), then its digits. For
    /// negative numbers everything is turned round, and an end mark is larger than any digit.
    fn key(&self) -> Option<String> {
        let Some(start) = self.digits.iter().position(|digit| *digit != 0) else {
            return Some("1".to_owned());
        };
        let digits = self.digits.get(start..)?;
        let end = digits.iter().rposition(|digit| *digit != 0)? + 1;
        let size = self.exponent.checked_add(i64::try_from(digits.len()).ok()?)?;
        if size.abs() >= EXPONENT_ZERO {
            return None;
        }
        let size = format!("{:010}", EXPONENT_ZERO + size);
        let kept = digits.get(..end.min(MOST_DIGITS))?;
        let mut key = String::with_capacity(12 + kept.len());
        key.push(if self.is_negative { '0' } else { '2' });
        let all = size.bytes().map(|byte| byte - b'0').chain(kept.iter().copied());
        for digit in all {
            let digit = if self.is_negative { 9 - digit } else { digit };
            key.push(char::from(b'0' + digit));
        }
        if self.is_negative {
            key.push('~');
        }
        Some(key)
    }
}

fn read_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    let value: i64 = digits.parse().ok().filter(|value| *value < EXPONENT_ZERO)?;
    Some(if text.starts_with('-') { -value } else { value })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> String {
        number_key(text).unwrap_or_else(|| panic!("{text} has no key"))
    }

    #[test]
    fn keys_have_the_order_of_numbers() {
        let ordered = [
            "-1e400",
            "-1000.5",
            "-1000",
            "-999.999",
            "-10",
            "-9",
            "-1.23",
            "-1.2",
            "-1",
            "-0.5",
            "-0.05",
            "-1e-300",
            "0",
            "1e-300",
            "0.0001",
            "0.00011",
            "0.05",
            "0.5",
            "0.51",
            "1",
            "1.2",
            "1.23",
            "2",
            "9",
            "9.99999",
            "10",
            "10.0001",
            "99.5",
            "100",
            "1e3",
            "1001",
            "123456789012345678901234567890",
            "1e400",
        ];
        for pair in ordered.windows(2) {
            assert!(key(pair[0]) < key(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn equal_numbers_have_one_key() {
        for (one, other) in [
            ("1", "1.000"),
            ("100", "1e2"),
            ("0.001", "1E-3"),
            ("0", "-0.00"),
            ("0", "0e99"),
            ("-12.50", "-1.25e+1"),
            ("007", "7"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn what_is_no_decimal_has_no_key() {
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "e5",
            "1e",
            "1e+",
            "--1",
            "1,5",
            "NaN",
            "1e99999999999999999999",
            "é",
            "1 ",
        ] {
            assert_eq!(number_key(text), None, "{text}");
            assert_eq!(number_span(text), None, "{text}");
        }
    }

    #[test]
    fn a_search_value_has_the_precision_in_which_it_is_written() {
        for (text, low, high) in [
            ("100", "99.5", "100.5"),
            ("100.00", "99.995", "100.005"),
            ("1e2", "95", "105"),
            ("5.4", "5.35", "5.45"),
            ("0", "-0.5", "0.5"),
            ("0.0", "-0.05", "0.05"),
            ("-5.4", "-5.45", "-5.35"),
            ("-1", "-1.5", "-0.5"),
            ("1000", "999.5", "1000.5"),
            ("1.0e2", "99.5", "100.5"),
        ] {
            assert_eq!(number_span(text), Some((key(low), key(high))), "{text}");
        }
    }

    #[test]
    fn a_key_has_bounded_length() {
        for text in ["9".repeat(5_000), format!("-0.{}", "7".repeat(5_000))] {
            assert!(key(&text).len() <= 150);
        }
    }

    proptest! {
        #[test]
        fn keys_compare_as_numbers(
            one in -1_000_000_i64..1_000_000, other in -1_000_000_i64..1_000_000,
            places in 0_u32..9, zeros in 0_usize..4,
        ) {
            let text = |number: i64, zeros: usize| {
                let unit = 10_i64.pow(places);
                let sign = if number < 0 { "-" } else { "" };
                let (whole, rest) = (number.abs() / unit, number.abs() % unit);
                let width = places as usize;
                if places == 0 { return format!("{sign}{whole}"); }
                format!("{sign}{whole}.{rest:0width$}{}", "0".repeat(zeros))
            };
            let (left, right) = (key(&text(one, zeros)), key(&text(other, 0)));
            prop_assert_eq!(left.cmp(&right), one.cmp(&other));
            let scientific = format!("{other}e-{places}");
            prop_assert_eq!(key(&scientific), right);
        }

        #[test]
        fn a_number_lies_in_its_own_span(text in "-?(0|[1-9][0-9]{0,8})(\\.[0-9]{1,8})?([eE][+-]?[0-9]{1,3})?") {
            let (low, high) = number_span(&text).unwrap();
            let own = key(&text);
            prop_assert!(low < own && own < high, "{}", text);
        }

        #[test]
        fn reading_a_number_never_fails_badly(text in "\\PC{0,30}", number in "[0-9eE.+-]{0,20}") {
            let _ = (number_key(&text), number_span(&text));
            let _ = (number_key(&number), number_span(&number));
        }
    }
}
