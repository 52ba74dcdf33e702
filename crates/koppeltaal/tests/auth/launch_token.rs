//! The checks of a launch token (HTI 2.0 as TOP-KT-007 profiles it; spec 2.1, 2.3),
//! one by one.

use koppeltaal_client::kt2::{KeyKind, LaunchToken, PrivateKey, Signer};
use koppeltaal_core::directory::InstanceStatus;
use serde_json::json;

use crate::cast::{key_set, signer};
use crate::jws::{hs256, none};
use crate::support::Engine;
use crate::world::{World, url};

on_both_engines!(
    launch_tokens_within_the_rules_are_active,
    claims_that_do_not_hold_make_it_inactive,
    signatures_that_do_not_hold_make_it_inactive,
    portals_that_take_no_part_make_it_inactive,
    a_portal_that_is_rejected_launches_no_more,
);

async fn launch_tokens_within_the_rules_are_active(engine: Engine) {
    let world = World::start(engine).await;
    let now = world.seconds();
    let right = || world.launch("portal", "module");
    for (what, token) in [
        ("a clock ahead", right().issued_at(now + 40)),
        ("a clock behind", right().issued_at(now - 330)),
        ("short", right().claim("exp", now + 10)),
        ("the longest jti", right().claim("jti", "j".repeat(256))),
        ("the longest id", right().claim("sub", format!("Patient/{}", "i".repeat(64)))),
        ("a canonical definition", right().definition("https://example.nl/a|2")),
        ("HTI 1.1", {
            let task = json!({ "id": "t-1", "instantiatesCanonical": "https://example.nl/a" });
            right().without("resource").claim("task", task)
        }),
    ] {
        let token = token.sign(&signer("portal")).unwrap();
        let reply = world.introspect("module", &token).await.expect(200);
        assert_eq!(reply.json()["active"], true, "{what}");
    }
}

async fn claims_that_do_not_hold_make_it_inactive(engine: Engine) {
    let world = World::start(engine).await;
    let (now, module) = (world.seconds(), world.client_id("module"));
    let other = format!("Device/{}", world.client_id("other"));
    let own = format!("Device/{module}");
    let cases: &[(&str, &dyn Fn(LaunchToken) -> LaunchToken)] = &[
        ("no iss", &|t| t.without("iss")),
        ("iss is nobody", &|t| t.claim("iss", "nobody")),
        ("iss is another client", &|t| t.claim("iss", module.as_str())),
        ("iss is the FHIR base", &|t| t.claim("iss", url("/fhir/r4"))),
        ("no aud", &|t| t.without("aud")),
        ("aud is another module", &|t| t.claim("aud", other.as_str())),
        ("aud without Device/", &|t| t.claim("aud", module.as_str())),
        ("aud is a URL", &|t| t.claim("aud", url("/fhir/r4/") + &own)),
        ("aud is the token endpoint", &|t| t.claim("aud", url("/oauth2/token"))),
        ("aud has two", &|t| t.claim("aud", json!([own, other]))),
        ("aud is an empty array", &|t| t.claim("aud", json!([]))),
        ("no jti", &|t| t.without("jti")),
        ("jti is empty", &|t| t.claim("jti", "")),
        ("jti is too long", &|t| t.claim("jti", "j".repeat(257))),
        ("jti is a number", &|t| t.claim("jti", 5)),
        ("no iat", &|t| t.without("iat")),
        ("iat is to come", &|t| t.issued_at(now + 120)),
        ("iat is a text", &|t| t.claim("iat", now.to_string())),
        ("no exp", &|t| t.without("exp")),
        ("expired", &|t| t.issued_at(now - 400)),
        ("exp is a day ahead", &|t| t.claim("exp", now + 86_400)),
        ("exp is more than 300 s after iat", &|t| t.claim("exp", now + 330)),
        ("exp is before iat", &|t| t.claim("exp", now - 1)),
        ("nbf is to come", &|t| t.claim("nbf", now + 120)),
        ("nbf is no time", &|t| t.claim("nbf", "now")),
        ("no sub", &|t| t.without("sub")),
        ("sub is an organisation", &|t| t.claim("sub", "Organization/1")),
        ("sub is a Device", &|t| t.claim("sub", own.as_str())),
        ("sub has no id", &|t| t.claim("sub", "Patient/")),
        ("sub has a version", &|t| t.claim("sub", "Patient/1/_history/2")),
        ("sub is a URL", &|t| t.claim("sub", url("/fhir/r4/Patient/1"))),
        ("sub climbs", &|t| t.claim("sub", "Patient/../Task/1")),
        ("sub has an id that is too long", &|t| {
            t.claim("sub", format!("Patient/{}", "i".repeat(65)))
        }),
        ("sub is no text", &|t| t.claim("sub", json!(["Patient/1"]))),
        ("no resource", &|t| t.without("resource")),
        ("resource is no Task", &|t| t.claim("resource", "Patient/1")),
        ("resource has no id", &|t| t.claim("resource", "Task/")),
        ("resource is no text", &|t| t.claim("resource", json!({ "id": "Task/1" }))),
        ("patient is no Patient", &|t| t.claim("patient", "Practitioner/1")),
        ("patient is no text", &|t| t.claim("patient", 1)),
        ("intent is no text", &|t| t.claim("intent", json!(["plan"]))),
    ];
    for (what, change) in cases {
        let token = change(world.launch("portal", "module")).sign(&signer("portal")).unwrap();
        world.finds_inactive("module", &token, what).await;
    }
}

