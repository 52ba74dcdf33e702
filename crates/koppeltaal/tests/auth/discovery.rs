//! What a domain publishes about itself (TOP-KT-016, TOP-KT-018; spec 4, 7), the
//! methods it is served with, and who may read it from a browser.

use reqwest::Method;
use serde_json::{Value, json};

use crate::caller::Reply;
use crate::cast::{ALIAS, ORIGIN, ZORG};
use crate::support::Engine;
use crate::world::{PUBLIC, World, issuer, url};

on_both_engines!(
    the_smart_configuration_has_exactly_the_values_of_the_standard_under_every_base,
    each_domain_publishes_its_own_urls,
    the_openid_configuration_is_that_of_the_same_issuer,
    no_document_names_a_registration_or_a_revocation_endpoint,
    documents_are_json_for_everybody_whatever_they_accept,
    every_url_that_is_published_is_served,
    the_capabilities_say_where_tokens_come_from,
    unknown_and_inactive_domains_are_not_there,
    several_slashes_count_as_one,
    other_methods_are_refused_with_those_that_are_served,
    only_pages_of_listed_origins_may_ask_for_tokens,
    a_preflight_lets_listed_origins_and_nobody_else_go_on,
);

/// The documents of `zorg`.
const DOCUMENTS: [&str; 5] = [
    "/api/v1/zorg/fhir/r4/.well-known/smart-configuration",
    "/fhir/DEFAULT/.well-known/smart-configuration",
    "/api/v1/zorg/.well-known/smart-configuration",
    "/api/v1/zorg/.well-known/openid-configuration",
    "/api/v1/zorg/.well-known/jwks.json",
];

fn as_set(value: &Value) -> Vec<&str> {
    let mut texts: Vec<&str> =
        value.as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect();
    texts.sort_unstable();
    texts
}

async fn the_smart_configuration_has_exactly_the_values_of_the_standard_under_every_base(
    engine: Engine,
) {
    let world = World::start(engine).await;
    let mut document = world.here().get(DOCUMENTS[0]).await.expect(200).json();
    for other in &DOCUMENTS[1..3] {
        assert_eq!(world.here().get(other).await.expect(200).json(), document, "{other}");
    }
    let algorithms = document["token_endpoint_auth_signing_alg_values_supported"].take();
    let algorithms = as_set(&algorithms);
    for needed in ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512"] {
        assert!(algorithms.contains(&needed), "{needed}");
    }
    assert!(!algorithms.iter().any(|alg| alg.starts_with("HS") || *alg == "none"));
    document.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    let scopes =
        ["openid", "launch", "fhirUser", "system/*.cruds", "system/*.cruds?resource-origin="];
    let capabilities = [
        "launch-ehr",
        "authorize-post",
        "client-confidential-asymmetric",
        "sso-openid-connect",
        "context-ehr-hti",
        "permission-v2",
    ];
    let expected = json!({
        "issuer": issuer(ZORG),
        "jwks_uri": url("/.well-known/jwks.json"),
        "authorization_endpoint": url("/oauth2/authorize"),
        "token_endpoint": url("/oauth2/token"),
        "introspection_endpoint": url("/oauth2/introspect"),
        "management_endpoint": format!("{PUBLIC}/admin/domains/zorg"),
        "grant_types_supported": ["authorization_code", "client_credentials"],
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "scopes_supported": scopes,
        "response_types_supported": ["code"],
        "capabilities": capabilities,
        "code_challenge_methods_supported": ["S256"],
    });
    assert_eq!(document, expected);
}

async fn each_domain_publishes_its_own_urls(engine: Engine) {
    let world = World::start(engine).await;
    let path = "/api/v1/elders/fhir/r4/.well-known/smart-configuration";
    let document = world.here().get(path).await.expect(200).json();
    for name in ["issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"] {
        let value = document[name].as_str().unwrap();
        assert!(value.starts_with(&issuer("elders")), "{name}: {value}");
    }
    assert!(!document.to_string().contains("zorg"), "{document}");
}

async fn the_openid_configuration_is_that_of_the_same_issuer(engine: Engine) {
    let world = World::start(engine).await;
    let smart = world.here().get(DOCUMENTS[2]).await.expect(200).json();
    let openid = world.here().get(DOCUMENTS[3]).await.expect(200).json();
    for name in [
        "issuer",
        "jwks_uri",
        "authorization_endpoint",
        "token_endpoint",
        "introspection_endpoint",
        "response_types_supported",
    ] {
        assert_eq!(openid[name], smart[name], "{name}");
    }
    // Required by OpenID Connect Discovery 1.0, 3.
    assert_eq!(openid["subject_types_supported"], json!(["public"]));
    assert_eq!(openid["id_token_signing_alg_values_supported"], json!(["RS512"]));
    assert_eq!(openid["scopes_supported"], smart["scopes_supported"]);
}

