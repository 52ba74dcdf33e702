//! What a delete takes with it: nothing, or, for roles that have the privilege, what
//! refers to the resource, within their rights (decision on DELETE).

use http::StatusCode;
use http::header::HeaderMap;
use koppeltaal_core::permission::{Operation, Reach};

use crate::call::Call;
use crate::delete::is_deletable;
use crate::outcome::Refusal;
use crate::{access, kind};

/// The right of a role to delete what refers to a resource with it.
const CASCADE: &str = "cascade-delete";

/// Whose resources of a type go with another one: everybody's when there is no
/// list of Devices.
pub type Reached = Vec<(&'static str, Option<Vec<String>>)>;

/// Whether what refers to the resource goes with it, and the caller may ask so.
pub fn asked(
    call: &Call,
    headers: &HeaderMap,
    pairs: &[(String, String)],
) -> Result<bool, Refusal> {
    let asked = pairs.iter().find(|(name, _)| name == "_cascade").map(|(_, value)| value.as_str());
    let asked = asked.or_else(|| headers.get("x-cascade")?.to_str().ok());
    match asked {
        None | Some("none") => return Ok(false),
        Some("delete") => {}
        Some(_) => {
            let told = "_cascade is `delete`, or left out.";
            return Err(Refusal::bad_request("invalid", told).at("http._cascade"));
        }
    }
    let privileged = call.access.as_ref().is_some_and(|access| {
        let directory = call.app.authorization.directory();
        directory
            .role_of(&access.instance.instance)
            .is_some_and(|role| role.privileges.iter().any(|privilege| privilege == CASCADE))
    });
    match privileged {
        true => Ok(true),
        false => {
            let told = "Forbidden: your role does not have the privilege `cascade-delete`.";
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", told).at("http._cascade"))
        }
    }
}

/// What the caller may delete: the privilege to cascade widens no right, and an
/// AuditEvent goes with nothing.
pub fn reached(call: &Call) -> Reached {
    let of = |kind: &'static str| {
        let reach = match kind {
            "AuditEvent" if !is_deletable(&call.domain) => Reach::Nothing,
            kind => access::reach(call, Operation::Delete, kind),
        };
        let devices = match reach {
            Reach::All => None,
            Reach::Of(devices) => Some(devices.into_iter().map(str::to_owned).collect()),
            Reach::Nothing => Some(Vec::new()),
        };
        (kind, devices)
    };
    kind::EXCHANGED.into_iter().map(of).collect()
}
