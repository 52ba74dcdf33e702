//! The code (spec 3.5): bound to client, redirect URI, verifier and domain; good for
//! one use within a minute; and what becomes of an attempt with a wrong one.

use std::time::Duration;

use koppeltaal_core::audit::Action;

use crate::authorize_request::Request;
use crate::authorize_world::*;
use crate::recorded::as_resource;
use crate::support::Engine;

on_both_engines!(
    a_code_is_of_its_client,
    a_code_is_of_its_redirect_uri,
    a_code_is_of_its_verifier,
    a_code_is_of_its_domain,
    a_code_is_used_once,
    a_code_that_is_used_again_is_recorded,
    of_many_who_redeem_a_code_at_once_one_does,
    a_code_lasts_a_minute,
    a_code_that_nobody_gave_is_no_grant,
    a_code_is_redeemed_by_a_client_that_proves_itself,
    a_code_is_256_random_bits,
    there_is_no_refresh_token,
);

async fn refuse(world: &World, code: &str, change: impl FnOnce(Request) -> Request) {
    let answer = world.redeem(code, change).await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.clone().json();
    assert!(json.get("error_description").is_none_or(|text| !text.to_string().contains("http")));
    assert_eq!(answer.error(), "invalid_grant");
    world.pause();
}

async fn a_code_is_of_its_client(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let of_other = world.redemption("other", ZORG, &code);
    let answer = world.post(&world.endpoint(ZORG, "token"), &of_other).await;
    assert!(!answer.text.contains(&world.id("module")), "{}", answer.text);
    assert_eq!(answer.error(), "invalid_grant");
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_code_is_of_its_redirect_uri(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    refuse(&world, &code, |r| r.set("redirect_uri", BACK_WITH_QUERY)).await;
    refuse(&world, &code, |r| r.set("redirect_uri", "https://module.example/terug/")).await;
    refuse(&world, &code, |r| r.set("redirect_uri", "https://MODULE.example/terug")).await;
    let missing = world.redeem(&code, |r| r.without("redirect_uri")).await.error();
    assert!(["invalid_grant", "invalid_request"].contains(&missing.as_str()), "{missing}");
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_code_is_of_its_verifier(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let challenge = koppeltaal_client::kt2::Pkce::from_verifier(VERIFIER).challenge;
    for verifier in ["x", &VERIFIER[1..], &format!("{VERIFIER} "), &challenge, &"x".repeat(43)] {
        refuse(&world, &code, |r| r.set("code_verifier", verifier)).await;
    }
    let missing = world.redeem(&code, |r| r.without("code_verifier")).await.error();
    assert!(["invalid_grant", "invalid_request"].contains(&missing.as_str()), "{missing}");
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_code_is_of_its_domain(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let elsewhere = world.redemption("foreign", ELDERS, &code);
    let answer = world.post(&world.endpoint(ELDERS, "token"), &elsewhere).await;
    assert_eq!(answer.error(), "invalid_grant");
    let astray = world.redemption("module", ELDERS, &code);
    world.post(&world.endpoint(ELDERS, "token"), &astray).await.expect(401);
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_code_is_used_once(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    world.redeem(&code, |request| request).await.expect(200);
    refuse(&world, &code, |request| request).await;
    refuse(&world, &code, |request| request).await;
    world.app.advance(Duration::from_secs(120));
    refuse(&world, &code, |request| request).await;
}

async fn a_code_that_is_used_again_is_recorded(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    world.redeem(&code, |request| request).await.expect(200);
    let before = world.trail().await.len();
    refuse(&world, &code, |request| request).await;
    let mut rows = world.trail().await;
    assert_eq!(rows.len(), before + 1);
    let row = rows.pop().unwrap();
    assert_eq!(row.action, Action::Launch.code());
    let event = as_resource(&row).unwrap();
    assert_eq!(event["type"]["code"], "110100");
    assert_eq!(event["outcome"], "4");
    assert_eq!(event["entity"][0]["what"]["reference"], "Task/t1");
    assert!(!event.to_string().contains(&code));
}

async fn of_many_who_redeem_a_code_at_once_one_does(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let asking: Vec<_> = (0..8)
        .map(|_| {
            let (world, code) = (world.clone(), code.clone());
            tokio::spawn(async move { world.redeem(&code, |request| request).await })
        })
        .collect();
    let mut redeemed = 0;
    for asked in asking {
        let answer = asked.await.unwrap();
        match answer.status {
            200 => redeemed += 1,
            _ => assert_eq!(answer.error(), "invalid_grant"),
        }
    }
    assert_eq!(redeemed, 1);
}

async fn a_code_lasts_a_minute(engine: Engine) {
    let world = World::start(engine).await;
    let (quick, late) = (world.code(PATIENT).await, world.code(PATIENT).await);
    world.app.advance(Duration::from_secs(50));
    world.redeem(&quick, |request| request).await.expect(200);
    world.app.advance(Duration::from_secs(11));
    refuse(&world, &late, |request| request).await;
}

async fn a_code_that_nobody_gave_is_no_grant(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    for odd in ["x", "NOOP", "\0", "é", &code[1..], &format!("{code}A"), &"x".repeat(5000)] {
        refuse(&world, odd, |request| request).await;
    }
    assert_eq!(world.redeem(&code, |r| r.without("code")).await.error(), "invalid_request");
    assert_eq!(world.redeem(&code, |r| r.set("code", "")).await.error(), "invalid_request");
    let state = world.login(PATIENT).await.state();
    refuse(&world, &state, |request| request).await;
}

async fn a_code_is_redeemed_by_a_client_that_proves_itself(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let without = |r: Request| r.without("client_assertion").without("client_assertion_type");
    let answer = world.redeem(&code, without).await.expect(401);
    assert_eq!(answer.json()["error"], "invalid_client");
    let public = |r: Request| without(r).set("client_id", &world.id("module"));
    world.redeem(&code, public).await.expect(401);
    // Nothing of it stands in a query.
    let request = world.redemption("module", ZORG, &code);
    let url = format!("{}?{}", world.endpoint(ZORG, "token"), request.encoded());
    world.post(&url, &Request::default()).await.expect(401);
    world.get(&url, &[]).await.expect(405);
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_code_is_256_random_bits(engine: Engine) {
    let world = World::start(engine).await;
    let (one, other) = (world.code(PATIENT).await, world.code(PATIENT).await);
    assert_ne!(one, other);
    for code in [one, other] {
        assert!(code.len() >= 43, "{code}");
        assert!(code.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)), "{code}");
    }
}

async fn there_is_no_refresh_token(engine: Engine) {
    let world = World::start(engine).await;
    let code = world.code(PATIENT).await;
    let answer = world.redeem(&code, |request| request).await.expect(200).json();
    assert!(answer.get("refresh_token").is_none());
    let refresh = |r: Request| r.set("grant_type", "refresh_token").also("refresh_token", "x");
    assert_eq!(world.redeem(&code, refresh).await.error(), "unsupported_grant_type");
}
