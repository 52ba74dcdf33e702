//! A publisher that takes its key set away ends the trust in it at once; one that is
//! down keeps it for a day (kt2-auth 1.4).

use crate::publisher::*;
use crate::world::*;

const DAY: i64 = 24 * 3600;

#[tokio::test]
async fn a_key_set_that_is_taken_away_is_trusted_no_more() {
    let long = "x".repeat(100_000);
    for (sent, expected) in [
        (answer("404 Not Found", "", ""), "the key set's URL answered 404"),
        (answer("404 Not Found", "", &long), "the key set's URL answered 404"),
        (answer("410 Gone", "", ""), "the key set's URL answered 410"),
        (answer("401 Unauthorized", "", ""), "the key set's URL answered 401"),
        (answer("200 OK", "", "<html>"), "the fetched key set is no JSON object"),
        (answer("200 OK", "", &long), "the fetched key set is longer than 64 KiB"),
        (answer("200 OK", "", "{}"), "the fetched key set has no array `keys`"),
        (answer("204 No Content", "", ""), "the key set's URL answered 204"),
    ] {
        let world = World::new();
        let publisher = Publisher::start(published("Cache-Control: max-age=60\r\n", &["a"])).await;
        let instance = at(publisher.url());
        world.of(&instance, "a").await.unwrap();
        publisher.answer(sent);
        world.pass(60);
        assert_eq!(error(world.of(&instance, "a").await), expected);
        assert_eq!(error(world.of(&instance, "a").await), expected);
        assert_eq!(publisher.hits(), 2, "the pause after a failure holds: {expected}");
        // A later outage does not bring it back.
        publisher.answer(failing());
        world.pass(10);
        assert_eq!(error(world.of(&instance, "a").await), "the key set's URL answered 503");
        publisher.answer(published("", &["a"]));
        world.pass(10);
        assert!(world.of(&instance, "a").await.unwrap().has("a"), "after {expected}");
    }
}

#[tokio::test]
async fn a_key_set_that_is_taken_away_ends_although_it_was_still_fresh() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=3600\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(answer("410 Gone", "", ""));
    world.of(&instance, "unknown").await.unwrap_err();
    world.of(&instance, "a").await.unwrap_err();
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn an_operator_who_finds_no_key_set_ends_the_trust_in_it() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(answer("404 Not Found", "", ""));
    world.keys.check(&instance).await.unwrap_err();
    world.of(&instance, "a").await.unwrap_err();
}

#[tokio::test]
async fn an_outage_keeps_the_keys_for_a_day_since_they_were_last_confirmed() {
    for sent in [
        failing(),
        answer("500 Internal Server Error", "", ""),
        answer("408 Request Timeout", "", ""),
        answer("429 Too Many Requests", "", ""),
        answer("302 Found", "Location: /elsewhere\r\n", ""),
        // No answer at all.
        String::new(),
    ] {
        let world = World::new();
        let publisher = Publisher::start(published("", &["a"])).await;
        let instance = at(publisher.url());
        world.of(&instance, "a").await.unwrap();
        world.pass(3600);
        world.of(&instance, "a").await.unwrap();
        assert_eq!(publisher.hits(), 2, "confirmed");
        publisher.answer(sent.clone());
        for _ in 0..23 {
            world.pass(3600);
            assert!(world.of(&instance, "a").await.unwrap().has("a"), "{sent}");
        }
        world.pass(3599);
        assert!(world.of(&instance, "a").await.unwrap().has("a"), "{sent}");
        // Even in the pause after the last failure.
        world.pass(1);
        world.of(&instance, "a").await.unwrap_err();
        world.pass(3600);
        world.of(&instance, "a").await.unwrap_err();
        publisher.answer(published("", &["b"]));
        world.pass(10);
        assert!(world.of(&instance, "b").await.unwrap().has("b"), "{sent}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_lengthens_no_outage() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    world.pass(-30 * DAY);
    assert!(world.of(&instance, "a").await.unwrap().has("a"), "a clock says nothing of the keys");
    world.pass(DAY - 1);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    world.pass(1);
    world.of(&instance, "a").await.unwrap_err();
}
