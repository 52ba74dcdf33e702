//! The workflows: requests are made, decided by whom they concern, and what they ask
//! for exists, with accounts and mails.

use std::collections::BTreeSet;
use std::sync::Arc;

use koppeltaal_auth::SealKey;
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_store::mail::{self, Mail};
use serde_json::json;

use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp, eventually};
use crate::world::{account, admin, anyone, system, to, user};

on_both_engines!(
    an_application_and_its_connection_come_to_be,
    a_domain_comes_to_be_with_its_administrator,
    an_application_administrator_decides_no_connection,
    a_request_is_decided_once,
    somebody_becomes_an_administrator,
    a_decision_about_an_older_version_is_refused,
    what_is_taken_is_refused,
);

/// The mails to an address: subject and text.
async fn mails(app: &TestApp, to: &str) -> Vec<(String, String)> {
    let seal = Arc::new(SealKey::parse(&app.config.seal_key).unwrap());
    let all: Vec<Mail> = app.store().read(|tx| mail::list(tx, None, None, 1000)).await.unwrap();
    let mut found: Vec<_> = all
        .into_iter()
        .filter(|mail| mail.recipient == to)
        .map(|mail| (mail.subject.clone(), seal.open(&mail.body).unwrap()))
        .collect();
    found.reverse();
    found
}

fn applications(ids: &[&str]) -> Rights {
    Rights::Applications(ids.iter().map(|id| (*id).to_owned()).collect())
}

fn domains(names: &[&str]) -> Rights {
    Rights::Domains(names.iter().map(|name| (*name).to_owned()).collect())
}

// T39
async fn an_application_and_its_connection_come_to_be(engine: Engine) {
    let app = TestApp::start(engine).await;
    account(&app, "maker", applications(&["AppA"])).await;
    account(&app, "keeper", domains(&[D])).await;
    account(&app, "support", Rights::System).await;
    let (maker, keeper) = (user(&app, "maker"), user(&app, "keeper"));
    let support = system(&app).await;
    let wish = json!({
        "Name": "New & shiny", "Identifier": "NEWAPP",
        "ContactPersonName": "Maker", "ContactEmailAddress": "contact@example.org",
    });
    let request = maker.post("NewApplicationRequest", wish, json!({})).await.expect(201);
    assert_eq!(request.attribute("Status"), "Open");
    assert_eq!(mails(&app, "support@example.org").await.len(), 1);
    let accept = json!({ "Status": "Accepted" });
    let of = "NewApplicationRequest";
    maker.patch(of, &request.id(), accept.clone()).await.expect(403);
    // An application without a role is not complete.
    let errors = support.patch(of, &request.id(), accept.clone()).await.expect(400).errors();
    assert_eq!(errors[0]["source"]["pointer"], "/data/attributes/ApplicationRoles");
    let complete = json!({ "Status": "Accepted", "ApplicationRoles": ["Game"] });
    support.patch(of, &request.id(), complete).await.expect(200);
    assert_eq!(mails(&app, "contact@example.org").await.len(), 1);
    let application = maker.one("Application", "filter[Identifier]=NEWAPP").await;
    assert_eq!(application["attributes"]["Name"], "New & shiny");
    // The connection.
    let domain = maker.id("Domain", &format!("filter[Name]={D}").replace(' ', "+")).await;
    let of = json!({
        "Application": to("Application", application["id"].as_str().unwrap()),
        "Domain": to("Domain", &domain),
    });
    let long = json!({ "ApplicationInstanceUserLogin": "x".repeat(51) });
    maker.post("DomainConnectionRequest", long, of.clone()).await.expect(400);
    let wish = json!({
        "ApplicationInstanceUserLogin": "NEWAPP4D@test", "EnableSSO": true,
        "ApplicationInstanceSSOUserLogin": "NEWAPP4D-sso@test",
        "SSOUrl": "https://new.example/launch",
    });
    let request = maker.post("DomainConnectionRequest", wish.clone(), of.clone()).await.expect(201);
    maker.post("DomainConnectionRequest", wish, of.clone()).await.expect(409);
    assert_eq!(mails(&app, "keeper@example.org").await.len(), 1);
    let done = keeper.patch("DomainConnectionRequest", &request.id(), accept.clone()).await;
    assert_eq!(done.expect(200).attribute("Status"), "Accepted");
    let sent = mails(&app, "contact@example.org").await;
    assert_eq!(sent.len(), 3, "{sent:?}");
    let (_, credentials) = &sent[2];
    assert!(!sent[1].1.contains("Wachtwoord"), "credentials go alone");
    let password =
        credentials.lines().find_map(|line| line.strip_prefix("Wachtwoord: ")).unwrap().to_owned();
    eventually("the instance works", || async {
        let client = app.anyone().credentials("NEWAPP4D@test", &password);
        client.get("MessageHeader/_search").await.status == 200
    })
    .await;
    let users = maker.get("ApplicationInstanceUser?filter[Login][startswith]=NEWAPP").await;
    let users = users.expect(200);
    assert_eq!(users.values("IsSSOUser"), [false, true]);
    let again = json!({ "ApplicationInstanceUserLogin": "again" });
    maker.post("DomainConnectionRequest", again, of).await.expect(409);
}

