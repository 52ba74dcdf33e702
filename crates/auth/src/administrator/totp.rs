//! The second factor: codes of six digits that follow from a shared secret and
//! the time (TOTP, RFC 6238 with HMAC-SHA-1, 30 seconds), as every app makes them.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Error, Result, Timestamp};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rand::RngExt;

use super::base32;
use crate::seal::SealKey;

/// Seconds that a code stands for.
const STEP: i64 = 30;
/// How many steps the clock of the other side may be off.
const LEEWAY: i64 = 1;

/// The shared secret.
pub struct Totp(Vec<u8>);

impl Totp {
    /// A new secret (160 bits).
    pub fn generate() -> Self {
        let bytes: [u8; 20] = rand::rng().random();
        Self(bytes.to_vec())
    }

    /// The secret as the store keeps it.
    pub fn sealed(&self, seal: &SealKey) -> Result<Secret> {
        seal.seal(&base32::encode(&self.0))
    }

    /// The secret that the store keeps.
    pub fn open(sealed: &Secret, seal: &SealKey) -> Result<Self> {
        let text = seal.open(sealed)?;
        base32::decode(&text)
            .map(Self)
            .ok_or_else(|| Error::internal("the secret of a second factor is unreadable"))
    }

    /// What an app reads (as text or as a picture) to make codes from then on.
    pub fn url(&self, issuer: &str, login: &str) -> String {
        let escape = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        format!(
            "otpauth://totp/{}:{}?secret={}&issuer={}",
            escape(issuer),
            escape(login),
            base32::encode(&self.0),
            escape(issuer)
        )
    }

    /// The code of a step of time.
    pub fn code(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or(0) & 15);
        let part = tag.get(offset..offset + 4).unwrap_or(&[0; 4]);
        let number = part.iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        format!("{:06}", (number & 0x7fff_ffff) % 1_000_000)
    }

    /// The step of time that this is the code of, if it is one of now.
    pub fn step_of(&self, code: &str, now: Timestamp) -> Option<i64> {
        let present = Self::step(now);
        let code: String = code.chars().filter(|c| *c != ' ').collect();
        let is = |step: &i64| {
            verify_slices_are_equal(self.code(*step).as_bytes(), code.as_bytes()).is_ok()
        };
        (present - LEEWAY..=present + LEEWAY).find(is)
    }

    /// The step of time of this moment.
    pub fn step(now: Timestamp) -> i64 {
        now.0.div_euclid(1_000_000 * STEP)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_the_standard() {
        let totp = Totp(b"12345678901234567890".to_vec());
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(totp.code(seconds / STEP), code);
        }
    }

    #[test]
    fn a_code_is_good_for_a_step_before_and_after_its_own() {
        let totp = Totp(b"12345678901234567890".to_vec());
        let at = |seconds: i64| Timestamp(seconds * 1_000_000);
        for (seconds, step) in [(29, Some(1)), (59, Some(1)), (89, Some(1)), (90, None)] {
            assert_eq!(totp.step_of("287 082", at(seconds)), step, "{seconds}");
        }
        assert_eq!(totp.step_of("", at(59)), None);
    }

    #[test]
    fn the_url_for_apps_is_escaped() {
        let totp = Totp(b"12345678901234567890".to_vec());
        assert_eq!(
            totp.url("Koppeltaal Test", "anna@ggz.example"),
            "otpauth://totp/Koppeltaal%20Test:anna%40ggz%2Eexample\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Koppeltaal%20Test"
        );
    }
}
