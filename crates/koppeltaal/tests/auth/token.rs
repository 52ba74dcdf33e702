//! Access tokens for SMART backend services (spec 1.1, 1.5 to 1.7): how they are
//! asked for, and what they say.

use std::collections::BTreeSet;
use std::time::Duration;

use koppeltaal_client::kt2::{ASSERTION_TYPE, Algorithm};
use koppeltaal_core::directory::{Permission, Scope};
use reqwest::header;
use serde_json::json;
use uuid::Uuid;

use crate::cast::{ZORG, permission, signer};
use crate::jws::{is_signed_by, ps256, taken_apart};
use crate::support::Engine;
use crate::world::{World, client_credentials, issuer};

on_both_engines!(
    every_algorithm_of_the_standard_is_taken,
    a_client_with_a_pem_needs_no_kid,
    an_access_token_has_exactly_these_claims_and_this_header,
    an_access_token_lasts_as_long_as_is_configured,
    the_answer_has_no_members_that_old_clients_do_not_know,
    who_has_no_role_gets_a_token_that_permits_nothing,
    the_scopes_are_those_of_the_role,
    a_token_with_many_grants_is_as_good_as_any,
    a_client_id_beside_the_assertion_has_to_be_that_of_the_assertion,
    what_old_clients_send_too_is_tolerated,
    what_stands_in_the_query_counts_for_nothing,
    no_other_kind_of_client_authentication_is_taken,
);

async fn every_algorithm_of_the_standard_is_taken(engine: Engine) {
    let world = World::start(engine).await;
    for (key, algorithm) in [
        ("module-rsa", Algorithm::Rs256),
        ("module-rsa", Algorithm::Rs384),
        ("module-rsa", Algorithm::Rs512),
        ("module", Algorithm::Es256),
        ("module-p384", Algorithm::Es384),
        ("module-p521", Algorithm::Es512),
    ] {
        let signer = signer(key).with_algorithm(algorithm).unwrap();
        let assertion = world.assertion("module").sign(&signer).unwrap();
        let reply = world.ask(&assertion).await;
        assert_eq!(reply.status, 200, "{algorithm}: {}", reply.text);
    }
    let assertion = ps256(&signer("module-rsa"), world.assertion("module").claims());
    world.ask(&assertion).await.expect(200);
}

async fn a_client_with_a_pem_needs_no_kid(engine: Engine) {
    let world = World::start(engine).await;
    let nameless = koppeltaal_client::kt2::Signer::new(
        koppeltaal_client::kt2::PrivateKey::from_pem(&signer("pem").key().private_pem().unwrap())
            .unwrap(),
    );
    for signer in [nameless, signer("pem")] {
        let assertion = world.assertion("pem").sign(&signer).unwrap();
        world.ask(&assertion).await.expect(200);
    }
}

async fn an_access_token_has_exactly_these_claims_and_this_header(engine: Engine) {
    let world = World::start(engine).await;
    let before = world.seconds();
    let token = world.token("reader").await;
    let after = world.seconds();
    let key = &world.published(&world.here()).await[0];
    assert!(is_signed_by(&token, key));
    let (header, mut claims) = taken_apart(&token);
    assert_eq!(header, json!({ "alg": "RS512", "kid": key["kid"], "typ": "JWT" }));
    let at = claims["iat"].as_i64().expect("whole seconds");
    // Cut off, never rounded up.
    assert!((before..=after).contains(&at), "{before} {at} {after}");
    let unique = [claims["jti"].take(), claims["nonce"].take()];
    for id in &unique {
        assert_eq!(Uuid::parse_str(id.as_str().unwrap()).unwrap().get_version_num(), 4);
    }
    assert_ne!(unique[0], unique[1]);
    let expected = json!({
        "iss": issuer(ZORG),
        "aud": "fhir-server",
        "iat": at,
        "nbf": at,
        "exp": at + 300,
        "jti": null,
        "nonce": null,
        "type": "access",
        "scope": "system/Device.rs",
        "azp": world.client_id("reader"),
    });
    assert_eq!(claims, expected);
    let (_, next) = taken_apart(&world.token("reader").await);
    assert!(!unique.contains(&next["jti"]) && !unique.contains(&next["nonce"]));
}

