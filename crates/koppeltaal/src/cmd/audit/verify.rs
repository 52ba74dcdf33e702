//! `koppeltaal audit verify`: the chain of seals and every row under it.

use std::collections::BTreeSet;

use anyhow::{Result, bail};
use koppeltaal_admin::operate::audit::{verdict as verdict_object, verify_number};
use koppeltaal_core::Error;
use koppeltaal_store::Store;
use koppeltaal_store::audit::{self, Verdict};

use super::SERVER;
use crate::cmd::directory::{check_domain, read};
use crate::context::Context;
use crate::output;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Of this domain only (`server`: what belongs to none)
    #[arg(long)]
    domain: Option<String>,
    /// The number and the head of a seal that an earlier run told
    #[arg(long, requires = "domain", value_name = "NUMBER:HEAD")]
    expect: Option<String>,
}

pub(super) async fn run(context: &Context, args: Args) -> Result<()> {
    let directory = read(context).await?;
    let only = args.domain.as_deref();
    check_domain(&directory, only.filter(|name| *name != SERVER))?;
    let store = context.store().await?;
    let (mut objects, mut wrong) = (Vec::new(), Vec::new());
    let kept = directory.domains().iter().map(|domain| domain.number).chain([audit::SERVER]);
    let numbers: BTreeSet<i64> = audit::domains(store).await?.into_iter().chain(kept).collect();
    for number in numbers {
        let domain = directory.domains().iter().find(|domain| domain.number == number);
        let name = match domain {
            Some(domain) => domain.name.clone(),
            None if number == audit::SERVER => SERVER.to_owned(),
            None => format!("domain {number}"),
        };
        if only.is_some_and(|only| only != name) {
            continue;
        }
        let mut verdict =
            verify_number(store, &context.seal, number, domain.map(AsRef::as_ref)).await?;
        if let Some(expected) = &args.expect {
            expect(store, number, expected, &mut verdict).await?;
        }
        wrong.extend(verdict.wrong.as_ref().map(|why| format!("{name}: {why}")));
        objects.push(verdict_object(&name, &verdict)?);
    }
    let columns =
        ["domain", "sealed", "unsealed", "unsealed_since", "seals", "head", "removed", "wrong"];
    output::list(context.json, &objects, &columns)?;
    if !wrong.is_empty() {
        bail!("the audit trail is not whole: {}", wrong.join("; "));
    }
    Ok(())
}

/// Compares a seal with what is known of it from before.
async fn expect(store: &Store, domain: i64, expected: &str, verdict: &mut Verdict) -> Result<()> {
    let parts = expected.split_once(':').and_then(|(n, head)| Some((n.parse().ok()?, head)));
    let Some((number, head)) = parts else {
        return Err(Error::Invalid(format!(
            "`{expected}` is not the number and the head of a seal, like 12:9f86…"
        ))
        .into());
    };
    let found = audit::head_at(store, domain, number).await?;
    if verdict.wrong.is_none() && found.as_deref() != Some(head) {
        verdict.wrong = Some(match found {
            Some(_) => format!("seal {number} is not the one that is expected"),
            None => format!("there is no seal {number}, or retention removed what it sealed"),
        });
    }
    Ok(())
}
