//! `_include` and `_revinclude` (FHIR R4, Search, 3.1.1.5.4), our extension of the
//! standard: what comes along with the results.

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::found::{included, matched, sorted, total};
use crate::resources::INSTANTIATES;
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    what_results_refer_to_comes_along,
    what_refers_to_results_comes_along,
    what_was_included_is_followed_when_asked,
    each_comes_once_however_often_it_is_met,
);

pub fn to(reference: &str) -> Value {
    json!({ "reference": reference })
}

/// Tasks t1 and t2 of a patient in an organization that is part of another.
pub async fn fill(world: &World) {
    let shelf = Shelf::of(world).await;
    let instantiates =
        json!([{ "url": INSTANTIATES, "valueReference": to("ActivityDefinition/a") }]);
    for resource in [
        json!({ "resourceType": "Organization", "id": "top", "name": "Top" }),
        json!({ "resourceType": "Organization", "id": "sub", "name": "Sub", "partOf": to("Organization/top") }),
        json!({ "resourceType": "Patient", "id": "p", "managingOrganization": to("Organization/sub") }),
        json!({ "resourceType": "Practitioner", "id": "gp" }),
        json!({ "resourceType": "RelatedPerson", "id": "r", "patient": to("Patient/p") }),
        json!({ "resourceType": "CareTeam", "id": "c", "subject": to("Patient/p"),
            "participant": [{ "member": to("Practitioner/gp") }, { "member": to("RelatedPerson/r") }] }),
        json!({ "resourceType": "ActivityDefinition", "id": "a" }),
        json!({ "resourceType": "Task", "id": "t1", "status": "ready", "for": to("Patient/p"),
            "owner": to("CareTeam/c"), "extension": instantiates }),
        json!({ "resourceType": "Task", "id": "t2", "status": "draft", "for": to("Patient/p"),
            "owner": to("Patient/p"), "partOf": [to("Task/t1")] }),
        json!({ "resourceType": "Task", "id": "t3", "status": "draft", "for": to("Patient/unknown"),
            "owner": to("https://elsewhere.example.test/Patient/p") }),
    ] {
        shelf.keep(ZORG, "somebody", &resource).await;
    }
}

#[track_caller]
pub fn check(bundle: &Value, matches: &str, includes: &str, what: &str) {
    let words = |text: &str| sorted(text.split_whitespace().map(str::to_owned).collect::<Vec<_>>());
    assert_eq!(sorted(matched(bundle)), words(matches), "{what}");
    assert_eq!(included(bundle), words(includes), "{what}");
    assert_eq!(total(bundle), words(matches).len(), "{what}: what comes along is not counted");
}

async fn what_results_refer_to_comes_along(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for (query, matches, includes) in [
        ("_id=t1&_include=Task:patient", "Task/t1", "Patient/p"),
        ("_id=t1&_include=Task:owner", "Task/t1", "CareTeam/c"),
        ("_id=t2&_include=Task:owner", "Task/t2", "Patient/p"),
        ("_id=t1&_include=Task:owner:Patient", "Task/t1", ""),
        ("_id=t1,t2&_include=Task:owner:Patient", "Task/t1 Task/t2", "Patient/p"),
        ("_id=t1&_include=Task:instantiates", "Task/t1", "ActivityDefinition/a"),
        ("_id=t1&_include=Task:patient&_include=Task:owner", "Task/t1", "Patient/p CareTeam/c"),
        ("_id=t1&_include=*", "Task/t1", "Patient/p CareTeam/c ActivityDefinition/a"),
        ("_id=t1&_include=Task:*", "Task/t1", "Patient/p CareTeam/c ActivityDefinition/a"),
        ("_id=t2&_include=Task:part-of", "Task/t2", "Task/t1"),
        ("_id=t3&_include=*", "Task/t3", ""),
        ("_id=t1&_include=Patient:organization", "Task/t1", ""),
        ("status=nothing&_include=*", "", ""),
    ] {
        check(&client.search(&format!("Task?{query}")).await, matches, includes, query);
    }
    for bad in [
        "Task",
        "Task:status",
        "Task:nonsense",
        "Nonsense:x",
        "Task:owner:Nonsense",
        "Task:owner:Task",
        "Task:owner:Patient:x",
        ":",
        "*:*",
    ] {
        client
            .get(&format!("Task?_include={bad}"))
            .await
            .refused(400, "value")
            .about("http._include");
    }
    client.get("Task?_include:nonsense=Task:owner").await.refused(400, "not-supported");
}

