//! Strings: the beginning of a text without regard to case and accents, the
//! whole text, a part of it (FHIR R4, Search, 3.1.1.4.8).

use koppeltaal_core::search::{Condition, End, Qualifier, Test, Values};
use koppeltaal_fhir::r4::search::{cap, fold, hash};

use super::asked::Asked;
use super::value::unescape;
use crate::outcome::Issue;

/// Bytes that the index keeps of a value that is too long for it.
const KEPT: usize = 150;

/// The condition of a string parameter.
pub fn read(asked: &Asked<'_>) -> Result<Condition, Issue> {
    let number = asked.numbers().own;
    match asked.modifier {
        None => asked.any_of(|value| beginning(asked, number, value)),
        Some("exact") => asked.any_of(|value| {
            let value = unescape(value);
            let folded = Values::Is(cap(&fold(&value)).into_owned());
            let qualifier = Qualifier::Is(hash(&value));
            Ok(vec![Test { parameter: number, value: folded, qualifier }])
        }),
        Some("contains") => asked.any_of(|value| {
            let folded = folded(asked, value)?;
            Ok(vec![test(number, Values::Containing(folded))])
        }),
        Some(_) => Err(asked.misfit()),
    }
}

/// The tests that a folded value of these rows begins with a text.
pub fn beginning(asked: &Asked<'_>, number: i64, value: &str) -> Result<Vec<Test>, Issue> {
    let folded = folded(asked, value)?;
    let mut tests = vec![test(number, starting_with(&folded))];
    if folded.len() > KEPT {
        // Of long values the index has the beginning and a hash: what agrees that
        // far is found, and the rest cannot be told.
        let kept = format!("{}~", beginning_of(&folded, KEPT));
        tests.push(test(number, starting_with(&kept)));
    }
    Ok(tests)
}

fn test(parameter: i64, value: Values) -> Test {
    Test { parameter, value, qualifier: Qualifier::Any }
}

fn folded(asked: &Asked<'_>, value: &str) -> Result<String, Issue> {
    let folded = fold(&unescape(value));
    match folded.trim().is_empty() {
        true => Err(asked.bad(value, "some letters or digits")),
        false => Ok(folded),
    }
}

/// The longest beginning of at most so many bytes.
fn beginning_of(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The values that begin with a text, as a range of bytes.
pub fn starting_with(text: &str) -> Values {
    let from = Some(End { value: text.to_owned(), is_included: true });
    let to = successor(text).map(|value| End { value, is_included: false });
    Values::Between { from, to }
}

/// The smallest text that is greater than every one that begins with this.
fn successor(text: &str) -> Option<String> {
    let mut chars: Vec<char> = text.chars().collect();
    while let Some(last) = chars.pop() {
        let next = match last {
            char::MAX => continue,
            // What lies between is no character.
            '\u{D7FF}' => Some('\u{E000}'),
            other => char::from_u32(u32::from(other) + 1),
        };
        return next.map(|next| chars.into_iter().chain([next]).collect());
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn lies_in(values: &Values, text: &str) -> bool {
        let Values::Between { from, to } = values else { return false };
        from.as_ref().is_none_or(|end| text >= end.value.as_str())
            && to.as_ref().is_none_or(|end| text < end.value.as_str())
    }

    #[test]
    fn the_successor_of_a_text_follows_all_that_begin_with_it() {
        for (text, expected) in [
            ("abc", Some("abd")),
            ("a\u{10FFFF}", Some("b")),
            ("\u{10FFFF}", None),
            ("x\u{D7FF}", Some("x\u{E000}")),
            ("z", Some("{")),
        ] {
            assert_eq!(successor(text).as_deref(), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn a_range_holds_exactly_what_begins_with_the_text(
            text in "[a-c\u{7f}é\u{D7FF}\u{10FFFF}]{1,3}",
            other in "[a-c\u{7f}é\u{D7FF}\u{E000}\u{10FFFF}]{0,5}",
        ) {
            let range = starting_with(&text);
            prop_assert_eq!(lies_in(&range, &other), other.starts_with(&text));
            let longer = format!("{}{}", text, other);
            prop_assert!(lies_in(&range, &longer));
        }
    }
}
