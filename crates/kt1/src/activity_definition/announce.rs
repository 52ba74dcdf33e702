//! The CreateOrUpdateActivityDefinition message that the server itself sends
//! after every change: no patient, a source of its own, data and self link
//! versioned (spec 6, "Event").

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::event::Event;
use koppeltaal_fhir::dstu1::{Bundle, names};
use koppeltaal_fhir::{json, object};
use koppeltaal_store::definition::{Announcement, Composed, Definition};
use koppeltaal_store::mailbox::Recipient;

use super::entry;
use crate::answer::Refusal;
use crate::app::App;
use crate::deliver::STATUS_MARK;
use crate::envelope;

/// Which domains are told, and whom: the one it was published in, and unless it
/// is specific to that every domain its application is in.
pub fn announcements(directory: &Directory, definition: &Definition) -> Vec<Announcement> {
    let affected = directory.domains().iter().filter(|domain| {
        domain.number == definition.domain
            || (!definition.domain_specific
                && directory
                    .instances_of(domain.number)
                    .any(|instance| instance.application.number == definition.application))
    });
    affected
        .filter_map(|domain| {
            let event = Event::CreateOrUpdateActivityDefinition;
            let recipients: Vec<Recipient> = directory
                .recipients(domain.number, event)
                .iter()
                .map(|instance| Recipient {
                    instance: instance.instance.number,
                    announce: instance.instance.webhook.is_some(),
                })
                .collect();
            (!recipients.is_empty()).then(|| Announcement {
                domain: domain.number,
                feed: envelope::feed(&Bundle::default(), &domain.name),
                recipients,
            })
        })
        .collect()
}

/// The message about a definition.
pub fn compose(app: &App, definition: &Definition, now: Timestamp) -> Result<Composed, Refusal> {
    let identifier = format!("urn:uuid:{}", uuid::Uuid::new_v4());
    let event = Event::CreateOrUpdateActivityDefinition.code();
    let rest = object! {
        "identifier" => &identifier,
        "timestamp" => now.to_instant(),
        "event" => object! {
            "system" => names::system::MESSAGE_EVENTS,
            "code" => event,
            "display" => event,
        },
        "source" => object! {
            "name" => "Koppeltaal",
            "software" => "Koppeltaal",
            "version" => crate::metadata::PROTOCOL_VERSION,
            "endpoint" => "not used",
        },
        "data" => [object! {
            "reference" => app.links.definition_version(definition.number, &definition.version),
        }],
    };
    let rest = json::render(&rest);
    let header = format!(
        "{{\"resourceType\":\"MessageHeader\",\"extension\":[{STATUS_MARK}],{}",
        rest.strip_prefix('{').unwrap_or("}")
    );
    Ok(Composed {
        identifier,
        focal: app.links.definition(definition.number),
        header,
        entries: json::render(&entry(app, definition)?.into_node()),
    })
}
