//! The ids of a request in its answer (TOP-KT-011), whatever becomes of it, and
//! what pages of other origins may do.

use serde_json::json;
use uuid::Uuid;

use crate::client::{JSON, path};
use crate::resources::{changed, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    the_ids_of_a_request_come_back_on_every_answer,
    ids_that_are_none_are_replaced,
    pages_of_listed_origins_may_write,
);

async fn the_ids_of_a_request_come_back_on_every_answer(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let (path, body) = (path(&kept), changed(&kept).to_string());
    let gone = crate::client::path(&own.create(&patient()).await);
    own.delete(&gone).await.expect(200);
    let new = patient().to_string();
    for (method, path, version, body, status) in [
        ("GET", path.as_str(), "", "", 200),
        ("GET", "Patient", "", "", 200),
        ("GET", "metadata", "", "", 200),
        ("GET", "ImplementationGuide", "", "", 200),
        ("POST", "Patient", "", new.as_str(), 201),
        ("POST", "Patient", "", "{", 400),
        ("POST", "Patient/$validate", "", new.as_str(), 200),
        ("GET", "Device/unknown", "", "", 403),
        ("GET", "Nonsense", "", "", 404),
        ("PATCH", path.as_str(), "", "[]", 405),
        ("GET", gone.as_str(), "", "", 410),
        ("PUT", path.as_str(), "9", body.as_str(), 412),
        ("POST", "Patient", "", r#"{"resourceType":"Patient"}"#, 422),
        ("PUT", path.as_str(), "1", body.as_str(), 200),
        ("DELETE", path.as_str(), "", "", 200),
    ] {
        let ids =
            [("x-request-id", "req-1.A"), ("X-Trace-Id", "trace-7"), ("x-correlation-id", "c-1")];
        let mut headers = ids.to_vec();
        headers.push(("content-type", JSON));
        if !version.is_empty() {
            headers.push(("if-match", version));
        }
        let reply = own.call(method, path, &headers, body.to_owned()).await;
        assert_eq!(reply.status, status, "{method} {path}: {}", reply.text());
        assert_eq!(reply.header("x-request-id"), Some("req-1.A"), "{method} {path}");
        assert_eq!(reply.header("x-trace-id"), Some("trace-7"), "{method} {path}");
        assert_eq!(reply.header("x-correlation-id"), None, "{method} {path}");
    }
    let refused = world.anyone().get_with("Patient", &[("x-request-id", "r")]).await.expect(401);
    assert_eq!(refused.header("x-request-id"), Some("r"));
}

async fn ids_that_are_none_are_replaced(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let long = "a".repeat(65);
    for bad in ["a b", "a/b", "a_b", long.as_str(), "{}"] {
        let headers = [("x-request-id", bad), ("x-trace-id", bad)];
        let reply = own.post_with("Patient", &headers, &patient()).await.expect(201);
        for name in ["x-request-id", "x-trace-id"] {
            let id = Uuid::parse_str(reply.header(name).unwrap()).unwrap();
            assert_eq!(id.get_version_num(), 4, "{bad}");
        }
        assert_eq!(reply.header("x-correlation-id"), Some(bad));
    }
    let (first, second) = (own.get("Patient").await, own.get("Patient").await);
    assert_ne!(first.header("x-request-id"), second.header("x-request-id"));
    assert_ne!(first.header("x-trace-id"), second.header("x-trace-id"));
    assert_ne!(first.header("x-trace-id"), first.header("x-request-id"));
}

async fn pages_of_listed_origins_may_write(engine: Engine) {
    let origin = "https://app.example";
    let plan = World::build(engine);
    let plan = plan.setup(|setup| setup.domain("zorg").cors_origins = vec![origin.to_owned()]);
    let world = plan.start().await;
    let preflight = async |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization, content-type, if-match"),
        ];
        world.anyone().call("OPTIONS", "Patient/1", &headers, "").await
    };
    let reply = preflight(origin).await;
    assert!(reply.status < 300, "{}", reply.status);
    assert_eq!(reply.header("access-control-allow-origin"), Some(origin));
    let methods = reply.header("access-control-allow-methods").unwrap();
    assert!(["GET", "POST", "PUT", "DELETE"].iter().all(|m| methods.contains(m)), "{methods}");
    let allowed = reply.header("access-control-allow-headers").unwrap().to_lowercase();
    for name in ["authorization", "content-type", "if-match", "prefer", "x-request-id"] {
        assert!(allowed.contains(name), "{name}: {allowed}");
    }
    assert_eq!(preflight("https://evil.example").await.header("access-control-allow-origin"), None);
    let own = world.client("own").await;
    let reply = own.post_with("Patient", &[("origin", origin)], &patient()).await.expect(201);
    let exposed = reply.header("access-control-expose-headers").unwrap().to_lowercase();
    for name in ["etag", "location", "content-location", "x-request-id", "x-trace-id"] {
        assert!(exposed.contains(name), "{name}: {exposed}");
    }
    let reply = own
        .post_with("Patient", &[("origin", origin)], &json!({ "resourceType": "Patient" }))
        .await;
    assert_eq!(reply.expect(422).header("access-control-allow-origin"), Some(origin));
}