async fn an_access_token_lasts_as_long_as_is_configured(engine: Engine) {
    let lifetime = Duration::from_secs(120);
    let plan = World::build(engine).config(|config| config.kt2.access_token_lifetime = lifetime);
    let world = plan.start().await;
    let reply = world.ask(&world.signed("reader")).await.expect(200);
    assert_eq!(reply.json()["expires_in"], 120);
    let (_, claims) = taken_apart(&reply.text_of("access_token"));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 120);
}

async fn the_answer_has_no_members_that_old_clients_do_not_know(engine: Engine) {
    let world = World::start(engine).await;
    let reply = world.ask(&world.signed("reader")).await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.header("cache-control"), Some("no-store"));
    assert_eq!(reply.header("pragma"), Some("no-cache"));
    let mut body = reply.json();
    assert!(body["access_token"].take().is_string());
    let expected = json!({
        "access_token": null,
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "system/Device.rs",
    });
    assert_eq!(body, expected);
}

async fn who_has_no_role_gets_a_token_that_permits_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let reply = world.ask(&world.signed("naked")).await.expect(200);
    let body = reply.json();
    let mut names: Vec<&str> = body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["access_token", "expires_in", "token_type"]);
    let (_, claims) = taken_apart(&reply.text_of("access_token"));
    assert_eq!(claims["scope"], "");
}

async fn the_scopes_are_those_of_the_role(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client_id("portal");
    let mut granted = [world.client_id("module"), world.client_id("other")];
    granted.sort();
    let [x, y] = granted;
    // The order of entries and of devices says nothing.
    let scope_of = async |client: &str| -> BTreeSet<String> {
        let (_, claims) = taken_apart(&world.token(client).await);
        let in_order = |entry: &str| {
            let (what, devices) = entry.split_once('=').unwrap_or((entry, ""));
            let mut devices: Vec<&str> = devices.split(',').collect();
            devices.sort_unstable();
            let equals = if entry.contains('=') { "=" } else { "" };
            format!("{what}{equals}{}", devices.join(","))
        };
        claims["scope"].as_str().unwrap().split(' ').map(in_order).collect()
    };
    let expected = [
        "system/Patient.rs".to_owned(),
        format!("system/RelatedPerson.crus?resource-origin=Device/{own}"),
        format!("system/Task.c?resource-origin=Device/{own}"),
        format!("system/Task.rs?resource-origin=Device/{x},Device/{y}"),
        format!("system/Task.u?resource-origin=Device/{x},Device/{y}"),
    ];
    assert_eq!(scope_of("portal").await, expected.into());
    assert_eq!(scope_of("admin").await, ["system/*.cruds".to_owned()].into());
    let own = world.client_id("module");
    let expected = [
        format!("system/Device.rs?resource-origin=Device/{own}"),
        "system/Organization.d".to_owned(),
    ];
    assert_eq!(scope_of("module").await, expected.into());

    let table: [(Permission, &str); 4] = [
        (permission("*", "R", Scope::All, &[]), "system/*.rs"),
        (permission("Task", "CRUD", Scope::All, &[]), "system/Task.cruds"),
        (permission("Task", "UD", Scope::All, &[]), "system/Task.ud"),
        (permission("Task", "C", Scope::All, &[]), "system/Task.c"),
    ];
    for (permission, expected) in table {
        world.change_role("lezer", |role| role.permissions = vec![permission]).await;
        crate::world::within_a_second(expected, async || {
            scope_of("reader").await == [expected.to_owned()].into()
        })
        .await;
    }
}

