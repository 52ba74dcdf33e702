//! What names look like. A domain's name stands in URLs and in the tags of
//! messages, an application's id and an instance's user name in Basic
//! credentials, which a colon would cut in two.

/// The longest user name of an instance (Koppeltaal 1.3).
const MOST_USERNAME: usize = 50;

/// Letters, digits, `.`, `_`, `-` and single spaces inside, 1 to 64 of them, the
/// first and last a letter or digit: `Demo care`, `TestConnector`, `kt.example-2`.
pub fn check_domain(name: &str) -> Result<(), String> {
    let inside = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ');
    let at_end = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let good = name.len() <= 64
        && name.chars().all(inside)
        && at_end(name.chars().next())
        && at_end(name.chars().next_back())
        && !name.contains("  ");
    good.then_some(()).ok_or_else(|| {
        format!(
            "`{name}` is not a domain name: 1 to 64 letters, digits, `.`, `_`, `-` and single \
             spaces, beginning and ending with a letter or digit"
        )
    })
}

/// 1 to 100 visible characters without a colon, spaces inside allowed.
pub fn check_name(name: &str) -> Result<(), String> {
    check(name, 100)
}

/// As [`check_name`], at most 50.
pub fn check_username(name: &str) -> Result<(), String> {
    check(name, MOST_USERNAME)
}

fn check(name: &str, most: usize) -> Result<(), String> {
    let length = name.chars().count();
    if length == 0 || length > most {
        return Err(format!("`{name}` has {length} characters: it must have 1 to {most}"));
    }
    if name.trim() != name || name.chars().any(|c| c.is_control() || c == ':') {
        return Err(format!(
            "`{name}` must have no colon, no control character and no space at its ends"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_names_fit_urls_and_tags() {
        for good in ["demo", "PythonAdapterTesting", "Zorg Noord 2", "kt.example-2", "A"] {
            check_domain(good).unwrap();
        }
        for odd in ["", " demo", "demo ", "a  b", "a/b", "..", "a?b", "zörg", &"x".repeat(65)] {
            check_domain(odd).unwrap_err();
        }
    }

    #[test]
    fn user_names_fit_basic_credentials() {
        check_username(&"é".repeat(50)).unwrap();
        for odd in ["", "a:b", " a", "a\n", &"x".repeat(51)] {
            check_username(odd).unwrap_err();
        }
        check_name("MindDistrict").unwrap();
    }
}