async fn no_document_names_a_registration_or_a_revocation_endpoint(engine: Engine) {
    let world = World::start(engine).await;
    for path in DOCUMENTS.iter().chain(&["/api/v1/zorg/fhir/r4/metadata"]) {
        let text = world.here().get(path).await.expect(200).text;
        for word in ["regist", "revo"] {
            // The extension of SMART has the word in its own name.
            let text = text.replace("fhir-registry.smarthealthit.org", "");
            assert!(!text.contains(word), "{path} holds {word}: {text}");
        }
    }
}

async fn documents_are_json_for_everybody_whatever_they_accept(engine: Engine) {
    let world = World::start(engine).await;
    for path in DOCUMENTS {
        for accept in ["", "*/*", "text/html", "application/xml", "image/png;q=0.1"] {
            let headers = [("accept", accept), ("origin", "https://anywhere.example")];
            let sent = if accept.is_empty() { &headers[1..] } else { &headers[..] };
            let reply = world.here().get_with(path, sent).await.expect(200);
            assert_eq!(reply.header("content-type"), Some("application/json"), "{path}");
            assert_eq!(reply.header("access-control-allow-origin"), Some("*"), "{path}");
            assert!(reply.json().is_object());
        }
        let bad = [("authorization", "Bearer garbage")];
        world.here().get_with(path, &bad).await.expect(200);
        let head = world.here().send(world.here().request(Method::HEAD, path)).await.expect(200);
        assert_eq!(head.text, "");
    }
}

async fn every_url_that_is_published_is_served(engine: Engine) {
    let world = World::start(engine).await;
    let document = world.here().get(DOCUMENTS[0]).await.expect(200).json();
    for (name, value) in document.as_object().unwrap() {
        // The issuer itself is a name; the administration is not part of this service.
        let is_url = value.as_str().is_some_and(|text| text.starts_with("http"));
        if !is_url || name == "issuer" || name == "management_endpoint" {
            continue;
        }
        let path = value.as_str().unwrap().strip_prefix(PUBLIC).unwrap();
        let reply = world.here().get(path).await;
        assert_ne!(reply.status, 404, "{name}: {path}");
    }
}

async fn the_capabilities_say_where_tokens_come_from(engine: Engine) {
    let world = World::start(engine).await;
    for path in ["/api/v1/zorg/fhir/r4/metadata".to_owned(), format!("{ALIAS}/metadata")] {
        let reply = world.here().get(&path).await.expect(200);
        let statement = reply.json();
        assert_eq!(statement["resourceType"], "CapabilityStatement");
        assert_eq!(statement["fhirVersion"], "4.0.1");
        let security = &statement["rest"][0]["security"];
        let coding = &security["service"][0]["coding"][0];
        assert_eq!(coding["code"], "SMART-on-FHIR");
        assert_eq!(
            coding["system"],
            "http://terminology.hl7.org/CodeSystem/restful-security-service"
        );
        let uris = &security["extension"][0];
        assert_eq!(
            uris["url"],
            "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
        );
        for (name, expected) in [
            ("token", url("/oauth2/token")),
            ("authorize", url("/oauth2/authorize")),
            ("introspect", url("/oauth2/introspect")),
            ("jwks", url("/.well-known/jwks.json")),
            ("issuer", issuer(ZORG)),
        ] {
            let children = uris["extension"].as_array().unwrap();
            let child = children.iter().find(|child| child["url"] == name);
            assert_eq!(child.unwrap()["valueUri"], expected.as_str(), "{name}");
        }
    }
}

async fn unknown_and_inactive_domains_are_not_there(engine: Engine) {
    let world = World::start(engine).await;
    for domain in ["nergens", "dicht", "ZORG", "zorg2"] {
        for path in [
            "fhir/r4/.well-known/smart-configuration",
            "fhir/r4/metadata",
            ".well-known/smart-configuration",
            ".well-known/jwks.json",
            "oauth2/token",
            "oauth2/authorize",
        ] {
            world.here().get(&format!("/api/v1/{domain}/{path}")).await.expect(404);
        }
        world.here().form(domain, "token", &[]).await.expect(404);
    }
    for path in ["/api/v1/zorg/oauth2/elsewhere", "/api/v1/zorg/.well-known/x", "/api/v1/zorg"] {
        world.here().get(path).await.expect(404);
    }
}

