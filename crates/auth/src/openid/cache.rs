//! What is known of identity providers, by domain and discovery URL, so that no
//! domain can change what another sees; of bounded size.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::Timestamp;

use super::discovery::Document;
use super::key::Keys;
use super::slot::Slot;

/// More providers than this are not known at a time; the one not used for longest
/// goes.
const MOST: usize = 256;

#[derive(Default)]
pub(super) struct Cache {
    entries: Mutex<HashMap<(i64, String), Used>>,
}

struct Used {
    entry: Arc<Entry>,
    at: Timestamp,
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
        if entries.len() >= MOST && !entries.contains_key(&key) {
            let oldest = entries.iter().min_by_key(|(_, used)| used.at).map(|(key, _)| key.clone());
            if let Some(oldest) = oldest {
                entries.remove(&oldest);
            }
        }
        let used = entries.entry(key).or_insert_with(|| Used { entry: Arc::default(), at: now });
        used.at = now;
        Arc::clone(&used.entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_keeps_domains_apart_and_never_grows_beyond_its_bound() {
        let cache = Cache::default();
        let first = cache.entry(1, "u", Timestamp(0));
        assert!(Arc::ptr_eq(&first, &cache.entry(1, "u", Timestamp(1))));
        assert!(!Arc::ptr_eq(&first, &cache.entry(2, "u", Timestamp(1))));
        for n in 0..1000 {
            cache.entry(3, &n.to_string(), Timestamp(n + 2));
            assert!(Arc::ptr_eq(&first, &cache.entry(1, "u", Timestamp(n + 2))), "after {n}");
        }
        assert_eq!(cache.entries.lock().unwrap().len(), MOST);
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
