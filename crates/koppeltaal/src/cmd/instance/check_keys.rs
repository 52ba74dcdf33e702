//! `koppeltaal instance check-keys`: whether an assertion of an instance could be
//! verified with the public keys that it publishes now (kt2-auth 1.4).

use anyhow::{Result, bail};
use koppeltaal_admin::operate::instance::{key, key_source};
use koppeltaal_auth::client_keys::ClientKeys;
use koppeltaal_core::Error;

use super::one;
use crate::cmd::{directory, outbound};
use crate::context::Context;
use crate::output;

const COLUMNS: [&str; 8] = ["kid", "kty", "algorithm", "curve", "bits", "use", "usable", "problem"];

/// Fetches or reads the keys and tells about each.
pub(super) async fn run(context: &Context, name: &str) -> Result<()> {
    let directory = directory::read(context).await?;
    let instance = one(&directory, name)?;
    if key_source(&instance.instance).is_none() {
        bail!("{name} has no public keys: give jwks_url, jwks or public_key_pem, and apply");
    }
    let client_keys = ClientKeys::new(outbound::clients(context)?, context.clock.clone());
    let keys = match (client_keys.check(instance).await, &instance.instance.jwks_url) {
        (Ok(keys), _) => keys.describe(),
        (Err(why), Some(url)) => return Err(Error::Unavailable(format!("{url}: {why}")).into()),
        (Err(why), None) => bail!(why),
    };
    let objects: Vec<_> = keys.iter().map(key).collect();
    output::list(context.json, &objects, &COLUMNS)?;
    let usable = keys.iter().filter(|key| key.problem.is_none()).count();
    if usable == 0 {
        bail!("no assertion of {name} can be verified: none of its {} keys is usable", keys.len());
    }
    output::remark(format_args!(
        "an assertion of {name} can be verified: {usable} of {} keys usable",
        keys.len()
    ));
    if !instance.takes_part() {
        output::remark(format_args!(
            "{name} takes no part now: it must be approved, and active with its application and \
             its domain"
        ));
    }
    Ok(())
}
