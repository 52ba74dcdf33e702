//! What is told of requests that lead to no interaction: what is there instead
//! (FHIR R4, 3.1.0.1).

use http::{Method, StatusCode};

use crate::outcome::Refusal;

/// The one operation.
const VALIDATE: &str = "$validate";

/// The refusal of a first segment that is no resource type.
pub fn no_type(name: &str) -> Refusal {
    match name {
        "_history" | "_search" | "metadata" => Refusal::not_supported(
            "Neither searches nor histories of the whole system are supported: name a resource type.",
        ),
        name if name.starts_with('$') => no_operation(name),
        _ => Refusal::new(
            StatusCode::NOT_FOUND,
            "not-supported",
            "Unknown resource type: the CapabilityStatement (`metadata`) lists those that are served.",
        ),
    }
}

fn no_operation(name: &str) -> Refusal {
    if name == VALIDATE {
        return Refusal::not_supported(
            "$validate is asked of a resource type, or of a resource: POST [type]/$validate.",
        );
    }
    let name: String = name.chars().take(64).collect();
    Refusal::not_supported(format!("The operation {name} is not supported here; $validate is."))
}

/// The refusal of a method and a path below a type that are no interaction.
pub fn no_interaction(method: &str, rest: &[&str]) -> Refusal {
    let get = &[Method::GET, Method::HEAD][..];
    match (method, rest) {
        (_, [VALIDATE] | [_, VALIDATE]) => Refusal::method(
            &[Method::POST],
            "$validate is asked by POST, with the resource as the body.",
        ),
        (_, [operation] | [_, operation]) if operation.starts_with('$') => no_operation(operation),
        ("PATCH", _) => Refusal::not_supported("PATCH is not supported: PUT the whole resource."),
        ("PUT" | "DELETE", []) => Refusal::method(
            &[Method::GET, Method::HEAD, Method::POST],
            "Conditional update and delete are not supported: name the resource by its id.",
        ),
        (_, ["_history"] | [_, "_history"] | [_, "_history", _]) => {
            Refusal::method(get, "A history can be read, and nothing else.")
        }
        (_, ["_search"]) => {
            Refusal::method(&[Method::POST], "Searches with a form are sent by POST.")
        }
        (_, []) => Refusal::method(
            &[Method::GET, Method::HEAD, Method::POST],
            "A resource type is searched by GET, and a resource created by POST.",
        ),
        (_, [_]) => Refusal::method(
            &[Method::GET, Method::HEAD, Method::PUT, Method::DELETE],
            "A resource is read by GET, updated by PUT and deleted by DELETE.",
        ),
        _ => Refusal::not_supported("This server does not have this interaction."),
    }
}
