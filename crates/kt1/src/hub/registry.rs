//! The connections of this process, by instance and id.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_store::hub::Connection;
use prometheus_client::metrics::gauge::Gauge;

use super::arrival::Arrival;
use super::live::Live;

/// The connections of one instance.
struct Mailbox {
    domain: Arc<Domain>,
    live: HashMap<Connection, Arc<Live>>,
    /// The stamp of the newest item that its connections know of.
    known: Option<i64>,
    /// How often something arrived.
    arrivals: u64,
}

/// Those that are open.
#[derive(Default)]
pub(super) struct Registry {
    mailboxes: Mutex<HashMap<i64, Mailbox>>,
    count: Gauge,
}

/// A connection that is open until this goes.
pub(super) struct Present {
    registry: Arc<Registry>,
    pub(super) live: Arc<Live>,
}

impl Drop for Present {
    fn drop(&mut self) {
        self.registry.leave(&self.live);
    }
}

/// A mailbox that is looked at, and how often something had arrived by then.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    pub domain: Arc<Domain>,
    pub instance: i64,
    arrivals: u64,
}

impl Registry {
    /// Nobody yet; `count` follows how many there are.
    pub(super) fn new(count: Gauge) -> Self {
        Self { mailboxes: Mutex::default(), count }
    }

    /// Adds a connection, unless its instance has as many as it may. One with the
    /// same id is replaced, and ends.
    pub(super) fn enter(self: &Arc<Self>, live: Live, most: usize) -> Option<Present> {
        let live = Arc::new(live);
        let mut mailboxes = self.mailboxes();
        let mailbox = mailboxes.entry(live.instance()).or_insert_with(|| Mailbox {
            domain: live.caller.domain.clone(),
            live: HashMap::new(),
            known: None,
            arrivals: 0,
        });
        let full = mailbox.live.len() >= most;
        match mailbox.live.entry(live.id) {
            Entry::Occupied(mut entry) => entry.insert(live.clone()).end(),
            Entry::Vacant(_) if full => return None,
            Entry::Vacant(entry) => {
                entry.insert(live.clone());
                self.count.inc();
            }
        }
        drop(mailboxes);
        Some(Present { registry: self.clone(), live })
    }

    fn leave(&self, live: &Arc<Live>) {
        let mut mailboxes = self.mailboxes();
        let Entry::Occupied(mut mailbox) = mailboxes.entry(live.instance()) else { return };
        let connections = &mut mailbox.get_mut().live;
        if connections.get(&live.id).is_some_and(|known| Arc::ptr_eq(known, live)) {
            connections.remove(&live.id);
            self.count.dec();
        }
        if mailbox.get().live.is_empty() {
            mailbox.remove();
        }
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        usize::try_from(self.count.get()).unwrap_or(0)
    }

    /// Tells the connections of an instance.
    pub(super) fn tell(&self, arrival: Arrival) {
        let mut mailboxes = self.mailboxes();
        let Some(mailbox) = mailboxes.get_mut(&arrival.instance) else { return };
        mailbox.arrivals += 1;
        mailbox.known = mailbox.known.max(Some(arrival.stamp));
        mailbox.live.values().for_each(|live| live.arrived(arrival.patient));
    }

    /// The mailbox of an instance, to be looked at.
    pub(super) fn watched(&self, instance: i64) -> Option<Watched> {
        let mailboxes = self.mailboxes();
        mailboxes.get(&instance).map(|mailbox| mailbox.watched(instance))
    }

    /// Every mailbox whose connections wait for something.
    pub(super) fn all_watched(&self) -> Vec<Watched> {
        let mailboxes = self.mailboxes();
        let waiting = mailboxes.iter().filter(|(_, mailbox)| mailbox.has_started());
        waiting.map(|(instance, mailbox)| mailbox.watched(*instance)).collect()
    }

    /// The newest item was found to have this stamp. Where that is news, an arrival was
    /// missed, or an item is New again.
    pub(super) fn seen(&self, watched: &Watched, newest: Option<i64>) {
        let mut mailboxes = self.mailboxes();
        let Some(mailbox) = mailboxes.get_mut(&watched.instance) else { return };
        // What arrived in between may not have been seen.
        if mailbox.arrivals != watched.arrivals || mailbox.known == newest {
            return;
        }
        mailbox.known = newest;
        if newest.is_some() {
            mailbox.live.values().for_each(|live| live.tell());
        }
    }

    /// The connection with this id.
    pub(super) fn find(&self, instance: i64, id: Connection) -> Option<Arc<Live>> {
        self.mailboxes().get(&instance)?.live.get(&id).cloned()
    }

