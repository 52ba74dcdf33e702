//! Days of an endpoint's moods, with the real delivery and a clock that is moved:
//! nothing is lost, doubled or out of order, and time ends what never works.

use koppeltaal_core::notification::State;
use koppeltaal_store::test_support::sqlite_store;

use crate::hook::{Answer, Hook};
use crate::lanes::{arrived, seconds};
use crate::world::{World, eventually};

/// SplitMix64.
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

async fn days(seed: u64) {
    let store = sqlite_store().await;
    let mut world = World::new(&store);
    world.subscriber().await;
    let hook = Hook::start(Answer::status(500)).await;
    world.subscribe(5, &hook.url()).await;
    let delivery = world.start();
    let mut state = seed;
    let mut sent = Vec::new();
    for _ in 0..60 {
        let ids = world.ping(5, (random(&mut state) % 4) as i64).await;
        sent.extend(ids);
        hook.answer(match random(&mut state) % 4 {
            0 => Answer::status(200),
            1 => Answer::Reset,
            2 => Answer::with(503, "Retry-After: 5000\r\n"),
            _ => Answer::status(404),
        });
        delivery.wake();
        world.advance(seconds(1 << (random(&mut state) % 13)));
        // Until nothing is due at this moment.
        eventually(async || {
            world.head_due(5).await.is_none_or(|due| due > world.now())
                && delivery.metrics().in_flight == 0
        })
        .await;
    }
    hook.answer(Answer::status(200));
    eventually(async || {
        world.advance_to_head(5).await;
        world.lane(5, State::Pending).await == 0
    })
    .await;
    let arrived = arrived(&hook);
    let mut each = arrived.clone();
    each.dedup();
    assert!(each.is_sorted(), "seed {seed}: {each:?}");
    assert_eq!(each, sent, "seed {seed}");
    assert_eq!(world.lane(5, State::Delivered).await, sent.len(), "seed {seed}");
}

#[tokio::test]
async fn through_days_of_moods_everything_arrives_in_order() {
    for seed in 0..6 {
        days(seed).await;
    }
}
