//! Requests to the token endpoint that are wrong in form or in order (RFC 6749,
//! 5.2): never a failure of the server, and nothing is told to who has not proved
//! who it is.

use koppeltaal_client::kt2::ASSERTION_TYPE;
use reqwest::{Method, header};

use crate::caller::encoded;
use crate::cast::ZORG;
use crate::support::Engine;
use crate::world::{World, client_credentials};

on_both_engines!(
    who_the_client_is_comes_before_what_it_wants,
    grants_that_are_not_served_are_refused_by_name,
    a_parameter_may_be_given_once,
    only_a_form_is_read,
    odd_bodies_are_the_fault_of_the_caller,
);

async fn who_the_client_is_comes_before_what_it_wants(engine: Engine) {
    let world = World::start(engine).await;
    for grant in ["refresh_token", "password", "", "client_credentials", "authorization_code"] {
        let fields = [
            ("grant_type", grant),
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", "garbage"),
        ];
        world.here().form(ZORG, "token", &fields).await.is_unknown_client();
        world.here().form(ZORG, "token", &fields[..1]).await.is_unknown_client();
    }
    for endpoint in ["introspect", "token/introspection", "revoke"] {
        world.here().form(ZORG, endpoint, &[]).await.is_unknown_client();
        world.here().form(ZORG, endpoint, &[("token", "NOOP")]).await.is_unknown_client();
    }
}

async fn grants_that_are_not_served_are_refused_by_name(engine: Engine) {
    let world = World::start(engine).await;
    for (grant, error) in [
        ("refresh_token", "unsupported_grant_type"),
        ("password", "unsupported_grant_type"),
        ("urn:ietf:params:oauth:grant-type:jwt-bearer", "unsupported_grant_type"),
        ("CLIENT_CREDENTIALS", "unsupported_grant_type"),
        ("", "invalid_request"),
    ] {
        let assertion = world.signed("reader");
        let mut fields = client_credentials(&assertion);
        fields[0].1 = grant;
        let reply = world.here().form(ZORG, "token", &fields).await;
        reply.is_error(400, error);
        assert_eq!(reply.header("www-authenticate"), None);
    }
    let assertion = world.signed("reader");
    let reply = world.here().form(ZORG, "token", &client_credentials(&assertion)[1..]).await;
    reply.is_error(400, "invalid_request");
    // A code that never was.
    let assertion = world.signed("reader");
    let mut fields = client_credentials(&assertion).to_vec();
    fields[0].1 = "authorization_code";
    world.here().form(ZORG, "token", &fields).await.is_error(400, "invalid_request");
    let assertion = world.signed("reader");
    let mut fields = client_credentials(&assertion).to_vec();
    fields[0].1 = "authorization_code";
    fields.extend([("code", "unknown"), ("redirect_uri", "https://reader.example/return")]);
    fields.push(("code_verifier", "v"));
    world.here().form(ZORG, "token", &fields).await.is_error(400, "invalid_grant");
}

async fn a_parameter_may_be_given_once(engine: Engine) {
    let world = World::start(engine).await;
    for name in ["grant_type", "client_assertion", "client_assertion_type", "scope", "x"] {
        let assertion = world.signed("reader");
        let mut fields = client_credentials(&assertion).to_vec();
        let value = fields.iter().find(|(known, _)| *known == name).map_or("1", |(_, v)| *v);
        fields.push((name, value));
        if name == "scope" || name == "x" {
            fields.push((name, value));
        }
        let reply = world.here().form(ZORG, "token", &fields).await;
        reply.is_error(400, "invalid_request");
    }
}

async fn only_a_form_is_read(engine: Engine) {
    let world = World::start(engine).await;
    let post = async |content_type: &str, body: String| {
        let request = world.here().request(Method::POST, "/api/v1/zorg/oauth2/token").body(body);
        let request = match content_type {
            "" => request,
            content_type => request.header(header::CONTENT_TYPE, content_type),
        };
        world.here().send(request).await
    };
    let body = || encoded(&client_credentials(&world.signed("reader")));
    for content_type in [
        "",
        "application/json",
        "text/plain",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencodedx",
        "application/fhir+json",
    ] {
        let reply = post(content_type, body()).await;
        assert!((400..500).contains(&reply.status), "{content_type}: {}", reply.status);
        assert_ne!(reply.status, 401, "{content_type}: nobody was asked who it is");
        assert!(reply.json()["error"].is_string());
    }
    for content_type in [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "application/x-www-form-urlencoded;charset=utf-8",
        "Application/X-WWW-Form-URLEncoded",
    ] {
        assert_eq!(post(content_type, body()).await.status, 200, "{content_type}");
    }
}

async fn odd_bodies_are_the_fault_of_the_caller(engine: Engine) {
    let world = World::start(engine).await;
    let post = async |body: Vec<u8>| {
        let request = world.here().request(Method::POST, "/api/v1/zorg/oauth2/token").body(body);
        let form = "application/x-www-form-urlencoded";
        world.here().send(request.header(header::CONTENT_TYPE, form)).await
    };
    let long = |length: usize| {
        let mut body = encoded(&client_credentials(&world.signed("reader"))).into_bytes();
        body.extend(b"&x=");
        body.resize(length, b'x');
        body
    };
    post(long(60 * 1024)).await.expect(200);
    post(long(64 * 1024 + 1)).await.expect(413);
    // Who sends far more may be cut off before it has read the answer.
    let request = world.here().request(Method::POST, "/api/v1/zorg/oauth2/token");
    let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Ok(answer) = request.body(long(5 * 1024 * 1024)).send().await {
        assert_eq!(answer.status(), 413);
    }
    let many = (0..10_000).map(|n| format!("p{n}=1")).collect::<Vec<_>>().join("&");
    for body in [
        Vec::new(),
        b"&&&===&".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"grant_type=%ff%00%zz&client_assertion=%".to_vec(),
        b"grant_type".to_vec(),
        many.into_bytes(),
        r#"{"grant_type":"client_credentials"}"#.into(),
    ] {
        world.pause();
        let reply = post(body.clone()).await;
        assert!((400..500).contains(&reply.status), "{body:?}: {}", reply.status);
        assert!(reply.json()["error"].is_string());
    }
}
