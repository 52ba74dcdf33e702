//! Chains and `_has` (FHIR R4, Search, 3.1.1.4.4 and 3.1.1.4.14).

use serde_json::{Value, json};

use crate::cast::ZORG;
use crate::found::query;
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(chains_lead_along_references, what_refers_to_a_resource_finds_it,);

fn named(kind: &str, id: &str, family: &str) -> Value {
    json!({ "resourceType": kind, "id": id, "name": [{ "family": family }] })
}

fn to(reference: &str) -> Value {
    json!({ "reference": reference })
}

/// Two patients in two organizations, one within the other; teams and Tasks.
pub async fn fill(world: &World) {
    let shelf = Shelf::of(world).await;
    let mut all = vec![
        json!({ "resourceType": "Organization", "id": "top", "name": "Top" }),
        json!({ "resourceType": "Organization", "id": "sub", "name": "Sub", "partOf": to("Organization/top") }),
        named("Practitioner", "gp", "Visser"),
        named("RelatedPerson", "mother", "Jansen"),
    ];
    for (id, family, organization) in [("one", "Jansen", "sub"), ("two", "Bakker", "top")] {
        let mut patient = named("Patient", id, family);
        patient["managingOrganization"] = to(&format!("Organization/{organization}"));
        patient["birthDate"] = if id == "one" { "1980-01-01" } else { "2000-01-01" }.into();
        all.push(patient);
    }
    all.push(json!({ "resourceType": "CareTeam", "id": "team", "subject": to("Patient/one"),
        "participant": [{ "member": to("Practitioner/gp") }, { "member": to("RelatedPerson/mother") }] }));
    for (id, patient, owner, status) in [
        ("t1", "one", "Practitioner/gp", "ready"),
        ("t2", "one", "Patient/one", "completed"),
        ("t3", "two", "RelatedPerson/mother", "ready"),
        ("t4", "two", "CareTeam/team", "draft"),
        ("t5", "gone", "Patient/gone", "ready"),
    ] {
        all.push(json!({ "resourceType": "Task", "id": id, "status": status, "owner": to(owner),
            "for": to(&format!("Patient/{patient}")) }));
    }
    all.push(
        json!({ "resourceType": "Task", "id": "t6", "partOf": [to("Task/t1")], "status": "ready" }),
    );
    for resource in &all {
        shelf.keep(ZORG, "somebody", resource).await;
    }
    let gone = named("Patient", "gone", "Jansen");
    shelf.keep(ZORG, "somebody", &gone).await;
    shelf.remove(ZORG, "Patient", "gone").await;
}

async fn chains_lead_along_references(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    client
        .check(
            "Task",
            &[
                ("patient.family", "jansen", "t1 t2"),
                ("subject:Patient.family", "jansen", "t1 t2"),
                ("subject.family", "bakker", "t3 t4"),
                ("owner.name", "jansen", "t2 t3"),
                ("owner:Patient.name", "jansen", "t2"),
                ("owner:RelatedPerson.name", "jansen", "t3"),
                ("owner:Practitioner.family", "visser", "t1"),
                ("owner:Practitioner.family:exact", "visser", ""),
                ("owner:Practitioner.family:exact", "Visser", "t1"),
                ("patient.birthdate", "lt1990", "t1 t2"),
                ("patient.birthdate", "ge1980,lt1900", "t1 t2 t3 t4"),
                ("patient.organization.name", "sub", "t1 t2"),
                ("patient.organization.partof.name", "top", "t1 t2"),
                ("patient.organization.partof:Organization.partof.name", "top", ""),
                ("owner:CareTeam.participant:Practitioner.family", "visser", "t4"),
                ("owner:CareTeam.patient.organization.name", "sub", "t4"),
                ("part-of.owner:Practitioner.family", "visser", "t6"),
                ("patient._id", "one", "t1 t2"),
                ("patient.family:missing", "true", ""),
                ("patient.family:missing", "false", "t1 t2 t3 t4"),
                ("patient.identifier:not", "x", "t1 t2 t3 t4"),
                ("patient.family", "jansen,bakker", "t1 t2 t3 t4"),
                ("patient._has:CareTeam:patient:status:missing", "true", "t1 t2"),
                ("patient._has:Task:patient:status", "draft", "t3 t4"),
            ],
        )
        .await;
    for (url, count) in [
        ("Task?patient.family=jansen&status=ready", 1),
        ("Task?patient.family=jansen&patient.family=bakker", 0),
        ("Task?patient.family=jansen&owner:Practitioner.family=visser", 1),
    ] {
        assert_eq!(client.finds(url).await.len(), count, "{url}");
    }
    for (name, code) in [
        ("status.name", "invalid"),
        ("owner:Nonsense.name", "invalid"),
        ("owner:Organization.family", "invalid"),
        ("owner:Task.status", "invalid"),
        ("patient.nonsense", "invalid"),
        ("patient.organization.partof.partof.partof.name", "too-costly"),
    ] {
        client.get(&query("Task", &[(name, "x")])).await.refused(400, code);
    }
}

async fn what_refers_to_a_resource_finds_it(engine: Engine) {
    let world = World::start(engine).await;
    fill(&world).await;
    let client = world.client("reader").await;
    client
        .check(
            "Patient",
            &[
                ("_has:Task:patient:status", "completed", "one"),
                ("_has:Task:patient:status", "ready", "one two"),
                ("_has:Task:subject:status", "draft", "two"),
                ("_has:Task:owner:status", "ready", ""),
                ("_has:CareTeam:patient:participant", "Practitioner/gp", "one"),
                ("_has:CareTeam:patient:participant.name", "visser", "one"),
                ("_has:CareTeam:subject:_has:Task:owner:status", "draft", "one"),
                ("_has:Task:patient:status:not", "ready", "one two"),
                ("_has:Task:patient:_id", "t1,t3", "one two"),
                ("organization._has:Patient:organization:family", "bakker", "two"),
                ("organization._has:Organization:partof:name", "sub", "two"),
            ],
        )
        .await;
    client
        .check(
            "Practitioner",
            &[
                ("_has:Task:owner:status", "ready", "gp"),
                ("_has:Task:owner:status", "draft", ""),
                ("_has:CareTeam:participant:subject", "Patient/one", "gp"),
                ("_has:CareTeam:participant:_has:Task:owner:status", "draft", "gp"),
            ],
        )
        .await;
    // A resource that is gone refers to nothing.
    let shelf = Shelf::of(&world).await;
    shelf.remove(ZORG, "Task", "t2").await;
    client.check("Patient", &[("_has:Task:patient:status", "completed", "")]).await;
    for (name, code) in [
        ("_has:Task:patient", "invalid"),
        ("_has:Nonsense:patient:status", "invalid"),
        ("_has:Task:nonsense:status", "invalid"),
        ("_has:Task:status:status", "invalid"),
        ("_has:Task:patient:nonsense", "invalid"),
        ("_has:Endpoint:organization:name", "invalid"),
    ] {
        client.get(&query("Patient", &[(name, "x")])).await.refused(400, code);
    }
}
