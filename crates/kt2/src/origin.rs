//! resource-origin: the Device a resource comes from. The server gives it on
//! create, and it never changes (topic 005; spec 3.3).

use http::StatusCode;
use koppeltaal_core::resource::RESOURCE_ORIGIN;
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_fhir::{Node, object};

use crate::outcome::Refusal;

/// Gives a new resource its origin; a caller may not name one.
pub fn inject(resource: &mut Node, device: &str) -> Result<(), Refusal> {
    if named(resource, "extension").next().is_some() {
        return Err(refusal("The server sets resource-origin; leave the extension out."));
    }
    check_modifiers(resource)?;
    push(resource, device);
    Ok(())
}

/// Keeps the origin in a new version as the server wrote it: absent it is added,
/// another one is refused.
pub fn keep(resource: &mut Node, device: &str) -> Result<(), Refusal> {
    check_modifiers(resource)?;
    let devices: Vec<Option<&str>> = devices(resource).collect();
    match devices.as_slice() {
        [] => {
            push(resource, device);
            Ok(())
        }
        [Some(id)] if *id == device => {
            restore(resource, device);
            Ok(())
        }
        [Some(_)] => {
            let told = "Forbidden: resource-origin never changes; leave the extension as it is.";
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", told).at("extension"))
        }
        [None] => Err(refusal("resource-origin is a reference to a Device.")),
        _ => Err(refusal("A resource has one resource-origin.")),
    }
}

/// The id of the Device that a resource names as its origin; none when it names
/// several, or something else.
pub fn only(resource: &Node) -> Option<&str> {
    let mut devices = devices(resource);
    let (one, more) = (devices.next()??, devices.next());
    (more.is_none() && is_fhir_id(one)).then_some(one)
}

/// What the extensions say.
fn devices(resource: &Node) -> impl Iterator<Item = Option<&str>> {
    named(resource, "extension")
        .map(|one| one.get("valueReference")?.get("reference")?.as_str()?.strip_prefix("Device/"))
}

/// The extension changes the meaning of nothing, so it is no modifier.
fn check_modifiers(resource: &Node) -> Result<(), Refusal> {
    match named(resource, "modifierExtension").next() {
        Some(_) => Err(refusal("resource-origin is no modifier extension.")),
        None => Ok(()),
    }
}

fn refusal(told: &str) -> Refusal {
    Refusal::bad_request("business-rule", told).at("extension")
}

fn is_origin(extension: &Node) -> bool {
    extension.get("url").and_then(Node::as_str) == Some(RESOURCE_ORIGIN)
}

fn named<'a>(resource: &'a Node, member: &str) -> impl Iterator<Item = &'a Node> {
    resource.items(member).iter().filter(|extension| is_origin(extension))
}

fn extension(device: &str) -> Node {
    object! {
        "url" => RESOURCE_ORIGIN,
        "valueReference" => object! {
            "reference" => format!("Device/{device}"),
            "type" => "Device",
        },
    }
}

/// Puts the extension where the caller had it: he may have written more into it.
fn restore(resource: &mut Node, device: &str) {
    let extensions = resource.get_mut("extension").and_then(Node::as_array_mut);
    if let Some(named) = extensions.into_iter().flatten().find(|one| is_origin(one)) {
        *named = extension(device);
    }
}

fn push(resource: &mut Node, device: &str) {
    let Some(members) = resource.as_object_mut() else { return };
    match members.get_mut("extension") {
        Some(Node::Array(extensions)) => extensions.push(extension(device)),
        // Anything else than a list is refused by the validator, with its place.
        Some(_) => {}
        None => members.push("extension", vec![extension(device)]),
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
        let mut bare = patient(&[]);
        keep(&mut bare, "d-1").unwrap();
        assert_eq!(bare, patient(&["d-1"]));
        keep(&mut bare, "d-1").unwrap();
        assert_eq!(bare, patient(&["d-1"]));
        assert_eq!(keep(&mut patient(&["d-2"]), "d-1").unwrap_err().status, 403);
        assert_eq!(keep(&mut patient(&["d-1", "d-1"]), "d-1").unwrap_err().status, 400);
        let text = koppeltaal_fhir::json::render(&patient(&["d-1"]));
        let text = text.replace("\"type\":\"Device\"", "\"display\":\"mine\"");
        let mut spoofed = koppeltaal_fhir::json::parse(text.as_bytes()).unwrap();
        keep(&mut spoofed, "d-1").unwrap();
        assert_eq!(spoofed, patient(&["d-1"]), "it is kept as the server wrote it");
    }

    #[test]
    fn an_origin_among_the_modifiers_is_refused() {
        let modifier = vec![extension("d-1")];
        let mut odd = object! { "resourceType" => "Task", "modifierExtension" => modifier };
        assert_eq!(inject(&mut odd.clone(), "d-1").unwrap_err().status, 400);
        assert_eq!(keep(&mut odd, "d-1").unwrap_err().status, 400);
    }

    #[test]
    fn an_origin_that_is_no_device_is_refused() {
        let mut odd = object! {
            "extension" => vec![object! { "url" => RESOURCE_ORIGIN, "valueString" => "x" }],
        };
        assert_eq!(keep(&mut odd, "d-1").unwrap_err().status, 400);
    }
}
