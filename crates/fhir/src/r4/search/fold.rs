//! Texts as a search compares them: without regard to case, accents and the amount of white space
//! (FHIR R4, Search, 3.1.1.4.8 "string"), and the words of a text for `_text` and `_content`.

use std::collections::HashSet;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest word that is kept, in bytes; of a longer one only the beginning counts.
const LONGEST_WORD: usize = 60;

/// The text without case and accents, with single spaces between its parts and none around it.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), has_gap: false };
    if text.is_ascii() {
        text.chars().for_each(|c| folded.push(c.to_ascii_lowercase()));
        return folded.text;
    }
    for c in text.nfd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match in_plain_letters(c) {
            Some(letters) => letters.chars().for_each(|c| folded.push(c)),
            None => folded.push(c),
        }
    }
    folded.text
}

struct Folded {
    text: String,
    has_gap: bool,
}

impl Folded {
    fn push(&mut self, c: char) {
        if c.is_whitespace() {
            self.has_gap = !self.text.is_empty();
            return;
        }
        if self.has_gap {
            self.text.push(' ');
            self.has_gap = false;
        }
        self.text.push(c);
    }
}

/// Letters that are a base letter to a reader, though Unicode does not take them apart.
fn in_plain_letters(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ĳ' => "ij",
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' => "i",
        'ς' => "σ",
        '\u{2018}' | '\u{2019}' => "'",
        '\u{2010}'..='\u{2014}' => "-",
        _ => return None,
    })
}

/// The words of a query: folded, in order, each once.
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut seen = HashSet::new();
    runs(&folded).filter(|word| seen.insert(*word)).map(str::to_owned).collect()
}

/// The words of a text as [`Words`](super::Words) hold them.
pub(super) fn sorted_words(text: &str) -> String {
    let folded = fold(text);
    let mut all: Vec<&str> = runs(&folded).collect();
    all.sort_unstable();
    all.dedup();
    if all.is_empty() {
        return String::new();
    }
    let mut joined = String::with_capacity(folded.len() + 2);
    for word in all {
        joined.push(' ');
        joined.push_str(word);
    }
    joined.push(' ');
    joined
}

/// The runs of letters and digits.
fn runs(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|run| !run.is_empty())
        .map(|run| run.get(..run.floor_char_boundary(LONGEST_WORD)).unwrap_or(run))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in "\\PC{0,40}", any: String) {
            for text in [text, any] {
                let folded = fold(&text);
                prop_assert_eq!(fold(&folded), folded.clone());
                let words = words(&text);
                prop_assert_eq!(super::words(&folded), words.clone());
                let all = sorted_words(&text);
                for word in words {
                    let spaced = format!(" {word} ");
                    prop_assert!(all.contains(&spaced), "{:?}", word);
                }
            }
        }
    }

    #[test]
    fn texts_lose_case_accents_and_spare_white_space() {
        for (text, expected) in [
            ("", ""),
            ("  Jan  de\tVries\n", "jan de vries"),
            ("José MÜLLER", "jose muller"),
            ("Jose\u{301}", "jose"),
            ("Straße STRAẞE", "strasse strasse"),
            ("Ærø Łódź Þór", "aero lodz thor"),
            ("İzmir ısı", "izmir isi"),
            ("ΟΔΟΣ οδος", "οδοσ οδοσ"),
            ("Ĳsbrand", "ijsbrand"),
            ("日本\u{3000}語", "日本 語"),
            ("O’Brien", "o'brien"),
            (" \u{301} ", ""),
        ] {
            assert_eq!(fold(text), expected, "{text:?}");
            assert_eq!(fold(&fold(text)), expected, "{text:?} twice");
        }
    }

    #[test]
    fn words_are_folded_and_each_once() {
        assert_eq!(words("Été, été! l'hiver 2024-01-01"), ["ete", "l", "hiver", "2024", "01"]);
        assert_eq!(words(" .,- "), Vec::<String>::new());
        assert_eq!(words(&"a".repeat(100)), ["a".repeat(60)]);
    }

    #[test]
    fn the_words_of_a_resource_have_spaces_around_them() {
        assert_eq!(sorted_words("b a, B c"), " a b c ");
        assert_eq!(sorted_words("?!"), "");
    }
}
