//! POST and PUT on `Other` (spec 1.1, E10 and E11; 6).

use http::StatusCode;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::version::Stamp;
use koppeltaal_fhir::dstu1::{ActivityDefinition, Issue, Registration};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::audit;
use koppeltaal_store::definition::{self, Definition, Publication, Refusal as Refused, Visibility};

use super::{announce, resource, search, visibility};
use crate::answer::{Answer, Content, Refusal};
use crate::app::App;
use crate::call::{Call, Caller};
use crate::hub::Arrival;
use crate::{key, negotiate};

/// The largest definition: a page holds up to 1,000 of them.
const MAX_DEFINITION: usize = 256 * 1024;

/// The longest identifier: it is a key of the store.
const MAX_IDENTIFIER: usize = 500;

/// Publishes a new definition.
pub async fn create(app: &App, call: &Call, caller: &Caller) -> Result<Answer, Refusal> {
    publish(app, call, caller, None).await
}

/// Replaces a definition; `version` is the one in the URL.
pub async fn update(
    app: &App,
    call: &Call,
    caller: &Caller,
    number: i64,
    version: Option<String>,
) -> Result<Answer, Refusal> {
    publish(app, call, caller, Some((number, version))).await
}

async fn publish(
    app: &App,
    call: &Call,
    caller: &Caller,
    existing: Option<(i64, Option<String>)>,
) -> Result<Answer, Refusal> {
    if caller.patient.is_some() {
        return Err(Refusal::forbidden(
            "ActivityDefinitions are published with the credentials of the application instance.",
        ));
    }
    let sent = body(call).await?;
    let view = ActivityDefinition::of(&sent).ok_or_else(not_a_definition)?;
    let identifier = view
        .identifier()
        .ok_or_else(|| {
            Refusal::bad_request(
                "required",
                "The ActivityDefinition has no ActivityDefinition#ActivityDefinitionIdentifier.",
            )
        })?
        .to_owned();
    let publisher = Publisher {
        application: caller.application.number,
        client_id: caller.application.id.clone(),
        from: visibility(app, caller),
        identifier,
        audit: call.audit(Action::Definition, caller),
    };
    let definition = match store(app, publisher, sent, existing.clone()).await? {
        Ok(definition) => definition,
        Err(refused) => {
            return Err(refusal(app, refused, existing.map_or(0, |(number, _)| number)));
        }
    };
    let created = existing.is_none();
    Ok(Answer {
        status: if created { StatusCode::CREATED } else { StatusCode::OK },
        content: Content::Tree(resource(&definition)?),
        location: Some(app.links.definition_version(definition.number, &definition.version)),
        written: true,
    })
}

/// Who publishes what.
pub(crate) struct Publisher {
    /// The number of the application.
    pub application: i64,
    /// Its id.
    pub client_id: String,
    /// The domain it publishes in.
    pub from: Visibility,
    /// The identifier of the definition.
    pub identifier: String,
    /// The row of the trail.
    pub audit: Entry,
}

/// Stores a definition, `existing` by number and known version, and tells the
/// subscribers.
pub(crate) async fn store(
    app: &App,
    publisher: Publisher,
    sent: Node,
    existing: Option<(i64, Option<String>)>,
) -> Result<Result<Definition, Refused>, Refusal> {
    key::check("The identifier", &publisher.identifier, MAX_IDENTIFIER)?;
    let view = ActivityDefinition::of(&sent).ok_or_else(not_a_definition)?;
    let (domain_specific, archived) = (view.is_domain_specific(), view.is_archived());
    let (ids, now, directory) = (app.parts.ids.clone(), app.now(), app.directory());
    let task = app.clone();
    let (stored, copies) = app
        .parts
        .store
        .write(move |tx| {
            let application = publisher.application;
            let render = |number: i64| {
                let registration = Registration {
                    id: &number.to_string(),
                    application_reference: &task.links.device(application),
                    application_display: &publisher.client_id,
                };
                let node = ActivityDefinition::of(&sent).map(|d| d.normalised(&registration));
                json::render(&node.unwrap_or(Node::Null))
            };
            let from = &publisher.from;
            let publication = Publication {
                application,
                identifier: &publisher.identifier,
                domain_specific,
                archived,
                render: &render,
            };
            let stored: Result<(Definition, Stamp), Refused> = match &existing {
                None => definition::create(tx, &ids, now, from, &publication)?,
                Some((number, version)) => definition::update(
                    tx,
                    &ids,
                    now,
                    from,
                    *number,
                    version.as_deref(),
                    &publication,
                )?,
            };
            let mut copies = Vec::new();
            if let Ok((definition, stamp)) = &stored {
                let mut entry = publisher.audit.clone();
                entry.focal = Some(task.links.definition(definition.number));
                entry.version = Some(definition.version.clone());
                audit::append_across(tx, &ids, &[(from.domain, entry)])?;
                let composed = announce::compose(&task, definition, now)
                    .map_err(|refusal| refusal.into_internal())?;
                let told = announce::announcements(&directory, definition);
                copies = definition::announce(tx, &ids, now, definition, *stamp, &told, &composed)?;
            }
            Ok((stored, copies))
        })
        .await?;
    if stored.is_ok() {
        app.parts.waker.wake();
        app.hub.arrived(copies.into_iter().map(|copied| Arrival {
            instance: copied.instance,
            stamp: copied.stamp.0,
            patient: None,
        }));
    }
    Ok(stored.map(|(definition, _)| definition))
}

async fn body(call: &Call) -> Result<Node, Refusal> {
    let format = call.body_format.ok_or_else(not_a_definition)?;
    if call.body.len() > MAX_DEFINITION {
        return Err(Refusal::bad_request(
            "too-long",
            format!("The ActivityDefinition is larger than {MAX_DEFINITION} bytes."),
        ));
    }
    negotiate::read(format, &call.body).await
}

fn not_a_definition() -> Refusal {
    Refusal::bad_request(
        "structure",
        "The body must be an `Other` resource with the code ActivityDefinition.",
    )
}

fn refusal(app: &App, refused: Refused, number: i64) -> Refusal {
    let conflict =
        |code: &'static str, details: &str| Refusal::new(StatusCode::CONFLICT, code, code, details);
    match refused {
        Refused::Duplicate => {
            conflict("duplicate", "Another ActivityDefinition in this domain has this identifier.")
        }
        Refused::Unknown => search::unknown(number),
        Refused::NotOwner => Refusal::forbidden(
            "Only the application that published an ActivityDefinition may change it.",
        ),
        Refused::VersionConflict(current) => Refusal {
            issues: vec![
                Issue::error("The specified resource version is not correct")
                    .with_type("conflict")
                    .with_resource(app.links.definition(number))
                    .with_location(app.links.definition_version(number, &current)),
            ],
            ..conflict("conflict", "")
        },
    }
}
