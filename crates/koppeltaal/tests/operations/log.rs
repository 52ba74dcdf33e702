//! The log: one line for each request, and never care data or secrets.

use koppeltaal_client::kt1::resource::{CarePlanBuilder, patient};
use koppeltaal_client::kt1::{Filter, Resource, Status};
use koppeltaal_fhir::object;
use serde_json::Value;

use crate::hook::Hook;
use crate::on_both_engines;
use crate::world::{APP, DOMAIN, Engine, PASSWORD, Running, World, eventually, patient_url};

on_both_engines!(a_request_is_one_line, nothing_secret_is_logged_at_any_level);

const JSON: (&str, &str) = ("KOPPELTAAL_LOG_FORMAT", "json");

fn lines(server: &Running) -> Vec<Value> {
    let log = server.log();
    log.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

async fn a_request_is_one_line(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[JSON]);
    let mailbox = format!("{}/FHIR/Koppeltaal/MessageHeader/_search?Patient=x", server.url);
    let ask = |user: &'static str, id: &'static str| {
        let request = reqwest::Client::new().get(&mailbox).basic_auth(user, Some(PASSWORD));
        request.header("X-Request-Id", id).send()
    };
    let answer = ask("game", "mijn-id-1").await.unwrap();
    assert_eq!(answer.headers()["x-request-id"], "mijn-id-1");
    let replaced = ask("nobody", "geen id!").await.unwrap();
    let made = replaced.headers()["x-request-id"].to_str().unwrap().to_owned();
    assert_eq!((replaced.status().as_u16(), made.len()), (401, 36));

    let requests = || -> Vec<Value> {
        lines(&server).into_iter().filter(|line| line["message"] == "request").collect()
    };
    eventually("both are logged", || requests().len() == 2).await;
    let line = &requests()[0];
    assert_eq!(line["level"], "INFO");
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!((&line["request_id"], &line["domain"]), (&"mijn-id-1".into(), &"zon".into()));
    assert_eq!((&line["instance"], &line["method"]), (&"game".into(), &"GET".into()));
    assert_eq!(line["path"], "/FHIR/Koppeltaal/MessageHeader/_search");
    assert_eq!((&line["status"], &line["peer"]), (&200.into(), &"127.0.0.1".into()));
    assert!(line["duration_ms"].is_number() && line["verb"].is_string());
    let refused = &requests()[1];
    assert_eq!((&refused["request_id"], &refused["status"]), (&made.into(), &401.into()));
    assert!(refused.get("domain").is_none());
}

async fn nothing_secret_is_logged_at_any_level(engine: Engine) {
    let world = World::new(engine).await;
    let hook = Hook::answering(500);
    let webhook =
        format!("{{ url = \"{}\", headers = {{ \"X-H\" = \"geheim-haakje\" }} }}", hook.url);
    world.apply(&format!("{DOMAIN}webhook = {webhook}\n"));
    for level in ["debug", "trace"] {
        let server = world.serve(&[JSON, ("KOPPELTAAL_LOG_LEVEL", level)]);
        all_kinds_of_requests(&server, level).await;
        let told = hook.told();
        eventually("the hook is called", || hook.told() >= told.max(1)).await;
        world.out(&["erase", &patient_url(&format!("geval-{level}")), "--domain", "zon"]);
        let mut server = server;
        assert_eq!(server.stop("-TERM"), 0);
        let log = server.log() + &server.lines.join("\n");
        assert!(log.contains("post_message"), "{log}");
        let told = [
            "Kleuterstaart",
            "Zwaantje",
            "999990019",
            "geval-",
            "portal.example",
            PASSWORD,
            "geheim-haakje",
            "verkeerd-wachtwoord",
            "Basic ",
            "Z2FtZT",
            "slaapt slecht",
            "argon2",
            "niet gelukt",
            "AAECAwQFBgcI",
        ];
        for secret in told {
            let leaked: Vec<_> = log.lines().filter(|line| line.contains(secret)).take(3).collect();
            assert!(leaked.is_empty(), "{secret} is logged at {level}: {leaked:#?}");
        }
    }
}

/// Messages that are accepted and refused, searches, statuses, wrong passwords,
/// and bodies that are no message.
async fn all_kinds_of_requests(server: &Running, number: &str) {
    let url = patient_url(&format!("geval-{number}"));
    let bsn =
        object! { "system" => "http://fhir.nl/fhir/NamingSystem/bsn", "value" => "999990019" };
    let person = patient("Zwaantje", "Kleuterstaart").with("identifier", vec![bsn]);
    let plan = || {
        let plan = CarePlanBuilder::new(&url).goal("zij slaapt slecht").build();
        Resource::new(format!("{APP}/CarePlan/geval-{number}"), plan)
    };
    let portal = server.connector("portal");
    let others = vec![Resource::new(&url, person)];
    portal.send("CreateOrUpdateCarePlan", plan(), Some(&url), others).await.unwrap();
    portal.send("CreateOrUpdateCarePlan", plan(), Some(&url), vec![]).await.unwrap_err();
    let game = server.connector("game");
    game.browse(&Filter::patient(&url)).collect().await.unwrap();
    let message = game.claim(&Filter::patient(&url)).await.unwrap().unwrap();
    let failed = Status::Failed("niet gelukt bij Zwaantje".to_owned());
    game.set_status(message.header(), &failed).await.unwrap();
    game.message(message.header().identifier()).await.unwrap().unwrap();
    let guest = game.with_credentials("game", "verkeerd-wachtwoord");
    guest.browse(&Filter::default()).collect().await.unwrap_err();
    let http = reqwest::Client::new();
    for (content_type, body) in [
        ("application/json", "{\"resourceType\":\"Bundle\",\"title\":\"Kleuterstaart\""),
        (
            "application/json",
            "{\"resourceType\":\"Bundle\",\"entry\":[{\"title\":\"Kleuterstaart\"}]}",
        ),
        ("application/xml", "<feed><title>Kleuterstaart</feed>"),
        ("application/xml", "<!DOCTYPE x [<!ENTITY e 'Kleuterstaart'>]><feed>&e;</feed>"),
    ] {
        let post = http
            .post(format!("{}/FHIR/Koppeltaal/Mailbox", server.url))
            .basic_auth("portal", Some(PASSWORD))
            .header("Content-Type", content_type)
            .body(body);
        assert_eq!(post.send().await.unwrap().status(), 400, "{body}");
    }
}
