//! The status of an activity and the message of a user, both kept in `Other`.

use koppeltaal_fhir::dstu1::names::{
    care_plan_activity_status as status_url, user_message as user_url,
};
use koppeltaal_fhir::dstu1::{extension, other};
use koppeltaal_fhir::{Node, object};

use super::{coding, concept};

/// A CarePlanActivityStatus: how the activity with this identifier stands.
pub fn activity_status(activity: &str, status: &str, percentage: Option<u8>) -> Node {
    let mut parts = vec![
        extension::with(status_url::ACTIVITY, "valueString", activity),
        extension::with(
            status_url::ACTIVITY_STATUS,
            "valueCoding",
            coding("CarePlanActivityStatus", status),
        ),
    ];
    parts.extend(percentage.map(|percentage| {
        extension::with(status_url::PERCENTAGE_COMPLETED, "valueInteger", i64::from(percentage))
    }));
    object! {
        "resourceType" => "Other",
        "extension" => parts,
        "code" => other::code("CarePlanActivityStatus"),
    }
}

/// A UserMessage, with a code of UserMessageKind.
pub fn user_message(from: &str, to: &str, kind: &str, subject: &str, content: &str) -> Node {
    object! {
        "resourceType" => "Other",
        "extension" => [
            extension::reference(user_url::FROM, from),
            extension::reference(user_url::TO, to),
            extension::with(user_url::MESSAGE_KIND, "valueCodeableConcept", concept("UserMessageKind", kind)),
            extension::with(user_url::SUBJECT, "valueString", subject),
            extension::with(user_url::CONTENT, "valueString", content),
        ],
        "code" => other::code("UserMessage"),
    }
}