async fn what_refers_to_results_comes_along(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for (query, matches, includes) in [
        ("Patient?_revinclude=Task:patient", "Patient/p", "Task/t1 Task/t2"),
        ("Patient?_revinclude=Task:owner", "Patient/p", "Task/t2"),
        ("Patient?_revinclude=Task:owner:Patient", "Patient/p", "Task/t2"),
        (
            "Patient?_revinclude=CareTeam:subject&_revinclude=RelatedPerson:patient",
            "Patient/p",
            "CareTeam/c RelatedPerson/r",
        ),
        ("Patient?_revinclude=Task:*", "Patient/p", "Task/t1 Task/t2"),
        ("ActivityDefinition?_revinclude=Task:instantiates", "ActivityDefinition/a", "Task/t1"),
        (
            "Organization?_id=top&_revinclude=Organization:partof",
            "Organization/top",
            "Organization/sub",
        ),
        ("Patient?family=nobody&_revinclude=Task:patient", "", ""),
    ] {
        check(&client.search(query).await, matches, includes, query);
    }
    for bad in ["Task", "Task:status", "Nonsense:x", "Task:owner:Practitioner"] {
        let reply = client.get(&format!("Patient?_revinclude={bad}")).await;
        reply.refused(400, "value").about("http._revinclude");
    }
}

async fn what_was_included_is_followed_when_asked(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    for (query, matches, includes) in [
        ("Task?_id=t1&_include=Task:patient&_include=Patient:organization", "Task/t1", "Patient/p"),
        (
            "Task?_id=t1&_include=Task:patient&_include:iterate=Patient:organization",
            "Task/t1",
            "Patient/p Organization/sub",
        ),
        (
            "Task?_id=t1&_include=Task:patient&_include:iterate=Patient:organization&_include:iterate=Organization:partof",
            "Task/t1",
            "Patient/p Organization/sub Organization/top",
        ),
        (
            "Task?_id=t1&_include=Task:owner&_include:iterate=CareTeam:participant",
            "Task/t1",
            "CareTeam/c Practitioner/gp RelatedPerson/r",
        ),
        (
            "Organization?_id=sub&_include:iterate=Organization:partof",
            "Organization/sub",
            "Organization/top",
        ),
        ("Task?_id=t2&_include:recurse=Task:part-of", "Task/t2", "Task/t1"),
        (
            "Organization?_id=top&_revinclude:iterate=Organization:partof&_revinclude:iterate=Patient:organization",
            "Organization/top",
            "Organization/sub Patient/p",
        ),
        (
            "Practitioner?_revinclude=CareTeam:participant&_revinclude:iterate=Task:owner",
            "Practitioner/gp",
            "CareTeam/c Task/t1",
        ),
    ] {
        check(&client.search(query).await, matches, includes, query);
    }
    // A circle comes to an end.
    let shelf = Shelf::of(&world).await;
    for (id, whole) in [("o1", "o2"), ("o2", "o3"), ("o3", "o1")] {
        let one = json!({ "resourceType": "Organization", "id": id, "partOf": to(&format!("Organization/{whole}")) });
        shelf.keep(ZORG, "somebody", &one).await;
    }
    let query = "Organization?_id=o1&_include:iterate=Organization:partof&_revinclude:iterate=Organization:partof";
    check(&client.search(query).await, "Organization/o1", "Organization/o2 Organization/o3", query);
}

async fn each_comes_once_however_often_it_is_met(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    let query = "Task?_id=t1,t2&_include=Task:patient&_include=Task:subject&_include=Task:owner&_include=Task:part-of";
    // A result is not included besides.
    check(&client.search(query).await, "Task/t1 Task/t2", "Patient/p CareTeam/c", query);
    // With every page comes what belongs to its own results.
    let pages = client.pages("Task?_count=1&_sort=_id&_include=Task:patient").await;
    let all: Vec<Vec<String>> = pages.iter().map(included).collect();
    assert_eq!(all, [vec!["Patient/p".to_owned()], vec!["Patient/p".to_owned()], vec![]]);
    // More than come with a page are told.
    let shelf = Shelf::of(&world).await;
    for at in 0..1_010 {
        let one = json!({ "resourceType": "RelatedPerson", "id": format!("r{at}"), "patient": to("Patient/p") });
        shelf.keep(ZORG, "somebody", &one).await;
    }
    let bundle = client.search("Patient?_revinclude=RelatedPerson:patient").await;
    assert_eq!((included(&bundle).len(), total(&bundle)), (1_000, 1));
    let outcome = bundle["entry"].as_array().unwrap().last().unwrap();
    assert_eq!(outcome["search"]["mode"], "outcome");
    assert_eq!(outcome["resource"]["issue"][0]["code"], "too-costly");
}
