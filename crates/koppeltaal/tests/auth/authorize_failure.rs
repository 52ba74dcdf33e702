//! The AuditEvents of launches that fail (TOP-KT-012c): an application start that did
//! not work, with as much of module and task as is known for sure.

use koppeltaal_core::audit::Action;
use serde_json::json;

use crate::authorize_world::*;
use crate::recorded::as_resource;
use crate::support::Engine;

on_both_engines!(
    a_failed_launch_is_an_application_start_that_failed,
    a_failed_launch_names_the_task_in_its_version,
    a_request_that_fails_is_recorded_with_the_module,
    an_unreadable_request_is_recorded_too,
    a_callback_that_nobody_began_is_recorded_with_the_server,
);

async fn a_failed_launch_is_an_application_start_that_failed(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let url = world.provider.refuses(&login.location, "access_denied");
    world.callback(&url, login.cookie()).await.told_error();
    let event = world.last_event().await;
    assert_eq!(event["type"]["system"], "http://dicom.nema.org/resources/ontology/DCM");
    assert_eq!(event["type"]["code"], "110100");
    assert_eq!(event["subtype"][0]["code"], "110120");
    assert_eq!(event["action"], "E");
    assert_eq!(event["outcome"], "4");
    assert!(!event["outcomeDesc"].as_str().unwrap().is_empty());
    let agent = &event["agent"][0];
    assert_eq!(agent["type"]["coding"][0]["code"], "110150");
    assert_eq!(agent["requestor"], false);
    let server = format!("Device/{}", world.app.domain(ZORG).server_device);
    assert_eq!(agent["who"]["reference"], server.as_str());
    assert_eq!(event["source"]["observer"]["reference"], server.as_str());
    assert_eq!(event["entity"][0]["what"]["reference"], "Task/t1");
}

async fn a_failed_launch_names_the_task_in_its_version(engine: Engine) {
    let world = World::start(engine).await;
    world.put("Task", "t1", &json!({ "status": "ready" })).await;
    let login = world.login(PATIENT).await;
    let url = world.provider.refuses(&login.location, "access_denied");
    world.callback(&url, login.cookie()).await.told_error();
    let event = world.last_event().await;
    assert_eq!(event["entity"][0]["what"]["reference"], "Task/t1/_history/1");
}

async fn a_request_that_fails_is_recorded_with_the_module(engine: Engine) {
    let world = World::start(engine).await;
    let good = world.request(&world.launched(PATIENT));
    for (request, knows_module) in [
        (good.clone().set("scope", "openid"), true),
        (good.clone().set("launch", "x"), true),
        (good.clone().without("state"), true),
        (good.clone().set("redirect_uri", "https://evil.example"), true),
        (good.clone().without("client_id"), false),
    ] {
        let before = world.trail().await.len();
        world.authorize(&request).await;
        let mut rows = world.trail().await;
        assert_eq!(rows.len(), before + 1, "there when the answer arrives");
        let row = rows.pop().unwrap();
        assert_eq!(row.action, Action::Launch.code());
        let event = as_resource(&row).unwrap();
        assert_eq!((&event["type"]["code"], &event["outcome"]), (&json!("110100"), &json!("4")));
        let agents = event["agent"].to_string();
        assert_eq!(agents.contains(&world.id("module")), knows_module, "{agents}");
        assert!(!event.to_string().contains("evil"), "{event}");
    }
}

async fn an_unreadable_request_is_recorded_too(engine: Engine) {
    let world = World::start(engine).await;
    let twice = world.request(&world.launched(PATIENT)).also("client_id", "x");
    world.authorize(&twice).await.page(400);
    let events = world.events().await;
    assert_eq!(events.len(), 1, "a failed launch like any other");
    assert_eq!(events[0]["type"]["code"], "110100");
}

async fn a_callback_that_nobody_began_is_recorded_with_the_server(engine: Engine) {
    let world = World::start(engine).await;
    let url = format!("{}?state=x&code=y", world.endpoint(ZORG, "idp/callback"));
    world.callback(&url, "").await.page(400);
    let event = world.last_event().await;
    assert_eq!((&event["type"]["code"], &event["outcome"]), (&json!("110100"), &json!("4")));
    let server = format!("Device/{}", world.app.domain(ZORG).server_device);
    let agents = event["agent"].as_array().unwrap();
    assert_eq!(agents.len(), 1, "no module is known");
    assert_eq!(agents[0]["who"]["reference"], server.as_str());
}
