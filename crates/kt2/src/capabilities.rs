//! Capabilities: what this server can do today, and where tokens come from
//! (FHIR R4, 3.1.0.11; the extension that SMART clients of old read).

use http::StatusCode;
use koppeltaal_auth::{Answer, Urls};
use serde_json::{Value, json};

use crate::app::App;
use crate::outcome::fhir_json;

/// The resource types of Koppeltaal 2.0 that are kept as resources.
const TYPES: [&str; 10] = [
    "ActivityDefinition",
    "CareTeam",
    "Device",
    "Endpoint",
    "Organization",
    "Patient",
    "Practitioner",
    "RelatedPerson",
    "Subscription",
    "Task",
];

fn resource(kind: &str) -> Value {
    json!({
        "type": kind,
        "profile": format!("http://hl7.org/fhir/StructureDefinition/{kind}"),
        "supportedProfile": [format!("http://koppeltaal.nl/fhir/StructureDefinition/KT2{kind}")],
        "interaction": [{ "code": "read" }],
        "versioning": "versioned",
    })
}

/// Answers `GET metadata`.
pub fn capabilities(app: &App, urls: &Urls) -> Answer {
    let statement = json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": app.started.to_instant_millis(),
        "kind": "instance",
        "software": { "name": "Koppeltaal Server", "version": env!("CARGO_PKG_VERSION") },
        "implementation": { "description": app.server_name, "url": urls.fhir_base() },
        "fhirVersion": "4.0.1",
        "format": ["json", "application/fhir+json"],
        "implementationGuide": ["http://koppeltaal.nl/fhir/ImplementationGuide"],
        "rest": [{
            "mode": "server",
            "security": security(urls),
            "resource": TYPES.iter().map(|kind| resource(kind)).collect::<Vec<_>>(),
        }],
    });
    fhir_json(StatusCode::OK, statement.to_string())
}

fn security(urls: &Urls) -> Value {
    let uris = [
        ("jwks", urls.jwks()),
        ("token", urls.token()),
        ("issuer", urls.issuer()),
        ("authorize", urls.authorize()),
        ("introspect", urls.introspect()),
    ];
    let uris: Vec<Value> =
        uris.into_iter().map(|(name, uri)| json!({ "url": name, "valueUri": uri })).collect();
    json!({
        "extension": [{
            "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
            "extension": uris,
        }],
        "service": [{
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                "code": "SMART-on-FHIR",
            }],
            "text": "OAuth2 using SMART-on-FHIR profile (see http://docs.smarthealthit.org)",
        }],
    })
}
