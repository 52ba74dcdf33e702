//! Every interaction of a known caller leaves one AuditEvent with the content of the
//! standard (TOP-KT-011; spec 6).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::audited_trail::id;
use crate::cast::ZORG;
use crate::client::{JSON, matches, path};
use crate::resources::{Ground, KT2, changed, patient};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    a_read_is_told_in_every_detail,
    what_is_read_is_told_with_its_version,
    a_write_is_told_with_the_version_that_it_made,
    a_deletion_refers_to_nothing_and_says_what_it_was,
    a_search_tells_its_query_and_what_it_found,
    a_history_tells_each_version,
    questions_are_told_too,
    definitions_are_told_when_somebody_known_reads_them,
    nothing_is_told_of_nobody,
);

const REST: &str = "http://hl7.org/fhir/restful-interaction";

/// The parts of an event that differ between interactions.
#[track_caller]
pub fn check(event: &Value, subtype: &str, action: &str, outcome: &str) {
    let code = json!([{ "system": REST, "code": subtype, "display": subtype }]);
    assert_eq!(event["subtype"], code, "{event:#}");
    assert_eq!(event["action"], action, "{event:#}");
    assert_eq!(event["outcome"], outcome, "{event:#}");
    assert_eq!(event["type"]["code"], "rest", "{event:#}");
    assert_eq!(event["outcomeDesc"].is_null(), outcome == "0", "{event:#}");
}

/// What an event says of a version of a resource.
pub fn entity(reference: &str) -> Value {
    let kind = reference.split('/').next().unwrap();
    json!({
        "what": { "reference": reference, "type": kind },
        "type": { "system": "http://hl7.org/fhir/resource-types", "code": kind, "display": kind },
    })
}

fn only(kind: &str) -> Value {
    let mut entity = entity(&format!("{kind}/x"));
    entity.as_object_mut().unwrap().remove("what");
    entity
}

