//! Reading the directory for commands, and telling what is not there.

use anyhow::Result;
use koppeltaal_core::Error;
use koppeltaal_core::directory::Directory;
use koppeltaal_store::directory::load;

use crate::context::Context;

/// The directory as it is stored.
pub async fn read(context: &Context) -> Result<Directory> {
    Ok(context.store().await?.read(|tx| load(tx)).await?)
}

/// The item, or an error that names what there is instead.
pub fn found<T>(
    item: Option<T>,
    kind: &str,
    name: &str,
    names: impl IntoIterator<Item = String>,
) -> Result<T> {
    Ok(known(item, kind, name, names)?)
}

/// As [`found`], for whoever goes on with the error of the core.
pub fn known<T>(
    item: Option<T>,
    kind: &str,
    name: &str,
    names: impl IntoIterator<Item = String>,
) -> koppeltaal_core::Result<T> {
    item.ok_or_else(|| {
        let mut names: Vec<String> = names.into_iter().take(20).collect();
        names.sort();
        let known = match names.is_empty() {
            true => "there is none yet: declare it in a file and `koppeltaal apply` it".to_owned(),
            false => format!("there is {}", names.join(", ")),
        };
        Error::NotFound(format!("{kind} {name} does not exist; {known}"))
    })
}

/// Refuses a domain that does not exist, so that a wrong name is no empty list.
pub fn check_domain(directory: &Directory, name: Option<&str>) -> Result<()> {
    let Some(name) = name else {
        return Ok(());
    };
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    found(directory.domain(name), "domain", name, names).map(drop)
}

/// Refuses an application that does not exist.
pub fn check_application(directory: &Directory, id: &str) -> Result<()> {
    let ids = directory.applications().iter().map(|application| application.id.clone());
    found(directory.application(id), "application", id, ids).map(drop)
}
