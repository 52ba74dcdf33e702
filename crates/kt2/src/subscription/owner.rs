//! Whose a subscription is, and what its owner may read by the directory of the
//! moment (decision on notification narrowing; TOP-KT-006).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use koppeltaal_core::directory::Directory;
use koppeltaal_core::permission::{Operation, Permissions, Reach};

use crate::access::{Reader, own_alone};
use crate::kind;

/// The owner of a subscription.
#[derive(Debug, Clone)]
pub enum Owner {
    /// Somebody who may read what these permissions say.
    Known(Arc<Rights>),
    /// Somebody who does not take part, and is told of nothing.
    Absent,
    /// Nobody whom the directory knows: nothing can be said of what he may read.
    Unknown,
}

/// What an instance may do.
#[derive(Debug)]
pub struct Rights {
    permissions: Permissions,
    device: String,
}

impl Reader for Rights {
    fn reach(&self, kind: &str) -> Reach<'_> {
        if kind::is_conformance(kind) {
            return Reach::All;
        }
        own_alone(kind, &self.device, self.permissions.reach(Operation::Read, kind))
    }
}

/// Owners as they were looked up last, by the ids of their Devices.
#[derive(Debug, Default)]
pub struct Owners(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The version of the directory that they were looked up in.
    version: i64,
    owners: HashMap<String, Owner>,
}

impl Owners {
    /// The owner whose Device has this id.
    pub fn of(&self, directory: &Directory, domain: i64, device: &str) -> Owner {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.version != directory.version {
            *known = Known { version: directory.version, owners: HashMap::new() };
        }
        if let Some(owner) = known.owners.get(device) {
            return owner.clone();
        }
        let owner = looked_up(directory, domain, device);
        known.owners.insert(device.to_owned(), owner.clone());
        owner
    }
}

fn looked_up(directory: &Directory, domain: i64, device: &str) -> Owner {
    let Some(instance) = directory.instance_by_client_id(domain, device) else {
        return Owner::Unknown;
    };
    if !instance.takes_part() {
        return Owner::Absent;
    }
    let permissions = directory
        .role_of(&instance.instance)
        .map_or_else(Permissions::default, |role| Permissions::of_role(role, device));
    Owner::Known(Arc::new(Rights { permissions, device: device.to_owned() }))
}
