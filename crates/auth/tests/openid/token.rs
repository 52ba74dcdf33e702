//! id_tokens that prove nothing.

use aws_lc_rs::{digest, hmac};
use serde_json::{Value, json};

use crate::key_pair::{KeyPair, base64};
use crate::provider::Reply;
use crate::world::*;

#[tokio::test]
async fn a_token_with_a_wrong_claim_is_refused() {
    let world = World::new().await;
    for changes in [
        json!({"iss": "http://127.0.0.1:1"}),
        json!({"iss": format!("{}/", world.provider.issuer)}),
        json!({"iss": null}),
        json!({"aud": "another client"}),
        json!({"aud": []}),
        json!({"aud": null}),
        json!({"aud": [CLIENT, "another client"]}),
        json!({"aud": [CLIENT, "another client"], "azp": "another client"}),
        json!({"azp": "another client"}),
        json!({"exp": START - 60}),
        json!({"exp": null}),
        json!({"exp": "soon"}),
        json!({"exp": 1e300}),
        json!({"iat": START + 61}),
        json!({"iat": null}),
        json!({"iat": -1e300}),
        json!({"nbf": START + 61}),
        json!({"nbf": "later"}),
        json!({"nonce": null}),
        json!({"nonce": ""}),
        json!({"nonce": "of somebody else"}),
        json!({"sub": null}),
        json!({"sub": ""}),
        json!({"sub": 7}),
        json!({"sub": "x".repeat(257)}),
    ] {
        let outcome = world.login(changes.clone()).await;
        assert!(matches!(outcome, Err(koppeltaal_auth::openid::Failure::Refused(_))), "{changes}");
    }
    assert!(world.login(json!({})).await.is_ok());
}

#[tokio::test]
async fn a_token_within_the_leeway_or_with_a_fitting_party_is_taken() {
    let world = World::new().await;
    for changes in [
        json!({"exp": START - 59}),
        json!({"iat": START + 60}),
        json!({"iat": START as f64 + 0.5}),
        json!({"nbf": START + 60}),
        json!({"aud": [CLIENT]}),
        json!({"aud": ["another client", CLIENT], "azp": CLIENT}),
        json!({"azp": CLIENT}),
        json!({"auth_time": null}),
        json!({"updated_at": "2024-01-05T10:00:00Z", "email_verified": "true"}),
    ] {
        let outcome = world.login(changes.clone()).await;
        assert!(outcome.is_ok(), "{changes}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_token_of_an_earlier_login_is_refused() {
    let world = World::new().await;
    let first = world.begin().await.unwrap();
    let second = world.begin().await.unwrap();
    world.give(&world.key.sign(&world.claims(&first)));
    is_refused(&world.finish(&second).await);
    assert!(world.finish(&first).await.is_ok());
}

/// A token from claims of a new login, and what comes of it.
async fn forged(world: &World, forge: impl Fn(&Value) -> String) {
    let begun = world.begin().await.unwrap();
    world.give(&forge(&world.claims(&begun)));
    is_refused(&world.finish(&begun).await);
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_sign_is_refused() {
    let world = World::new().await;
    let unsigned = |alg: &str, claims: &Value| {
        format!("{}.{}", base64(json!({"alg": alg}).to_string()), base64(claims.to_string()))
    };
    forged(&world, |claims| format!("{}.", unsigned("none", claims))).await;
    forged(&world, |claims| format!("{}.AAAA", unsigned("none", claims))).await;
    forged(&world, |claims| format!("{}.", unsigned("NONE", claims))).await;
    forged(&world, |claims| format!("{}.", unsigned("ES256", claims))).await;
    // The client secret is no key, nor is the public key.
    for secret in [SECRET.to_owned(), world.key.jwk().to_string()] {
        for alg in ["HS256", "HS384", "HS512"] {
            forged(&world, |claims| {
                let message = unsigned(alg, claims);
                let algorithm = match alg {
                    "HS256" => hmac::HMAC_SHA256,
                    "HS384" => hmac::HMAC_SHA384,
                    _ => hmac::HMAC_SHA512,
                };
                let key = hmac::Key::new(algorithm, secret.as_bytes());
                format!("{message}.{}", base64(hmac::sign(&key, message.as_bytes())))
            })
            .await;
        }
    }
    let stranger = KeyPair::new("first", "ES256");
    forged(&world, |claims| stranger.sign(claims)).await;
    forged(&world, |claims| stranger.sign_as(&json!({"alg": "ES256"}), claims)).await;
    forged(&world, |claims| {
        let header = json!({"alg": "ES256", "kid": "first", "jwk": stranger.jwk()});
        stranger.sign_as(&header, claims)
    })
    .await;
    forged(&world, |claims| {
        let signed = world.key.sign(claims);
        let other = changed(claims.clone(), json!({"email": "b@example.nl"}));
        let (head, rest) = signed.split_once('.').unwrap();
        let (_, signature) = rest.split_once('.').unwrap();
        format!("{head}.{}.{signature}", base64(other.to_string()))
    })
    .await;
}

#[tokio::test]
async fn a_token_with_a_header_that_does_not_fit_is_refused() {
    let world = World::new().await;
    for header in [
        json!({"alg": "RS256", "kid": "first"}),
        json!({"alg": "ES384", "kid": "first"}),
        json!({"alg": "ES256", "kid": "first", "crit": ["exp"]}),
        json!({"alg": "ES256", "kid": "first", "cty": "JWT"}),
        json!({"alg": "ES256", "kid": "first", "typ": "secevent+jwt"}),
        json!({"alg": "dir", "kid": "first"}),
        json!({"alg": "A128GCM", "kid": "first"}),
        json!({"alg": 7}),
        json!({}),
        json!([]),
    ] {
        forged(&world, |claims| world.key.sign_as(&header, claims)).await;
    }
    let begun = world.begin().await.unwrap();
    let header = json!({"alg": "ES256", "typ": "JWT"});
    world.give(&world.key.sign_as(&header, &world.claims(&begun)));
    assert!(world.finish(&begun).await.is_ok());
}

#[tokio::test]
async fn a_token_that_is_none_is_refused() {
    let world = World::new().await;
    for token in ["", ".", "..", "...", "a.b.c", "é.é.é", "e30.e30.", "bnVsbA.bnVsbA.AA"] {
        forged(&world, |_| token.to_owned()).await;
    }
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    forged(&world, |_| format!("{}.{}.AA", base64(&deep), base64(&deep))).await;
}

#[tokio::test]
async fn the_access_token_must_be_the_one_that_the_token_names() {
    let world = World::new().await;
    let hashed = digest::digest(&digest::SHA256, ACCESS_TOKEN.as_bytes());
    let half = base64(&hashed.as_ref()[..16]);
    assert!(world.login(json!({"at_hash": half})).await.is_ok());
    is_refused(&world.login(json!({"at_hash": base64([7; 16])})).await);
    is_refused(&world.login(json!({"at_hash": ""})).await);
}

#[tokio::test]
async fn a_key_that_is_for_something_else_verifies_nothing() {
    let world = World::new().await;
    for (name, value) in
        [("use", json!("enc")), ("alg", json!("ES384")), ("key_ops", json!(["sign"]))]
    {
        let mut jwk = world.key.jwk();
        jwk[name] = value;
        world.provider.on("/jwks", Reply::json(&json!({"keys": [jwk]})));
        is_refused(&world.login(json!({})).await);
        world.clock.forward(3600);
    }
}
