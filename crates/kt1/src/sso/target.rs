//! Which instance a launch is for, and for whom.

use std::sync::Arc;

use koppeltaal_core::directory::{ConnectedInstance, Directory};
use koppeltaal_fhir::dstu1::reference::identity;
use koppeltaal_store::sso::LaunchKind;
use url::Url;

use super::destination::launch_url;
use super::parameters::Parameters;
use crate::answer::Refusal;
use crate::call::{Caller, other_patient};
use crate::key::{self, MAX_URL};

/// The longest text that is passed on.
const MAX_TEXT: usize = 4000;

/// What is launched, for whom.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) instance: Arc<ConnectedInstance>,
    pub(super) patient: String,
    pub(super) user: String,
    pub(super) resource: Option<String>,
    pub(super) intent: Option<String>,
}

/// Reads the parameters of a launch.
pub(super) fn target(
    directory: &Directory,
    caller: &Caller,
    parameters: &Parameters,
    kind: LaunchKind,
) -> Result<Target, Refusal> {
    let client_id = parameters.get("client_id").ok_or_else(|| missing("client_id"))?;
    let patient = parameters.get("patient").ok_or_else(|| missing("patient"))?;
    let user = parameters.get("user").unwrap_or(patient);
    for (what, url) in [("patient", patient), ("user", user)] {
        check_url(what, url)?;
    }
    for (what, text) in
        [("resource", parameters.get("resource")), ("intent", parameters.get("intent"))]
    {
        if text.is_some_and(|text| text.len() > MAX_TEXT) {
            let details = format!("The parameter {what} is longer than {MAX_TEXT} bytes.");
            return Err(Refusal::bad_request("too-long", details));
        }
    }
    if !caller.may_see(Some(identity(patient))) {
        return Err(other_patient());
    }
    let instance = instance(directory, caller, client_id, kind).ok_or_else(unknown)?;
    let kinds = &instance.application.launch_kinds;
    if !kinds.is_empty() && !kinds.iter().any(|known| known == kind.code()) {
        return Err(Refusal::forbidden("This application is not launched in this way."));
    }
    Ok(Target {
        instance,
        patient: patient.to_owned(),
        user: user.to_owned(),
        resource: parameters.get("resource").map(str::to_owned),
        intent: parameters.get("intent").map(str::to_owned),
    })
}

/// The instance of the application in the caller's domain. Where there are several
/// it is the caller, if it launches itself, or else the one that was there first.
fn instance(
    directory: &Directory,
    caller: &Caller,
    client_id: &str,
    kind: LaunchKind,
) -> Option<Arc<ConnectedInstance>> {
    let is_caller =
        |instance: &ConnectedInstance| instance.instance.number == caller.instance.number;
    directory
        .instances_of(caller.domain.number)
        .filter(|instance| instance.application.id == client_id && instance.takes_part())
        .filter(|instance| instance.instance.sso_active != Some(false))
        .filter(|instance| kind == LaunchKind::Mobile || launch_url(instance).is_some())
        .min_by_key(|instance| (!is_caller(instance), instance.instance.number))
        .cloned()
}

fn missing(name: &str) -> Refusal {
    Refusal::bad_request("required", format!("The parameter {name} is missing."))
}

/// The same for an application that is unknown and for one that cannot be launched
/// in the caller's domain.
fn unknown() -> Refusal {
    Refusal::not_found("This application cannot be launched in this domain.")
}

fn check_url(what: &str, url: &str) -> Result<(), Refusal> {
    key::check(&format!("The parameter {what}"), url, MAX_URL)?;
    let is_absolute = Url::parse(url).is_ok_and(|url| url.has_host());
    if !is_absolute || url.contains(' ') {
        let details = format!("The parameter {what} must be an absolute URL.");
        return Err(Refusal::bad_request("value", details));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patient_is_an_absolute_url() {
        for url in ["https://app/fhir/Patient/1", "http://app/Patient/1/_history/2"] {
            assert!(check_url("patient", url).is_ok(), "{url}");
        }
        for url in ["Patient/1", "/Patient/1", "1", "https://", "https://a b/1", "patient:1"] {
            assert!(check_url("patient", url).is_err(), "{url}");
        }
        assert!(check_url("patient", &format!("https://a/{}", "x".repeat(MAX_URL))).is_err());
    }
}
