//! What a resource is and whom it is about: the types that a message may carry
//! (spec 3.3, step 7), and the patient under whom the store files it.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_fhir::dstu1::{Entry, Issue, other};

use crate::answer::Refusal;

/// The types a message may carry since 1.3.5.
const ALLOWED: [&str; 6] =
    ["Organization", "Practitioner", "Patient", "RelatedPerson", "Device", "CarePlan"];

/// What an `Other` may be. The last two are not on the list of the standard, but
/// clients send them.
const ALLOWED_OTHER: [&str; 6] = [
    "ActivityDefinition",
    "CarePlanActivityStatus",
    "UserMessage",
    "CareTeam",
    "BlackBoxState",
    "StorageItem",
];

/// Every entry holds a resource, in a domain of 1.3.5 one of a type that is
/// allowed; each type that is not is named once.
pub(super) fn check(entries: &[Entry], of_135: bool) -> Result<(), Refusal> {
    let mut refused: Vec<String> = Vec::new();
    for entry in entries {
        let kind = of(entry.content.as_ref()).ok_or_else(|| {
            Refusal::bad_request("structure", "An entry of the message holds no resource.")
        })?;
        let allowed = match kind.strip_prefix("Other/") {
            Some(usage) => ALLOWED_OTHER.contains(&usage),
            None => ALLOWED.contains(&kind.as_str()),
        };
        if of_135 && !allowed {
            let name = kind.strip_prefix("Other/").unwrap_or(&kind);
            let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
            if !refused.contains(&shown) {
                refused.push(shown);
            }
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    // The documented issue has no type.
    let issue =
        |kind: &String| Issue::error(format!("The resource type '{kind}' is not supported."));
    let issues = refused.iter().map(issue).collect();
    Err(Refusal { issues, ..Refusal::bad_request("not-supported", "") })
}

/// The type of a resource; of an `Other` with its use: `Other/CareTeam`.
pub(super) fn of(resource: Option<&Node>) -> Option<String> {
    let resource = resource?;
    let kind = resource.resource_type().filter(|kind| !kind.is_empty())?;
    if kind != "Other" {
        return Some(kind.to_owned());
    }
    let any_coding = || resource.get("code")?.items("coding").first()?.get("code")?.text();
    let usage = other::usage(resource).or_else(any_coding);
    Some(usage.map_or_else(|| "Other".to_owned(), |usage| format!("Other/{usage}")))
}

/// Whom a resource is about, as far as it says so itself: a Patient is about
/// itself; caregivers and organisations are about nobody.
pub(super) fn patient_of(entry: &Entry) -> Option<String> {
    let content = entry.content.as_ref()?;
    let url = match content.resource_type()? {
        "Patient" => entry.self_link().filter(|link| !link.is_empty()).or(entry.id.as_deref()),
        "Practitioner" | "Organization" | "Device" => None,
        _ => content
            .get("patient")
            .or_else(|| content.get("subject"))
            .and_then(|reference| reference.get("reference")?.text()),
    };
    url.map(identity).filter(|url| !url.is_empty()).map(str::to_owned)
}

/// Whether a resource is care data of the message's patient even where it does
/// not say so.
pub(super) fn is_personal(kind: &str) -> bool {
    !matches!(
        kind,
        "Patient" | "Practitioner" | "Organization" | "Device" | "Other/ActivityDefinition"
    )
}