async fn several_slashes_count_as_one(engine: Engine) {
    let world = World::start(engine).await;
    for path in [
        "/api/v1/zorg/fhir/r4//.well-known/smart-configuration",
        "//api/v1/zorg///.well-known/smart-configuration",
        "/fhir/DEFAULT//.well-known/smart-configuration",
        "/api/v1/zorg/fhir/r4//metadata",
    ] {
        world.here().get(path).await.expect(200);
    }
    let reply = world.here().form(ZORG, "/token", &[]).await;
    reply.is_unknown_client();
}

async fn other_methods_are_refused_with_those_that_are_served(engine: Engine) {
    let world = World::start(engine).await;
    for (path, methods, allow) in [
        ("/api/v1/zorg/oauth2/token", "GET HEAD PUT PATCH DELETE", "POST"),
        ("/api/v1/zorg/oauth2/introspect", "GET HEAD PUT PATCH DELETE", "POST"),
        ("/api/v1/zorg/oauth2/token/introspection", "GET PUT", "POST"),
        ("/api/v1/zorg/oauth2/revoke", "GET HEAD PUT PATCH DELETE", "POST"),
        ("/api/v1/zorg/oauth2/authorize", "PUT PATCH DELETE", "GET, POST"),
        (DOCUMENTS[0], "POST PUT DELETE", "GET, HEAD"),
        (DOCUMENTS[1], "POST PUT DELETE", "GET, HEAD"),
        (DOCUMENTS[2], "POST PUT DELETE", "GET, HEAD"),
        (DOCUMENTS[3], "POST PUT DELETE", "GET, HEAD"),
        (DOCUMENTS[4], "POST PUT DELETE", "GET, HEAD"),
    ] {
        for method in methods.split(' ') {
            let request = world.here().request(method.parse().unwrap(), path);
            let reply = world.here().send(request).await;
            assert_eq!(reply.status, 405, "{method} {path}: {}", reply.text);
            assert_eq!(reply.header("allow"), Some(allow), "{method} {path}");
        }
    }
}

fn allowed_origin(reply: &Reply) -> Option<&str> {
    reply.header("access-control-allow-origin")
}

async fn only_pages_of_listed_origins_may_ask_for_tokens(engine: Engine) {
    let world = World::start(engine).await;
    let ask = async |domain: &str, client: &str, origin: &str| {
        let assertion = world.signed(client);
        let fields = crate::world::client_credentials(&assertion);
        let request = world.here().form_request(domain, "token", &fields);
        world.here().send(request.header("origin", origin)).await.expect(200)
    };
    let reply = ask(ZORG, "reader", ORIGIN).await;
    assert_eq!(allowed_origin(&reply), Some(ORIGIN));
    assert!(reply.header("vary").unwrap().to_lowercase().contains("origin"));
    assert_eq!(allowed_origin(&ask(ZORG, "reader", "https://app.example.evil").await), None);
    assert_eq!(allowed_origin(&ask(ZORG, "reader", "null").await), None);
    assert_eq!(allowed_origin(&ask("elders", "stranger", ORIGIN).await), None);
    // Errors can be read too.
    let request = world.here().form_request(ZORG, "token", &[]).header("origin", ORIGIN);
    let refused = world.here().send(request).await.expect(401);
    assert_eq!(allowed_origin(&refused), Some(ORIGIN));
}

async fn a_preflight_lets_listed_origins_and_nobody_else_go_on(engine: Engine) {
    let world = World::start(engine).await;
    let preflight = async |path: &str, origin: &str| {
        let request = world.here().request(Method::OPTIONS, path);
        let request = request
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type,x-request-id");
        let reply = world.here().send(request).await;
        assert!((200..300).contains(&reply.status), "{path}: {}", reply.status);
        reply
    };
    for path in ["/api/v1/zorg/oauth2/token", "/api/v1/zorg/fhir/r4/Device/1"] {
        let reply = preflight(path, ORIGIN).await;
        assert_eq!(allowed_origin(&reply), Some(ORIGIN), "{path}");
        assert!(reply.header("access-control-allow-methods").unwrap().contains("POST"), "{path}");
        let headers = reply.header("access-control-allow-headers").unwrap().to_lowercase();
        for name in ["authorization", "content-type", "x-request-id", "x-trace-id"] {
            assert!(headers.contains(name), "{path}: {name}");
        }
        assert_eq!(allowed_origin(&preflight(path, "https://evil.example").await), None, "{path}");
    }
    assert_eq!(allowed_origin(&preflight("/api/v1/elders/oauth2/token", ORIGIN).await), None);
    assert_eq!(allowed_origin(&preflight(DOCUMENTS[0], "https://any.example").await), Some("*"));
}
