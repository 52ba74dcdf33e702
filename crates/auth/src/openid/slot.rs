//! A published document as this process knows it: fetched once for all who wait,
//! believed for a while, and kept while its publisher is down.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use koppeltaal_core::{Clock, Timestamp};

use super::failure::Failure;

/// The pause after a failed fetch, and between two refreshes that an unknown key
/// asks for: nobody can make this server hammer a provider.
const PAUSE: Duration = Duration::from_secs(60);

/// The pause while there is no document to go on with: short, because every launch
/// fails until the next try.
const SHORT_PAUSE: Duration = Duration::from_secs(10);

/// How long a document is kept after its publisher was reached last.
const LONGEST_OUTAGE: Duration = Duration::from_secs(24 * 60 * 60);

/// Which document is wanted.
pub(super) enum Want<'a, T> {
    /// One that may still be believed.
    Fresh,
    /// Another than this one, if the publisher may be asked again.
    Other(&'a Arc<T>),
    /// What the publisher has at this moment.
    Now,
}

/// A document of a publisher.
pub(super) struct Slot<T> {
    state: Mutex<State<T>>,
    /// Held by the one who fetches.
    flight: tokio::sync::Mutex<()>,
}

struct State<T> {
    held: Option<Arc<T>>,
    /// When the publisher gave `held`.
    confirmed: Timestamp,
    /// From when until when `held` is believed.
    believed: (Timestamp, Timestamp),
    /// When another document was asked for last.
    asked: Option<Timestamp>,
    /// The last fetch and its end, when it failed.
    failed: Option<(Failure, Timestamp)>,
    /// Fetches so far: tells those who waited that one has ended meanwhile.
    fetches: u64,
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        let state = State {
            held: None,
            confirmed: Timestamp::default(),
            believed: (Timestamp::default(), Timestamp::default()),
            asked: None,
            failed: None,
            fetches: 0,
        };
        Self { state: Mutex::new(state), flight: tokio::sync::Mutex::new(()) }
    }
}

