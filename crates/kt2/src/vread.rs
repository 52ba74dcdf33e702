//! Vread: one version of a resource (FHIR R4, 3.1.0.2). Versions stay readable
//! when the resource is deleted.

use http::StatusCode;
use http::header;
use koppeltaal_core::permission::Operation;

use crate::access;
use crate::call::Call;
use crate::kept;
use crate::outcome::Refusal;
use crate::record::shown;
use crate::reply::Reply;
use crate::shape::shaped;

/// Answers `GET [type]/[id]/_history/[version]`.
pub async fn vread(
    call: &Call,
    kind: &'static str,
    id: &str,
    version: &str,
) -> Result<Reply, Refusal> {
    // A number as this server writes it; nothing else names a version.
    let number = version.parse::<i64>().ok().filter(|number| number.to_string() == version);
    let key = id.to_owned();
    let (current, wanted) = call
        .scope()
        .read(move |tx| {
            let current = kept::read(tx, kind, &key)?;
            let wanted = match (&current, number) {
                (Some(current), Some(number)) => kept::version_of(tx, current.clone(), number)?,
                _ => None,
            };
            Ok((current, wanted))
        })
        .await?;
    access::decide(call, Operation::Read, kind, current)?;
    let Some(found) = wanted else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("This {kind} has no such version."),
        ));
    };
    if found.deleted {
        let told = format!("Version {} of this {kind} is its deletion.", found.version);
        let url = call.version_url(kind, &found.id, found.version);
        return Err(Refusal::new(StatusCode::GONE, "deleted", told).with(header::LOCATION, url));
    }
    let text = shaped(found.render(), &call.wants, &call.catalog)?;
    Ok(Reply::text(StatusCode::OK, text).of_version(&found).showing([shown(&found)]))
}
