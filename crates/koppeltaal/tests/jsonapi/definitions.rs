//! ActivityDefinitions and their parts: the same as over FHIR, announced likewise.

use serde_json::{Value, json};

use crate::support::{Engine, TestApp};
use crate::world::{system, to};

on_both_engines!(a_definition_is_published_and_announced, parts_of_a_definition_are_kept);

async fn a_definition_is_published_and_announced(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let application = admin.id("Application", "filter[Identifier]=AppA").await;
    let of = json!({ "Application": to("Application", &application) });
    let attributes = json!({
        "Name": "Game & more", "Identifier": "game-1", "ActivityType": "Game",
        "Description": "Two\nlines", "LaunchType": "Mobile",
    });
    let made = admin.post("ActivityDefinition", attributes.clone(), of.clone()).await.expect(201);
    assert_eq!(made.attribute("IsActive"), true);
    assert_eq!(made.attribute("LaunchType"), "Mobile");
    assert_eq!(made.attribute("Description"), "Two\nlines");
    admin.post("ActivityDefinition", attributes, of).await.expect(409);
    // FHIR offers it, and subscribers are told.
    let fhir = app.b().get("Other?code=ActivityDefinition").await.expect(200).entries();
    assert_eq!(fhir.len(), 1);
    let told = app.b().claim().await;
    assert_eq!(told.message().event(), "CreateOrUpdateActivityDefinition");
    let (id, version) = (made.id(), made.version());
    let off = json!({ "IsActive": false, "Description": null });
    let changed = admin
        .patch_version("ActivityDefinition", &id, Some(&version), off.clone())
        .await
        .expect(200);
    assert_eq!(changed.attribute("IsActive"), false);
    assert!(changed.attribute("Description").is_null());
    assert_eq!(changed.attribute("Name"), "Game & more");
    admin.patch_version("ActivityDefinition", &id, Some(&version), off).await.expect(409);
    admin.delete("ActivityDefinition", &id).await.expect(405);
}

async fn parts_of_a_definition_are_kept(engine: Engine) {
    let app = TestApp::start(engine).await;
    let admin = system(&app).await;
    let instance = admin.one("ApplicationInstance", "filter[Application.Identifier]=AppA").await;
    let application = &instance["relationships"]["Application"]["data"]["id"];
    let of = json!({
        "Application": to("Application", application.as_str().unwrap()),
        "ApplicationInstance": to("ApplicationInstance", instance["id"].as_str().unwrap()),
    });
    let attributes = json!({ "Name": "n", "Identifier": "d", "ActivityType": "Game" });
    let definition = admin.post("ActivityDefinition", attributes, of).await.expect(201);
    let linked = &definition.data()["relationships"]["ApplicationInstance"]["data"]["id"];
    assert_eq!(*linked, instance["id"]);
    let of = json!({ "ActivityDefinition": to("ActivityDefinition", &definition.id()) });
    for name in ["one", "two"] {
        let part = json!({ "Name": name, "Identifier": format!("{name}/é") });
        admin.post("SubActivityDefinition", part.clone(), of.clone()).await.expect(201);
        admin.post("SubActivityDefinition", part, of.clone()).await.expect(409);
    }
    let part = admin.one("SubActivityDefinition", "filter[Name]=two").await;
    let link = part["links"]["self"].as_str().unwrap();
    let patch = json!({ "data": {
        "type": "SubActivityDefinition", "id": part["id"],
        "attributes": { "IsActive": false, "Description": "x" },
    } });
    let changed = admin.send(reqwest::Method::PATCH, link, Some(patch)).await.expect(200);
    assert_eq!(changed.attribute("IsActive"), false);
    assert_eq!(changed.attribute("Description"), "x");
    let related = definition.data()["relationships"]["SubActivityDefinitions"]["links"]["related"]
        .as_str()
        .unwrap()
        .to_owned();
    let parts = admin.get(&related).await.expect(200);
    assert_eq!(parts.values("Name"), ["one", "two"].map(Value::from));
}
