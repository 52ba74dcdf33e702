//! The Devices that this server keeps itself: one for each application instance,
//! whose id is its client_id (LNH-002), and one of its own in each domain, which
//! is where those come from.

use serde_json::json;

use crate::directory::ConnectedInstance;
use crate::resource::{Body, RESOURCE_ORIGIN};

/// The profile of a Device.
pub const PROFILE: &str = "http://koppeltaal.nl/fhir/StructureDefinition/KT2Device";
/// The naming system of client_ids.
pub const CLIENT_ID: &str = "http://vzvz.nl/fhir/NamingSystem/koppeltaal-client-id";

/// The name of this server's own Devices.
const SERVER_NAME: &str = "Koppeltaal Server";

/// The Device of an instance, active while the instance takes part. It comes
/// from the server's own Device in the domain.
pub fn of_instance(instance: &ConnectedInstance, server_device: &str) -> Body {
    let application = &instance.application;
    let title = application.title.as_deref().filter(|title| !title.trim().is_empty());
    let name = title.unwrap_or(&application.id);
    body(&instance.instance.client_id, name, instance.takes_part(), server_device)
}

/// The server's own Device, which comes from itself.
pub fn of_server(id: &str) -> Body {
    body(id, SERVER_NAME, true, id)
}

fn body(id: &str, name: &str, active: bool, origin: &str) -> Body {
    let extension = json!([{
        "url": RESOURCE_ORIGIN,
        "valueReference": { "reference": format!("Device/{origin}"), "type": "Device" },
    }]);
    let identifier = json!([{ "system": CLIENT_ID, "value": id }]);
    let status = if active { "active" } else { "inactive" };
    let device_name = json!([{ "name": name, "type": "user-friendly-name" }]);
    Body::new(
        &format!(r#""profile":["{PROFILE}"]"#),
        &format!(
            r#""extension":{extension},"identifier":{identifier},"status":"{status}","deviceName":{device_name}"#
        ),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::clock::Timestamp;
    use crate::directory::{Application, Domain, Instance, InstanceStatus};

    fn connected(title: Option<&str>, status: InstanceStatus) -> ConnectedInstance {
        ConnectedInstance {
            instance: Instance { client_id: "c-1".into(), status, ..Instance::default() },
            application: Arc::new(Application {
                id: "game".into(),
                title: title.map(str::to_owned),
                ..Application::default()
            }),
            domain: Arc::new(Domain::default()),
        }
    }

    fn read(body: &Body, id: &str) -> Value {
        serde_json::from_str(&body.render("Device", id, 1, Timestamp(0))).unwrap()
    }

    #[test]
    fn the_device_of_an_instance_has_what_its_profile_demands_and_no_more() {
        let title = r#"A "good" game"#;
        let device = of_instance(&connected(Some(title), InstanceStatus::Approved), "s-1");
        let device = read(&device, "c-1");
        assert_eq!(device["meta"]["profile"][0], PROFILE);
        assert_eq!(device["extension"][0]["url"], RESOURCE_ORIGIN);
        assert_eq!(device["extension"][0]["valueReference"]["reference"], "Device/s-1");
        assert_eq!(device["identifier"], json!([{ "system": CLIENT_ID, "value": "c-1" }]));
        assert_eq!(device["status"], "active");
        assert_eq!(device["deviceName"], json!([{ "name": title, "type": "user-friendly-name" }]));
        let members: Vec<&str> = device.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted =
            ["resourceType", "id", "meta", "extension", "identifier", "status", "deviceName"];
        assert_eq!(members, wanted);
    }

    #[test]
    fn an_instance_that_takes_no_part_is_inactive_and_a_missing_title_is_the_id() {
        for title in [None, Some(" ")] {
            let device = of_instance(&connected(title, InstanceStatus::Rejected), "s-1");
            let device = read(&device, "c-1");
            assert_eq!(device["status"], "inactive");
            assert_eq!(device["deviceName"][0]["name"], "game");
        }
    }

    #[test]
    fn the_servers_own_device_comes_from_itself() {
        let device = read(&of_server("s-1"), "s-1");
        assert_eq!(device["identifier"][0]["value"], "s-1");
        assert_eq!(device["extension"][0]["valueReference"]["reference"], "Device/s-1");
        assert_eq!(device["status"], "active");
    }
}
