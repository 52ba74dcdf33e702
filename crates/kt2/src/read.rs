//! Read: the current version of a resource (FHIR R4, 3.1.0.1). Who may not read
//! hears the same about what exists and what does not.

use http::StatusCode;
use http::header::{self, HeaderValue};
use koppeltaal_auth::{Access, Answer};
use koppeltaal_core::directory::Domain;
use koppeltaal_core::permission::Operation;
use koppeltaal_core::resource_type;
use koppeltaal_store::resource;

use crate::app::App;
use crate::outcome::{Refusal, fhir_json};

/// Answers `GET [type]/[id]`.
pub async fn read(
    app: &App,
    domain: &Domain,
    access: &Access,
    kind: &str,
    id: &str,
) -> Result<Answer, Refusal> {
    if resource_type::number(kind).is_none() {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "not-supported",
            "There is no such resource type.",
        ));
    }
    let (wanted, key) = (kind.to_owned(), id.to_owned());
    let scope = app.store.scope(domain);
    let found = scope.read(move |tx| resource::read(tx, &wanted, &key)).await?;
    let origin = found.as_ref().map(|found| found.origin.as_str());
    if !access.allows(Operation::Read, kind, origin).allowed {
        return Err(Refusal::forbidden());
    }
    let Some(found) = found else {
        return Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "not-found",
            format!("There is no {kind} with this id."),
        ));
    };
    if found.deleted {
        return Err(Refusal::new(StatusCode::GONE, "deleted", format!("This {kind} was deleted.")));
    }
    let text = found.body.render(found.resource_type, &found.id, found.version, found.updated);
    let mut answer = fhir_json(StatusCode::OK, text);
    let headers = answer.headers_mut();
    if let Ok(tag) = HeaderValue::try_from(format!("W/\"{}\"", found.version)) {
        headers.insert(header::ETAG, tag);
    }
    if let Ok(date) = HeaderValue::try_from(found.updated.to_http_date()) {
        headers.insert(header::LAST_MODIFIED, date);
    }
    Ok(answer)
}
