//! A bounded memory of what argon2 has said, so that Basic authentication does
//! not cost an argon2 run per request.

use std::collections::HashMap;

use koppeltaal_core::Timestamp;

/// An HMAC under a key of this process over user name, password and hash: says
/// nothing about the password, and changes as soon as the hash does.
pub(super) type Key = [u8; 32];

/// Two generations: when the young one is full it becomes the old one, and what
/// has not been used since then is forgotten. Never more than twice `half`.
#[derive(Debug)]
pub(super) struct Cache {
    half: usize,
    young: HashMap<Key, Timestamp>,
    old: HashMap<Key, Timestamp>,
}

impl Cache {
    pub(super) fn new(size: usize) -> Self {
        Self { half: size.div_ceil(2).max(1), young: HashMap::new(), old: HashMap::new() }
    }

    /// When this was learned, if it is remembered.
    pub(super) fn learned(&mut self, key: &Key) -> Option<Timestamp> {
        if let Some(at) = self.young.get(key) {
            return Some(*at);
        }
        let at = self.old.remove(key)?;
        self.insert(*key, at);
        Some(at)
    }

    pub(super) fn insert(&mut self, key: Key, at: Timestamp) {
        if self.young.len() >= self.half && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_grows_beyond_its_size_and_keeps_what_is_used() {
        let mut cache = Cache::new(8);
        let key = |n: u8| [n; 32];
        for n in 0..100 {
            cache.insert(key(n), Timestamp(i64::from(n)));
            assert_eq!(cache.learned(&key(0)), Some(Timestamp(0)), "after {n}");
            assert!(cache.young.len() + cache.old.len() <= 8);
        }
        assert_eq!(cache.learned(&key(50)), None);
        assert_eq!(cache.learned(&key(99)), Some(Timestamp(99)));
    }
}
