//! The signing keys of a domain: made once, sealed at rest, replaced without anybody
//! noticing, or at once (spec 4; issue 3, part 1).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_auth::SealKey;
use koppeltaal_auth::key_ring::Rotation;
use koppeltaal_core::directory::Secret;
use koppeltaal_store::Value;
use koppeltaal_store::test_support::count_audited;

use crate::cast::ZORG;
use crate::jws::kid;
use crate::support::{Engine, eventually};
use crate::world::{World, within_a_second};

on_both_engines!(
    a_key_outlives_a_restart,
    keys_are_sealed_at_rest,
    a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over,
    a_key_that_is_replaced_at_once_takes_its_tokens_with_it,
    a_key_that_was_replaced_before_is_worth_nothing_either,
    the_private_half_of_a_key_that_is_over_is_removed,
    a_key_is_replaced_when_it_is_old,
    a_key_that_is_not_old_is_kept,
);

const DAY: Duration = Duration::from_secs(86_400);

async fn a_key_outlives_a_restart(engine: Engine) {
    let world = World::start(engine).await;
    let (keys, token) = (world.kids(&world.here()).await, world.token("reader").await);
    let world = world.restart().await;
    assert_eq!(world.kids(&world.here()).await, keys);
    assert!(world.is_taken(&world.here(), &token).await);
    assert_eq!(kid(&world.token("reader").await), keys[0]);
}

async fn keys_are_sealed_at_rest(engine: Engine) {
    let world = World::start(engine).await;
    world.token("reader").await;
    let rows = world.app.rows("SELECT sealed FROM signing_key").await;
    let values = rows.concat();
    let [Value::Text(sealed)] = values.as_slice() else { panic!("{} keys", values.len()) };
    let seal = SealKey::parse(&world.app.config.seal_key).unwrap();
    let plain = seal.open(&Secret(sealed.clone())).unwrap();
    let der = STANDARD.decode(&plain).unwrap();
    // Neither the key in base64 nor any part of it stands in what is stored.
    assert!(!sealed.contains(&plain[..40]) && !sealed.contains("PRIVATE KEY"));
    let encoded = sealed.rsplit(':').next().unwrap();
    let bytes = STANDARD.decode(encoded).unwrap();
    assert!(!bytes.windows(16).any(|window| der.windows(16).any(|part| part == window)));
    assert!(!bytes.windows(16).any(|window| plain.as_bytes().starts_with(window)));
    // Nor anywhere else in the store.
    for table in ["counter", "domain", "instance", "audit", "spent"] {
        for value in world.app.all_of(table).await.concat() {
            let text = format!("{value:?}");
            assert!(!text.contains(&plain[..40]) && !text.contains("PRIVATE KEY"), "{table}");
        }
    }
}

async fn a_new_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_are_over(
    engine: Engine,
) {
    let world = World::start(engine).await;
    let here = world.here();
    let first = world.token("reader").await;
    let old = kid(&first);
    let rotated = world.key_ring().rotate(&world.app.domain(ZORG), Rotation::Smooth, None).await;
    let new = rotated.unwrap().expect("nobody else rotates");
    let both = [old.clone(), new.clone()];
    within_a_second("the new key", async || world.kids(&here).await == both).await;
    // Who keeps the key set for a while knows the new key before it is used.
    assert_eq!(kid(&world.token("reader").await), old);
    world.app.advance(Duration::from_secs(25));
    assert_eq!(kid(&world.token("reader").await), old);
    world.app.advance(Duration::from_secs(30));
    let last = world.token("reader").await;
    assert_eq!(kid(&last), old);
    world.app.advance(Duration::from_secs(10));
    let next = world.token("reader").await;
    assert_eq!(kid(&next), new);
    for token in [&first, &last, &next] {
        assert!(world.is_taken(&here, token).await);
        assert_eq!(world.introspect("module", token).await.json()["active"], true);
    }
    // The last token of the old key has 5 minutes.
    world.app.advance(Duration::from_secs(280));
    assert!(world.is_taken(&here, &last).await);
    assert_eq!(world.kids(&here).await, both);
    world.app.advance(Duration::from_secs(120));
    assert_eq!(world.kids(&here).await, [new]);
    assert!(!world.is_taken(&here, &last).await);
}

async fn a_key_that_is_replaced_at_once_takes_its_tokens_with_it(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    let token = world.token("reader").await;
    let theirs = world.token("stranger").await;
    assert!(world.is_taken(&here, &token).await);
    let ring = world.key_ring();
    let new = ring.rotate(&world.app.domain(ZORG), Rotation::AtOnce, None).await.unwrap().unwrap();
    within_a_second("the end of the key", async || !world.is_taken(&here, &token).await).await;
    assert_eq!(world.kids(&here).await, std::slice::from_ref(&new));
    world.finds_inactive("module", &token, "its key is worth nothing").await;
    let next = world.token("reader").await;
    assert_eq!(kid(&next), new);
    assert!(world.is_taken(&here, &next).await);
    // The other domain has keys of its own.
    let device = format!("Device/{}", world.client_id("resident"));
    here.read("elders", &theirs, &device).await.expect(200);
}

