//! `Prefer: return=` on writes (FHIR R4, 3.1.0.1.6).

use crate::client::path;
use crate::resources::{changed, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(a_write_returns_what_is_preferred, a_refusal_is_told_whatever_is_preferred);

async fn a_write_returns_what_is_preferred(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    for (prefer, kind) in [
        ("return=minimal", None),
        ("return=representation", Some("Patient")),
        ("return=OperationOutcome", Some("OperationOutcome")),
        ("RETURN=\"minimal\"", None),
        ("respond-async, return=minimal; foo=bar", None),
        ("return=everything", Some("Patient")),
        ("handling=strict", Some("Patient")),
        ("", Some("Patient")),
    ] {
        let headers = [("prefer", prefer)];
        let created = own.post_with("Patient", &headers, &patient()).await.expect(201);
        let kind_of = |reply: &crate::reply::Reply| match reply.body.is_empty() {
            true => None,
            false => Some(reply.json()["resourceType"].as_str().unwrap().to_owned()),
        };
        assert_eq!(kind_of(&created).as_deref(), kind, "{prefer}");
        assert_eq!(created.header("etag"), Some(r#"W/"1""#), "{prefer}");
        assert!(created.header("last-modified").is_some(), "{prefer}");
        assert_eq!(created.header("content-type").is_some(), kind.is_some(), "{prefer}");
        let location = created.header("location").unwrap();
        let kept = own.get(location).await.expect(200).json();
        let tag = [("prefer", prefer), ("if-match", "1")];
        let updated = own.put_with(&path(&kept), &tag, &changed(&kept)).await.expect(200);
        assert_eq!(kind_of(&updated).as_deref(), kind, "{prefer}");
        assert_eq!(updated.header("etag"), Some(r#"W/"2""#), "{prefer}");
        if kind == Some("OperationOutcome") {
            for reply in [created, updated] {
                assert_eq!(reply.issues()[0]["severity"], "information");
            }
        }
    }
}

async fn a_refusal_is_told_whatever_is_preferred(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let headers = [("prefer", "return=minimal")];
    let wrong = serde_json::json!({ "resourceType": "Patient" });
    own.post_with("Patient", &headers, &wrong).await.refused(422, "required");
    let kept = own.create(&patient()).await;
    let done = own.delete_with(&path(&kept), &headers).await.expect(200);
    assert!(!done.issues().is_empty());
}
