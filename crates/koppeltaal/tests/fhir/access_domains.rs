//! Two domains on one server never meet, however a URL is written (K018-1).

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::cast::{ALIAS, ELDERS, ZORG};
use crate::client::path;
use crate::found::{query, total};
use crate::resources::{Ground, TYPES};
use crate::shelf::Shelf;
use crate::support::Engine;
use crate::world::{World, base};

on_both_engines!(
    no_url_leads_into_another_domain,
    the_same_ids_in_two_domains_are_two_resources,
    references_do_not_lead_into_another_domain,
);

/// What nobody of `zorg` may ever see.
const SECRET: &str = "vanelders";

/// A request as it is written, past every client that would tidy it up; status and
/// body.
async fn raw(world: &World, method: &str, target: &str, token: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(world.app.server.address).await.unwrap();
    let request = format!(
        "{method} {target} HTTP/1.1\r\nHost: kt.example.test\r\nAuthorization: Bearer {token}\r\n\
         Accept: application/fhir+json\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{target}: {answer:?}")), answer)
}

fn patient(id: &str, family: &str) -> Value {
    json!({
        "resourceType": "Patient", "id": id, "name": [{ "family": family }],
        "identifier": [{ "system": "urn:ids", "value": family }],
    })
}

async fn no_url_leads_into_another_domain(engine: Engine) {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    shelf.keep(ELDERS, &world.client_id("elsewhere"), &patient("e1", SECRET)).await;
    shelf.keep(ZORG, "somebody", &patient("z1", "vanzorg")).await;
    let token = world.token("admin").await;
    let foreign = world.token("elsewhere").await;
    let (status, text) = raw(&world, "GET", "/api/v1/elders/fhir/r4/Patient/e1", &foreign).await;
    assert!(status == 200 && text.contains(SECRET), "it can be seen at home");
    let targets = [
        "/api/v1/elders/fhir/r4/Patient/e1",
        "/api/v1/elders/fhir/r4/Patient",
        "/api/v1/elders/fhir/r4/Patient/_history",
        "/api/v1/zorg/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/Patient/e1/_history",
        "/api/v1/zorg/fhir/r4/Patient/e1/_history/1",
        "/api/v1/zorg/fhir/r4/../../../elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/../elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/%2e%2e/elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/..%2felders/fhir/r4/Patient/e1",
        "/api/v1/zorg%2f..%2felders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/..%2f..%2f..%2felders%2ffhir%2fr4%2fPatient%2fe1",
        "/api/v1/zorg/fhir/r4/%2e%2e/%2e%2e/%2e%2e/elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/Patient/..%2f..%2f..%2f..%2felders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/https://kt.example.test/api/v1/elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/Patient/https:%2f%2fkt.example.test%2fapi%2fv1%2felders%2ffhir%2fr4%2fPatient%2fe1",
        "/fhir/DEFAULT/Patient/e1",
        "/fhir/DEFAULT/Patient/e1/_history",
        "/fhir/DEFAULT/../../api/v1/elders/fhir/r4/Patient/e1",
        "/fhir/DEFAULT/%2e%2e/%2e%2e/api/v1/elders/fhir/r4/Patient/e1",
        "/fhir/elders/Patient/e1",
        "//api//v1//elders//fhir//r4//Patient//e1",
        "/api/v1/elders/fhir/r4//Patient/e1",
        "/api/v1//elders/fhir/r4/Patient/e1",
        "/api/v1/ELDERS/fhir/r4/Patient/e1",
        "/api/v1/%65lders/fhir/r4/Patient/e1",
        "/api/v1/elders%00/fhir/r4/Patient/e1",
        "/api/v1/elders;zorg/fhir/r4/Patient/e1",
        "/api/v1/zorg,elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/Patient?_id=e1",
        "/api/v1/zorg/fhir/r4/Patient?family=vanelders",
        "/api/v1/zorg/fhir/r4/Patient?domain=elders&_tenant=elders",
        "/api/v1/zorg/fhir/r4/Patient/e1?domain=elders",
        "https://kt.example.test/api/v1/elders/fhir/r4/Patient/e1",
        "http://elders.example.test/api/v1/elders/fhir/r4/Patient/e1",
        "/api/v1/zorg/fhir/r4/Patient/e1#/api/v1/elders",
        "/api/v1/zorg/fhir/r4/Patient/e1%00",
        "/api/v1/zorg/fhir/r4\\..\\..\\elders\\fhir\\r4\\Patient\\e1",
    ];
    for target in targets {
        for method in ["GET", "HEAD", "POST", "DELETE", "OPTIONS", "PATCH"] {
            let (status, text) = raw(&world, method, target, &token).await;
            // What was asked for may be repeated in a link.
            let body = text.split("\r\n\r\n").nth(1).unwrap_or_default();
            let entry = body.split("\"entry\":").nth(1).unwrap_or_default();
            assert!(!entry.contains(SECRET), "{method} {target}: {text}");
            let is_bundle = body.contains("\"searchset\"");
            assert!(is_bundle || !body.contains(SECRET), "{method} {target}: {text}");
            assert!(status < 500, "{method} {target}: {text}");
        }
    }
    // It is all still there, and untouched.
    let elsewhere = world.client("elsewhere").await;
    let kept = elsewhere.search("Patient/e1/_history").await;
    assert_eq!(total(&kept), 1);
    assert_eq!(world.client("admin").await.finds("Patient").await, ["Patient/z1"]);
    // The other name of the base is one of `zorg`.
    let old = world.client("admin").await;
    old.get(&format!("{ALIAS}/Patient/z1")).await.expect(200);
    old.get(&format!("{ALIAS}/Patient/e1")).await.expect(404);
    elsewhere.get(&format!("{ALIAS}/Patient/z1")).await.expect(401);
}

