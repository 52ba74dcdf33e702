//! Logical ids for definitions, which R4 finds by URL and REST by id (FHIR R4, Resource.id).

use std::collections::HashSet;

use crate::r4::definition::canonical_url;

/// An id has at most this many characters.
const LONGEST: usize = 64;

/// The ids that have been given out, by type.
#[derive(Clone, Debug, Default)]
pub struct Ids {
    taken: HashSet<(String, String)>,
}

impl Ids {
    /// An id for the definition with this URL: the last part of the URL, changed only when it is
    /// no id or another definition of the type has it.
    pub fn give(&mut self, resource_type: &str, canonical: &str) -> String {
        let wanted = wanted(canonical);
        let mut id = wanted.clone();
        let mut number = 1_usize;
        while !self.keep(resource_type, &id) {
            number += 1;
            let suffix = format!("-{number}");
            // The id is ASCII, so any cut is a character boundary.
            let room = wanted.len().min(LONGEST - suffix.len());
            id = format!("{}{suffix}", &wanted[..room]);
        }
        id
    }

    /// Takes an id that a definition has already. `false` when it is none, or not free.
    pub fn keep(&mut self, resource_type: &str, id: &str) -> bool {
        let is_id = (1..=LONGEST).contains(&id.len()) && id.bytes().all(is_allowed);
        is_id && self.taken.insert((resource_type.to_owned(), id.to_owned()))
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.'
}

/// The last part of the URL, or of the URN, as an id.
fn wanted(canonical: &str) -> String {
    let url = canonical_url(canonical).trim_end_matches('/');
    let last = url.rsplit(['/', ':']).next().unwrap_or_default();
    let allowed = |c: char| match u8::try_from(c) {
        Ok(byte) if is_allowed(byte) => c,
        _ => '-',
    };
    let id: String = last.chars().take(LONGEST).map(allowed).collect();
    if id.is_empty() { "definition".to_owned() } else { id }
}