    /// The domains that have connections which were not started.
    pub(super) fn domains_not_started(&self) -> Vec<Arc<Domain>> {
        let mailboxes = self.mailboxes();
        let not_started = |mailbox: &&Mailbox| mailbox.live.values().any(|live| !live.is_started());
        let mut domains: Vec<Arc<Domain>> =
            mailboxes.values().filter(not_started).map(|mailbox| mailbox.domain.clone()).collect();
        domains.sort_by_key(|domain| domain.number);
        domains.dedup_by_key(|domain| domain.number);
        domains
    }

    /// Ends the connections of instances that take part no longer, and those whose
    /// password was replaced.
    pub(super) fn check(&self, directory: &Directory, now: Timestamp) {
        for (number, mailbox) in self.mailboxes().iter() {
            let instance = directory.instance(*number).filter(|instance| instance.takes_part());
            for live in mailbox.live.values() {
                let stays = instance.is_some_and(|now_known| {
                    let known = &now_known.instance;
                    let before = &live.caller.instance.password_hash;
                    let previous = known.previous_password_until.is_some_and(|until| now < until)
                        && known.previous_password_hash == *before;
                    live.bearer.is_some() || known.password_hash == *before || previous
                });
                if !stays {
                    live.end();
                }
            }
        }
    }

    /// The connections that were opened with an access token.
    pub(super) fn bearers(&self) -> Vec<Arc<Live>> {
        let mailboxes = self.mailboxes();
        let all = mailboxes.values().flat_map(|mailbox| mailbox.live.values());
        all.filter(|live| live.bearer.is_some()).cloned().collect()
    }

    /// Ends all of them.
    pub(super) fn end_all(&self) {
        self.mailboxes().values().flat_map(|mailbox| mailbox.live.values()).for_each(|l| l.end());
    }

    fn mailboxes(&self) -> MutexGuard<'_, HashMap<i64, Mailbox>> {
        self.mailboxes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mailbox {
    fn watched(&self, instance: i64) -> Watched {
        Watched { domain: self.domain.clone(), instance, arrivals: self.arrivals }
    }

    fn has_started(&self) -> bool {
        self.live.values().any(|live| live.is_started())
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_core::directory::{Application, ConnectedInstance, Instance};

    use super::*;
    use crate::call::Caller;

    fn live(id: u8, started: bool) -> Live {
        let connected = ConnectedInstance {
            instance: Instance { number: 7, ..Instance::default() },
            application: Arc::new(Application::default()),
            domain: Arc::new(Domain::default()),
        };
        Live::new([id; 16], Caller::from(Arc::new(connected)), None, started)
    }

    fn arrival(stamp: i64) -> Arrival {
        Arrival { instance: 7, stamp, patient: None }
    }

    #[test]
    fn an_instance_has_no_more_connections_than_it_may() {
        let registry = Arc::new(Registry::default());
        let first = registry.enter(live(1, true), 2).unwrap();
        let second = registry.enter(live(2, true), 2).unwrap();
        assert!(registry.enter(live(3, true), 2).is_none());
        let again = registry.enter(live(1, true), 2).unwrap();
        assert!(first.live.is_over() && !second.live.is_over());
        drop(first);
        assert_eq!(registry.count(), 2);
        drop((again, second));
        assert_eq!((registry.count(), registry.all_watched().len()), (0, 0));
    }

    #[test]
    fn only_started_connections_are_told() {
        let registry = Arc::new(Registry::default());
        let (started, silent) =
            (registry.enter(live(1, true), 9).unwrap(), registry.enter(live(2, false), 9).unwrap());
        registry.tell(arrival(5));
        assert!(started.live.is_waiting() && !silent.live.is_waiting());
        registry.tell(Arrival { instance: 8, ..arrival(6) });
        started.live.told();
        assert!(!started.live.is_waiting());
    }

    #[test]
    fn a_look_tells_what_was_missed_and_nothing_twice() {
        let registry = Arc::new(Registry::default());
        let open = registry.enter(live(1, true), 9).unwrap();
        let look = |newest| {
            let watched = registry.watched(7).unwrap();
            registry.seen(&watched, newest);
            let waits = open.live.is_waiting();
            open.live.told();
            waits
        };
        assert!(!look(None));
        assert!(look(Some(5)), "it came while nobody told");
        assert!(!look(Some(5)));
        registry.tell(arrival(6));
        open.live.told();
        assert!(!look(Some(6)));
        assert!(look(Some(4)), "another one is New again");
        let before = registry.watched(7).unwrap();
        registry.tell(arrival(8));
        open.live.told();
        registry.seen(&before, Some(6));
        assert!(!open.live.is_waiting(), "the look was made before the arrival");
        assert!(!look(None) && look(Some(8)));
    }
}
