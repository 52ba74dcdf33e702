//! `koppeltaal audit`.

use koppeltaal_client::kt1::resource::ActivityDefinitionBuilder;
use koppeltaal_client::kt1::{Filter, Status};
use koppeltaal_core::audit::Action;
use serde_json::Value;

use crate::on_both_engines;
use crate::world::{APP, DOMAIN, Engine, World, eventually, patient_url, values};

on_both_engines!(every_action_is_recorded_searched_and_exported);

async fn every_action_is_recorded_searched_and_exported(engine: Engine) {
    let world = World::new(engine).await;
    world.apply(&DOMAIN.replace("phase = \"test\"", "phase = \"test\"\nclaim_timeout = \"1s\""));
    let server = world.serve(&[]);
    everything_happens(&world, &server).await;

    let all = world.list(&["audit", "search", "--domain", "zon", "--limit", "1000"]);
    // Those after it are of Koppeltaal 2.0: tests/auth and tests/fhir have them.
    let of_kt2 = Action::ALL.iter().position(|action| *action == Action::Login).unwrap();
    // Administrators sign in to the server, not to a domain.
    let of_domain = |action: &&Action| **action != Action::SignIn;
    for action in Action::ALL[..of_kt2].iter().filter(of_domain) {
        let code = action.code();
        let found = world.list(&["audit", "search", "--domain", "zon", "--action", code]);
        assert!(!found.is_empty(), "{code}");
        let expected: Vec<_> = all.iter().filter(|row| row["action"] == code).cloned().collect();
        assert_eq!(found, expected, "{code}");
    }
    let names = "domain id recorded action agent event patient focal version item outcome detail \
                 request_id";
    for row in &all {
        for name in names.split_whitespace() {
            assert!(row.get(name).is_some(), "{name}: {row}");
        }
        assert_eq!(row["domain"], "zon");
        assert!(!row.to_string().contains("Kleuterstaart"), "{row}");
    }
    let accepted = all.iter().find(|row| row["action"] == "accept").unwrap();
    assert_eq!(accepted["agent"], "portal");
    assert_eq!(accepted["event"], "CreateOrUpdateCarePlan");
    assert_eq!(accepted["patient"], patient_url("p"));
    assert_eq!(accepted["focal"], format!("{APP}/CarePlan/1"));
    assert!(accepted["version"].is_string() && accepted["request_id"].is_string());
    let rejected = all.iter().find(|row| row["action"] == "reject").unwrap();
    assert_eq!(
        (rejected["agent"].as_str(), rejected["outcome"].as_str()),
        (Some("portal"), Some("409"))
    );

    let search = |arguments: &[&str]| world.list(&[&["audit", "search"], arguments].concat());
    let request = accepted["request_id"].as_str().unwrap();
    assert_eq!(search(&["--request-id", request]), std::slice::from_ref(accepted));
    assert!(values(&search(&["--agent", "game"]), "agent").iter().all(|agent| *agent == "game"));
    let of_patient = search(&["--patient", &patient_url("p")]);
    assert!(of_patient.len() >= 4 && of_patient.len() < all.len());
    assert!(search(&["--since", "2100-01-01T00:00:00Z"]).is_empty());
    assert!(search(&["--until", "2020-01-01T00:00:00Z"]).is_empty());
    let middle = all[all.len() / 2]["recorded"].as_str().unwrap();
    let (later, earlier) = (search(&["--since", middle]), search(&["--until", middle]));
    assert!(!later.is_empty() && !earlier.is_empty());
    assert_eq!(search(&["--limit", "2", "--domain", "zon"]), all[..2]);
    assert!(world.out(&["audit", "search"]).starts_with("RECORDED "));
    let wrong = world.refused(2, &["audit", "search", "--action", "nonsense"]);
    assert!(wrong.contains("there is accept, reject"), "{wrong}");
    world.refused(3, &["audit", "search", "--domain", "maan"]);

    // What belongs to no domain stands under `server`; an export has all of it.
    let of_server = search(&["--domain", "server"]);
    assert!(!of_server.is_empty() && of_server.iter().all(|row| row["domain"] == "server"));
    let exported = world.out(&["audit", "export"]);
    let rows: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, [all.clone(), of_server].concat());
    let of_one = world.out(&["audit", "export", "--domain", "zon", "--action", "claim"]);
    assert!(of_one.lines().count() >= 2);
}

async fn everything_happens(world: &World, server: &crate::world::Running) {
    let game = server.connector("game");
    server.send_plan("1", "p").await;
    let refused = server.connector("portal");
    let patient = patient_url("p");
    let plan = koppeltaal_client::kt1::resource::CarePlanBuilder::new(&patient).build();
    let plan = koppeltaal_client::kt1::Resource::new(format!("{APP}/CarePlan/1"), plan);
    refused.send("CreateOrUpdateCarePlan", plan, Some(&patient), vec![]).await.unwrap_err();
    let claimed = game.claim(&Filter::default()).await.unwrap().unwrap();
    let lapsed = || world.list(&["audit", "search", "--action", "lapse"]).len() == 1;
    eventually("the claim lapses", lapsed).await;
    let again = game.claim(&Filter::default()).await.unwrap().unwrap();
    assert_eq!(claimed.header().id(), again.header().id());
    game.set_status(again.header(), &Status::Success).await.unwrap();
    game.browse(&Filter::default()).collect().await.unwrap();
    game.message(again.header().id()).await.unwrap().unwrap();
    let definition = ActivityDefinitionBuilder::new("Slaap", "slaap", "Game").build();
    game.publish_activity_definition(&definition).await.unwrap();
    let mut retention = world.command(&["retention", "run"]);
    let output = retention.env("KOPPELTAAL_KT1_RETENTION_GRACE", "0s").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    server.send_plan("2", "q").await;
    world.out(&["erase", &patient_url("q"), "--domain", "zon"]);
    let read = || !world.list(&["audit", "search", "--action", "read"]).is_empty();
    eventually("rows of reads are written soon after", read).await;
}
