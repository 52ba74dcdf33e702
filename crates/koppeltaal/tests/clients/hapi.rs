//! HAPI FHIR's clients, in JSON, in XML, and with what they accept when nobody says
//! anything.

use crate::place::Place;
use crate::run::{java, run};
use crate::steps::Steps;
use crate::world::Engine;

/// What a client is made by, and how many steps it takes at least.
const MODES: [(&str, usize); 2] = [("generic", 60), ("annotation", 12)];
const ENCODINGS: [&str; 3] = ["json", "xml", "any"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_java_clients_of_hapi_do_everything_on_sqlite() {
    everything(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_java_clients_of_hapi_do_everything_on_postgres() {
    everything(Engine::Postgres).await;
}

async fn everything(engine: Engine) {
    let place = Place::open(engine).await;
    let every = ENCODINGS.iter().flat_map(|encoding| {
        MODES.iter().map(move |(mode, steps)| (format!("{mode}:{encoding}"), *steps))
    });
    let wanted: Vec<(String, usize)> = every.collect();
    let base = place.fhir_base();
    let modes = wanted.iter().map(|(mode, _)| mode.as_str());
    let arguments: Vec<&str> = ["rest", &base].into_iter().chain(modes).collect();
    let steps = Steps::of(&run(&java(&arguments), &[("KOPPELTAAL_TOKEN", place.token())]));
    for (mode, at_least) in &wanted {
        steps.all_well(mode, *at_least);
    }
}
