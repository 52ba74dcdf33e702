//! Who works on the resources of a domain by a command.

use std::sync::Arc;

use anyhow::Result;
use koppeltaal_auth::Urls;
use koppeltaal_core::directory::Domain;
use koppeltaal_kt2::operate::Operator;
use koppeltaal_store::Ids;

use crate::cmd::directory::{found, read};
use crate::context::Context;

/// An operator of this command in the domain with this name.
pub async fn operator(context: &Context, command: &str, domain: &str) -> Result<Operator> {
    let directory = read(context).await?;
    let names = directory.domains().iter().map(|domain| domain.name.clone());
    let domain = found(directory.domain(domain), "domain", domain, names)?;
    let ids = Arc::new(Ids::take(context.store().await?).await?);
    of(context, command, domain, ids).await
}

/// An operator of this command in every domain.
pub async fn every_operator(context: &Context, command: &str) -> Result<Vec<Operator>> {
    let directory = read(context).await?;
    let ids = Arc::new(Ids::take(context.store().await?).await?);
    let mut operators = Vec::new();
    for domain in directory.domains() {
        operators.push(of(context, command, domain, ids.clone()).await?);
    }
    Ok(operators)
}

async fn of(
    context: &Context,
    command: &str,
    domain: &Arc<Domain>,
    ids: Arc<Ids>,
) -> Result<Operator> {
    let public_url = context.config.public_url(context.config.listen);
    let urls = Urls::of(&public_url, domain);
    Ok(Operator {
        store: context.store().await?.clone(),
        ids,
        clock: context.clock.clone(),
        domain: domain.clone(),
        base: urls.fhir_base(),
        bases: urls.fhir_bases(),
        agent: context.author(command).agent,
    })
}
