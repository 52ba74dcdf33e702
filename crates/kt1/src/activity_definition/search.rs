//! GET Other?code=ActivityDefinition and GET Other/{n} (spec 1.1, E8 and E9).

use koppeltaal_fhir::dstu1::Entry;
use koppeltaal_store::definition;

use super::{entry, resource, visibility};
use crate::answer::{Answer, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::feed::{self, Found, Paging};

/// The definitions the domain is offered: active or not, archived ones only
/// with `includearchived=yes`.
pub async fn search(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    let (count, page) = (feed::count(call), feed::page(call));
    let archived = call.query.is_yes("includearchived");
    let from = visibility(app, caller);
    let offset = (page - 1).saturating_mul(count);
    let (mut found, total) = app
        .parts
        .store
        .read(move |tx| {
            let found = definition::list(tx, &from, archived, offset, count + 1)?;
            Ok((found, definition::count(tx, &from, archived)?))
        })
        .await?;
    let more = found.len() as i64 > count;
    found.truncate(usize::try_from(count).unwrap_or(usize::MAX));
    let entry: Vec<Entry> =
        found.iter().map(|definition| entry(app, definition)).collect::<Result<_, _>>()?;
    let paging = Some(Paging { page, count, next: more.then(String::new) });
    let found = Found { collection: "Other", entry, total, paging };
    Ok(Answer::tree(feed::bundle(app, call, found)))
}

/// One definition, bare.
pub async fn read(app: &App, caller: &Caller, number: i64) -> Result<Answer, Refusal> {
    let from = visibility(app, caller);
    let found = app.parts.store.read(move |tx| definition::find(tx, &from, number)).await?;
    let definition = found.ok_or_else(|| unknown(number))?;
    let location = app.links.definition_version(number, &definition.version);
    Ok(Answer { location: Some(location), ..Answer::tree(resource(&definition)?) })
}

/// The error for a number that the domain is not offered.
pub(super) fn unknown(number: i64) -> Refusal {
    Refusal::not_found(format!("There is no ActivityDefinition {number} in this domain."))
}
