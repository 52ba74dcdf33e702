//! What a password of an administrator must be (kt13-around 6): long, and not
//! among those that are tried first.

use crate::error::{Error, Result};

const LEAST: usize = 12;
/// More than anybody types; argon2 takes longer for longer ones.
const MOST: usize = 256;
/// Different characters that a password has at least.
const LEAST_DIFFERENT: usize = 5;

/// Words that long passwords of leaked lists consist of, repeated or with digits.
const COMMON: &[&str] = &[
    "password",
    "passw0rd",
    "wachtwoord",
    "welkom",
    "welcome",
    "qwerty",
    "azerty",
    "letmein",
    "admin",
    "administrator",
    "koppeltaal",
    "geheim",
    "secret",
    "changeme",
    "iloveyou",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "superman",
    "batman",
    "princess",
    "sunshine",
    "master",
    "shadow",
    "michael",
    "jordan",
    "login",
    "test",
    "zomer",
    "winter",
    "lente",
    "herfst",
    "summer",
    "spring",
    "autumn",
    "januari",
    "februari",
    "nederland",
    "amsterdam",
    "feyenoord",
    "ajax",
    "zaq",
    "wsx",
    "asdfgh",
    "zxcvbn",
    "qazwsx",
    "abcdef",
    "abc",
    "the",
    "and",
];

/// Refuses a password that is short, that says the login, or that is easily guessed.
pub fn check_password(password: &str, login: &str) -> Result<()> {
    let refuse = |why: &str| Err(Error::Invalid(format!("the password {why}")));
    let length = password.chars().count();
    if length < LEAST {
        return refuse("is too short: at least 12 characters");
    }
    if length > MOST {
        return refuse("is too long: at most 256 characters");
    }
    let plain = password.to_lowercase();
    let mut different: Vec<char> = plain.chars().collect();
    different.sort_unstable();
    different.dedup();
    if different.len() < LEAST_DIFFERENT {
        return refuse("has too few different characters");
    }
    let name = login.split('@').next().unwrap_or(login).to_lowercase();
    if name.len() >= 4 && plain.contains(&name) {
        return refuse("must not contain the login");
    }
    if is_sequence(&plain) || is_common(&plain) {
        return refuse("is one of those that are guessed first");
    }
    Ok(())
}

/// Whether each character follows from the one before, as in `abcdefghijkl`.
fn is_sequence(plain: &str) -> bool {
    let codes: Vec<i64> = plain.chars().map(|c| i64::from(u32::from(c))).collect();
    let near = codes.windows(2).filter(|pair| match pair {
        [a, b] => (b - a).abs() <= 1 || (*a, *b) == (i64::from(b'9'), i64::from(b'0')),
        _ => false,
    });
    near.count() + 2 >= codes.len()
}

/// Whether little is left when common words, digits and marks are taken away.
fn is_common(plain: &str) -> bool {
    let mut rest = plain.to_owned();
    for word in COMMON {
        rest = rest.replace(word, "");
    }
    if rest.len() == plain.len() {
        return false;
    }
    rest.chars().filter(|c| c.is_alphabetic()).count() < 4
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_passwords_that_nobody_guesses_are_good() {
        for password in ["correct horse battery", "w8#kLq!zt0Pe", "Een zin met fietsen erin"] {
            assert_eq!(check_password(password, "anna"), Ok(()), "{password}");
        }
    }

    #[test]
    fn short_common_and_telling_passwords_are_refused() {
        for password in [
            "elevenchars",
            "aaaaaaaaaaaaaaa",
            "abababababab",
            "123456789012",
            "abcdefghijklm",
            "Password2026!",
            "wachtwoordwachtwoord",
            "Welkom01Welkom01",
            "Koppeltaal-2026",
            "annalies-fietst-graag",
            &"x1y2z3".repeat(50),
        ] {
            assert!(check_password(password, "Annalies@ggz.example").is_err(), "{password}");
        }
    }
}
