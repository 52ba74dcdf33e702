//! The audit trail: searched and verified. An administrator of domains sees the
//! trail of their domains; what belongs to none is for those of the server.

use std::sync::Arc;

use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::audit::Filter;
use serde_json::json;

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use crate::operate::audit::{self, SERVER};

pub(super) async fn search(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = of(&asked, &directory)?;
    let action = match asked.parameter("action") {
        None => None,
        Some(code) => Some(Action::from_code(code).ok_or_else(|| {
            let codes: Vec<_> = Action::ALL.iter().map(|action| action.code()).collect();
            Error::Invalid(format!("`{code}` is no action; there is {}", codes.join(", ")))
        })?),
    };
    let text = |name: &str| asked.parameter(name).map(str::to_owned);
    let filter = Filter {
        from: asked.parsed("since")?,
        until: asked.parsed("until")?,
        action,
        agent: text("agent"),
        patient: text("patient"),
        focal: text("focal"),
        outcome: text("outcome"),
        request_id: text("request_id"),
        trace_id: text("trace_id"),
        correlation_id: text("correlation_id"),
        events_only: asked.flag("events")?,
        after: asked.parsed("after")?,
    };
    let limit = asked.limit()?;
    let most = i64::try_from(limit).map_err(Error::internal)?;
    let domain = domain.as_deref();
    let rows = audit::rows(&desk.store, domain, &filter, most).await?;
    let next = rows.last().filter(|_| rows.len() == limit).map(|row| row.id);
    let items = rows.iter().map(|row| audit::row(domain, row)).collect::<Result<Vec<_>>>()?;
    Answer::json(&json!({ "items": items, "next": next }))
}

pub(super) async fn verify(asked: Asked) -> Result<Answer, Refusal> {
    let desk = asked.desk()?;
    let directory = desk.directory().await?;
    let domain = of(&asked, &directory)?;
    let verdict = audit::verify(&desk, domain.as_deref()).await?;
    let name = domain.as_ref().map_or(SERVER, |domain| &domain.name);
    Answer::json(&audit::verdict(name, &verdict)?)
}

/// The domain of the query; `None`: what belongs to none.
fn of(asked: &Asked, directory: &Directory) -> Result<Option<Arc<Domain>>> {
    let name = asked.parameter("domain").ok_or_else(|| {
        Error::Invalid(format!("domain: whose trail? `{SERVER}` is what belongs to none"))
    })?;
    if name == SERVER && asked.rights()?.is_system() {
        return Ok(None);
    }
    asked.own_domain(directory, name).map(|domain| Some(domain.clone()))
}
