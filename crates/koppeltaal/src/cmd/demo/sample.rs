//! The sample data of the demo: a portal sends two care plans, a game processes
//! the first.

use std::convert::Infallible;
use std::path::Path;

use anyhow::Result;
use koppeltaal_client::kt1::resource::{
    Activity, ActivityDefinitionBuilder, CarePlanBuilder, patient, practitioner,
};
use koppeltaal_client::kt1::{Connector, Filter, Integration, Options, Outcome, Resource};
use koppeltaal_fhir::dstu1::extension;
use koppeltaal_fhir::dstu1::names::{NAMESPACE, care_plan as url};
use koppeltaal_fhir::{Node, object};

/// What was sent.
pub struct Sent {
    /// The first care plan, with its version.
    pub focal: String,
}

const APP: &str = "https://portal.example/fhir/Koppeltaal";

/// Sends the sample data through the running server.
pub async fn send(url: &str, ca: Option<&Path>) -> Result<Sent> {
    let trust = ca.map(std::fs::read).transpose()?.unwrap_or_default();
    let options = Options { trust, ..Options::default() };
    let connector = |username: &str, password: &str, endpoint: &str| {
        let integration = Integration::new(username, endpoint);
        Connector::with_options(url, username, password, "demo", integration, &options)
    };
    let portal = connector("portal@demo", "portal-secret", APP)?;
    let game = connector("game@demo", "game-secret", "https://game.example/fhir/Koppeltaal")?;
    let definition = ActivityDefinitionBuilder::new("Sleep well", "sleep-well", "Game")
        .description("A game about sleeping better")
        .performer("Patient")
        .build();
    game.publish_activity_definition(&definition).await?;
    let first = care_plan(&portal, 1).await?;
    game.process(&Filter::default(), |_| async { Ok::<_, Infallible>(Outcome::Success) }).await?;
    care_plan(&portal, 2).await?;
    Ok(Sent { focal: first })
}

async fn care_plan(portal: &Connector, number: u32) -> Result<String> {
    let at = |kind: &str| format!("{APP}/{kind}/{number}");
    let plan = CarePlanBuilder::new(at("Patient"))
        .goal("Sleep eight hours")
        .activity(&Activity::new("a1", "sleep-well", "2026-01-01T09:00:00+00:00"))
        .build()
        .with("participant", vec![caregiver(&at("Practitioner"), &at("CareTeam"))]);
    let sent = portal
        .send(
            "CreateOrUpdateCarePlan",
            Resource::new(at("CarePlan"), plan),
            Some(&at("Patient")),
            vec![
                Resource::new(at("Patient"), patient("Robin", "de Vries")),
                Resource::new(at("Practitioner"), practitioner("Sam", "Jansen")),
                Resource::new(at("CareTeam"), care_team("Sleep clinic")),
            ],
        )
        .await?;
    Ok(sent.focal().to_owned())
}

/// A participant as version 1.3.5 of the standard wants it: in a care team.
fn caregiver(practitioner: &str, team: &str) -> Node {
    object! {
        "extension" => vec![extension::reference(url::PARTICIPANT_CARE_TEAM, team)],
        "role" => object! { "coding" => vec![code("CarePlanParticipantRole", "Caregiver")] },
        "member" => object! { "reference" => practitioner },
    }
}

fn care_team(name: &str) -> Node {
    let named = format!("{NAMESPACE}CareTeam#Name");
    object! {
        "resourceType" => "Other",
        "extension" => vec![extension::with(&named, "valueString", name)],
        "code" => object! { "coding" => vec![code("OtherResourceUsage", "CareTeam")] },
    }
}

fn code(system: &str, code: &str) -> Node {
    object! { "system" => format!("{NAMESPACE}{system}"), "code" => code, "display" => code }
}
