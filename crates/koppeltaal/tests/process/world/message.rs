//! Messages about care plans.

use koppeltaal_client::kt1::resource::{CarePlanBuilder, patient};
use koppeltaal_client::kt1::{Connector, Integration, MessageBuilder, Resource, Result, Sent};
use koppeltaal_fhir::json;

/// Where the resources of the portal live.
pub const ORIGIN: &str = "https://portal.example/fhir";

/// A care plan; `link` is its URL, with the last version when it has one.
pub fn plan(link: &str, goal: &str) -> Resource {
    let plan = CarePlanBuilder::new(format!("{ORIGIN}/Patient/1")).goal(goal).build();
    Resource::new(link, plan)
}

/// A message about a care plan and its patient.
fn message(integration: &Integration, identifier: &str, plan: Resource) -> MessageBuilder {
    let robin = format!("{ORIGIN}/Patient/1");
    MessageBuilder::new("home", "CreateOrUpdateCarePlan", integration, plan)
        .patient(&robin)
        .resource(Resource::new(&robin, patient("Robin", "de Vries")))
        .identifier(identifier)
}

/// The message about a new care plan as JSON.
pub fn bundle(identifier: &str) -> String {
    let plan = plan(&format!("{ORIGIN}/CarePlan/{identifier}"), "Sleep eight hours");
    let message = message(&Integration::new("portal", ORIGIN), identifier, plan);
    json::render(&message.build().into_node())
}

/// Sends the message about a care plan.
pub async fn send_plan(portal: &Connector, identifier: &str, plan: Resource) -> Result<Sent> {
    portal.send_bundle(message(portal.integration(), identifier, plan).build()).await
}
