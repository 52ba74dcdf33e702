//! What an administrator sees of the directory: what is theirs, and what that is
//! connected with. Of everything else not even its name.

use koppeltaal_core::administrator::Rights;
use koppeltaal_core::directory::{Application, ConnectedInstance, Directory, Domain};

/// How much of an item is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nothing: as if it did not exist.
    Not,
    /// What it is called.
    Name,
    /// Everything but secrets.
    Whole,
}

/// How much of a domain is seen: of one in which they have an application, its name.
pub fn domain(directory: &Directory, rights: &Rights, domain: &Domain) -> Seen {
    if rights.has_domain(&domain.name) {
        return Seen::Whole;
    }
    let connects = |i: &&std::sync::Arc<ConnectedInstance>| {
        i.domain.number == domain.number && rights.has_application(&i.application.id)
    };
    match directory.instances().iter().any(|i| connects(&i)) {
        true => Seen::Name,
        false => Seen::Not,
    }
}

/// How much of an application is seen: of one in their domain, what it is called.
pub fn application(directory: &Directory, rights: &Rights, application: &Application) -> Seen {
    if rights.has_application(&application.id) {
        return Seen::Whole;
    }
    let connected = directory
        .instances()
        .iter()
        .any(|i| i.application.id == application.id && rights.has_domain(&i.domain.name));
    if connected { Seen::Name } else { Seen::Not }
}

/// Whether an instance is seen, and what goes to and from it.
pub fn instance(rights: &Rights, instance: &ConnectedInstance) -> bool {
    rights.has_instance(&instance.domain.name, &instance.application.id)
}

/// Whether the instance with this number is seen; `None` is the server itself.
pub fn number(directory: &Directory, rights: &Rights, number: Option<i64>) -> bool {
    number.and_then(|number| directory.instance(number)).is_some_and(|i| instance(rights, i))
}
