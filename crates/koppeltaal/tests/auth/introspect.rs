//! Introspection (RFC 7662; TOP-KT-021; the table of spec 2.4).

use koppeltaal_client::kt2::{ASSERTION_TYPE, LaunchToken};
use serde_json::{Value, json};

use crate::cast::{ELDERS, ZORG, signer};
use crate::jws::{none, taken_apart, tampered};
use crate::support::Engine;
use crate::world::{World, about, issuer, url};

on_both_engines!(
    a_launch_token_for_the_caller_is_active_with_its_claims_as_they_are,
    a_launch_token_works_once,
    a_launch_token_that_was_refused_is_not_used_up,
    an_access_token_is_active_as_often_as_somebody_asks,
    an_id_token_is_active_for_its_client_alone,
    client_assertions_are_not_active_and_not_used_up,
    what_is_no_token_is_not_active,
    a_request_without_a_token_is_malformed,
    only_clients_may_introspect,
    the_assertion_may_be_for_either_url_the_token_endpoint_or_the_issuer,
    both_urls_answer_alike,
    a_launch_token_of_a_relaxed_client_is_introspected_once_too,
);

async fn a_launch_token_for_the_caller_is_active_with_its_claims_as_they_are(engine: Engine) {
    let world = World::start(engine).await;
    let now = world.seconds();
    let module = format!("Device/{}", world.client_id("module"));
    for (what, token) in [
        ("the least", world.launch("portal", "module")),
        (
            "the most",
            world
                .launch("portal", "module")
                .definition("http://example.nl/fhir/ActivityDefinition/a|1.0")
                .patient("Patient/p-9")
                .intent("plan")
                .idp_hint("inlog")
                .claim("nbf", now),
        ),
        ("a practitioner", world.launch("portal", "module").claim("sub", "Practitioner/x.1")),
        ("a related person", world.launch("portal", "module").claim("sub", "RelatedPerson/r-1")),
        ("aud in an array", world.launch("portal", "module").claim("aud", json!([module]))),
        (
            "claims of its own",
            world.launch("portal", "module").claim("x", json!({ "é": [1, null, 1.50] })),
        ),
    ] {
        let mut expected = Value::Object(token.claims().clone());
        expected["active"] = true.into();
        let token = token.sign(&signer("portal")).unwrap();
        let reply = world.introspect("module", &token).await;
        assert_eq!(reply.status, 200, "{what}");
        assert_eq!(reply.json(), expected, "{what}");
        assert_eq!(reply.header("content-type"), Some("application/json"));
    }
}

async fn a_launch_token_works_once(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launched();
    let reply = world.introspect("module", &token).await.expect(200);
    assert_eq!(reply.json()["active"], true);
    world.finds_inactive("module", &token, "it was used before").await;
    let world = world.restart().await;
    world.finds_inactive("module", &token, "it was used before the restart").await;
    // With the same jti for another module, too: it is a nonce.
    let jti = taken_apart(&token).1["jti"].clone();
    let other = world.launch("portal", "other").claim("jti", jti).sign(&signer("portal"));
    world.finds_inactive("other", &other.unwrap(), "its jti was used before").await;
}

async fn a_launch_token_that_was_refused_is_not_used_up(engine: Engine) {
    let world = World::start(engine).await;
    let right = world.launch("portal", "module");
    let token = right.clone().sign(&signer("portal")).unwrap();
    world.finds_inactive("other", &token, "it is for another module").await;
    world.finds_inactive("portal", &token, "it is for another module").await;
    let forged = right.clone().sign(&signer("other").with_kid("portal")).unwrap();
    world.finds_inactive("module", &forged, "it is signed by another").await;
    let expired = right.claim("exp", world.seconds() - 100).sign(&signer("portal")).unwrap();
    world.finds_inactive("module", &expired, "it has expired").await;
    let here = world.here();
    here.form(ZORG, "introspect", &about(&token, "garbage")).await.is_unknown_client();
    assert_eq!(world.introspect("module", &token).await.json()["active"], true);
}

