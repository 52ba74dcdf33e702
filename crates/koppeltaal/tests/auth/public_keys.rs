//! The keys that a domain publishes (TOP-KT-020; spec 4).

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::jws::{is_signed_by, kid};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    the_keys_are_public_and_named_by_their_thumbprint,
    who_checks_signatures_may_keep_the_keys_for_a_while,
    an_access_token_is_signed_by_the_key_that_it_names,
    the_keys_of_two_domains_are_different,
);

async fn the_keys_are_public_and_named_by_their_thumbprint(engine: Engine) {
    let world = World::start(engine).await;
    let keys = world.published(&world.here()).await;
    assert_eq!(keys.len(), 1);
    for key in keys {
        let mut names: Vec<&str> = key.as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| !["use", "alg", "key_ops"].contains(name));
        names.sort_unstable();
        assert_eq!(names, ["e", "kid", "kty", "n"], "{key}");
        assert_eq!(key["kty"], "RSA");
        assert_eq!(key["use"], "sig");
        assert_eq!(key["alg"], "RS512");
        let (e, n) = (key["e"].as_str().unwrap(), key["n"].as_str().unwrap());
        assert!(URL_SAFE_NO_PAD.decode(n).unwrap().len() >= 256, "2048 bits at least");
        let canonical = format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#);
        let thumbprint = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
        assert_eq!(key["kid"], thumbprint.as_str());
    }
}

async fn who_checks_signatures_may_keep_the_keys_for_a_while(engine: Engine) {
    let world = World::start(engine).await;
    let reply = world.here().get("/api/v1/zorg/.well-known/jwks.json").await.expect(200);
    let control = reply.header("cache-control").unwrap();
    let age = control.split("max-age=").nth(1).expect("max-age").parse::<u32>().unwrap();
    assert!(control.starts_with("public") && (1..=300).contains(&age), "{control}");
    assert_eq!(reply.header("pragma"), None);
}

async fn an_access_token_is_signed_by_the_key_that_it_names(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let keys = world.published(&world.here()).await;
    let key = keys.iter().find(|key| key["kid"] == kid(&token).as_str()).unwrap();
    assert!(is_signed_by(&token, key));
    assert!(!is_signed_by(&crate::jws::tampered(&token), key));
}

async fn the_keys_of_two_domains_are_different(engine: Engine) {
    let world = World::start(engine).await;
    let ours = world.kids(&world.here()).await;
    let path = "/api/v1/elders/.well-known/jwks.json";
    let theirs = world.here().get(path).await.expect(200).json();
    assert_eq!(theirs["keys"].as_array().unwrap().len(), 1);
    assert_ne!(theirs["keys"][0]["kid"], ours[0].as_str());
}
