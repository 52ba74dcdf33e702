//! What the types that stand in the directory have in common: ids are numbers of
//! the store, and a value of an attribute is a key of the provisioning file.

use std::sync::Arc;

use koppeltaal_core::directory::{Application, ConnectedInstance, Directory, Domain};
use serde_json::Value;

use super::super::change::Names;
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::provision::Table;

/// The application with this id of the API.
pub fn application<'a>(directory: &'a Directory, id: &str) -> Option<&'a Arc<Application>> {
    let number: i64 = id.parse().ok()?;
    directory.applications().iter().find(|application| application.number == number)
}

/// The domain with this id of the API.
pub fn domain<'a>(directory: &'a Directory, id: &str) -> Option<&'a Arc<Domain>> {
    let number: i64 = id.parse().ok()?;
    directory.domains().iter().find(|domain| domain.number == number)
}

/// The instance with this id of the API.
pub fn instance<'a>(directory: &'a Directory, id: &str) -> Option<&'a Arc<ConnectedInstance>> {
    directory.instance(id.parse().ok()?)
}

/// The names of the domains in which an application has an instance.
pub fn domains_of(directory: &Directory, application: &Application) -> Vec<String> {
    let mut names: Vec<String> = directory
        .instances()
        .iter()
        .filter(|instance| instance.application.number == application.number)
        .map(|instance| instance.domain.name.clone())
        .collect();
    names.sort();
    names.dedup();
    names
}

/// The values of the attributes that are keys as they are.
pub fn put(mut table: Table, input: &Input, names: Names) -> Table {
    for (key, name) in names {
        if let Some(value) = input.value(name) {
            table = table.with(key, value.clone());
        }
    }
    table
}

/// A number of seconds as a duration of the provisioning file.
pub fn seconds(value: &Value) -> Value {
    value.as_i64().map_or(Value::Null, |seconds| format!("{seconds}s").into())
}

/// What changed under the caller's hands is gone.
pub fn gone(of: &str, id: &str) -> Failure {
    Failure::not_found(of, id)
}