impl<T> Slot<T> {
    /// The document, fetched with `fetch` (which also says how long it may be
    /// believed) when what is here is not what is wanted.
    pub(super) async fn get(
        &self,
        clock: &dyn Clock,
        want: Want<'_, T>,
        fetch: impl Future<Output = Result<(T, Duration), Failure>>,
    ) -> Result<Arc<T>, Failure> {
        let (stale, fetches) = {
            let state = self.state();
            if let Some(known) = state.satisfies(&want, clock.now()) {
                return known;
            }
            (state.held.clone(), state.fetches)
        };
        let _flight = match (self.flight.try_lock(), stale, &want) {
            (Ok(flight), ..) => flight,
            // Somebody refreshes already, and nobody needs to wait for a slow provider.
            (Err(_), Some(stale), Want::Fresh) => return Ok(stale),
            (Err(_), ..) => self.flight.lock().await,
        };
        {
            let mut state = self.state();
            if state.fetches != fetches {
                return state.outcome(&want);
            }
            if matches!(want, Want::Other(_)) {
                state.asked = Some(clock.now());
            }
        }
        let fetched = fetch.await;
        let mut state = self.state();
        state.learn(fetched, clock.now());
        state.outcome(&want)
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> State<T> {
    /// What is answered without a fetch. While there is no document that is the
    /// failure, so that a publisher that was never reached has its pause too.
    fn satisfies(&self, want: &Want<'_, T>, now: Timestamp) -> Option<Result<Arc<T>, Failure>> {
        let within = |since: Timestamp, pause| since <= now && now < since.plus(pause);
        let in_pause = |since: Timestamp| within(since, PAUSE);
        let Some(held) = &self.held else {
            let (failure, at) = self.failed.as_ref()?;
            let enough = !matches!(want, Want::Now) && within(*at, SHORT_PAUSE);
            return enough.then(|| Err(failure.clone()));
        };
        let enough = match want {
            Want::Fresh => self.believed.0 <= now && now < self.believed.1,
            Want::Other(known) => !Arc::ptr_eq(held, known) || self.asked.is_some_and(in_pause),
            Want::Now => false,
        };
        enough.then(|| Ok(Arc::clone(held)))
    }

    fn learn(&mut self, fetched: Result<(T, Duration), Failure>, now: Timestamp) {
        self.fetches += 1;
        match fetched {
            Ok((document, lifetime)) => {
                self.held = Some(Arc::new(document));
                self.confirmed = now;
                self.believed = (now, now.plus(lifetime));
                self.failed = None;
            }
            Err(failure) => {
                // Down is not wrong: what a provider that is down published before
                // still holds, but not for ever.
                let is_down = matches!(failure, Failure::Unavailable(_));
                if is_down && now.since(self.confirmed) < LONGEST_OUTAGE {
                    self.believed = (now, now.plus(PAUSE));
                } else {
                    self.held = None;
                }
                self.failed = Some((failure, now));
            }
        }
    }

    fn outcome(&self, want: &Want<'_, T>) -> Result<Arc<T>, Failure> {
        match (&self.failed, &self.held, want) {
            (Some((failure, _)), _, Want::Now) | (Some((failure, _)), None, _) => {
                Err(failure.clone())
            }
            (_, Some(held), _) => Ok(Arc::clone(held)),
            (None, None, _) => Err(Failure::unavailable("nothing was fetched")),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    #[derive(Debug, Default)]
    struct Hands(AtomicI64);

    impl Hands {
        fn forward(&self, seconds: i64) {
            self.0.fetch_add(seconds * 1_000_000, Ordering::Relaxed);
        }
    }

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp(self.0.load(Ordering::Relaxed))
        }
    }

    const LIFETIME: Duration = Duration::from_secs(300);

    async fn published(n: u32) -> Result<(u32, Duration), Failure> {
        Ok((n, LIFETIME))
    }

    async fn down() -> Result<(u32, Duration), Failure> {
        Err(Failure::unavailable("down"))
    }

    async fn wrong() -> Result<(u32, Duration), Failure> {
        Err(Failure::misconfigured("wrong"))
    }

    #[tokio::test]
    async fn a_document_is_fetched_again_only_when_its_time_is_over() {
        let (clock, slot) = (Hands::default(), Slot::default());
        assert_eq!(*slot.get(&clock, Want::Fresh, published(1)).await.unwrap(), 1);
        clock.forward(299);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(2)).await.unwrap(), 1);
        clock.forward(1);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(3)).await.unwrap(), 3);
        clock.forward(-1000);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(4)).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_document_is_kept_while_its_publisher_is_down_but_not_when_it_is_wrong() {
        let (clock, slot) = (Hands::default(), Slot::default());
        slot.get(&clock, Want::Fresh, published(1)).await.unwrap();
        clock.forward(300);
        assert_eq!(*slot.get(&clock, Want::Fresh, down()).await.unwrap(), 1);
        // For a minute the publisher is left alone.
        assert_eq!(*slot.get(&clock, Want::Fresh, published(2)).await.unwrap(), 1);
        assert!(slot.get(&clock, Want::Now, down()).await.is_err());
        clock.forward(60);
        assert_eq!(slot.get(&clock, Want::Fresh, wrong()).await, wrong_failure());
        clock.forward(60);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(3)).await.unwrap(), 3);
    }

    fn wrong_failure() -> Result<Arc<u32>, Failure> {
        Err(Failure::misconfigured("wrong"))
    }

    fn down_failure() -> Result<Arc<u32>, Failure> {
        Err(Failure::unavailable("down"))
    }

    #[tokio::test]
    async fn a_publisher_that_gave_nothing_yet_is_left_alone_for_a_moment_too() {
        let (clock, slot) = (Hands::default(), Slot::default());
        assert_eq!(slot.get(&clock, Want::Fresh, down()).await, down_failure());
        clock.forward(9);
        assert_eq!(slot.get(&clock, Want::Fresh, published(1)).await, down_failure());
        let other = Arc::new(0);
        assert_eq!(slot.get(&clock, Want::Other(&other), published(2)).await, down_failure());
        clock.forward(1);
        assert_eq!(slot.get(&clock, Want::Fresh, wrong()).await, wrong_failure());
        assert_eq!(slot.get(&clock, Want::Fresh, published(3)).await, wrong_failure());
        // Whoever checks what it has now asks it, and all may use what that gives.
        assert_eq!(*slot.get(&clock, Want::Now, published(4)).await.unwrap(), 4);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(5)).await.unwrap(), 4);
    }

    #[tokio::test]
    async fn a_publisher_that_is_down_for_a_day_is_believed_no_longer() {
        let (clock, slot) = (Hands::default(), Slot::default());
        slot.get(&clock, Want::Fresh, published(1)).await.unwrap();
        clock.forward(24 * 60 * 60 - 1);
        assert_eq!(*slot.get(&clock, Want::Fresh, down()).await.unwrap(), 1);
        clock.forward(60);
        assert_eq!(slot.get(&clock, Want::Fresh, down()).await, down_failure());
    }

    #[tokio::test]
    async fn a_clock_that_is_set_back_remembers_no_failure() {
        let (clock, slot) = (Hands::default(), Slot::default());
        assert_eq!(slot.get(&clock, Want::Fresh, down()).await, down_failure());
        clock.forward(-1000);
        assert_eq!(*slot.get(&clock, Want::Fresh, published(1)).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn another_document_is_asked_for_once_a_minute_at_most() {
        let (clock, slot) = (Hands::default(), Slot::default());
        let first = slot.get(&clock, Want::Fresh, published(1)).await.unwrap();
        let second = slot.get(&clock, Want::Other(&first), published(2)).await.unwrap();
        assert_eq!(*second, 2);
        assert_eq!(*slot.get(&clock, Want::Other(&first), published(3)).await.unwrap(), 2);
        clock.forward(59);
        assert_eq!(*slot.get(&clock, Want::Other(&second), published(4)).await.unwrap(), 2);
        clock.forward(1);
        assert_eq!(*slot.get(&clock, Want::Other(&second), published(5)).await.unwrap(), 5);
    }

    #[tokio::test]
    async fn all_who_wait_share_one_fetch_and_its_failure() {
        let (clock, slot) = (Hands::default(), Slot::<u32>::default());
        let (open, gate) = tokio::sync::oneshot::channel::<()>();
        let slow = async {
            gate.await.unwrap();
            down().await
        };
        let (a, b, c, ()) = tokio::join!(
            slot.get(&clock, Want::Fresh, slow),
            slot.get(&clock, Want::Fresh, published(2)),
            slot.get(&clock, Want::Fresh, published(3)),
            async { open.send(()).unwrap() },
        );
        assert_eq!(a, Err(Failure::unavailable("down")));
        assert_eq!(b, a);
        assert_eq!(c, a);
    }

    #[tokio::test]
    async fn nobody_waits_for_a_refresh_while_there_is_a_document() {
        let (clock, slot) = (Hands::default(), Slot::default());
        slot.get(&clock, Want::Fresh, published(1)).await.unwrap();
        clock.forward(300);
        let (open, gate) = tokio::sync::oneshot::channel::<()>();
        let slow = async {
            gate.await.unwrap();
            published(2).await
        };
        let (refreshing, meanwhile) = tokio::join!(slot.get(&clock, Want::Fresh, slow), async {
            let meanwhile = slot.get(&clock, Want::Fresh, published(3)).await;
            open.send(()).unwrap();
            meanwhile
        });
        assert_eq!((*refreshing.unwrap(), *meanwhile.unwrap()), (2, 1));
    }
}