/// What an event says of a search: the type, and the text of the query.
fn query(event: &Value) -> (String, String) {
    let entity = &event["entity"][0];
    assert_eq!(
        entity["role"],
        json!({ "system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "24", "display": "Query" })
    );
    assert_eq!(entity["what"], Value::Null);
    let text = STANDARD.decode(entity["query"].as_str().unwrap()).unwrap();
    (entity["type"]["code"].as_str().unwrap().to_owned(), String::from_utf8(text).unwrap())
}

async fn a_read_is_told_in_every_detail(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let before = world.app.now().0 / 1000 * 1000;
    let (reply, event) = world.one(&own, ("GET", &path(&kept)), &[], "").await;
    let after = world.app.now().0;
    reply.expect(200);
    let recorded: koppeltaal_core::Timestamp = event["recorded"].as_str().unwrap().parse().unwrap();
    assert!((before..=after).contains(&recorded.0), "{event:#}");
    let (me, server) = (world.device("own"), world.app.domain(ZORG).server_device.clone());
    let expected = json!({
        "resourceType": "AuditEvent",
        "id": event["id"],
        "meta": {
            "versionId": "1",
            "lastUpdated": event["meta"]["lastUpdated"],
            "profile": [format!("{KT2}KT2AuditEvent")],
        },
        "extension": [
            { "url": format!("{KT2}resource-origin"), "valueReference": { "reference": me, "type": "Device" } },
            { "url": format!("{KT2}trace-id"), "valueId": id(&event, "trace-id") },
            { "url": format!("{KT2}request-id"), "valueId": id(&event, "request-id") },
            { "url": format!("{KT2}correlation-id"), "valueId": id(&event, "correlation-id") },
        ],
        "type": {
            "system": "http://terminology.hl7.org/CodeSystem/audit-event-type",
            "code": "rest",
            "display": "RESTful Operation",
        },
        "subtype": [{ "system": REST, "code": "read", "display": "read" }],
        "action": "R",
        "recorded": event["recorded"],
        "outcome": "0",
        "agent": [{
            "type": { "coding": [{
                "system": "http://dicom.nema.org/resources/ontology/DCM",
                "code": "110153",
                "display": "Source Role ID",
            }] },
            "who": { "reference": me, "type": "Device" },
            "requestor": true,
        }],
        "source": {
            "site": ZORG,
            "observer": { "reference": format!("Device/{server}"), "type": "Device" },
        },
        "entity": [entity(&format!("{}/_history/1", path(&kept)))],
    });
    assert_eq!(event, expected);
}

async fn what_is_read_is_told_with_its_version(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let kept = own.update(&changed(&kept)).await;
    let (place, second) = (path(&kept), [("if-none-match", r#"W/"2""#)]);
    let vread = format!("{place}/_history/1");
    for (method, path, headers, status, version) in [
        ("GET", &place, &[] as &[_], 200, "2"),
        ("HEAD", &place, &[], 200, "2"),
        ("GET", &place, &second, 304, "2"),
        ("GET", &vread, &[], 200, "1"),
    ] {
        let (reply, event) = world.one(&own, (method, path), headers, "").await;
        reply.expect(status);
        check(&event, "read", "R", "0");
        assert_eq!(event["entity"], json!([entity(&format!("{place}/_history/{version}"))]));
    }
}

async fn a_write_is_told_with_the_version_that_it_made(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let json = [("content-type", JSON)];
    let new = patient().to_string();
    let (reply, event) = world.one(&own, ("POST", "Patient"), &json, &new).await;
    let kept = reply.expect(201).json();
    check(&event, "create", "C", "0");
    assert_eq!(event["entity"], json!([entity(&format!("{}/_history/1", path(&kept)))]));
    let next = changed(&kept);
    let first = [("content-type", JSON), ("if-match", "1")];
    let (reply, event) = world.one(&own, ("PUT", &path(&kept)), &first, &next.to_string()).await;
    let next = reply.expect(200).json();
    check(&event, "update", "U", "0");
    let second = entity(&format!("{}/_history/2", path(&kept)));
    assert_eq!(event["entity"], json!([second]));
    // A request that changes nothing was made all the same.
    let same = [("content-type", JSON), ("if-match", "2")];
    let (reply, event) = world.one(&own, ("PUT", &path(&kept)), &same, &next.to_string()).await;
    assert_eq!(reply.expect(200).json()["meta"]["versionId"], "2");
    check(&event, "update", "U", "0");
    assert_eq!(event["entity"], json!([second]));
}

async fn a_deletion_refers_to_nothing_and_says_what_it_was(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let task = own.create(&ground.resource("Task")).await;
    let related = own.create(&ground.resource("RelatedPerson")).await;
    let (reply, event) = world.one(&own, ("DELETE", &path(&task)), &[], "").await;
    reply.expect(200);
    check(&event, "delete", "D", "0");
    let gone = |path: &str| {
        let mut entity = only(path.split('/').next().unwrap());
        entity["description"] = path.into();
        entity
    };
    assert_eq!(event["entity"], json!([gone(&path(&task))]));
    // Each resource that goes with another is told of.
    let cascade = world.client("cascade").await;
    let url = format!("{}?_cascade=delete", ground.patient);
    let (reply, events) = world.told(&cascade, ("DELETE", &url), &[], "").await;
    reply.expect(200);
    let told: Vec<&Value> = events.iter().map(|event| &event["entity"][0]).collect();
    assert_eq!(told, [&gone(&ground.patient), &gone(&path(&related))]);
    for event in &events {
        check(event, "delete", "D", "0");
        assert_eq!(event["agent"][0]["who"]["reference"], world.device("cascade").as_str());
    }
}

async fn a_search_tells_its_query_and_what_it_found(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let (one, two) = (own.create(&patient()).await, own.create(&patient()).await);
    let two = own.update(&changed(&two)).await;
    let ids = [&one, &two].map(|patient| patient["id"].as_str().unwrap());
    let asked = format!("Patient?_id={}&_sort=_id&_total=none", ids.join(","));
    let (reply, event) = world.one(&own, ("GET", &asked), &[], "").await;
    let found = matches(&reply.expect(200).json());
    check(&event, "search-type", "E", "0");
    assert_eq!(query(&event), ("Patient".to_owned(), format!("/{asked}")));
    let versioned = |resource: &Value| {
        let version = resource["meta"]["versionId"].as_str().unwrap();
        entity(&format!("{}/_history/{version}", path(resource)))
    };
    let expected: Vec<Value> = found.iter().map(versioned).collect();
    let mut both = [versioned(&one), versioned(&two)];
    both.sort_by_key(|entity| entity["what"]["reference"].to_string());
    assert_eq!(expected, both);
    assert_eq!(event["entity"].as_array().unwrap()[1..], expected);
    // Nothing found, by a form and by the path alone.
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let request = ("POST", "Task/_search?_count=3");
    let (reply, event) = world.one(&own, request, &form, "status=ready&_tag=a%7Cb+c").await;
    reply.expect(200);
    check(&event, "search-type", "E", "0");
    let text = "/Task?_count=3&status=ready&_tag=a%7Cb%20c";
    assert_eq!(query(&event), ("Task".to_owned(), text.to_owned()));
    assert_eq!(event["entity"].as_array().unwrap().len(), 1);
    let (_, event) = world.one(&own, ("GET", "Task"), &[], "").await;
    assert_eq!(query(&event), ("Task".to_owned(), "/Task".to_owned()));
    // A page says which.
    let bundle = own.search("Patient?_count=1").await;
    let next = crate::client::link(&bundle, "next").unwrap();
    let (_, event) = world.one(&own, ("GET", &next), &[], "").await;
    assert!(query(&event).1.starts_with("/Patient?_page="), "{event:#}");
    assert_eq!(event["entity"].as_array().unwrap().len(), 2);
}

async fn a_history_tells_each_version(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.update(&changed(&own.create(&patient()).await)).await;
    own.delete(&path(&kept)).await.expect(200);
    let versions = |versions: &[u8]| -> Vec<Value> {
        let of = |version: &u8| entity(&format!("{}/_history/{version}", path(&kept)));
        std::iter::once(only("Bundle")).chain(versions.iter().map(of)).collect()
    };
    let request = format!("{}/_history", path(&kept));
    let (reply, event) = world.one(&own, ("GET", &request), &[], "").await;
    reply.expect(200);
    check(&event, "read", "R", "0");
    assert_eq!(event["entity"], json!(versions(&[3, 2, 1])));
    let (reply, event) = world.one(&own, ("GET", "Patient/_history?_count=2"), &[], "").await;
    reply.expect(200);
    check(&event, "history-type", "R", "0");
    assert_eq!(event["entity"], json!(versions(&[3, 2])));
}

async fn questions_are_told_too(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let kept = own.create(&patient()).await;
    let (reply, event) = world.one(&own, ("GET", "metadata"), &[], "").await;
    reply.expect(200);
    check(&event, "capabilities", "R", "0");
    assert_eq!(event["entity"], json!([only("CapabilityStatement")]));
    let json = [("content-type", JSON)];
    for body in [patient(), json!({ "resourceType": "Patient" })] {
        let request = ("POST", "Patient/$validate");
        let (reply, event) = world.one(&own, request, &json, &body.to_string()).await;
        reply.expect(200);
        check(&event, "operation", "E", "0");
        assert_eq!(event["entity"], json!([only("Patient")]));
    }
    for query in ["", "?mode=delete"] {
        let request = format!("{}/$validate{query}", path(&kept));
        let (reply, event) = world.one(&own, ("POST", &request), &json, &kept.to_string()).await;
        reply.expect(200);
        check(&event, "operation", "E", "0");
        assert_eq!(event["entity"], json!([entity(&format!("{}/_history/1", path(&kept)))]));
    }
}

async fn definitions_are_told_when_somebody_known_reads_them(engine: Engine) {
    let world = World::start(engine).await;
    let nobody = world.client("nobody").await;
    let found = matches(
        &nobody
            .search("StructureDefinition?url=http://koppeltaal.nl/fhir/StructureDefinition/KT2Task")
            .await,
    );
    let place = path(&found[0]);
    let version = format!("{place}/_history/{}", found[0]["meta"]["versionId"].as_str().unwrap());
    for request in [&place, &version] {
        let (reply, event) = world.one(&nobody, ("GET", request), &[], "").await;
        reply.expect(200);
        check(&event, "read", "R", "0");
        assert_eq!(event["entity"], json!([entity(&version)]));
    }
    let request =
        ("GET", "StructureDefinition?url=http://koppeltaal.nl/fhir/StructureDefinition/KT2Task");
    let (_, event) = world.one(&nobody, request, &[], "").await;
    check(&event, "search-type", "E", "0");
    assert_eq!(
        query(&event).1,
        "/StructureDefinition?url=http://koppeltaal.nl/fhir/StructureDefinition/KT2Task"
    );
    assert_eq!(event["entity"][1], entity(&version));
    let history = format!("{place}/_history");
    let (_, event) = world.one(&nobody, ("GET", &history), &[], "").await;
    check(&event, "read", "R", "0");
    assert_eq!(event["entity"], json!([only("Bundle"), entity(&version)]));
}

async fn nothing_is_told_of_nobody(engine: Engine) {
    let world = World::start(engine).await;
    let before = world.every_event().await.len();
    let anyone = world.anyone();
    for (path, status) in [
        ("metadata", 200),
        ("ImplementationGuide", 200),
        (".well-known/smart-configuration", 200),
        ("Patient", 401),
        ("Patient?_format=odd", 406),
    ] {
        let (reply, events) = world.told(&anyone, ("GET", path), &[], "").await;
        reply.expect(status);
        assert_eq!(events, [] as [Value; 0], "{path}");
    }
    let forger = world.anyone().with_token("eyJhbGciOiJub25lIn0.e30.");
    for (path, status) in [("metadata", 200), ("Patient", 401)] {
        let (reply, events) = world.told(&forger, ("GET", path), &[], "").await;
        reply.expect(status);
        assert_eq!(events, [] as [Value; 0], "{path}");
    }
    // The marks of this test alone.
    assert_eq!(world.every_event().await.len(), before + 8);
}
