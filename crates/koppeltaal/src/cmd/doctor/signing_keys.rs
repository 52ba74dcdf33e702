//! Whether this seal key opens the keys that sign the tokens of the domains: with
//! another one no token could be given.

use anyhow::Result;
use koppeltaal_store::authorization;

use super::Finding;
use crate::cmd::directory::read;
use crate::context::Context;

pub(super) async fn check(context: &Context, findings: &mut Vec<Finding>) -> Result<()> {
    let directory = read(context).await?;
    let store = context.store().await?;
    let now = context.clock.now();
    let mut opened = 0;
    let before = findings.len();
    for domain in directory.domains() {
        let keys = store.scope(domain).read(authorization::signing_keys).await?;
        // Of a key that is over the private half is gone.
        let in_use = keys.iter().filter(|key| key.published_until.is_none_or(|end| now < end));
        let (good, bad): (Vec<_>, Vec<_>) =
            in_use.partition(|key| context.seal.open(&key.sealed).is_ok());
        opened += good.len();
        if !bad.is_empty() {
            findings.push(Finding::error(
                "signing keys",
                format!(
                    "{} of {} keys of {} were sealed with another seal_key: it gives no tokens",
                    bad.len(),
                    bad.len() + good.len(),
                    domain.name
                ),
                format!(
                    "set `seal_key` back to the key with which the server ran; or, when that key \
                     is lost, make a new signing key: `koppeltaal key rotate --domain {} \
                     --at-once` (tokens in circulation stop working)",
                    quoted(&domain.name)
                ),
            ));
        }
    }
    if findings.len() == before {
        let finding = match opened {
            0 => "none yet: each is made when it is first needed".to_owned(),
            number => format!("{number}, and this seal key opens them"),
        };
        findings.push(Finding::ok("signing keys", finding));
    }
    Ok(())
}

/// A name as a shell takes it: names of domains have no quotes in them.
fn quoted(name: &str) -> String {
    if name.contains(' ') { format!("'{name}'") } else { name.to_owned() }
}
