//! Storage services: whether this seal key opens the items in this server and the credentials at
//! providers, and whether a domain is nearly full.

use anyhow::Result;
use koppeltaal_core::directory::{Domain, Storage};
use koppeltaal_core::size;
use koppeltaal_kt1::{opens_storage, storage_provider};
use koppeltaal_store::storage_item;

use super::Finding;
use crate::cmd::directory::read;
use crate::context::Context;

const CHECK: &str = "storage";

pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = read(context).await?;
    for domain in directory.domains() {
        if let Some(storage) = &domain.storage {
            findings.push(match storage_provider(domain) {
                Some(_) => credentials(context, domain, storage),
                None => items(context, domain, storage).await?,
            });
        }
    }
    Ok(())
}

fn credentials(context: &Context, domain: &Domain, storage: &Storage) -> Finding {
    let opens = storage.password.as_ref().is_none_or(|sealed| context.seal.open(sealed).is_ok());
    match opens {
        true => Finding::ok(CHECK, format!("{}: at a provider", domain.name)),
        false => Finding::error(
            CHECK,
            format!(
                "{}: the password at its provider was sealed with another seal_key",
                domain.name
            ),
            "set `seal_key` back, or set `storage.password` anew and apply",
        ),
    }
}

async fn items(context: &Context, domain: &Domain, storage: &Storage) -> Result<Finding> {
    let store = context.store().await?;
    if opens_storage(store, &context.seal, domain).await? == Some(false) {
        return Ok(Finding::error(
            CHECK,
            format!("{}: StorageItems were sealed with another seal_key", domain.name),
            "set `seal_key` back to the key with which the server ran",
        ));
    }
    let used = store.scope(domain).read(storage_item::total).await?;
    let bytes = u64::try_from(used.bytes).unwrap_or_default();
    let name = &domain.name;
    Ok(match storage.quota {
        Some(quota) => {
            let finding =
                format!("{name}: {} items, {bytes} bytes of {}", used.items, size::format(quota));
            match bytes.saturating_mul(10) >= quota.saturating_mul(9) {
                true => Finding::warning(CHECK, finding, "raise `storage.quota` of the domain"),
                false => Finding::ok(CHECK, finding),
            }
        }
        None => Finding::ok(CHECK, format!("{name}: {} items, {bytes} bytes", used.items)),
    })
}
