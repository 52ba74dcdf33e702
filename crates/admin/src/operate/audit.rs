//! The audit trail: rows that fit, and whether the trail of a domain is whole.

use koppeltaal_auth::SealKey;
use koppeltaal_core::Result;
use koppeltaal_core::directory::{Domain, Phase};
use koppeltaal_store::Store;
use koppeltaal_store::audit::{self, Filter, Record, TrailKey, Verdict};
use serde_json::Value;

use crate::desk::Desk;
use crate::page::{self, Object};

/// The word for what belongs to no domain.
pub const SERVER: &str = "server";

/// The key under which the trail is sealed.
pub fn trail_key(seal: &SealKey) -> TrailKey {
    TrailKey::new(seal.derive("audit trail"))
}

/// A page of rows of a domain, or of those that belong to none, oldest first.
pub async fn rows(
    store: &Store,
    domain: Option<&Domain>,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Record>> {
    let filter = filter.clone();
    match domain {
        Some(domain) => store.scope(domain).read(move |tx| audit::search(tx, &filter, limit)).await,
        None => store.read(move |tx| audit::search_server(tx, &filter, limit)).await,
    }
}

/// A row with the name of its domain.
pub fn row(domain: Option<&Domain>, row: &Record) -> Result<Object> {
    with_domain(domain.map_or(SERVER, |domain| &domain.name), row)
}

/// Verifies the trail of a domain, or of what belongs to none.
pub async fn verify(desk: &Desk, domain: Option<&Domain>) -> Result<Verdict> {
    let number = domain.map_or(audit::SERVER, |domain| domain.number);
    verify_number(&desk.store, &desk.seal, number, domain).await
}

/// As [`verify`], also for a domain that the directory has no more.
pub async fn verify_number(
    store: &Store,
    seal: &SealKey,
    number: i64,
    domain: Option<&Domain>,
) -> Result<Verdict> {
    let mut verdict = audit::verify(store, &trail_key(seal), number).await?;
    let is_strict = domain.is_some_and(|domain| domain.phase == Phase::Production);
    if is_strict && verdict.removed_by_switch > 0 && verdict.wrong.is_none() {
        verdict.wrong = Some(format!(
            "{} AuditEvents were deleted, which the phase of the domain forbids",
            verdict.removed_by_switch
        ));
    }
    Ok(verdict)
}

/// A verdict with the name of its domain.
pub fn verdict(domain: &str, verdict: &Verdict) -> Result<Object> {
    let mut object = with_domain(domain, verdict)?;
    let removed = verdict.removed_by_retention + verdict.removed_by_switch;
    object.insert("removed".to_owned(), Value::from(removed));
    Ok(object)
}

fn with_domain(domain: &str, rest: &impl serde::Serialize) -> Result<Object> {
    let mut object = Object::new();
    object.insert("domain".to_owned(), Value::from(domain));
    let rest = serde_json::to_value(rest).map_err(koppeltaal_core::Error::internal)?;
    object.extend(page::object(rest));
    Ok(object)
}
