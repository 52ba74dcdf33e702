//! GET metadata: the Conformance statement, which clients read to find the
//! Mailbox and the launch endpoints; anonymous (spec 1.9).

use koppeltaal_core::event::Event;
use koppeltaal_fhir::dstu1::names;
use koppeltaal_fhir::{Node, object};

use crate::answer::Answer;
use crate::app::{App, Inner};

/// The version of the standard that is served.
pub const PROTOCOL_VERSION: &str = "v1.3.9";

const SMART_PLATFORMS: &str = "http://fhir-registry.smartplatforms.org/Profile/oauth-uris";
const SMART_HEALTH_IT: &str = "http://fhir-registry.smarthealthit.org/Profile/oauth-uris";
const VENDOR: &str = "http://fhir.vitalhealthsoftware.com/Profile/Conformance";

/// The Conformance statement.
pub fn metadata(app: &App) -> Answer {
    Answer::tree(object! {
        "resourceType" => "Conformance",
        "text" => object! {
            "status" => "generated",
            "div" => "<div xmlns=\"http://www.w3.org/1999/xhtml\">Koppeltaal 1.3</div>",
        },
        "identifier" => app.links.base.as_str(),
        "version" => PROTOCOL_VERSION,
        "name" => "Koppeltaal",
        "publisher" => "Koppeltaal",
        "description" => app.parts.settings.server_name.as_str(),
        "status" => "active",
        "date" => "2019-03-19",
        "software" => object! {
            "name" => "Koppeltaal Server",
            "version" => env!("CARGO_PKG_VERSION"),
        },
        "implementation" => object! {
            "description" => app.parts.settings.server_name.as_str(),
            "url" => app.links.base.as_str(),
        },
        "fhirVersion" => "0.0.82",
        "acceptUnknown" => false,
        "format" => [Node::from("xml"), Node::from("json")],
        "rest" => [rest(app)],
        "messaging" => [messaging(app)],
    })
}

fn rest(app: &Inner) -> Node {
    let search = |name: &str, kind: &str, documentation: &str| {
        object! { "name" => name, "type" => kind, "documentation" => documentation }
    };
    let header_parameters = vec![
        search("event", "token", "code of the message event"),
        search("_id", "token", "one message: its complete bundle"),
        search("Patient", "reference", "the patient the message is about"),
        search("ProcessingStatus", "string", "status of the caller's copy"),
    ];
    let item = |name: &str, kind: &str, of: &str| search(name, kind, &format!("StorageItem: {of}"));
    let other_parameters = vec![
        search("code", "token", "ActivityDefinition, StorageItem"),
        item("patient", "reference", "the patient it is about"),
        item("objectType", "string", "type of the object"),
        item("objectKey", "string", "key of the object; also :startswith, :contains"),
        item("lastUpdated", "date", "when it last changed; also for _sort"),
    ];
    object! {
        "mode" => "server",
        "security" => security(app),
        "resource" => [
            resource("MessageHeader", &["read", "update", "search-type"], header_parameters),
            resource(
                "Other",
                &["read", "update", "delete", "create", "search-type"],
                other_parameters,
            ),
            resource("Device", &["read", "search-type"], Vec::new()),
            resource("Patient", &["read", "search-type"], Vec::new()),
            resource("Profile", &["read", "search-type"], Vec::new()),
            resource("ValueSet", &["read", "search-type"], Vec::new()),
        ],
        "query" => [object! {
            "name" => "MessageHeader.GetNextNewAndClaim",
            "definition" => format!("{}/MessageHeader", app.links.base),
            "documentation" => "claims the oldest message with status New",
            "parameter" => [
                search("event", "token", "code of the message event"),
                search("Patient", "reference", "the patient the message is about"),
            ],
        }],
    }
}

fn security(app: &Inner) -> Node {
    let oauth = &app.links.oauth;
    let uri = |url: String, value: String| object! { "url" => url, "valueUri" => value };
    let mut extensions = Vec::new();
    for profile in [SMART_PLATFORMS, SMART_HEALTH_IT] {
        extensions.push(uri(format!("{profile}#authorize"), format!("{oauth}/Authorize")));
        extensions.push(uri(format!("{profile}#token"), format!("{oauth}/Token")));
    }
    extensions.push(uri(format!("{VENDOR}#Launch"), format!("{oauth}/Launch")));
    let service = |code: &str| {
        object! {
            "coding" => [object! {
                "system" => "http://hl7.org/fhir/restful-security-service",
                "code" => code,
            }],
        }
    };
    object! {
        "extension" => extensions,
        "cors" => true,
        "service" => [service("OAuth2"), service("Basic")],
        "description" => "Basic credentials of an application instance, or the access token of a launch",
    }
}

/// What is validated is what the mailbox checks: the shape of a message, no
/// profile.
fn validation(with_replies: bool) -> Vec<Node> {
    let mut switches = vec![("Requests", "Schema", true), ("Requests", "Profile", false)];
    if with_replies {
        switches.extend([("Replies", "Schema", true), ("Replies", "Profile", false)]);
    }
    let switch = |(what, against, value): (&str, &str, bool)| {
        object! {
            "url" => format!("{VENDOR}#Validate{what}Against{against}"),
            "valueBoolean" => value,
        }
    };
    switches.into_iter().map(switch).collect()
}

fn resource(kind: &str, operations: &[&str], parameters: Vec<Node>) -> Node {
    let operations: Vec<Node> = operations.iter().map(|code| object! { "code" => *code }).collect();
    let mut node = object! {
        "extension" => validation(true),
        "type" => kind,
        "operation" => operations,
        "readHistory" => false,
        "updateCreate" => false,
    };
    if let (false, Some(members)) = (parameters.is_empty(), node.as_object_mut()) {
        members.push("searchParam", parameters);
    }
    node
}

fn messaging(app: &Inner) -> Node {
    let events: Vec<Node> = Event::ALL.iter().map(|event| self::event(*event)).collect();
    object! {
        "endpoint" => app.links.mailbox(),
        "documentation" => "messages between the applications of a domain",
        "event" => events,
    }
}

fn event(event: Event) -> Node {
    let focus = match event {
        Event::CreateOrUpdatePatient => "Patient",
        Event::CreateOrUpdatePractitioner => "Practitioner",
        Event::CreateOrUpdateRelatedPerson => "RelatedPerson",
        Event::CreateOrUpdateCarePlan => "CarePlan",
        Event::CreateOrUpdateCarePlanActivityResult => "DiagnosticReport",
        Event::UpdateCarePlanActivityStatus
        | Event::CreateOrUpdateUserMessage
        | Event::CreateOrUpdateActivityDefinition => "Other",
    };
    object! {
        "extension" => validation(false),
        "code" => object! {
            "system" => names::system::MESSAGE_EVENTS,
            "code" => event.code(),
            "display" => event.code(),
        },
        "category" => "Notification",
        "mode" => "receiver",
        "focus" => focus,
    }
}