async fn an_access_token_is_active_as_often_as_somebody_asks(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let mut expected = taken_apart(&token).1;
    expected["active"] = true.into();
    for client in ["reader", "module", "reader", "naked"] {
        let reply = world.introspect(client, &token).await.expect(200);
        assert_eq!(reply.json(), expected, "{client}");
    }
    world.finds_inactive("reader", &tampered(&token), "it was tampered with").await;
    let (header, claims) = taken_apart(&token);
    let unsigned = none(header["kid"].as_str().unwrap(), claims.as_object().unwrap());
    world.finds_inactive("reader", &unsigned, "it is not signed").await;
    let theirs = world.token("stranger").await;
    world.finds_inactive("reader", &theirs, "it is of another domain").await;
    assert!(world.is_taken(&world.here(), &token).await);
}

async fn an_id_token_is_active_for_its_client_alone(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.id_token("module").await;
    let mut expected = taken_apart(&token).1;
    expected["active"] = true.into();
    for _ in 0..2 {
        let reply = world.introspect("module", &token).await.expect(200);
        assert_eq!(reply.json(), expected);
    }
    world.finds_inactive("other", &token, "it is for another client").await;
    world.finds_inactive("portal", &token, "it is for another client").await;
    world.finds_inactive("module", &tampered(&token), "it was tampered with").await;
    world.app.advance(std::time::Duration::from_secs(361));
    world.finds_inactive("module", &token, "it has expired").await;
}

