//! Slows down who guesses passwords: every wrong password takes a token from a
//! bucket that refills with time. Instances are throttled, never locked: a lock
//! would let anybody cut an organisation off from its care data.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use koppeltaal_core::{Error, Result, Timestamp};

/// Buckets remembered per map; beyond that full ones go first, then all.
const MOST_BUCKETS: usize = 10_000;

/// Wrong passwords that are let through at once, and again within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one user name from one address.
    pub per_username: u32,
    /// For one address.
    pub per_address: u32,
}

#[derive(Debug)]
pub(super) struct Throttle {
    usernames: Buckets<(String, IpAddr)>,
    addresses: Buckets<IpAddr>,
}

impl Throttle {
    pub(super) fn new(limits: Limits) -> Self {
        Self {
            usernames: Buckets::new(limits.per_username),
            addresses: Buckets::new(limits.per_address),
        }
    }

    /// Takes a token for an attempt that may turn out wrong, or refuses it.
    pub(super) fn take(&mut self, username: &str, address: IpAddr, now: Timestamp) -> Result<()> {
        let address = network(address);
        let ours = (username.to_owned(), address);
        let wait = self.usernames.wait(&ours, now).max(self.addresses.wait(&address, now));
        if wait > Duration::ZERO {
            return Err(Error::TooMany(format!(
                "Too many attempts to sign in with a wrong password: try again in {} s",
                wait.as_secs() + 1
            )));
        }
        self.usernames.add(ours, -1.0, now);
        self.addresses.add(address, -1.0, now);
        Ok(())
    }

    /// Gives the token back: the password was right.
    pub(super) fn give_back(&mut self, username: &str, address: IpAddr, now: Timestamp) {
        let address = network(address);
        self.usernames.add((username.to_owned(), address), 1.0, now);
        self.addresses.add(address, 1.0, now);
    }
}

/// Who holds one address of IPv6 holds its /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        v4 => v4,
    }
}

#[derive(Debug)]
struct Buckets<K> {
    most: f64,
    levels: HashMap<K, (f64, Timestamp)>,
}

impl<K: Eq + Hash> Buckets<K> {
    fn new(most: u32) -> Self {
        Self { most: f64::from(most.max(1)), levels: HashMap::new() }
    }

    fn level(&self, key: &K, now: Timestamp) -> f64 {
        self.levels.get(key).map_or(self.most, |(level, at)| {
            (level + now.since(*at).as_secs_f64() * self.most / 60.0).min(self.most)
        })
    }

    /// How long until there is a token.
    fn wait(&self, key: &K, now: Timestamp) -> Duration {
        let missing = (1.0 - self.level(key, now)).max(0.0);
        Duration::from_secs_f64(missing * 60.0 / self.most)
    }

    fn add(&mut self, key: K, tokens: f64, now: Timestamp) {
        let level = (self.level(&key, now) + tokens).min(self.most);
        if self.levels.len() >= MOST_BUCKETS && !self.levels.contains_key(&key) {
            let most = self.most;
            self.levels.retain(|_, (level, at)| {
                *level + now.since(*at).as_secs_f64() * most / 60.0 < most
            });
            if self.levels.len() >= MOST_BUCKETS {
                self.levels.clear();
            }
        }
        self.levels.insert(key, (level, now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { per_username: 3, per_address: 5 };

    fn at(seconds: i64) -> Timestamp {
        Timestamp(seconds * 1_000_000)
    }

    #[test]
    fn a_name_is_slowed_down_at_one_address_and_free_at_another() {
        let mut throttle = Throttle::new(LIMITS);
        let (here, there) = ([10, 0, 0, 1].into(), [10, 0, 0, 2].into());
        for _ in 0..3 {
            throttle.take("u", here, at(0)).unwrap();
        }
        assert!(matches!(throttle.take("u", here, at(0)), Err(Error::TooMany(_))));
        throttle.take("u", there, at(0)).unwrap();
        throttle.take("u", here, at(20)).unwrap();
        assert!(throttle.take("u", here, at(20)).is_err());
    }

    #[test]
    fn many_names_from_one_address_are_slowed_down_too() {
        let mut throttle = Throttle::new(LIMITS);
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        for n in 0..5 {
            throttle.take(&format!("u{n}"), address, at(0)).unwrap();
        }
        assert!(throttle.take("v", neighbour, at(0)).is_err());
        throttle.give_back("u0", address, at(0));
        throttle.take("v", neighbour, at(0)).unwrap();
    }

    #[test]
    fn the_buckets_stay_bounded() {
        let mut buckets = Buckets::new(3);
        for n in 0..(MOST_BUCKETS * 3) {
            buckets.add(n, -1.0, at(0));
            assert!(buckets.levels.len() <= MOST_BUCKETS);
        }
    }
}
