//! Notes among the processes of one store: short words that tell what was
//! committed. On PostgreSQL they are the payloads of NOTIFY, on SQLite there is
//! nobody to tell. A note may be lost: whoever relies on one also looks by itself
//! now and then.

use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::Result;

use crate::engine::DatabaseUrl;
use crate::engine::postgres::Address;
use crate::engine::postgres::listen::{self, Channel};
use crate::store::Store;
use crate::wakes::Listening;

/// The longest payload of NOTIFY, with some room.
const LONGEST: usize = 7_800;

/// Words that wait while the connection is lost; more are not told.
const MOST: usize = 10_000;

/// What is heard from other processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard<'a> {
    /// A word.
    Word(&'a str),
    /// Words may have been missed.
    Missed,
}

/// Tells the other processes; clones share it. Never waits.
#[derive(Debug, Clone)]
pub struct Notes(Option<Arc<Told>>);

#[derive(Debug, Default)]
struct Told {
    words: Mutex<Vec<String>>,
    wake: Arc<tokio::sync::Notify>,
}

impl Notes {
    /// Tells words; none of them holds a space.
    pub fn tell(&self, words: impl IntoIterator<Item = String>) {
        let Some(told) = &self.0 else { return };
        let mut waiting = told.words.lock().unwrap_or_else(PoisonError::into_inner);
        let room = MOST.saturating_sub(waiting.len());
        waiting.extend(words.into_iter().take(room));
        drop(waiting);
        told.wake.notify_one();
    }

    /// Whether anybody can hear.
    pub fn has_others(&self) -> bool {
        self.0.is_some()
    }
}

impl Told {
    fn payloads(&self) -> Vec<String> {
        let words = std::mem::take(&mut *self.words.lock().unwrap_or_else(PoisonError::into_inner));
        let mut payloads: Vec<String> = Vec::new();
        for word in words {
            match payloads.last_mut() {
                Some(last) if last.len() + word.len() < LONGEST => {
                    last.push(' ');
                    last.push_str(&word);
                }
                _ => payloads.push(word),
            }
        }
        payloads
    }
}

impl Store {
    /// Calls `heard` for each word of another process. Keeps a connection of its own,
    /// opened again when it is lost, on the runtime of the caller.
    pub fn notes(
        &self,
        heard: impl Fn(Heard<'_>) + Send + Sync + 'static,
    ) -> Result<(Notes, Listening)> {
        if !matches!(self.url(), DatabaseUrl::Postgres(_)) {
            return Ok((Notes(None), Listening::nothing()));
        }
        let address = Address::new(self.url())?;
        let told = Arc::new(Told::default());
        let source = Arc::clone(&told);
        let channel = Channel {
            name: "koppeltaal_hub",
            tell: Arc::clone(&told.wake),
            payloads: Box::new(move || source.payloads()),
            heard: Box::new(move |payload| match payload {
                Some(payload) => payload.split(' ').for_each(|word| heard(Heard::Word(word))),
                None => heard(Heard::Missed),
            }),
        };
        let task = tokio::spawn(listen::run(address, channel));
        Ok((Notes(Some(told)), Listening::to(task)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_words_share_payloads_that_are_not_too_long() {
        let told = Arc::new(Told::default());
        let notes = Notes(Some(told.clone()));
        notes.tell((0..2000).map(|n| format!("i{n}.{n}")));
        let payloads = told.payloads();
        assert!(payloads.len() > 1 && payloads.iter().all(|payload| payload.len() <= LONGEST));
        let words: usize = payloads.iter().map(|payload| payload.split(' ').count()).sum();
        assert_eq!(words, 2000);
        assert!(told.payloads().is_empty());
        notes.tell((0..MOST + 5).map(|n| n.to_string()));
        assert_eq!(told.words.lock().unwrap().len(), MOST);
    }
}
