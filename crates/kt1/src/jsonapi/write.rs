//! POST, PATCH and DELETE: the document is checked against the declaration of its
//! type and against what the caller sees; then the type writes it.

use http::StatusCode;

use super::ask::Ask;
use super::failure::{Failure, Fault};
use super::fetch::{only_shape, seen};
use super::input::{self, Input};
use super::routes::Answer;
use super::types::Type;

/// Makes a resource.
pub async fn create(ask: &Ask<'_>, of: Type, body: &[u8], query: &str) -> Result<Answer, Failure> {
    let query = only_shape(query, of.declaration())?;
    let input = input::read(body, of.declaration(), None)?;
    check_links(ask, &input).await?;
    let id = of.create(ask, &input).await?;
    let after = again(ask).await?;
    let writer = &ask.inner().writer;
    let url = writer.url_of(of.declaration(), &id);
    let resource = of.find(&after, &id).await?;
    let document = writer.one(&url, resource.as_ref(), &query.fields);
    Ok(Answer { status: StatusCode::CREATED, document: Some(document), location: Some(url) })
}

/// Changes a resource.
pub async fn update(
    ask: &Ask<'_>,
    of: Type,
    id: &str,
    body: &[u8],
    query: &str,
) -> Result<Answer, Failure> {
    let query = only_shape(query, of.declaration())?;
    let existing = seen(ask, of, id).await?;
    let input = input::read(body, of.declaration(), Some(&existing))?;
    check_links(ask, &input).await?;
    of.update(ask, &existing, &input).await?;
    let after = again(ask).await?;
    let resource = of.find(&after, id).await?;
    let url = ask.inner().writer.url_of(of.declaration(), id);
    Ok(Answer::ok(ask.inner().writer.one(&url, resource.as_ref(), &query.fields)))
}

/// Removes a resource.
pub async fn delete(ask: &Ask<'_>, of: Type, id: &str) -> Result<Answer, Failure> {
    let existing = seen(ask, of, id).await?;
    of.delete(ask, &existing).await?;
    Ok(Answer { status: StatusCode::NO_CONTENT, document: None, location: None })
}

/// Refuses relationships to what does not exist, or is not the caller's to see.
async fn check_links(ask: &Ask<'_>, input: &Input) -> Result<(), Failure> {
    let mut faults = Vec::new();
    for (relationship, ids) in &input.relationships {
        let Some(of) = Type::of(relationship.to) else { continue };
        for id in ids {
            let found = of.find(ask, id).await?;
            if !found.is_some_and(|resource| ask.sees(&resource)) {
                let title = format!("There is no {} `{id}`.", relationship.to);
                faults.push(Fault::relationship(StatusCode::NOT_FOUND, relationship.name, title));
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(Failure::of(faults)) }
}

/// The same request after the directory changed.
async fn again<'a>(ask: &Ask<'a>) -> Result<Ask<'a>, Failure> {
    Ok(Ask {
        api: ask.api,
        administrator: ask.administrator.clone(),
        directory: ask.inner().directory().await?,
        began: ask.began,
        request_id: ask.request_id,
    })
}
