//! Sizes as the contract writes them: `4096`, `64KiB`, `10MiB`.

use serde::{Deserialize, Deserializer, Serializer};

use crate::error::{Error, Result};

const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("", 1)];

/// Reads a number of bytes, or a whole number with a unit.
pub fn parse(text: &str) -> Result<u64> {
    let wrong = || {
        Error::Invalid(format!(
            "`{text}` is not a size: write bytes, or a number with KiB, MiB or GiB"
        ))
    };
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let factor = match text[digits..].trim() {
        "" | "B" => 1,
        "KiB" | "K" => 1 << 10,
        "MiB" | "M" => 1 << 20,
        "GiB" | "G" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.checked_mul(factor).ok_or_else(wrong)
}

/// Writes a size in the largest unit that divides it.
pub fn format(bytes: u64) -> String {
    let fits = |(_, factor): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*factor);
    let (unit, factor) = UNITS[..3].iter().rev().find(fits).unwrap_or(&UNITS[3]);
    format!("{}{unit}", bytes / factor)
}

/// `#[serde(with = "koppeltaal_core::size::optional_text")]`.
pub mod optional_text {
    use super::*;

    /// Writes the contract's form, or null.
    pub fn serialize<S: Serializer>(value: &Option<u64>, s: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => s.serialize_some(&super::format(*value)),
            None => s.serialize_none(),
        }
    }

    /// Reads the contract's form, or null.
    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<Option<u64>, D::Error> {
        let text = Option::<String>::deserialize(d)?;
        text.map(|text| super::parse(&text).map_err(serde::de::Error::custom)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_and_write_as_the_contract_has_them() {
        for text in ["0", "1", "4095", "64KiB", "10MiB", "3GiB", "1025KiB"] {
            assert_eq!(format(parse(text).unwrap()), text);
        }
        assert_eq!(format(parse("2048").unwrap()), "2KiB");
        assert_eq!(parse("10 MiB").unwrap(), 10 << 20);
    }

    #[test]
    fn odd_sizes_are_refused() {
        for text in ["", "MiB", "-1", "1.5MiB", "1TiB", "99999999999999999999", "17179869184GiB"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
