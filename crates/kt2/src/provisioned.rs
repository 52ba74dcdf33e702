//! The Devices that follow the directory: one for each application instance, whose id
//! is its client_id, and the server's own (K004). Applications read them and refer to
//! them; what they are is said by the provisioning of the domain.

use std::collections::HashSet;

use http::StatusCode;
use koppeltaal_store::resource::Stored;

use crate::call::Call;
use crate::outcome::Refusal;

const DEVICE: &str = "Device";

/// Refuses to change or delete a resource that follows the directory.
pub fn check(call: &Call, found: &Stored) -> Result<(), Refusal> {
    match found.resource_type == DEVICE && is_of_directory(call, &found.id) {
        false => Ok(()),
        true => Err(Refusal::new(
            StatusCode::CONFLICT,
            "business-rule",
            "This Device follows the provisioning of the domain: it changes with the \
             application instance that it stands for, and by no request.",
        )),
    }
}

fn is_of_directory(call: &Call, id: &str) -> bool {
    let directory = call.app.authorization.directory();
    id == call.domain.server_device
        || directory.instance_by_client_id(call.domain.number, id).is_some()
}

/// The ids of all of them in the domain.
pub fn devices(call: &Call) -> HashSet<String> {
    let directory = call.app.authorization.directory();
    let instances = directory.instances_of(call.domain.number);
    let ids = instances.map(|one| one.instance.client_id.clone());
    ids.chain([call.domain.server_device.clone()]).collect()
}

/// Whether a resource is one of these Devices.
pub fn is_among(devices: &HashSet<String>, resource_type: &str, id: &str) -> bool {
    resource_type == DEVICE && devices.contains(id)
}