async fn a_token_with_many_grants_is_as_good_as_any(engine: Engine) {
    let world = World::start(engine).await;
    let granted: Vec<String> = (0..200).map(|_| Uuid::new_v4().to_string()).collect();
    let granted: Vec<&String> = granted.iter().collect();
    let mut of_all = vec![permission("Device", "R", Scope::All, &[])];
    of_all.push(permission("Task", "R", Scope::Granted, &granted));
    world.change_role("lezer", |role| role.permissions = of_all).await;
    crate::world::within_a_second("the grants", async || {
        world.token("reader").await.len() > 8 * 1024
    })
    .await;
    let token = world.token("reader").await;
    assert!(world.is_taken(&world.here(), &token).await, "a token of {} bytes", token.len());
    let reply = world.introspect("module", &token).await.expect(200);
    assert_eq!(reply.json()["active"], true);
}

async fn a_client_id_beside_the_assertion_has_to_be_that_of_the_assertion(engine: Engine) {
    let world = World::start(engine).await;
    for (client_id, status) in [("module", 401), ("reader", 200)] {
        let (assertion, client_id) = (world.signed("reader"), world.client_id(client_id));
        let mut fields = client_credentials(&assertion).to_vec();
        fields.push(("client_id", &client_id));
        world.here().form(ZORG, "token", &fields).await.expect(status);
    }
}

async fn what_old_clients_send_too_is_tolerated(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.signed("reader");
    let mut fields = client_credentials(&assertion).to_vec();
    let audience = issuer(ZORG) + "/fhir/r4";
    let client_id = world.client_id("reader");
    fields.extend([("aud", audience.as_str()), ("scope", ""), ("client_id", &client_id)]);
    let request = world.here().form_request(ZORG, "token", &fields);
    let request = request.header(header::ACCEPT, "application/fhir+json");
    let reply = world.here().send(request).await.expect(200);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    // A wish for less or more changes nothing.
    for scope in ["*", "system/*.cruds", "system/Task.r", "openid nonsense"] {
        let assertion = world.signed("reader");
        let mut fields = client_credentials(&assertion).to_vec();
        fields.push(("scope", scope));
        let reply = world.here().form(ZORG, "token", &fields).await.expect(200);
        assert_eq!(reply.json()["scope"], "system/Device.rs", "{scope}");
    }
}

async fn what_stands_in_the_query_counts_for_nothing(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.signed("reader");
    let query = crate::caller::encoded(&client_credentials(&assertion));
    let all = format!("token?{query}");
    world.here().form(ZORG, &all, &[]).await.is_unknown_client();
    let get = world.here().get(&format!("/api/v1/zorg/oauth2/{all}")).await;
    assert_eq!(get.status, 405);
    // Neither was the assertion used up, nor does a parameter there count as given
    // twice.
    world.here().form(ZORG, &all, &client_credentials(&assertion)).await.expect(200);
    let assertion = world.signed("reader");
    let without_grant = &client_credentials(&assertion)[1..];
    let endpoint = "token?grant_type=client_credentials";
    assert_eq!(world.here().form(ZORG, endpoint, without_grant).await.status, 400);
}

async fn no_other_kind_of_client_authentication_is_taken(engine: Engine) {
    let world = World::start(engine).await;
    let client_id = world.client_id("reader");
    let grant = ("grant_type", "client_credentials");
    let secret = [grant, ("client_id", &client_id), ("client_secret", "s3cret:with:colons")];
    world.here().form(ZORG, "token", &secret).await.is_unknown_client();
    let only_name = [grant, ("client_id", &client_id)];
    world.here().form(ZORG, "token", &only_name).await.is_unknown_client();
    for name in [client_id.as_str(), "reader"] {
        let request = world.here().form_request(ZORG, "token", &[grant]);
        let request = request.basic_auth(name, Some("s3cret:with:colons"));
        world.here().send(request).await.is_unknown_client();
    }
    let assertion = world.signed("reader");
    let request = world.here().form_request(ZORG, "token", &[grant]).bearer_auth(&assertion);
    world.here().send(request).await.is_unknown_client();
    let other_type = [
        grant,
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"),
        ("client_assertion", &assertion),
    ];
    world.here().form(ZORG, "token", &other_type).await.is_unknown_client();
    let typed_only = [grant, ("client_assertion_type", ASSERTION_TYPE)];
    world.here().form(ZORG, "token", &typed_only).await.is_unknown_client();
}
