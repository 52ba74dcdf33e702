//! The path of a request: percent-encoded segments, and what is told of a path that
//! leads to no interaction (RFC 3986, 2.1; FHIR R4, 3.1.0.1).

use serde_json::json;

use crate::client::{JSON, path};
use crate::resources::patient;
use crate::support::Engine;
use crate::world::{PUBLIC, World};

on_both_engines!(
    a_segment_is_decoded_once,
    a_segment_that_cannot_be_decoded_is_refused,
    validate_is_asked_by_post_of_a_type,
);

async fn a_segment_is_decoded_once(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let id = kept["id"].as_str().unwrap().replace('-', "%2D");
    for path in [format!("Patient/{id}"), format!("%50atient/{id}")] {
        assert_eq!(own.get(&path).await.expect(200).json(), kept, "{path}");
    }
    own.get(&format!("Patient/{id}/%5Fhistory/%31")).await.expect(200);
    own.post("Patient/%24validate", &patient()).await.expect(200);
    own.post(&format!("Patient/{id}/%24validate"), &kept).await.expect(200);
    world.anyone().get("%6Detadata").await.expect(200);
    world.anyone().get("%2Ewell-known/smart-configuration").await.expect(200);
    // Once: what is encoded twice is another name.
    let admin = world.client("admin").await;
    let twice = id.replace("%2D", "%252D");
    admin.get(&format!("Patient/{twice}")).await.refused(404, "not-found");
    let mut next = kept.clone();
    next["active"] = false.into();
    let headers = [("if-match", r#"W/"1""#)];
    let reply = own.put_with(&format!("Patient/{id}"), &headers, &next).await.expect(200);
    let location = format!("{PUBLIC}/api/v1/zorg/fhir/r4/{}/_history/2", path(&kept));
    assert_eq!(reply.header("content-location"), Some(location.as_str()));
}

async fn a_segment_that_cannot_be_decoded_is_refused(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["admin", "nobody"] {
        let client = world.client(client).await;
        for odd in [
            "Patient/%",
            "Patient/%4",
            "Patient/%zz",
            "Patient/%FF",
            "Patient/%C3",
            "Patient/a%00b",
            "%/1",
        ] {
            let refused = client.get(odd).await.refused(400, "structure");
            assert!(refused.diagnostics().contains("path"), "{odd}: {}", refused.text());
        }
    }
    world.anyone().get("Patient/%FF").await.expect(401);
    // What can be decoded is no more than an unknown name: an encoded slash parts nothing.
    let admin = world.client("admin").await;
    let kept = path(&admin.create(&patient()).await);
    let slashed = kept.replace('/', "%2F");
    for unknown in ["Patient/%C3%A9", "Patient/a%0Ab", &format!("Patient/..%2F{slashed}")] {
        admin.get(unknown).await.refused(404, "not-found");
        admin.delete(unknown).await.refused(404, "not-found");
    }
    admin.get(&slashed).await.refused(404, "not-supported");
}

async fn validate_is_asked_by_post_of_a_type(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = path(&own.create(&patient()).await);
    for path in ["Patient/$validate".to_owned(), format!("{kept}/$validate")] {
        for method in ["GET", "PUT", "DELETE"] {
            let json = [("content-type", JSON)];
            let refused = own.call(method, &path, &json, "").await.refused(405, "not-supported");
            assert!(refused.diagnostics().contains("POST"), "{method}: {}", refused.text());
            assert_eq!(refused.header("allow"), Some("POST"), "{method}");
        }
    }
    let refused = own.post("$validate", &json!({})).await.refused(405, "not-supported");
    assert!(refused.diagnostics().contains("resource type"), "{}", refused.text());
    let refused = own.get("Patient/$everything").await.refused(405, "not-supported");
    assert!(refused.diagnostics().contains("$everything is not supported"), "{}", refused.text());
}
