//! Access tokens at the FHIR service (TOP-KT-012a; spec 1.6, 1.7): who may read
//! what, and how little the others hear.

use std::time::Duration;

use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{Indexed, New, create, delete};
use reqwest::Method;
use serde_json::json;
use uuid::Uuid;

use crate::caller::Reply;
use crate::cast::{ALIAS, ELDERS, ZORG, signer};
use crate::jws::{hs256, none, taken_apart, tampered};
use crate::support::Engine;
use crate::world::{World, issuer};

on_both_engines!(
    a_read_answers_with_version_date_and_type,
    the_alias_is_the_same_base,
    without_a_good_token_all_hear_the_same,
    a_token_is_dead_when_its_time_is_over,
    a_token_anywhere_but_in_the_header_is_no_token,
    own_rights_do_not_tell_foreign_from_unknown,
    whoever_may_read_all_is_told_what_there_is,
    the_ids_of_a_request_come_back,
    pages_of_listed_origins_may_read,
);

fn base(path: &str) -> String {
    format!("/api/v1/{ZORG}/fhir/r4/{path}")
}

async fn a_read_answers_with_version_date_and_type(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let id = world.client_id("portal");
    let reply = world.here().read(ZORG, &token, &format!("Device/{id}")).await.expect(200);
    assert_eq!(
        reply.header("content-type"),
        Some("application/fhir+json; fhirVersion=4.0; charset=utf-8")
    );
    assert_eq!(reply.header("etag"), Some(r#"W/"1""#));
    let date = reply.header("last-modified").unwrap();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    let device = reply.json();
    assert_eq!((&device["resourceType"], &device["id"]), (&json!("Device"), &json!(id)));
    assert_eq!(device["meta"]["versionId"], "1");
    world.change_instance("portal", |instance| instance.active = Some(false)).await;
    let reply = world.here().read(ZORG, &token, &format!("Device/{id}")).await.expect(200);
    assert_eq!(reply.header("etag"), Some(r#"W/"2""#));
}

async fn the_alias_is_the_same_base(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let path = format!("{ALIAS}/Device/{}", world.client_id("portal"));
    let bearer = format!("Bearer {token}");
    world.here().get_with(&path, &[("authorization", &bearer)]).await.expect(200);
    world.here().get(&path).await.expect(401);
}

#[track_caller]
fn is_unauthorized(reply: &Reply, bare: &Reply, what: &str) {
    assert_eq!(reply.seen(), bare.seen(), "{what}");
}

async fn without_a_good_token_all_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let path = base(&format!("Device/{}", world.client_id("portal")));
    let bare = world.here().get(&path).await.expect(401);
    assert_eq!(bare.header("www-authenticate"), Some("Bearer"));
    let outcome = bare.json();
    assert_eq!(outcome["resourceType"], "OperationOutcome");
    assert_eq!(outcome["issue"].as_array().unwrap().len(), 1);
    assert_eq!(outcome["issue"][0]["code"], "login");

    let right = world.token("reader").await;
    let (header, claims) = taken_apart(&right);
    let kid = header["kid"].as_str().unwrap();
    let claims = claims.as_object().unwrap();
    let with = async |name: &str, value: serde_json::Value| {
        let mut claims = claims.clone();
        claims.insert(name.to_owned(), value);
        world.minted(ZORG, &claims.into()).await
    };
    let key = world.published(&world.here()).await[0]["n"].as_str().unwrap().to_owned();
    let now = world.seconds();
    let (signed, signature) = right.rsplit_once('.').unwrap();
    let mut cases = vec![
        ("garbage", "garbage".to_owned()),
        ("nothing", String::new()),
        ("NOOP", "NOOP".to_owned()),
        ("tampered", tampered(&right)),
        ("cut off", right[..right.len() - 4].to_owned()),
        ("without a signature", format!("{signed}.")),
        ("padded", format!("{signed}.{signature}==")),
        ("alg none", none(kid, claims)),
        ("HS256 with the public key", hs256(kid, key.as_bytes(), claims)),
        ("another domain's", world.token("stranger").await),
        ("an id_token", world.id_token("reader").await),
        ("a client assertion", world.signed("reader")),
        ("a launch token", world.launched()),
        ("another issuer", with("iss", json!(issuer(ELDERS))).await),
        ("an issuer with a slash", with("iss", json!(issuer(ZORG) + "/")).await),
        ("another audience", with("aud", json!("somebody")).await),
        ("no type", with("type", json!(null)).await),
        ("the type of a refresh token", with("type", json!("refresh")).await),
        ("expired", with("exp", json!(now - 61)).await),
        ("without an end", with("exp", json!(null)).await),
        ("not yet valid", with("nbf", json!(now + 120)).await),
        ("of nobody", with("azp", json!(Uuid::new_v4().to_string())).await),
        ("of a client elsewhere", with("azp", json!(world.client_id("stranger"))).await),
        ("of a client that is rejected", with("azp", json!(world.client_id("rejected"))).await),
    ];
    let small = world.assertion("reader").claim("aud", "fhir-server").claim("type", "access");
    let small = small.claim("iss", issuer(ZORG)).claim("azp", world.client_id("reader"));
    cases.push(("signed by its client", small.sign(&signer("reader")).unwrap()));
    for (what, token) in &cases {
        let bearer = format!("Bearer {token}");
        let reply = world.here().get_with(&path, &[("authorization", &bearer)]).await;
        is_unauthorized(&reply, &bare, what);
    }
    for (what, value) in [
        ("Basic", "Basic cmVhZGVyOng=".to_owned()),
        ("no scheme", right.clone()),
        ("two tokens", format!("Bearer {right} {right}")),
    ] {
        let reply = world.here().get_with(&path, &[("authorization", &value)]).await;
        is_unauthorized(&reply, &bare, what);
    }
    let bearer = format!("Bearer {right}");
    let twice = [("authorization", bearer.as_str()), ("authorization", "Bearer x")];
    is_unauthorized(&world.here().get_with(&path, &twice).await, &bare, "two headers");
    world.here().get_with(&path, &[("authorization", &bearer)]).await.expect(200);
    // A scheme is the same in any letters (RFC 9110, 11.1).
    let small = format!("bearer {right}");
    world.here().get_with(&path, &[("authorization", &small)]).await.expect(200);
    // The same whatever is asked for.
    for path in ["Device/unknown", "Patient/1", "Nonsense/1", "Device", ""] {
        let reply = world.here().get(&base(path)).await;
        is_unauthorized(&reply, &bare, path);
    }
}

async fn a_token_is_dead_when_its_time_is_over(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    world.app.advance(Duration::from_secs(290));
    assert!(world.is_taken(&world.here(), &token).await);
    // With the leeway that others may give.
    world.app.advance(Duration::from_secs(71));
    assert!(!world.is_taken(&world.here(), &token).await, "it was remembered for too long");
    world.finds_inactive("module", &token, "it has expired").await;
}

async fn a_token_anywhere_but_in_the_header_is_no_token(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("reader").await;
    let path = base(&format!("Device/{}", world.client_id("portal")));
    world.here().get(&format!("{path}?access_token={token}")).await.expect(401);
    let form = world.here().request(Method::GET, &path);
    let form = form.header("content-type", "application/x-www-form-urlencoded");
    world.here().send(form.body(format!("access_token={token}"))).await.expect(401);
    let cookie = format!("access_token={token}");
    world.here().get_with(&path, &[("cookie", &cookie)]).await.expect(401);
}

impl World {
    /// A Device that a client has made.
    async fn device_of(&self, client: &str) -> String {
        let (id, origin) = (Uuid::new_v4().to_string(), self.client_id(client));
        let (ids, now, made) = (self.app.ids().await, self.app.now(), id.clone());
        let scope = self.app.store().scope(&self.app.domain(ZORG));
        let write = move |tx: &mut koppeltaal_store::DomainTx<'_>| {
            let body = Body::new("", r#""status":"active""#);
            let indexed = Indexed::default();
            let new = New {
                resource_type: "Device",
                id: &made,
                origin: &origin,
                body: &body,
                indexed: &indexed,
            };
            create(tx, &ids, &new, now)
        };
        scope.write(write).await.unwrap();
        id
    }

    async fn deleted(&self, id: &str) {
        let (id, ids, now) = (id.to_owned(), self.app.ids().await, self.app.now());
        let scope = self.app.store().scope(&self.app.domain(ZORG));
        scope.write(move |tx| delete(tx, &ids, "Device", &id, None, now)).await.unwrap();
    }
}

async fn own_rights_do_not_tell_foreign_from_unknown(engine: Engine) {
    let world = World::start(engine).await;
    let token = world.token("module").await;
    let own = world.device_of("module").await;
    let foreign = world.device_of("other").await;
    let gone = world.device_of("other").await;
    world.deleted(&gone).await;
    let read = async |path: String| world.here().read(ZORG, &token, &path).await;
    read(format!("Device/{own}")).await.expect(200);
    let refused = read(format!("Device/{foreign}")).await.expect(403);
    let issue = &refused.json()["issue"][0];
    assert_eq!((&issue["severity"], &issue["code"]), (&json!("error"), &json!("forbidden")));
    assert!(!refused.text.contains(&foreign), "{}", refused.text);
    for (what, path) in [
        ("unknown", format!("Device/{}", Uuid::new_v4())),
        ("deleted", format!("Device/{gone}")),
        ("of the server", format!("Device/{}", world.client_id("portal"))),
        ("elsewhere", format!("Device/{}", world.client_id("stranger"))),
        ("no id at all", "Device/not_an_id".to_owned()),
        ("of a type without a right", "Patient/1".to_owned()),
        ("of a type with another right", "Organization/1".to_owned()),
    ] {
        assert_eq!(read(path).await.seen(), refused.seen(), "{what}");
    }
    // What was its own is known to be gone.
    world.deleted(&own).await;
    read(format!("Device/{own}")).await.expect(410);
    // Who may do nothing hears the same.
    let nothing = world.token("naked").await;
    let reply = world.here().read(ZORG, &nothing, &format!("Device/{foreign}")).await;
    assert_eq!(reply.seen(), refused.seen());
}

async fn whoever_may_read_all_is_told_what_there_is(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["reader", "admin"] {
        let token = world.token(client).await;
        let gone = world.device_of("other").await;
        world.deleted(&gone).await;
        for (id, status) in [
            (world.device_of("module").await, 200),
            (world.client_id("portal"), 200),
            (world.app.domain(ZORG).server_device.clone(), 200),
            (gone, 410),
            (Uuid::new_v4().to_string(), 404),
            (world.client_id("stranger"), 404),
            // Never took part.
            (world.client_id("rejected"), 404),
        ] {
            let reply = world.here().read(ZORG, &token, &format!("Device/{id}")).await;
            assert_eq!(reply.status, status, "{client}: {}", reply.text);
        }
        world.here().read(ZORG, &token, "Nonsense/1").await.expect(404);
    }
}

async fn the_ids_of_a_request_come_back(engine: Engine) {
    let world = World::start(engine).await;
    let token = format!("Bearer {}", world.token("reader").await);
    let path = base(&format!("Device/{}", world.client_id("portal")));
    let read = async |headers: &[(&str, &str)]| {
        let mut all = vec![("authorization", token.as_str())];
        all.extend(headers);
        world.here().get_with(&path, &all).await.expect(200)
    };
    let reply = read(&[
        ("x-request-id", "req-1.A"),
        ("x-trace-id", "trace-7"),
        ("x-correlation-id", "other-1"),
    ])
    .await;
    assert_eq!(reply.header("x-request-id"), Some("req-1.A"));
    assert_eq!(reply.header("x-trace-id"), Some("trace-7"));
    assert_eq!(reply.header("x-correlation-id"), None);

    let (first, second) = (read(&[]).await, read(&[]).await);
    for name in ["x-request-id", "x-trace-id"] {
        let id = |reply: &Reply| Uuid::parse_str(reply.header(name).unwrap()).unwrap();
        assert_eq!(id(&first).get_version_num(), 4, "{name}");
        assert_ne!(id(&first), id(&second), "{name}");
    }
    assert_ne!(first.header("x-request-id"), first.header("x-trace-id"));

    // What is no FHIR id is replaced, and named.
    let reply = read(&[("x-request-id", "a b/c")]).await;
    assert!(Uuid::parse_str(reply.header("x-request-id").unwrap()).is_ok());
    assert_eq!(reply.header("x-correlation-id"), Some("a b/c"));
    // Refusals have them too.
    let refused = world.here().get_with(&path, &[("x-request-id", "r"), ("x-trace-id", "t")]).await;
    assert_eq!((refused.status, refused.header("x-request-id")), (401, Some("r")));
    assert_eq!(refused.header("x-trace-id"), Some("t"));
    // And the authorization service.
    let request = world.here().form_request(ZORG, "token", &[]);
    let request = request.header("x-request-id", "r-2").header("x-trace-id", "t-2");
    let refused = world.here().send(request).await.expect(401);
    assert_eq!(refused.header("x-request-id"), Some("r-2"));
    assert_eq!(refused.header("x-trace-id"), Some("t-2"));
    let request = world.here().form_request(ZORG, "token", &[]).header("x-request-id", "r_2");
    let refused = world.here().send(request).await.expect(401);
    assert!(Uuid::parse_str(refused.header("x-request-id").unwrap()).is_ok());
    assert_eq!(refused.header("x-correlation-id"), Some("r_2"));
}

async fn pages_of_listed_origins_may_read(engine: Engine) {
    let world = World::start(engine).await;
    let token = format!("Bearer {}", world.token("reader").await);
    let path = base(&format!("Device/{}", world.client_id("portal")));
    let origin = crate::cast::ORIGIN;
    let headers = [("authorization", token.as_str()), ("origin", origin)];
    let reply = world.here().get_with(&path, &headers).await.expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
    let exposed = reply.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in
        ["etag", "location", "content-location", "x-request-id", "x-correlation-id", "x-trace-id"]
    {
        assert!(exposed.contains(name), "{name}");
    }
    let headers = [("authorization", token.as_str()), ("origin", "https://evil.example")];
    let reply = world.here().get_with(&path, &headers).await.expect(200);
    assert_eq!(reply.header("access-control-allow-origin"), None);
}