async fn signatures_that_do_not_hold_make_it_inactive(engine: Engine) {
    let world = World::start(engine).await;
    let right = || world.launch("portal", "module");
    let portal = signer("portal");
    let by = |signer: &Signer| right().sign(signer).unwrap();
    let ours =
        |name: &str, value: serde_json::Value| right().header(name, value).sign(&portal).unwrap();
    let nobody = PrivateKey::generate(KeyKind::P256).unwrap();
    let jwk = serde_json::Value::Object(nobody.public_jwk("portal"));
    let nobody = Signer::new(nobody).with_kid("portal");
    let unnamed = Signer::new(PrivateKey::from_pem(&portal.key().private_pem().unwrap()).unwrap());
    let claims = right().claims().clone();
    let large = right().claim("x", "x".repeat(6_200)).sign(&portal).unwrap();
    assert!(large.len() > 8 * 1024);
    let signed = by(&portal);
    for (what, token) in [
        ("a stranger's key", by(&nobody)),
        ("the module's key", by(&signer("module"))),
        ("the module's key under the portal's kid", by(&signer("module").with_kid("portal"))),
        ("no kid", by(&unnamed)),
        ("an unknown kid", by(&portal.clone().with_kid("old"))),
        ("none", none("portal", &claims)),
        ("HS256", hs256("portal", key_set("portal").as_bytes(), &claims)),
        ("another alg", ours("alg", json!("ES384"))),
        ("its own jwk", right().header("jwk", jwk).sign(&nobody).unwrap()),
        ("jku", ours("jku", json!("https://evil.example/jwks"))),
        ("x5u", ours("x5u", json!("https://evil.example/key"))),
        ("crit", ours("crit", json!(["exp"]))),
        ("another typ", ours("typ", json!("at+jwt"))),
        ("no signature", format!("{}.", signed.rsplit_once('.').unwrap().0)),
        ("padding", format!("{signed}=")),
        ("larger than 8 KiB", large),
    ] {
        world.finds_inactive("module", &token, what).await;
    }
    // A token that this service has signed itself is no launch token, whatever it says.
    let minted = world.minted(crate::cast::ZORG, &claims.into()).await;
    world.finds_inactive("module", &minted, "signed by the server").await;
}

async fn portals_that_take_no_part_make_it_inactive(engine: Engine) {
    let world = World::start(engine).await;
    for portal in ["pending", "rejected", "off", "retired", "stranger", "locked"] {
        let token = world.launch(portal, "module").sign(&signer(portal)).unwrap();
        world.finds_inactive("module", &token, portal).await;
    }
}

async fn a_portal_that_is_rejected_launches_no_more(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launched();
    world.change_instance("portal", |portal| portal.status = InstanceStatus::Rejected).await;
    crate::world::within_a_second("the rejection", async || {
        world.ask(&world.signed("portal")).await.status == 401
    })
    .await;
    world.finds_inactive("module", &token, "its portal was rejected").await;
}
