//! Durations as the contract writes them: `500ms`, `15m`, `72h`, `56d`.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serializer};

use crate::error::{Error, Result};

const UNITS: [(&str, u64); 5] =
    [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

/// Reads a whole number followed by `ms`, `s`, `m`, `h` or `d`.
pub fn parse(text: &str) -> Result<Duration> {
    let invalid = || {
        Error::Invalid(format!(
            "`{text}` is not a duration: write a number and a unit, such as 500ms, 30s, 15m, 72h or 56d"
        ))
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
    let number: u64 = text[..digits].parse().map_err(|_| invalid())?;
    let (_, factor) =
        UNITS.iter().find(|(unit, _)| *unit == &text[digits..]).ok_or_else(invalid)?;
    number.checked_mul(*factor).map(Duration::from_millis).ok_or_else(invalid)
}

/// Writes a duration in the largest unit that divides it.
pub fn format(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    if ms == 0 {
        return "0s".to_owned();
    }
    let (unit, factor) =
        UNITS.iter().rev().find(|(_, factor)| ms.is_multiple_of(*factor)).unwrap_or(&UNITS[0]);
    format!("{}{unit}", ms / factor)
}

/// `#[serde(with = "koppeltaal_core::duration::text")]`.
pub mod text {
    use super::*;

    /// Writes the contract's form.
    pub fn serialize<S: Serializer>(value: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&super::format(*value))
    }

    /// Reads the contract's form.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        let text = String::deserialize(d)?;
        super::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// `#[serde(with = "koppeltaal_core::duration::optional_text")]`.
pub mod optional_text {
    use super::*;

    /// Writes the contract's form, or null.
    pub fn serialize<S: Serializer>(value: &Option<Duration>, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => s.serialize_some(&super::format(*value)),
            None => s.serialize_none(),
        }
    }

    /// Reads the contract's form, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| super::parse(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_and_write_as_the_contract_has_them() {
        for text in ["500ms", "1s", "15m", "73h", "3d", "56d"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(format(parse("24h").unwrap()), "1d");
        assert_eq!(parse("0s").unwrap(), Duration::ZERO);
    }

    #[test]
    fn odd_durations_are_refused() {
        for text in
            ["", "15", "m", "-1s", "1.5h", "1w", "99999999999999999999d", "99999999999999d "]
        {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
