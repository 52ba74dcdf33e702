//! resource-origin: the Device a resource comes from. The server gives it on
//! create, and it never changes (topic 005; spec 3.3).

use koppeltaal_core::resource::RESOURCE_ORIGIN;
use koppeltaal_fhir::{Node, object};

use crate::outcome::Refusal;

/// Gives a new resource its origin; a caller may not name one.
pub fn inject(resource: &mut Node, device: &str) -> Result<(), Refusal> {
    if places(resource).next().is_some() {
        return Err(refusal("The server sets resource-origin; leave the extension out."));
    }
    push(resource, device);
    Ok(())
}

/// Keeps the origin in a new version: absent it is added, another one is refused.
pub fn keep(resource: &mut Node, device: &str, base: &str) -> Result<(), Refusal> {
    let named: Vec<Option<&str>> = places(resource)
        .map(|extension| extension.get("valueReference")?.get("reference")?.as_str())
        .collect();
    match named.as_slice() {
        [] => {
            push(resource, device);
            Ok(())
        }
        [Some(reference)] => {
            let local =
                reference.strip_prefix(base).map_or(*reference, |r| r.trim_start_matches('/'));
            match local.strip_prefix("Device/") {
                Some(id) if id == device => Ok(()),
                Some(_) => Err(Refusal::forbidden()),
                None => Err(refusal("resource-origin is a reference to a Device.")),
            }
        }
        [None] => Err(refusal("resource-origin is a reference to a Device.")),
        _ => Err(refusal("A resource has one resource-origin.")),
    }
}

fn refusal(told: &str) -> Refusal {
    Refusal::bad_request("business-rule", told).at("extension")
}

fn places(resource: &Node) -> impl Iterator<Item = &Node> {
    let is_origin = |one: &&Node| one.get("url").and_then(Node::as_str) == Some(RESOURCE_ORIGIN);
    resource.items("extension").iter().filter(is_origin)
}

fn push(resource: &mut Node, device: &str) {
    let extension = object! {
        "url" => RESOURCE_ORIGIN,
        "valueReference" => object! {
            "reference" => format!("Device/{device}"),
            "type" => "Device",
        },
    };
    let Some(members) = resource.as_object_mut() else { return };
    match members.get_mut("extension") {
        Some(Node::Array(extensions)) => extensions.push(extension),
        // Anything else than a list is refused by the validator, with its place.
        Some(_) => {}
        None => members.push("extension", vec![extension]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(devices: &[&str]) -> Node {
        let mut resource = object! { "resourceType" => "Patient" };
        for device in devices {
            push(&mut resource, device);
        }
        resource
    }

    #[test]
    fn a_new_resource_gets_the_device_of_its_caller() {
        let mut resource = patient(&[]);
        inject(&mut resource, "d-1").unwrap();
        assert_eq!(resource, patient(&["d-1"]));
        assert!(inject(&mut resource, "d-1").is_err(), "even the right one is not the caller's");
    }

    #[test]
    fn a_new_version_has_the_origin_of_the_old_one() {
        let base = "https://kt.example/fhir";
        let mut bare = patient(&[]);
        keep(&mut bare, "d-1", base).unwrap();
        assert_eq!(bare, patient(&["d-1"]));
        keep(&mut bare, "d-1", base).unwrap();
        assert_eq!(bare, patient(&["d-1"]));
        assert_eq!(keep(&mut patient(&["d-2"]), "d-1", base).unwrap_err().status, 403);
        assert_eq!(keep(&mut patient(&["d-1", "d-1"]), "d-1", base).unwrap_err().status, 400);
        let mut absolute = patient(&["d-1"]);
        let text = koppeltaal_fhir::json::render(&absolute);
        absolute = koppeltaal_fhir::json::parse(
            text.replace("Device/d-1", "https://kt.example/fhir/Device/d-1").as_bytes(),
        )
        .unwrap();
        keep(&mut absolute, "d-1", base).unwrap();
    }

    #[test]
    fn an_origin_that_is_no_device_is_refused() {
        let mut odd = object! {
            "extension" => vec![object! { "url" => RESOURCE_ORIGIN, "valueString" => "x" }],
        };
        assert_eq!(keep(&mut odd, "d-1", "b").unwrap_err().status, 400);
    }
}