async fn a_key_that_was_replaced_before_is_worth_nothing_either(engine: Engine) {
    let world = World::start(engine).await;
    let (here, domain) = (world.here(), world.app.domain(ZORG));
    let token = world.token("reader").await;
    let ring = world.key_ring();
    ring.rotate(&domain, Rotation::Smooth, None).await.unwrap().unwrap();
    world.app.advance(Duration::from_secs(61));
    // Only now it is known that the keys are in wrong hands.
    let new = ring.rotate(&domain, Rotation::AtOnce, None).await.unwrap().unwrap();
    within_a_second("the new key", async || kid(&world.token("reader").await) == new).await;
    assert_eq!(world.kids(&here).await, [new]);
    assert!(!world.is_taken(&here, &token).await, "the oldest key is still believed");
}

async fn the_private_half_of_a_key_that_is_over_is_removed(engine: Engine) {
    let world = World::start(engine).await;
    world.token("reader").await;
    let domain = world.app.domain(ZORG);
    world.key_ring().rotate(&domain, Rotation::AtOnce, None).await.unwrap().unwrap();
    let sealed = "SELECT COUNT(*) FROM signing_key WHERE sealed <> ''";
    assert_eq!(world.app.number(sealed).await, 2);
    // What is over is removed after a margin of five minutes, when a process begins
    // and every half minute.
    world.app.advance(Duration::from_secs(301));
    let world = world.restart().await;
    eventually("the removal", async || world.app.number(sealed).await == 1).await;
}

async fn a_key_is_replaced_when_it_is_old(engine: Engine) {
    let plan = World::build(engine).config(|config| config.kt2.signing_key_max_age = DAY);
    let world = plan.start().await;
    let old = kid(&world.token("reader").await);
    world.app.advance(DAY + Duration::from_secs(60));
    // Keys are looked at when a process begins, and every half minute.
    let world = world.restart().await;
    let here = world.here();
    eventually("the second key", async || world.kids(&here).await.len() == 2).await;
    let recorded = "detail LIKE 'the signing key was replaced%'";
    assert_eq!(count_audited(world.app.store(), recorded).await, 1);
    assert_eq!(kid(&world.token("reader").await), old);
    world.app.advance(Duration::from_secs(61));
    let next = kid(&world.token("reader").await);
    assert_ne!(next, old);
    world.app.advance(Duration::from_secs(400));
    assert_eq!(world.kids(&here).await, [next]);
}

async fn a_key_that_is_not_old_is_kept(engine: Engine) {
    let plan = World::build(engine).config(|config| config.kt2.signing_key_max_age = DAY);
    let world = plan.start().await;
    let keys = world.kids(&world.here()).await;
    world.app.advance(DAY - Duration::from_secs(3_600));
    let rotated = world.key_ring().rotate_by_age(&world.app.domain(ZORG), DAY, None).await;
    assert!(!rotated.unwrap());
    let world = world.restart().await;
    assert_eq!(world.kids(&world.here()).await, keys);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_make_one_key() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let (here, there) = (world.here(), world.at(&second));
    let (one, two, token_here, token_there) = tokio::join!(
        world.kids(&here),
        world.kids(&there),
        world.token_from(&here, "reader"),
        world.token_from(&there, "admin"),
    );
    assert_eq!(one.len(), 1);
    assert_eq!(one, two);
    for caller in [&here, &there] {
        assert!(world.is_taken(caller, &token_here).await);
        assert!(world.is_taken(caller, &token_there).await);
    }
    assert_eq!(world.app.number("SELECT COUNT(*) FROM signing_key").await, 1);
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rotation_is_in_force_in_both_processes_and_of_two_one_counts() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let callers = [world.here(), world.at(&second)];
    let token = world.token("reader").await;
    for caller in &callers {
        assert!(world.is_taken(caller, &token).await);
    }
    let domain = world.app.domain(ZORG);
    let rings = [world.key_ring(), world.key_ring()];
    let (one, two) = tokio::join!(
        rings[0].rotate(&domain, Rotation::AtOnce, None),
        rings[1].rotate(&domain, Rotation::AtOnce, None)
    );
    let made: Vec<String> = [one, two].into_iter().filter_map(Result::unwrap).collect();
    assert!(!made.is_empty());
    within_a_second("the end of the key", async || {
        !world.is_taken(&callers[0], &token).await && !world.is_taken(&callers[1], &token).await
    })
    .await;
    let newest = made.last().unwrap();
    for caller in &callers {
        let kids = world.kids(caller).await;
        assert_eq!(kids.len(), 1, "{kids:?} of {made:?} after {newest}");
    }
    second.shutdown().await;
}
