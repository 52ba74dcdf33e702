//! Signing keys of a domain over their life, on both engines, with a clock that
//! the test moves.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use koppeltaal_auth::SealKey;
use koppeltaal_auth::key_ring::{KeyRing, Rotation};
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::directory::Domain;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_store::{Store, both};

#[derive(Debug)]
struct Moved(AtomicI64);

impl Clock for Moved {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

struct World {
    ring: KeyRing,
    clock: Arc<Moved>,
    domain: Domain,
    store: Store,
}

fn seal(text: &str) -> Arc<SealKey> {
    Arc::new(SealKey::parse(text).unwrap())
}

impl World {
    fn new(store: Store) -> Self {
        let clock = Arc::new(Moved(AtomicI64::new(1_800_000_000_000_000)));
        let domain = Domain { number: 1, name: "d".into(), ..Domain::default() };
        let ring = ring(&store, &clock, DEVELOPMENT_KEY);
        Self { ring, clock, domain, store }
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    async fn signs(&self) -> String {
        self.ring.signing(&self.domain).await.unwrap().signer.kid().to_owned()
    }

    async fn published(&self) -> Vec<String> {
        let keys = self.ring.keys(&self.domain).await.unwrap();
        keys.published(self.clock.now()).map(|key| key.signer.kid().to_owned()).collect()
    }

    async fn rotate(&self, rotation: Rotation) -> String {
        self.ring.rotate(&self.domain, rotation, None).await.unwrap().unwrap()
    }
}

fn ring(store: &Store, clock: &Arc<Moved>, key: &str) -> KeyRing {
    KeyRing::new(store.clone(), seal(key), clock.clone(), Duration::from_secs(300))
}

both!(
    a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over,
    |store| async {
        let world = World::new(store);
        let first = world.signs().await;
        let second = world.rotate(Rotation::Smooth).await;
        assert_eq!(world.signs().await, first);
        assert_eq!(world.published().await, [first.clone(), second.clone()]);
        world.pass(60);
        assert_eq!(world.signs().await, second);
        world.pass(300 + 59);
        assert_eq!(world.published().await, [first, second.clone()]);
        world.pass(1);
        assert_eq!(world.published().await, [second]);
    }
);

both!(
    a_key_that_is_replaced_at_once_is_worth_nothing_even_while_a_smooth_rotation_runs,
    |store| async {
        let world = World::new(store);
        let first = world.signs().await;
        let second = world.rotate(Rotation::Smooth).await;
        let third = world.rotate(Rotation::AtOnce).await;
        let published = world.published().await;
        assert_eq!(published, std::slice::from_ref(&third), "neither {first} nor {second}");
        assert_eq!(world.signs().await, third);
    }
);

both!(a_key_is_replaced_by_age, |store| async {
    let world = World::new(store);
    world.signs().await;
    let age = Duration::from_secs(3600);
    assert!(!world.ring.rotate_by_age(&world.domain, age, None).await.unwrap());
    world.pass(3600);
    assert!(world.ring.rotate_by_age(&world.domain, age, None).await.unwrap());
    assert!(!world.ring.rotate_by_age(&world.domain, age, None).await.unwrap());
    assert_eq!(world.published().await.len(), 2);
});

both!(a_lost_seal_key_is_overcome_by_a_rotation_at_once, |store| async {
    let world = World::new(store);
    world.signs().await;
    let other = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let ring = ring(&world.store, &world.clock, &other);
    assert!(ring.signing(&world.domain).await.is_err());
    let made = ring.rotate(&world.domain, Rotation::AtOnce, None).await.unwrap().unwrap();
    assert_eq!(ring.signing(&world.domain).await.unwrap().signer.kid(), made);
});

both!(a_key_that_cannot_be_opened_does_not_keep_a_new_one_from_signing, |store| async {
    let world = World::new(store);
    world.signs().await;
    let other = base64::engine::general_purpose::STANDARD.encode([7; 32]);
    let ring = ring(&world.store, &world.clock, &other);
    let made = ring.rotate(&world.domain, Rotation::Smooth, None).await.unwrap().unwrap();
    assert_eq!(ring.signing(&world.domain).await.unwrap().signer.kid(), made);
});

both!(a_clock_that_is_behind_makes_no_key_of_its_own, |store| async {
    let world = World::new(store);
    let first = world.signs().await;
    world.pass(-90);
    let late = ring(&world.store, &world.clock, DEVELOPMENT_KEY);
    assert_eq!(late.signing(&world.domain).await.unwrap().signer.kid(), first);
    assert_eq!(world.published().await, [first]);
});

both!(two_processes_that_start_together_agree_on_one_first_key, |store| async {
    let world = World::new(store);
    let other = ring(&world.store, &world.clock, DEVELOPMENT_KEY);
    let (a, b) = tokio::join!(world.ring.signing(&world.domain), other.signing(&world.domain));
    assert_eq!(a.unwrap().signer.kid(), b.unwrap().signer.kid());
});
