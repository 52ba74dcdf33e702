//! What is known of identity providers, by domain and discovery URL, so that no
//! domain can change what another sees; of bounded size.

use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::Timestamp;

use super::discovery::Document;
use super::key::Keys;
use super::slot::Slot;
use crate::client_keys::recent::Recent;

/// More providers than this are not known at a time: four for each domain at the
/// scale this server is made for.
const MOST: usize = 4_000;

#[derive(Default)]
pub(super) struct Cache {
    entries: Mutex<Recent<(i64, String), Arc<Entry>, MOST>>,
}

/// What one provider has published.
#[derive(Default)]
pub(super) struct Entry {
    pub(super) document: Slot<Document>,
    keys: Mutex<(String, Arc<Slot<Keys>>)>,
}

impl Entry {
    /// The keys that are published at `url`; those of another URL are forgotten.
    pub(super) fn keys(&self, url: &str) -> Arc<Slot<Keys>> {
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if keys.0 != url {
            *keys = (url.to_owned(), Arc::default());
        }
        Arc::clone(&keys.1)
    }
}

impl Cache {
    pub(super) fn entry(&self, domain: i64, discovery_url: &str, now: Timestamp) -> Arc<Entry> {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (domain, discovery_url.to_owned());
        Arc::clone(entries.use_or_make(key, now, Arc::default))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_domains_apart_and_has_room_for_those_in_use() {
        let cache = Cache::default();
        let first = cache.entry(1, "u", Timestamp(0));
        assert!(Arc::ptr_eq(&first, &cache.entry(1, "u", Timestamp(1))));
        assert!(!Arc::ptr_eq(&first, &cache.entry(2, "u", Timestamp(1))));
        for n in 0..1000 {
            for url in ["a", "b", "c"] {
                cache.entry(n + 3, url, Timestamp(2));
            }
        }
        assert!(Arc::ptr_eq(&first, &cache.entry(1, "u", Timestamp(3))), "there is room");
        for n in 0..10_000 {
            cache.entry(3, &n.to_string(), Timestamp(n + 4));
            assert!(Arc::ptr_eq(&first, &cache.entry(1, "u", Timestamp(n + 4))), "after {n}");
        }
        // Whoever was not seen for so long is unknown again, so that it stays bounded.
        let gone = Arc::downgrade(&cache.entry(2, "v", Timestamp(10_004)));
        for n in 0..10_000 {
            cache.entry(4, &n.to_string(), Timestamp(n + 10_005));
        }
        assert!(gone.upgrade().is_none());
    }

    #[test]
    fn keys_of_another_url_are_forgotten() {
        let entry = Entry::default();
        let first = entry.keys("a");
        assert!(Arc::ptr_eq(&first, &entry.keys("a")));
        assert!(!Arc::ptr_eq(&first, &entry.keys("b")));
        assert!(!Arc::ptr_eq(&first, &entry.keys("a")));
    }
}
