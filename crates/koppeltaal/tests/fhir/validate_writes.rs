//! What `$validate` says of a resource because of what is stored: references, its
//! origin and id, and whether it can be deleted (FHIR R4, Resource-validate).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::{JSON, path};
use crate::reply::Reply;
use crate::resources::{CONFORMANCE, Ground, ORIGIN, audit_event, patient, subscription, task};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    references_that_lead_nowhere_are_told,
    an_origin_is_the_servers,
    the_id_is_that_of_the_url,
    a_subscription_is_judged_as_it_would_be_kept,
    whether_it_can_be_deleted_is_told_without_a_body,
    a_deletion_by_parameters_looks_at_no_content,
);

fn errors(reply: &Reply) -> Vec<Value> {
    reply.issues().into_iter().filter(|issue| issue["severity"] == "error").collect()
}

fn origin(device: &str) -> Value {
    json!([{ "url": ORIGIN, "valueReference": { "reference": device, "type": "Device" } }])
}

async fn references_that_lead_nowhere_are_told(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let gone = path(&own.create(&patient()).await);
    own.delete(&gone).await.expect(200);
    let nowhere = format!("Practitioner/{}", Uuid::new_v4());
    let wrong = task(&gone, &nowhere);
    let told = own.post("Task/$validate?mode=create", &wrong).await.expect(200);
    assert_eq!(told.issues(), own.try_create(&wrong).await.expect(422).issues());
    // By itself it is valid.
    let told = own.post("Task/$validate", &wrong).await.expect(200);
    assert_eq!((told.issues().len(), errors(&told).len()), (2, 0), "{}", told.text());
    let kept = own.create(&ground.resource("Task")).await;
    let mut next = kept.clone();
    next["owner"]["reference"] = nowhere.into();
    let url = format!("{}/$validate?mode=update", path(&kept));
    let told = own.post(&url, &next).await.expect(200);
    assert_eq!(told.issues(), own.try_update(&next).await.expect(422).issues());
    // Who may only read it does not find out so what there is.
    let reader = world.client("reader").await;
    assert_eq!(errors(&reader.post(&url, &next).await.expect(200)), [] as [Value; 0]);
    // What is wrong otherwise is told with it.
    next["status"] = "nonsense".into();
    assert_eq!(errors(&own.post(&url, &next).await.expect(200)).len(), 2);
    // The past may be gone.
    let event = audit_event(&ground.device, &gone);
    let told = own.post("AuditEvent/$validate", &event).await.expect(200);
    assert_eq!(errors(&told), [] as [Value; 0]);
    for kind in CONFORMANCE {
        let extension =
            json!([{ "url": "https://example.test/a", "valueReference": { "reference": gone } }]);
        let body = json!({ "resourceType": kind, "extension": extension });
        let told = own.post(&format!("{kind}/$validate"), &body).await.expect(200);
        assert!(!told.text().contains("not found"), "{}", told.text());
    }
}

async fn an_origin_is_the_servers(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = patient();
    new["extension"] = origin(&world.device("own"));
    let told = own.post("Patient/$validate?mode=create", &new).await.expect(200);
    assert_eq!(errors(&told).len(), 1, "{}", told.text());
    told.about("extension");
    // What was read is valid.
    let told = own.post("Patient/$validate", &new).await.expect(200);
    assert_eq!(errors(&told), [] as [Value; 0]);
    let kept = own.create(&patient()).await;
    let url = format!("{}/$validate?mode=update", path(&kept));
    assert_eq!(errors(&own.post(&url, &kept).await.expect(200)), [] as [Value; 0]);
    for wrong in [
        origin(&world.device("own2")),
        origin("Patient/1"),
        json!([origin(&world.device("own"))[0], origin(&world.device("own"))[0]]),
    ] {
        let mut next = kept.clone();
        next["extension"] = wrong;
        let told = own.post(&url, &next).await.expect(200).about("extension");
        assert!(!errors(&told).is_empty(), "{}", told.text());
    }
}

