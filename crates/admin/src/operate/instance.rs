//! Instances: admitted to their domain or kept out of it, and their public keys
//! looked at.

use std::sync::Arc;

use koppeltaal_auth::client_keys::ClientKeys;
use koppeltaal_auth::jose::KeyDescription;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Instance, InstanceStatus};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::directory::{Change, Item, change};
use serde_json::{Value, json};

use super::{ATTEMPTS, changed_all_the_time};
use crate::desk::Desk;
use crate::page::{self, Object};
use crate::provision::{Kind, shown};
use crate::seen;

/// The instance with this user name or client_id, when it is theirs.
pub fn one<'a>(
    desk: &Desk,
    directory: &'a Directory,
    name: &str,
) -> Option<&'a Arc<ConnectedInstance>> {
    let all = directory.instances();
    let by_client_id = || all.iter().find(|instance| instance.instance.client_id == name);
    let found = directory.instance_by_username(name).or_else(by_client_id);
    found.filter(|instance| seen::instance(&desk.rights, instance))
}

/// The keys of the provisioning file, the id of the instance's Device, and where
/// its public keys come from.
pub fn object(instance: &Instance) -> Result<Object> {
    let mut object = shown(Kind::Instance, instance)?;
    object.insert("device".to_owned(), Value::from(instance.client_id.as_str()));
    object.insert("key_source".to_owned(), Value::from(key_source(instance)));
    Ok(object)
}

/// The key of the provisioning file that gives the public keys.
pub fn key_source(instance: &Instance) -> Option<&'static str> {
    // In the order in which they are looked at for a token.
    [
        ("jwks_url", &instance.jwks_url),
        ("jwks", &instance.jwks),
        ("public_key_pem", &instance.public_key_pem),
    ]
    .into_iter()
    .find_map(|(key, value)| value.as_ref().map(|_| key))
}

/// What [`decide`] did.
pub struct Decided {
    /// The instance as it is now.
    pub instance: Object,
    /// What was recorded; `None`: it had the status already.
    pub summary: Option<String>,
}

/// Gives the instance this status, with its Device, in one transaction.
/// `find` finds it in the directory of the moment.
pub async fn decide(
    desk: &Desk,
    find: impl Fn(&Directory) -> Result<Arc<ConnectedInstance>>,
    status: InstanceStatus,
) -> Result<Decided> {
    // Another change may come in between: then the present state is read anew.
    for _ in 0..ATTEMPTS {
        let directory = desk.directory().await?;
        let connected = find(&directory)?;
        if !desk.rights.has_domain(&connected.domain.name) {
            return Err(Error::Forbidden(
                "who takes part in a domain is decided by its administrators".to_owned(),
            ));
        }
        let instance = Instance { status, ..connected.instance.clone() };
        let object = object(&instance)?;
        if instance == connected.instance {
            return Ok(Decided { instance: object, summary: None });
        }
        let summary =
            format!("changed instance {} in {}: status", connected.name(), connected.domain.name);
        let changes = [Change { item: Item::Instance(instance), summary: summary.clone() }];
        let (ids, author, based_on) = (desk.ids.clone(), desk.author.clone(), directory.version);
        let catalogs = koppeltaal_kt2::Catalogs::of_all(&desk.store, &directory).await?;
        let written = desk
            .store
            .write(move |tx| change(tx, &ids, &catalogs, based_on, &changes, &author))
            .await?;
        if written.is_some() {
            return Ok(Decided { instance: object, summary: Some(summary) });
        }
    }
    Err(changed_all_the_time())
}

/// Fetches or reads the public keys of an instance and tells about each.
pub async fn check_keys(desk: &Desk, instance: &ConnectedInstance) -> Result<Vec<Object>> {
    let name = instance.name();
    if key_source(&instance.instance).is_none() {
        return Err(Error::Conflict(format!(
            "{name} has no public keys: give jwks_url, jwks or public_key_pem"
        )));
    }
    let client_keys = ClientKeys::new(desk.outbound.clone(), desk.clock.clone());
    let keys = client_keys.check(instance).await.map_err(|why| {
        let place = instance.instance.jwks_url.as_deref().unwrap_or(name);
        Error::Conflict(format!("{place}: {why}"))
    })?;
    Ok(keys.describe().iter().map(key).collect())
}

/// A public key.
pub fn key(key: &KeyDescription) -> Object {
    let strength = key.strength.as_deref();
    let bits = strength.and_then(|text| text.strip_suffix(" bits")).map(str::parse::<u32>);
    page::object(json!({
        "kid": key.kid,
        "kty": key.kty,
        "algorithm": key.algorithm,
        "curve": strength.filter(|_| bits.is_none()),
        "bits": bits.and_then(Result::ok),
        "use": key.usage,
        "usable": key.problem.is_none(),
        "problem": key.problem,
    }))
}