// T40
async fn a_domain_comes_to_be_with_its_administrator(engine: Engine) {
    let app = TestApp::start(engine).await;
    account(&app, "maker", applications(&["AppA"])).await;
    let (maker, support) = (user(&app, "maker"), system(&app).await);
    let application = maker.id("Application", "filter[Identifier]=AppA").await;
    let of = json!({ "RequestingApplication": to("Application", &application) });
    let wish = json!({
        "Name": "nieuw-domein", "DtapPhase": "Test", "IntendedUse": "Testen\nen nog eens",
        "DomainAdminEmail": "keeper@zorg.example", "DomainAdminName": "Keeper",
        "HealthCareOrganization": "Zorg & co", "StorageService": "built-in",
    });
    let request = maker.post("DomainRequest", wish.clone(), of.clone()).await.expect(201);
    let path = format!("DomainRequest/{}", request.id());
    assert_eq!(maker.get(&path).await.expect(200).attribute("Status"), "Open");
    let accept = json!({ "Status": "Accepted" });
    support.patch("DomainRequest", &request.id(), accept).await.expect(200);
    let domain = support.one("Domain", "filter[Name]=nieuw-domein").await;
    assert_eq!(domain["attributes"]["StorageService"], "built-in");
    let instances = "ApplicationInstance?filter[Domain.Name]=nieuw-domein&include=Application";
    let connected = support.get(instances).await.expect(200);
    assert_eq!(connected.total(), 1);
    let invitation = mails(&app, "keeper@zorg.example").await;
    assert_eq!(invitation.len(), 1, "{invitation:?}");
    let (_, text) = &invitation[0];
    assert!(text.contains(&format!("{}/admin/password?link=", app.server.public_url)), "{text}");
    // It leads to an account that sees its domain and nothing else.
    let secret = text.rsplit_once("?link=").unwrap().1.lines().next().unwrap().to_owned();
    let digest = koppeltaal_auth::administrator::digest(&secret);
    let now = app.now();
    let linked = app
        .store()
        .read(move |tx| koppeltaal_store::administrator::link(tx, &digest, now))
        .await
        .unwrap();
    assert!(linked.is_some());
    let made = support.one("DomainAdministrator", "filter[Email]=keeper@zorg.example").await;
    assert_eq!(made["relationships"]["Domain"]["data"][0]["id"], domain["id"]);
    assert_eq!(mails(&app, "maker@example.org").await.len(), 2, "decision and credentials");
    // Another domain for the same person needs no other account.
    let wish = json!({ "Name": "nog-een", "DtapPhase": "Test", "IntendedUse": "x",
        "DomainAdminEmail": "keeper@zorg.example", "DomainAdminName": "Keeper" });
    let request = maker.post("DomainRequest", wish, of).await.expect(201);
    let accept = json!({ "Status": "Accepted" });
    support.patch("DomainRequest", &request.id(), accept).await.expect(200);
    let made = support.one("DomainAdministrator", "filter[Email]=keeper@zorg.example").await;
    assert_eq!(made["relationships"]["Domain"]["data"].as_array().unwrap().len(), 2);
}

