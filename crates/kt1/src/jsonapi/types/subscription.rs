//! SubscriptionsPerApplication: the messages that the instances of an application
//! receive unless they have subscriptions of their own.

use koppeltaal_core::directory::Directory;
use koppeltaal_core::event::Event;

use super::super::ask::Ask;
use super::super::change::{Names, change};
use super::super::declaration::{
    Attribute, Declaration, Kind, Operations, Relationship, Rule, Who,
};
use super::super::failure::Failure;
use super::super::input::Input;
use super::super::provision::Table;
use super::super::resource::{Owner, Resource};
use super::directory as at;

/// The types of messages.
pub const EVENTS: &[&str] = &[
    "CreateOrUpdatePatient",
    "CreateOrUpdatePractitioner",
    "CreateOrUpdateRelatedPerson",
    "CreateOrUpdateCarePlan",
    "UpdateCarePlanActivityStatus",
    "CreateOrUpdateCarePlanActivityResult",
    "CreateOrUpdateUserMessage",
    "CreateOrUpdateActivityDefinition",
];

/// The type.
pub static DECLARATION: Declaration = Declaration {
    name: "SubscriptionsPerApplication",
    attributes: &[Attribute::new("MessageType", Kind::Word(EVENTS)).rule(Rule::Fixed)],
    relationships: &[Relationship::one("Application", "Application", Rule::Fixed)],
    operations: Operations {
        read: Who::ApplicationToo,
        create: Who::ApplicationToo,
        update: Who::Nobody,
        delete: Who::ApplicationToo,
    },
};

const NAMES: Names = &[("events", "MessageType")];

/// Every subscription.
pub fn all(directory: &Directory) -> Vec<Resource> {
    let of_one = |application: &std::sync::Arc<koppeltaal_core::directory::Application>| {
        let application = application.clone();
        let stamp = directory.stamps.applications.get(&application.number).copied();
        application.events.clone().into_iter().map(move |event| {
            let owner = Owner { applications: vec![application.id.clone()], ..Owner::default() };
            Resource::new(&DECLARATION, id(application.number, event), owner)
                .version(stamp.unwrap_or_default())
                .with("MessageType", event.code())
                .to("Application", application.number)
        })
    };
    directory.applications().iter().flat_map(of_one).collect()
}

fn id(application: i64, event: Event) -> String {
    format!("{application}-{}", event.code())
}

/// Subscribes an application.
pub async fn create(ask: &Ask<'_>, input: &Input) -> Result<String, Failure> {
    let application = input.link("Application").unwrap_or_default();
    let event: Event = input.text("MessageType").unwrap_or_default().parse()?;
    set(ask, application, |events| {
        if events.contains(&event) {
            return Err(Failure::conflict("The application has this subscription already."));
        }
        events.push(event);
        Ok(())
    })
    .await?;
    Ok(format!("{application}-{}", event.code()))
}

/// Ends a subscription.
pub async fn delete(ask: &Ask<'_>, existing: &Resource) -> Result<(), Failure> {
    let ids = existing.link("Application").map_or(&[][..], |link| link.ids());
    let event: Event = existing.text("MessageType").unwrap_or_default().parse()?;
    set(ask, ids.first().map_or("", String::as_str), |events| {
        events.retain(|known| *known != event);
        Ok(())
    })
    .await
}

async fn set(
    ask: &Ask<'_>,
    id: &str,
    edit: impl Fn(&mut Vec<Event>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let work = |directory: &Directory| {
        let application =
            at::application(directory, id).ok_or_else(|| at::gone("Application", id))?;
        let mut events = application.events.clone();
        edit(&mut events)?;
        let codes: Vec<&str> = events.iter().map(|event| event.code()).collect();
        Ok(vec![
            Table::new("application").with("id", application.id.as_str()).with("events", codes),
        ])
    };
    change(ask, NAMES, work, None).await.map(drop)
}