async fn the_id_is_that_of_the_url(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let url = format!("{}/$validate?mode=update", path(&kept));
    let mut other = kept.clone();
    other["id"] = Uuid::new_v4().to_string().into();
    let told = own.post(&url, &other).await.expect(200).about("id");
    assert_eq!(errors(&told).len(), 1, "{}", told.text());
    other.as_object_mut().unwrap().remove("id");
    let told = own.post(&url, &other).await.expect(200).about("id");
    assert_eq!(errors(&told), [] as [Value; 0]);
    // A create has no use for it.
    other["id"] = "mine".into();
    other.as_object_mut().unwrap().remove("extension");
    let told = own.post("Patient/$validate?mode=create", &other).await.expect(200);
    assert_eq!(errors(&told), [] as [Value; 0]);
}

async fn a_subscription_is_judged_as_it_would_be_kept(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["status"] = "error".into();
    let told = own.post("Subscription/$validate?mode=create", &new).await.expect(200);
    told.about("Subscription.status");
    let told = own.post("Subscription/$validate", &subscription("Task?")).await.expect(200);
    assert_eq!(errors(&told), [] as [Value; 0]);
}

async fn whether_it_can_be_deleted_is_told_without_a_body(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let kept = own.create(&ground.resource("Task")).await;
    let ask = async |client: &str, path: &str| {
        let url = format!("{path}/$validate?mode=delete");
        world.client(client).await.call("POST", &url, &[], "").await.expect(200)
    };
    assert_eq!(errors(&ask("own", &path(&kept)).await), [] as [Value; 0]);
    let held = ask("own", &ground.patient).await.refused(200, "conflict");
    assert_eq!(errors(&held).len(), 1);
    assert_eq!(held.issues(), own.delete(&ground.patient).await.expect(409).issues());
    let told = ask("admin", &ground.patient).await;
    assert!(told.diagnostics().contains("(Task)"), "{}", told.text());
    // The right to read is enough to ask, and not to delete.
    let told = ask("reader", &path(&kept)).await.refused(200, "forbidden");
    assert_eq!(errors(&told).len(), 1);
    let event = own.create(&audit_event(&ground.device, &ground.patient)).await;
    ask("own", &path(&event)).await.refused(200, "not-supported");
    let url = format!("{}/$validate?mode=delete", path(&kept));
    world.client("own2").await.call("POST", &url, &[], "").await.expect(403);
    world.anyone().call("POST", &url, &[], "").await.expect(401);
    // Nothing is named, so nothing can be said.
    let told = own.call("POST", "Task/$validate?mode=delete", &[], "").await.expect(200);
    assert_eq!(errors(&told), [] as [Value; 0]);
    own.get(&path(&kept)).await.expect(200);
    own.delete(&path(&kept)).await.expect(200);
    assert_eq!(errors(&ask("own", &ground.patient).await), [] as [Value; 0]);
    own.call("POST", &url, &[], "").await.refused(410, "deleted");
    // Without the mode there is nothing to be judged.
    own.call("POST", "Task/$validate", &[], "").await.expect(415);
    own.call("POST", "Task/$validate", &[("content-type", JSON)], "").await.expect(400);
}

async fn a_deletion_by_parameters_looks_at_no_content(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    own.create(&ground.resource("Task")).await;
    let parameters = json!({
        "resourceType": "Parameters",
        "parameter": [
            { "name": "mode", "valueCode": "delete" },
            { "name": "resource", "resource": { "resourceType": "Task" } },
        ],
    });
    let url = format!("{}/$validate", ground.patient);
    own.post(&url, &parameters).await.refused(200, "conflict");
    let json = [("content-type", JSON)];
    let url = format!("{url}?mode=delete");
    own.call("POST", &url, &json, "{").await.refused(200, "conflict");
}
