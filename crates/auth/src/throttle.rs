//! Slows down who guesses: every failed attempt (a wrong password, a client
//! assertion or a launch that does not hold) takes a token from a bucket that
//! refills with time. Instances are throttled, never locked: a lock would let
//! anybody cut an organisation off from its care data.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::time::Duration;

use koppeltaal_core::{Error, Result, Timestamp};

/// Buckets remembered per map; beyond that full ones go first, then the oldest.
const MOST_BUCKETS: usize = 10_000;

/// Wrong passwords that are let through at once, and again within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one user name from one address.
    pub per_username: u32,
    /// For one address, over all user names that no instance has.
    pub per_address: u32,
}

/// The buckets of one kind of attempt, in this process.
#[derive(Debug)]
pub struct Throttle {
    usernames: Buckets<(String, IpAddr)>,
    addresses: Buckets<IpAddr>,
}

impl Throttle {
    /// Full buckets.
    pub fn new(limits: Limits) -> Self {
        Self {
            usernames: Buckets::new(limits.per_username),
            addresses: Buckets::new(limits.per_address),
        }
    }

    /// How long until another attempt may fail; zero while none of the buckets
    /// that count for it is empty.
    pub fn wait(&self, guess: &Guess, now: Timestamp) -> Duration {
        let wait = self.usernames.wait(&guess.username, now);
        match guess.exists {
            true => wait,
            false => wait.max(self.addresses.wait(&guess.username.1, now)),
        }
    }

    /// Refuses an attempt while a bucket that counts for it is empty.
    pub(crate) fn check(&self, guess: &Guess, now: Timestamp) -> Result<()> {
        let wait = self.wait(guess, now);
        if wait > Duration::ZERO {
            return Err(Error::TooMany(format!(
                "Too many attempts to sign in with a wrong password: try again in {} s",
                wait.as_secs() + 1
            )));
        }
        Ok(())
    }

    /// The attempt failed.
    pub fn charge(&mut self, guess: Guess, now: Timestamp) {
        if !guess.exists {
            self.addresses.take(guess.username.1, now);
        }
        self.usernames.take(guess.username, now);
    }
}

/// What the throttle wants to know of an attempt.
#[derive(Debug, Clone)]
pub struct Guess {
    username: (String, IpAddr),
    /// Whether an instance has the user name. All instances of an organisation
    /// may share the address of a proxy, so the address alone never counts for
    /// them.
    exists: bool,
}

impl Guess {
    /// An attempt in this name from this address.
    pub fn new(username: &str, address: IpAddr, exists: bool) -> Self {
        Self { username: (username.to_owned(), network(address)), exists }
    }
}

/// Whom an address stands for: who holds one address of IPv6 holds its /64.
pub fn network(address: IpAddr) -> IpAddr {
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

    /// Makes room by a tenth, so that the work is done seldom: those go that were
    /// touched the longest ago.
    fn forget_oldest(&mut self) {
        let mut times: Vec<Timestamp> = self.levels.values().map(|(_, at)| *at).collect();
        let (_, limit, _) = times.select_nth_unstable(MOST_BUCKETS / 10);
        let limit = *limit;
        let mut surplus = MOST_BUCKETS / 10;
        self.levels.retain(|_, (_, at)| {
            let goes = *at <= limit && surplus > 0;
            surplus -= usize::from(goes);
            !goes
        });
    }

    /// Below zero too: attempts that ran at the same time saw the same level.
    fn take(&mut self, key: K, now: Timestamp) {
        let level = self.level(&key, now) - 1.0;
        if self.levels.len() >= MOST_BUCKETS && !self.levels.contains_key(&key) {
            let most = self.most;
            self.levels.retain(|_, (level, at)| {
                *level + now.since(*at).as_secs_f64() * most / 60.0 < most
            });
            if self.levels.len() >= MOST_BUCKETS {
                self.forget_oldest();
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

    /// A wrong password, if it is let through.
    fn wrong(throttle: &mut Throttle, guess: Guess, now: Timestamp) -> Result<()> {
        throttle.check(&guess, now)?;
        throttle.charge(guess, now);
        Ok(())
    }

    #[test]
    fn a_name_is_slowed_down_at_one_address_and_free_at_another() {
        for exists in [true, false] {
            let mut throttle = Throttle::new(LIMITS);
            let here = Guess::new("u", [10, 0, 0, 1].into(), exists);
            let there = Guess::new("u", [10, 0, 0, 2].into(), exists);
            for _ in 0..3 {
                wrong(&mut throttle, here.clone(), at(0)).unwrap();
            }
            let refused = throttle.check(&here, at(0));
            assert!(matches!(refused, Err(Error::TooMany(_))), "{exists}");
            wrong(&mut throttle, there, at(0)).unwrap();
            wrong(&mut throttle, here.clone(), at(20)).unwrap();
            assert!(throttle.check(&here, at(20)).is_err());
        }
    }

    #[test]
    fn an_address_is_slowed_down_for_names_that_do_not_exist_only() {
        let mut throttle = Throttle::new(LIMITS);
        let address: IpAddr = "2001:db8::1".parse().unwrap();
        let neighbour: IpAddr = "2001:db8::2".parse().unwrap();
        for n in 0..50 {
            wrong(&mut throttle, Guess::new(&format!("i{n}"), address, true), at(0)).unwrap();
        }
        for n in 0..5 {
            wrong(&mut throttle, Guess::new(&format!("u{n}"), address, false), at(0)).unwrap();
        }
        assert!(throttle.check(&Guess::new("v", neighbour, false), at(0)).is_err());
        throttle.check(&Guess::new("w", neighbour, true), at(0)).unwrap();
    }

    #[test]
    fn the_buckets_stay_bounded() {
        let mut buckets = Buckets::new(3);
        for n in 0..(MOST_BUCKETS * 3) {
            buckets.take(n, at(0));
            assert!(buckets.levels.len() <= MOST_BUCKETS);
        }
    }
}