async fn client_assertions_are_not_active_and_not_used_up(engine: Engine) {
    let world = World::start(engine).await;
    let theirs = world.signed("portal");
    world.finds_inactive("module", &theirs, "an assertion of another client").await;
    world.ask(&theirs).await.expect(200);
    let own = world.signed("module");
    world.finds_inactive("module", &own, "an assertion of its own").await;
    world.ask(&own).await.expect(200);
    // The very assertion that authenticates.
    let one = world.signed("module");
    let reply = world.here().form(ZORG, "introspect", &about(&one, &one)).await.expect(200);
    assert_eq!(reply.text, r#"{"active":false}"#);
    // And one whose audience is made to look like a launch.
    let device = format!("Device/{}", world.client_id("module"));
    let odd = world.assertion_for("portal", &device).sign(&signer("portal")).unwrap();
    world.finds_inactive("module", &odd, "no user, no task").await;
}

async fn what_is_no_token_is_not_active(engine: Engine) {
    let world = World::start(engine).await;
    let long = "a".repeat(20_000);
    let far = format!("{}.{}.{}", long, long, "a");
    for token in
        ["NOOP", "garbage", "a.b", "a.b.c", "..", "e30.e30.e30", " ", "\u{0}", "é", &long, &far]
    {
        world.finds_inactive("module", token, token).await;
    }
}

async fn a_request_without_a_token_is_malformed(engine: Engine) {
    let world = World::start(engine).await;
    for token in [None, Some("")] {
        let assertion = world.signed("module");
        let fields = about(token.unwrap_or_default(), &assertion);
        let fields = if token.is_none() { &fields[1..] } else { &fields[..] };
        world.here().form(ZORG, "introspect", fields).await.is_error(400, "invalid_request");
    }
    let assertion = world.signed("module");
    let mut fields = about("NOOP", &assertion).to_vec();
    fields.push(("token", "NOOP"));
    world.here().form(ZORG, "introspect", &fields).await.is_error(400, "invalid_request");
    // The token of the query is no token.
    let assertion = world.signed("module");
    let fields = &about("", &assertion)[1..];
    let reply = world.here().form(ZORG, "introspect?token=NOOP", fields).await;
    reply.is_error(400, "invalid_request");
}

async fn only_clients_may_introspect(engine: Engine) {
    let world = World::start(engine).await;
    let (here, token) = (world.here(), world.token("reader").await);
    let introspect = async |assertion: &str| {
        world.pause();
        here.form(ZORG, "introspect", &about(&token, assertion)).await
    };
    here.form(ZORG, "introspect", &[("token", &token)]).await.is_unknown_client();
    let expired = world.assertion("module").issued_at(world.seconds() - 500);
    let used = world.signed("module");
    introspect(&used).await.expect(200);
    for (what, assertion) in [
        ("garbage", "garbage".to_owned()),
        ("nothing", String::new()),
        ("expired", expired.sign(&signer("module")).unwrap()),
        ("used before", used),
        ("rejected", world.signed("rejected")),
        ("of another domain", world.signed("stranger")),
        ("an access token", token.clone()),
    ] {
        let reply = introspect(&assertion).await;
        assert_eq!((reply.status, reply.text.contains("active")), (401, false), "{what}");
        reply.is_unknown_client();
    }
    let bearer = here.form_request(ZORG, "introspect", &[("token", &token)]).bearer_auth(&token);
    here.send(bearer).await.is_unknown_client();
    let other_type = [
        ("token", token.as_str()),
        ("client_assertion_type", "jwt-bearer"),
        ("client_assertion", &world.signed("module")),
    ];
    here.form(ZORG, "introspect", &other_type).await.is_unknown_client();
}

async fn the_assertion_may_be_for_either_url_the_token_endpoint_or_the_issuer(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let ours = [
        url("/oauth2/introspect"),
        url("/oauth2/token/introspection"),
        url("/oauth2/token"),
        issuer(ZORG),
    ];
    let introspect = async |endpoint: &str, audience: Value| {
        world.pause();
        let assertion = world.assertion("module").claim("aud", audience);
        let assertion = assertion.sign(&signer("module")).unwrap();
        world.here().form(ZORG, endpoint, &about(&token, &assertion)).await.status
    };
    for endpoint in ["introspect", "token/introspection"] {
        for audience in &ours {
            assert_eq!(introspect(endpoint, json!(audience)).await, 200, "{audience}");
            assert_eq!(introspect(endpoint, json!([audience, "x"])).await, 200, "{audience}");
        }
        for audience in [
            url("/oauth2/authorize"),
            url("/fhir/r4"),
            format!("{}/oauth2/introspect", issuer(ELDERS)),
            "introspect".to_owned(),
        ] {
            assert_eq!(introspect(endpoint, json!(audience)).await, 401, "{audience}");
        }
    }
}

async fn both_urls_answer_alike(engine: Engine) {
    let world = World::start(engine).await;
    let mut seen = Vec::new();
    for endpoint in ["introspect", "token/introspection"] {
        let claims = |token: LaunchToken| token.claim("jti", format!("at-{endpoint}"));
        let token = claims(world.launch("portal", "module")).sign(&signer("portal")).unwrap();
        let assertion = world.signed("module");
        let request = world.here().form_request(ZORG, endpoint, &about(&token, &assertion));
        let reply = world.here().send(request.header("accept", "text/html")).await.expect(200);
        assert_eq!(reply.json()["active"], true);
        assert_eq!(reply.header("content-type"), Some("application/json"));
        let again = [
            ("token", token.as_str()),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", &world.signed("module")),
        ];
        seen.push(world.here().form(ZORG, endpoint, &again).await.seen());
    }
    assert_eq!(seen[0], seen[1]);
}

async fn a_launch_token_of_a_relaxed_client_is_introspected_once_too(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.launch("portal", "relaxed").sign(&signer("portal")).unwrap();
    let reply = world.introspect("relaxed", &token).await.expect(200);
    assert_eq!(reply.json()["active"], true);
    world.finds_inactive("relaxed", &token, "it was introspected before").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_token_that_one_process_has_seen_is_refused_by_the_other() {
    let world = World::start(Engine::Postgres).await;
    let second = world.another_server().await;
    let (here, there) = (world.here(), world.at(&second));
    for _ in 0..5 {
        let token = world.launched();
        let (one, two) = tokio::join!(
            world.introspect_at(&here, "module", &token),
            world.introspect_at(&there, "module", &token)
        );
        let active = [one, two].map(|reply| reply.expect(200).json()["active"] == true);
        assert!(active[0] != active[1], "{active:?}");
    }
    let token = world.launched();
    assert_eq!(world.introspect_at(&here, "module", &token).await.json()["active"], true);
    let again = world.introspect_at(&there, "module", &token).await.expect(200);
    assert_eq!(again.text, r#"{"active":false}"#);
    // An access token is known in both.
    let token = world.token_from(&here, "reader").await;
    assert_eq!(world.introspect_at(&there, "module", &token).await.json()["active"], true);
    second.shutdown().await;
}