// T41
async fn an_application_administrator_decides_no_connection(engine: Engine) {
    let app = TestApp::start(engine).await;
    let maker = admin(&app, Role::Application, &["AppX"]).await;
    let application = maker.id("Application", "").await;
    let domain = maker.id("Domain", &format!("filter[Name]={D}").replace(' ', "+")).await;
    let of = json!({
        "Application": to("Application", &application), "Domain": to("Domain", &domain),
    });
    let wish = json!({
        "ApplicationInstanceUserLogin": "x4d", "ContactEmailAddress": "x@example.org",
    });
    let request = maker.post("DomainConnectionRequest", wish, of).await.expect(201);
    let of = "DomainConnectionRequest";
    let accept = json!({ "Status": "Accepted" });
    maker.patch(of, &request.id(), accept.clone()).await.expect(403);
    let elsewhere = admin(&app, Role::Domain, &[E]).await;
    elsewhere.patch(of, &request.id(), accept.clone()).await.expect(404);
    let other = admin(&app, Role::Application, &["AppA"]).await;
    other.patch(of, &request.id(), json!({ "SSOUrl": null })).await.expect(404);
    let keeper = admin(&app, Role::Domain, &[D]).await;
    let edit = json!({ "ApplicationInstanceUserLogin": "mine" });
    keeper.patch(of, &request.id(), edit.clone()).await.expect(403);
    maker.patch(of, &request.id(), edit).await.expect(200);
    keeper.delete(of, &request.id()).await.expect(403);
    keeper.patch(of, &request.id(), accept).await.expect(200);
    assert_eq!(maker.get("ApplicationInstance").await.expect(200).total(), 2);
    assert_eq!(keeper.get("ApplicationInstance").await.expect(200).total(), 5);
}

async fn a_request_is_decided_once(engine: Engine) {
    let app = TestApp::start(engine).await;
    let support = system(&app).await;
    let application = support.id("Application", "filter[Identifier]=AppX").await;
    let domain = support.id("Domain", &format!("filter[Name]={D}").replace(' ', "+")).await;
    let of = json!({
        "Application": to("Application", &application), "Domain": to("Domain", &domain),
    });
    let wish = json!({
        "ApplicationInstanceUserLogin": "x4d", "ContactEmailAddress": "x@example.org",
    });
    let kind = "DomainConnectionRequest";
    let request = support.post(kind, wish.clone(), of.clone()).await.expect(201);
    support.patch(kind, &request.id(), json!({ "Status": "Rejected" })).await.expect(200);
    assert_eq!(mails(&app, "x@example.org").await.len(), 1);
    for status in ["Accepted", "Open", "Rejected"] {
        support.patch(kind, &request.id(), json!({ "Status": status })).await.expect(409);
    }
    support.delete(kind, &request.id()).await.expect(409);
    // Rejected, so it may be asked for again; and withdrawn.
    let again = support.post(kind, wish, of).await.expect(201);
    support.delete(kind, &again.id()).await.expect(204);
    support.get(&format!("{kind}/{}", again.id())).await.expect(404);
}

