//! The seven search parameters of Koppeltaal on resources that applications make
//! (spec kt2-profiles, section 2): the value of the extension is found, not the
//! extension.

use serde_json::{Value, json};

use crate::client::{Client, path};
use crate::found::{query, sorted, total};
use crate::resources::{Ground, INSTANTIATES, KT2, activity_definition, audit_event, task};
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    tasks_are_found_by_the_publisher_of_their_activity,
    activities_are_found_by_publisher_topic_and_participant,
    resources_are_found_by_the_device_they_come_from,
    audit_events_are_found_by_the_ids_of_a_request,
    what_was_changed_is_found_by_its_new_values_only,
);

fn published(endpoint: &str, publisher: &str, participant: &str, topic: &str) -> Value {
    let mut activity = activity_definition(endpoint);
    let id = json!({ "url": format!("{KT2}KT2PublisherId"), "valueId": publisher });
    activity["extension"].as_array_mut().unwrap().push(id);
    activity["participant"] = json!([{ "type": participant }]);
    let system = match topic {
        "treatment" => "http://terminology.hl7.org/CodeSystem/definition-topic",
        _ => "http://vzvz.nl/fhir/CodeSystem/koppeltaal-definition-topic",
    };
    activity["topic"] = json!([{ "coding": [{ "system": system, "code": topic }] }]);
    activity
}

fn instance_of(activity: &str, patient: &str, owner: &str) -> Value {
    let mut task = task(patient, owner);
    task["extension"] =
        json!([{ "url": INSTANTIATES, "valueReference": { "reference": activity } }]);
    task
}

async fn created(client: &Client, resource: Value) -> String {
    path(&client.create(&resource).await)
}

async fn tasks_are_found_by_the_publisher_of_their_activity(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let mut tasks = Vec::new();
    for (publisher, participant, topic) in [
        ("X", "patient", "self-treatment"),
        ("Y", "related-person", "self-assessment"),
        ("x", "practitioner", "treatment"),
    ] {
        let made = published(&ground.endpoint, publisher, participant, topic);
        let activity = created(&client, made).await;
        let task = instance_of(&activity, &ground.patient, &ground.practitioner);
        tasks.push((activity, created(&client, task).await));
    }
    created(&client, task(&ground.patient, &ground.practitioner)).await;
    let bundle = client.search("Task?instantiates.publisherId=X").await;
    assert_eq!(total(&bundle), 1);
    let (activity, id) = (&tasks[0].0, &tasks[0].1);
    let bare = activity.split('/').nth(1).unwrap();
    for (name, value) in [
        ("instantiates.publisherId", "X"),
        ("instantiates:ActivityDefinition.publisherId", "X"),
        ("instantiates.topic", "self-treatment"),
        ("instantiates.participant", "patient"),
        ("instantiates", activity),
        ("instantiates", bare),
        ("instantiates", &format!("{}/{activity}", base("zorg"))),
        ("instantiates:ActivityDefinition", bare),
    ] {
        assert_eq!(
            client.finds(&query("Task", &[(name, value)])).await,
            [id.as_str()],
            "{name}={value}"
        );
    }
    for (name, value) in [
        ("instantiates.publisherId", "Z"),
        ("instantiates", INSTANTIATES),
        ("instantiates.publisherId", "X|"),
    ] {
        let reply = client.get(&query("Task", &[(name, value)])).await;
        assert!(
            reply.status == 400 || total(&reply.json()) == 0,
            "{name}={value}: {}",
            reply.text()
        );
    }
    let found = client.finds("Task?instantiates.publisherId=X,Y").await;
    assert_eq!(found, sorted(vec![tasks[0].1.clone(), tasks[1].1.clone()]));
    let none = client.finds("Task?instantiates.publisherId=X&instantiates.topic=self-assessment");
    assert!(none.await.is_empty());
    let both = client.finds("Task?instantiates.publisherId=X&instantiates.topic=self-treatment");
    assert_eq!(both.await.len(), 1);
    // The other way round.
    let found = client.finds("ActivityDefinition?_has:Task:instantiates:_id=nobody").await;
    assert!(found.is_empty());
    let url =
        format!("ActivityDefinition?_has:Task:instantiates:_id={}", id.split('/').nth(1).unwrap());
    assert_eq!(client.finds(&url).await, [activity.as_str()]);
}

