//! The text of a search in the trail: what the caller asked for, below the FHIR
//! base. A domain may mask the values that name people; secrets never get there.

use std::borrow::Cow;

use koppeltaal_fhir::r4::audit_event::{MASK, decoded, is_hidden};

use crate::bundle::url;

/// Longer texts are cut.
const MOST: usize = 4 * 1024;
/// A search as the trail has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    /// Its text: `/Task?status=ready`.
    pub text: String,
    /// The values that are masked, which may not stand in words either.
    hidden: Vec<String>,
}

impl Query {
    /// The text of a search of a type, by the query of its URL and by a form.
    pub fn of(
        resource_type: &str,
        in_url: Option<&str>,
        in_form: &[(String, String)],
        masks: bool,
    ) -> Self {
        let mut query = Self { text: format!("/{resource_type}"), hidden: Vec::new() };
        let in_form = in_form.iter().map(|(name, value)| {
            let pair = url("", [(name.as_str(), value.as_str())]);
            Cow::Owned(pair.trim_start_matches('?').to_owned())
        });
        let in_url = in_url.unwrap_or_default().split('&').map(Cow::Borrowed);
        for pair in in_url.chain(in_form).filter(|pair| !pair.is_empty()) {
            query.push(&pair, masks);
        }
        if query.text.len() > MOST {
            let end = query.text.floor_char_boundary(MOST);
            query.text.truncate(end);
            query.text.push('…');
        }
        query
    }

    /// Adds a parameter as it is encoded.
    fn push(&mut self, pair: &str, masks: bool) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let hides = is_hidden(&decoded(name), masks) && !value.is_empty();
        if hides {
            let value = decoded(value).into_owned();
            // Words quote the whole, or one of the values in it.
            let parts: Vec<String> = value.split(',').map(str::to_owned).collect();
            self.hidden.push(value);
            self.hidden.extend(parts);
        }
        if self.text.len() > MOST {
            return;
        }
        let is_first = !self.text.contains('?');
        self.text.push(if is_first { '?' } else { '&' });
        if hides {
            self.text.extend([name, "=", MASK]);
        } else {
            self.text.push_str(pair);
        }
    }

    /// Words about the search without the values that are masked.
    pub fn masked(&self, mut words: String) -> String {
        for value in &self.hidden {
            // What is told quotes the beginning of a long value.
            let quoted: String = value.chars().take(60).collect();
            if !quoted.trim().is_empty() {
                words = words.replace(&quoted, MASK);
            }
        }
        words
    }
}
