//! RequestLog: the requests of instances, for support; the documents of one request
//! are shown when it is asked for alone. Successes stay for a week, failures for two.

use koppeltaal_core::directory::{Domain, Secret};
use koppeltaal_store::request_log::{self, Logged, Wanted};
use serde_json::Value;

use super::super::ask::Ask;
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::query::Query;
use super::super::resource::Resource;
use super::message::owner;
use super::narrow::{self, Span};

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "RequestLog",
    attributes: &[
        Attribute::text("Method", 20).read_only().unfilterable(),
        Attribute::text("Target", 2000).read_only().unfilterable(),
        Attribute::new("StatusCode", Kind::Number).read_only(),
        Attribute::new("Failed", Kind::Flag).read_only(),
        Attribute::text("InstanceName", 50).read_only().unfilterable(),
        Attribute::text("DomainName", 64).read_only().unfilterable(),
        Attribute::text("RequestId", 64).read_only(),
        Attribute::text("Address", 60).read_only().unfilterable(),
        Attribute::new("DurationMs", Kind::Number).read_only().unfilterable(),
        Attribute::new("Created", Kind::Time).read_only(),
        Attribute::new("Request", Kind::Lines).read_only().unfilterable(),
        Attribute::new("Response", Kind::Lines).read_only().unfilterable(),
    ],
    relationships: &[
        Relationship::one("Domain", "Domain", Rule::ReadOnly),
        Relationship::one("ApplicationInstance", "ApplicationInstance", Rule::ReadOnly),
    ],
    operations: Operations::read_only(Who::DomainToo),
};

/// A page of requests, without their documents.
pub async fn page(ask: &Ask<'_>, query: &Query) -> Result<(Vec<Resource>, usize), Failure> {
    if narrow::oldest_first(query, "Created")? {
        return Err(Failure::parameter("sort", "The newest requests come first."));
    }
    let mut domains = narrow::domains(ask);
    let mut wanted = Wanted { instances: narrow::instances(ask), ..Wanted::default() };
    let mut span = Span::default();
    for filter in &query.filters {
        match narrow::name(filter) {
            "Failed" => wanted.failed = narrow::flag(filter),
            "StatusCode" => {
                let all: Vec<i64> = (100..600).collect();
                let statuses =
                    all.into_iter().filter(|status| filter.holds(&Value::from(*status))).collect();
                wanted.statuses = narrow::both(wanted.statuses, statuses);
            }
            "RequestId" => match narrow::texts(filter)?.as_slice() {
                [one] => wanted.request_id = Some(one.clone()),
                _ => return Err(narrow::refused(filter)),
            },
            "Created" => span.narrow(filter)?,
            "ApplicationInstance" => {
                let numbers = narrow::related(ask, filter).await?;
                wanted.instances = narrow::both(wanted.instances, numbers);
            }
            "Domain" => {
                let numbers = narrow::related(ask, filter).await?;
                domains.retain(|domain| numbers.contains(&domain.number));
            }
            _ => return Err(narrow::refused(filter)),
        }
    }
    (wanted.from, wanted.until) = (span.from, span.until);
    let (rows, total) = narrow::page(ask, &domains, query, move |tx, offset, limit| {
        let rows = request_log::list(tx, &wanted, offset, limit)?;
        Ok((rows, request_log::count(tx, &wanted)?))
    })
    .await?;
    Ok((rows.iter().map(|(domain, row)| resource(ask, domain, row)).collect(), total))
}

/// The request with this number and its documents, if the caller sees it.
pub async fn find(ask: &Ask<'_>, id: &str) -> Result<Option<Resource>, Failure> {
    let Ok(number) = id.parse::<i64>() else { return Ok(None) };
    for domain in narrow::domains(ask) {
        let scope = ask.inner().store().scope(&domain);
        let found = scope.read(move |tx| request_log::find(tx, number)).await?;
        let Some(row) = found else { continue };
        let (request, response) = content(ask, &row)?;
        let resource =
            resource(ask, &domain, &row).with("Request", request).with("Response", response);
        return Ok(Some(resource));
    }
    Ok(None)
}

/// The document of a request and that of its answer.
fn content(ask: &Ask<'_>, row: &Logged) -> Result<(Value, Value), Failure> {
    let Some(sealed) = &row.content else { return Ok((Value::Null, Value::Null)) };
    let opened = ask.inner().parts.seal.open(&Secret(sealed.clone()))?;
    let mut content: Value =
        serde_json::from_str(&opened).map_err(koppeltaal_core::Error::internal)?;
    let mut take = |name: &str| content.get_mut(name).map(Value::take).unwrap_or_default();
    Ok((take("request"), take("response")))
}

fn resource(ask: &Ask<'_>, domain: &Domain, row: &Logged) -> Resource {
    Resource::new(&DECLARATION, row.id, owner(ask, domain))
        .with("Method", row.method.as_str())
        .with("Target", row.target.as_str())
        .with("StatusCode", row.status)
        .with("Failed", row.failed)
        .with("InstanceName", narrow::name_of(ask, row.instance))
        .with("DomainName", domain.name.as_str())
        .with("RequestId", row.request_id.as_str())
        .with("Address", row.address.as_str())
        .with("DurationMs", row.duration / 1000)
        .with("Created", row.recorded().to_instant_millis())
        .to("Domain", domain.number)
        .with_any("ApplicationInstance", row.instance.map(|number| number.to_string()))
}
