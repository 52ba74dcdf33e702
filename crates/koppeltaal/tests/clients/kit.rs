//! npm `fhir-kit-client`: every interaction that it has.

use std::process::Command;

use crate::bodies;
use crate::place::Place;
use crate::run::{file, named, run};
use crate::steps::Steps;
use crate::world::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fhir_kit_client_does_everything_on_sqlite() {
    everything(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fhir_kit_client_does_everything_on_postgres() {
    everything(Engine::Postgres).await;
}

async fn everything(engine: Engine) {
    let modules = named("KOPPELTAAL_TEST_NODE_MODULES");
    let place = Place::open(engine).await;
    let mut command = Command::new("node");
    command.arg(file("node/kit.mjs"));
    let told = [
        ("KOPPELTAAL_TEST_NODE_MODULES", modules.to_str().unwrap()),
        ("FHIR_BASE", &place.fhir_base()),
        ("TOKEN", place.token()),
        ("BODIES", &bodies::all().to_string()),
    ];
    Steps::of(&run(&command, &told)).all_well("", 20);
}