async fn somebody_becomes_an_administrator(engine: Engine) {
    let app = TestApp::start(engine).await;
    let wish = json!({ "Name": "Nora", "Email": "nora@example.org", "DesiredUserName": "nora" });
    let kind = "NewApplicationAdministratorRequest";
    let request = anyone(&app).post(kind, wish.clone(), json!({})).await.expect(201);
    let support = system(&app).await;
    let changed = json!({ "DesiredUserName": "nora.jansen", "Status": "Accepted" });
    support.patch(kind, &request.id(), changed).await.expect(200);
    let invitation = mails(&app, "nora@example.org").await;
    assert_eq!(invitation.len(), 1);
    assert!(invitation[0].1.contains("nora.jansen"), "{invitation:?}");
    // Not theirs to administer anything yet; they can ask.
    let made = support.one("ApplicationAdministrator", "filter[Name]=Nora").await;
    let application = support.id("Application", "filter[Identifier]=AppA").await;
    let given = json!({ "data": {
        "type": "ApplicationAdministrator", "id": made["id"],
        "meta": made["meta"],
        "relationships": {
            "Application": { "data": [{ "type": "Application", "id": application }] },
        },
    } });
    let path = format!("ApplicationAdministrator/{}", made["id"].as_str().unwrap());
    let patch = reqwest::Method::PATCH;
    support.send(patch.clone(), &path, Some(given.clone())).await.expect(200);
    support.send(patch, &path, Some(given)).await.expect(409);
    let second = anyone(&app)
        .post(
            kind,
            json!({ "Name": "N", "Email": "n@example.org", "DesiredUserName": "nora.jansen" }),
            json!({}),
        )
        .await
        .expect(201);
    support.patch(kind, &second.id(), json!({ "Status": "Accepted" })).await.expect(409);
    support.delete("ApplicationAdministrator", made["id"].as_str().unwrap()).await.expect(204);
    support.get(&path).await.expect(404);
}

async fn a_decision_about_an_older_version_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let support = system(&app).await;
    let wish = json!({
        "Name": "n", "Identifier": "NEWAPP", "ApplicationRoles": ["Game"],
        "ContactPersonName": "c", "ContactEmailAddress": "c@example.org",
    });
    let kind = "NewApplicationRequest";
    let request = support.post(kind, wish, json!({})).await.expect(201);
    let (id, version) = (request.id(), request.version());
    let name = json!({ "Name": "other" });
    support.patch_version(kind, &id, Some(&version), name).await.expect(200);
    let accept = json!({ "Status": "Accepted" });
    support.patch_version(kind, &id, Some(&version), accept).await.expect(409);
    assert_eq!(support.get("Application?filter[Identifier]=NEWAPP").await.expect(200).total(), 0);
}

async fn what_is_taken_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let support = system(&app).await;
    let wish = json!({
        "Name": "n", "Identifier": "AppA", "ApplicationRoles": ["Game"],
        "ContactPersonName": "c", "ContactEmailAddress": "c@example.org",
    });
    let request = support.post("NewApplicationRequest", wish, json!({})).await.expect(201);
    let accept = json!({ "Status": "Accepted" });
    let refused = support.patch("NewApplicationRequest", &request.id(), accept.clone()).await;
    let errors = refused.expect(409).errors();
    assert_eq!(errors[0]["source"]["pointer"], "/data/attributes/Identifier");
    let of = json!({ "RequestingApplication": to("Application", "1") });
    let wish = json!({ "Name": "odd/name", "DtapPhase": "Test", "IntendedUse": "x",
        "DomainAdminEmail": "k@example.org", "DomainAdminName": "K" });
    let request = support.post("DomainRequest", wish, of).await.expect(201);
    let refused = support.patch("DomainRequest", &request.id(), accept.clone()).await;
    let errors = refused.expect(400).errors();
    assert_eq!(errors[0]["source"]["pointer"], "/data/attributes/Name");
    // Nothing was done, so it can be put right.
    let right = json!({ "Name": "even-name", "Status": "Accepted" });
    support.patch("DomainRequest", &request.id(), right).await.expect(200);
    let names: BTreeSet<String> = support
        .get("Domain")
        .await
        .values("Name")
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect();
    assert!(names.contains("even-name") && !names.contains("odd/name"));
}