async fn the_same_ids_in_two_domains_are_two_resources(engine: Engine) {
    let world = World::start(engine).await;
    let shelf = Shelf::of(&world).await;
    for (domain, family) in [(ZORG, "vanzorg"), (ELDERS, SECRET)] {
        let device = if domain == ZORG { "somebody" } else { "other" };
        shelf.keep(domain, device, &patient("same", family)).await;
        shelf.change(domain, device, &patient("same", &format!("{family}-2"))).await;
        let task = json!({
            "resourceType": "Task", "id": "same", "status": "ready", "description": family,
            "for": { "reference": "Patient/same" },
        });
        shelf.keep(domain, device, &task).await;
    }
    for (name, own, other) in [("admin", "vanzorg", SECRET), ("elsewhere", SECRET, "vanzorg")] {
        let client = world.client(name).await;
        for url in [
            "Patient/same",
            "Patient/same/_history",
            "Patient/same/_history/1",
            "Patient/_history",
            "Patient",
            "Patient?_id=same",
            "Patient?_has:Task:patient:status=ready",
            "Patient?_revinclude=Task:patient",
            "Task?_include=Task:patient",
            "Task?patient.identifier:not=x",
            "Task?_content=vanzorg,vanelders",
        ] {
            let text = client.get(url).await.expect(200).text();
            // Links repeat what was asked for.
            let is_bundle = text.contains("\"resourceType\":\"Bundle\"");
            let entries = text.split("\"entry\":").nth(1).unwrap_or_default();
            let body = if is_bundle { entries } else { &text };
            assert!(!body.contains(other), "{name} {url}: {text}");
        }
        assert!(client.get("Patient/same").await.text().contains(own), "{name}");
        assert_eq!(total(&client.search("Patient/_history").await), 2, "{name}");
        for value in [format!("{other}-2"), other.to_owned()] {
            let url = query("Patient", &[("identifier", &value)]);
            assert!(client.finds(&url).await.is_empty(), "{name} {value}");
            let url = query("Task", &[("patient.identifier", &value)]);
            assert!(client.finds(&url).await.is_empty(), "{name} {value}");
        }
    }
    // What is deleted in one is there in the other.
    shelf.remove(ZORG, "Task", "same").await;
    shelf.remove(ZORG, "Patient", "same").await;
    world.client("admin").await.get("Patient/same").await.expect(410);
    world.client("elsewhere").await.get("Patient/same").await.expect(200);
    assert_eq!(total(&world.client("elsewhere").await.search("Patient").await), 1);
}

async fn references_do_not_lead_into_another_domain(engine: Engine) {
    let world = World::start(engine).await;
    let theirs = Ground::of(&world, "elsewhere").await;
    let ours = Ground::of(&world, "admin").await;
    let admin = world.client("admin").await;
    // A relative reference to what is in the other domain leads nowhere.
    let mut task = crate::resources::task(&theirs.patient, &ours.practitioner);
    admin.try_create(&task).await.expect(422);
    // An absolute one is not followed: neither in a search nor to what comes along.
    task["for"]["reference"] = format!("{}/{}", base(ELDERS), theirs.patient).into();
    let made = admin.try_create(&task).await;
    if made.status == 201 {
        let kept = path(&made.json());
        let id = kept.trim_start_matches("Task/");
        for url in [
            format!("Task?_id={id}&_include=Task:patient&_include=Task:subject"),
            format!("Task?_id={id}&_include=*"),
        ] {
            let bundle = admin.search(&url).await;
            let found = crate::found::included(&bundle);
            assert!(found.iter().all(|one| !one.starts_with("Patient/")), "{url}: {found:?}");
        }
        assert!(admin.finds("Task?patient.family=jansen").await.is_empty());
        // Nor does it keep anything alive elsewhere.
        world.client("elsewhere").await.delete(&theirs.patient).await.expect(200);
    }
    // In the other direction: nobody there finds what refers from here.
    for kind in TYPES {
        let client = world.client("elsewhere").await;
        let url = format!("{kind}?_revinclude=Task:subject&_revinclude=AuditEvent:entity");
        let bundle = client.search(&url).await;
        assert!(!bundle.to_string().contains("\"resourceType\":\"Task\""), "{kind}");
    }
}
