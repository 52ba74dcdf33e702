//! The Koppeltaal 2.0 SDK of PyPI (`kt2`): all that it does with resources.

use std::process::Command;

use serde_json::json;

use crate::bodies;
use crate::place::{CLIENT, KID, Place, reference};
use crate::run::{file, named, run};
use crate::steps::Steps;
use crate::world::Engine;

/// More than a page of the server holds.
const PATIENTS: usize = 45;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_koppeltaal_does_everything_on_sqlite() {
    everything(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sdk_of_koppeltaal_does_everything_on_postgres() {
    everything(Engine::Postgres).await;
}

async fn everything(engine: Engine) {
    let python = named("KOPPELTAAL_TEST_PYTHON");
    let place = Place::open(engine).await;
    let mut patients = Vec::new();
    for number in 0..PATIENTS {
        let mut patient = bodies::patient();
        patient["identifier"][0]["value"] = format!("sdk-{number}").into();
        patients.push(place.created(&patient).await);
    }
    let practitioner = place.created(&bodies::practitioner()).await;
    let mut team = bodies::care_team(&reference(&patients[0]), &reference(&practitioner));
    // Its class of a participant has room for one role, and fails on a list.
    team["participant"][0].as_object_mut().unwrap().remove("role");
    let team = place.created(&team).await;
    let stored = json!({ "patients": patients, "practitioner": practitioner, "team": team });

    // The SDK writes a log file into the folder in which it runs.
    let mut command = Command::new(python);
    command.arg("-B").arg(file("python/sdk.py")).current_dir(place.folder());
    let told = [
        ("KT2_BASE", place.base()),
        ("KT2_CLIENT_ID", CLIENT.to_owned()),
        ("KT2_KID", KID.to_owned()),
        ("BODIES", bodies::all().to_string()),
        ("STORED", stored.to_string()),
        // It reads local time as if it were UTC.
        ("TZ", "UTC0".to_owned()),
    ];
    let told = told.each_ref().map(|(name, value)| (*name, value.as_str()));
    Steps::of(&run(&command, &told)).all_well("", 12);
}
