//! Where the name of the user comes from.

use koppeltaal_auth::openid::Failure;
use serde_json::{Value, json};

use crate::key_pair::KeyPair;
use crate::provider::{DISCOVERY, Reply};
use crate::world::*;

#[tokio::test]
async fn any_claim_of_text_can_name_the_user() {
    let mut world = World::new().await;
    for (claim, changes, expected) in [
        ("sub", json!({}), "user 7"),
        ("preferred_username", json!({"preferred_username": " Åse "}), " Åse "),
        ("name", json!({"name": "A. User", "name#nl": "other"}), "A. User"),
        ("urn:employee", json!({"urn:employee": "007"}), "007"),
        // Only the claim that is used must be right.
        ("sub", json!({"email_verified": false}), "user 7"),
    ] {
        world.settings.username_claim = Some(claim.to_owned());
        assert_eq!(world.login(changes).await.unwrap().username, expected);
    }
    assert!(world.provider.seen("/userinfo").is_empty());
}

#[tokio::test]
async fn a_claim_that_cannot_be_a_name_is_refused() {
    let world = World::new().await;
    for changes in [
        json!({"email": ""}),
        json!({"email": "x".repeat(257)}),
        json!({"email": 7}),
        json!({"email": ["a@example.nl"]}),
        json!({"email_verified": false}),
        json!({"email_verified": "false"}),
    ] {
        is_refused(&world.login(changes).await);
    }
    assert!(world.login(json!({"email_verified": true})).await.is_ok());
}

/// A login without the claim in the id_token, with this userinfo.
async fn with_userinfo(world: &World, userinfo: Value) -> Result<String, Failure> {
    world.provider.on("/userinfo", Reply::json(&userinfo));
    world.login(json!({"email": null})).await.map(|person| person.username)
}

#[tokio::test]
async fn a_claim_that_is_missing_is_asked_of_userinfo_about_the_same_user() {
    let world = World::new().await;
    let found = with_userinfo(&world, json!({"sub": "user 7", "email": "b@example.nl"})).await;
    assert_eq!(found.unwrap(), "b@example.nl");
    let seen = world.provider.seen("/userinfo").remove(0);
    assert_eq!(seen.header("authorization"), Some("Bearer access-token"));
    for userinfo in [
        json!({"sub": "user 8", "email": "b@example.nl"}),
        json!({"sub": "user 7", "email": "b@example.nl", "email_verified": false}),
        json!({"sub": "user 7"}),
        json!({"sub": "user 7", "email": ""}),
    ] {
        is_refused(&with_userinfo(&world, userinfo).await);
    }
    is_unavailable(&with_userinfo(&world, json!({"email": "b@example.nl"})).await);
    is_unavailable(&with_userinfo(&world, json!([])).await);
}

#[tokio::test]
async fn userinfo_may_be_signed_but_only_by_the_provider() {
    let mut world = World::new().await;
    world.key = KeyPair::new("rsa", "RS256");
    world.provider.on("/jwks", Reply::json(&json!({"keys": [world.key.jwk()]})));
    let claims = json!({"iss": world.provider.issuer, "aud": CLIENT, "sub": "user 7",
                        "email": "b@example.nl"});
    let stranger = KeyPair::new("rsa", "RS256");
    for (key, is_ok) in [(&world.key, true), (&stranger, false)] {
        world.provider.on("/userinfo", Reply::text(200, "application/jwt", &key.sign(&claims)));
        let outcome = world.login(json!({"email": null})).await;
        assert_eq!(outcome.is_ok(), is_ok, "{outcome:?}");
    }
}

#[tokio::test]
async fn userinfo_that_fails_is_a_failure() {
    let world = World::new().await;
    for reply in [
        Reply::Gone,
        Reply::Silent,
        Reply::text(401, "application/json", "{}"),
        Reply::text(200, "text/html", "<html>"),
        Reply::text(200, "application/json", "<html>"),
        Reply::text(200, "application/json", &"x".repeat(2_000_000)),
        Reply::text(302, "text/plain", "").header("Location: /elsewhere"),
    ] {
        world.provider.on("/userinfo", reply);
        is_unavailable(&world.login(json!({"email": null})).await);
    }
    assert!(world.provider.seen("/elsewhere").is_empty());
}

#[tokio::test]
async fn an_access_token_that_no_header_can_hold_is_refused() {
    let world = World::new().await;
    let begun = world.begin().await.unwrap();
    let claims = changed(world.claims(&begun), json!({"email": null}));
    world.provider.on(
        "/token",
        Reply::json(&json!({
            "access_token": "a\r\nX-Evil: 1",
            "token_type": "Bearer",
            "id_token": world.key.sign(&claims)
        })),
    );
    is_refused(&world.finish(&begun).await);
    assert!(world.provider.seen("/userinfo").is_empty());
}

#[tokio::test]
async fn without_a_userinfo_endpoint_a_missing_claim_is_refused() {
    let world = World::new().await;
    let mut discovery = world.provider.discovery();
    discovery.as_object_mut().unwrap().remove("userinfo_endpoint");
    world.provider.on(DISCOVERY, Reply::json(&discovery));
    is_refused(&world.login(json!({"email": null})).await);
    assert!(world.login(json!({})).await.is_ok());
}