async fn activities_are_found_by_publisher_topic_and_participant(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let one = published(&ground.endpoint, "publisher-1", "related-person", "self-treatment");
    let mut expanded = one.clone();
    let (context, expansion) = (
        "http://vzvz.nl/fhir/CodeSystem/koppeltaal-usage-context-type",
        "http://vzvz.nl/fhir/CodeSystem/koppeltaal-expansion",
    );
    expanded["useContext"] = json!([{
        "code": { "system": context, "code": "koppeltaal-expansion" },
        "valueCodeableConcept": { "coding": [{ "system": expansion, "code": "026-RolvdNaaste" }] },
    }]);
    let one = created(&client, expanded).await;
    let two = published(&ground.endpoint, "publisher-2", "patient", "self-assessment");
    created(&client, two).await;
    created(&client, activity_definition(&ground.endpoint)).await;
    for (name, value) in [
        ("publisherId", "publisher-1"),
        ("publisherId", "|publisher-1"),
        ("participant", "related-person"),
        ("participant", "http://hl7.org/fhir/action-participant-type|related-person"),
        ("topic", "http://vzvz.nl/fhir/CodeSystem/koppeltaal-definition-topic|self-treatment"),
        ("context", "026-RolvdNaaste"),
        ("context", &format!("{expansion}|026-RolvdNaaste")),
        ("context-type", "koppeltaal-expansion"),
        ("context-type-value", "koppeltaal-expansion$026-RolvdNaaste"),
        (
            "context-type-value",
            &format!("{context}|koppeltaal-expansion${expansion}|026-RolvdNaaste"),
        ),
    ] {
        let url = query("ActivityDefinition", &[(name, value)]);
        assert_eq!(client.finds(&url).await, [one.as_str()], "{name}={value}");
    }
    for (name, value) in [
        ("publisherId", "publisher"),
        ("publisherId", "PUBLISHER-1"),
        ("context-type-value", "focus$026-RolvdNaaste"),
        ("participant", "device"),
    ] {
        let url = query("ActivityDefinition", &[(name, value)]);
        assert!(client.finds(&url).await.is_empty(), "{name}={value}");
    }
    let without = client.finds("ActivityDefinition?publisherId:missing=true").await;
    assert_eq!(without.len(), 1);
}

async fn resources_are_found_by_the_device_they_come_from(engine: Engine) {
    let world = World::start(engine).await;
    let reader = world.client("reader").await;
    for name in ["own", "own2"] {
        let ground = Ground::of(&world, name).await;
        let client = world.client(name).await;
        for kind in ["Organization", "CareTeam", "RelatedPerson", "ActivityDefinition", "Task"] {
            created(&client, ground.resource(kind)).await;
        }
    }
    let (one, bare) = (world.device("own"), world.client_id("own"));
    for kind in ["Patient", "Practitioner", "Organization", "CareTeam", "RelatedPerson", "Task"] {
        let all = reader.finds(kind).await;
        assert_eq!(all.len(), 2, "{kind}");
        let own = reader.finds(&format!("{kind}?resource-origin={one}")).await;
        assert_eq!(own.len(), 1, "{kind}");
        for value in [bare.clone(), format!("{}/{one}", base("zorg"))] {
            let same = reader.finds(&query(kind, &[("resource-origin", &value)])).await;
            assert_eq!(same, own, "{kind} {value}");
        }
        let other = reader.finds(&format!("{kind}?resource-origin={}", world.device("own2"))).await;
        assert_eq!(sorted([own, other].concat()), all, "{kind}");
        assert!(reader.finds(&format!("{kind}?resource-origin=Device/x")).await.is_empty());
    }
    // Whoever sees only his own does not see more by asking for others.
    let own = world.client("own").await;
    let url = format!("Patient?resource-origin={}", world.device("own2"));
    assert!(own.finds(&url).await.is_empty());
    let url = format!("Patient?resource-origin={one},{}", world.device("own2"));
    assert_eq!(own.finds(&url).await.len(), 1);
}

async fn audit_events_are_found_by_the_ids_of_a_request(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let mut event = audit_event(&ground.device, &ground.patient);
    let id = |name: &str, value: &str| json!({ "url": format!("{KT2}{name}"), "valueId": value });
    event["extension"] =
        json!([id("trace-id", "t-1"), id("correlation-id", "c-1"), id("request-id", "r-1")]);
    let one = created(&client, event.clone()).await;
    event["extension"] =
        json!([id("trace-id", "t-2"), id("correlation-id", "r-1"), id("request-id", "t-1")]);
    created(&client, event).await;
    for (name, value) in
        [("traceId", "t-1"), ("correlationId", "c-1"), ("requestId", "r-1"), ("traceId", "|t-1")]
    {
        let found = client.finds(&query("AuditEvent", &[(name, value)])).await;
        assert_eq!(found, [one.as_str()], "{name}={value}");
    }
    let url = format!("AuditEvent?entity={}&requestId=t-1", ground.patient);
    assert_eq!(client.finds(&url).await.len(), 1);
}

async fn what_was_changed_is_found_by_its_new_values_only(engine: Engine) {
    let world = World::start(engine).await;
    let client = world.client("admin").await;
    let ground = Ground::of(&world, "admin").await;
    let mut task = client.create(&ground.resource("Task")).await;
    for status in ["in-progress", "completed"] {
        let before = task["status"].as_str().unwrap().to_owned();
        assert_eq!(client.finds(&format!("Task?status={before}")).await, [path(&task)]);
        task["status"] = status.into();
        task = client.update(&task).await;
        assert!(client.finds(&format!("Task?status={before}")).await.is_empty());
        assert_eq!(client.finds(&format!("Task?status={status}")).await, [path(&task)]);
    }
    client.delete(&path(&task)).await.expect(200);
    assert!(client.finds("Task?status=completed").await.is_empty());
    assert!(client.finds("Task").await.is_empty());
}
