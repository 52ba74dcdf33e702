//! Every type for every role: what is seen, what is not, and which operations there
//! are. The tables stand here once more, so that a change of the code shows.

use std::collections::{BTreeMap, BTreeSet};

use koppeltaal_core::administrator::{Rights, Role};
use reqwest::Method;
use serde_json::{Value, json};

use crate::authorization::launched;
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp, eventually};
use crate::world::{Admin, account, admin, anyone, system, to};

on_both_engines!(every_type_shows_each_role_its_own, every_type_has_its_operations);

/// Who reads, creates, changes and deletes: system, domain, application.
const OPERATIONS: &[(&str, &str, &str, &str, &str)] = &[
    ("ActivityDefinition", "SDA", "SA", "SA", ""),
    ("SubActivityDefinition", "SDA", "SA", "SA", ""),
    ("Application", "SDA", "", "SA", ""),
    ("ApplicationAdministrator", "SDA", "SA", "SA", "SA"),
    ("ApplicationInstance", "SDA", "", "SA", ""),
    ("ApplicationInstanceUser", "SDA", "SA", "SA", ""),
    ("Authorization", "SDA", "", "SDA", ""),
    ("Domain", "SDA", "", "", ""),
    ("DomainAdministrator", "SD", "S", "SD", "S"),
    ("DomainConnectionRequest", "SDA", "SA", "SDA", "SA"),
    ("DomainRequest", "SA", "SA", "S", ""),
    ("NewApplicationAdministratorRequest", "S", "SDA", "S", ""),
    ("NewApplicationRequest", "SA", "SA", "S", ""),
    ("RegisteredClient", "SA", "SA", "SA", ""),
    ("Server", "SDA", "", "", ""),
    ("SubscriptionsPerApplication", "SA", "SA", "", "SA"),
    ("Message", "SDA", "", "", ""),
    ("ApplicationMessage", "SDA", "", "", ""),
    ("RequestLog", "SD", "", "", ""),
    ("ComplianceLog", "SDA", "", "", ""),
];

struct Somebody {
    letter: char,
    mine: &'static str,
    client: Admin,
}

async fn everybody(app: &TestApp) -> Vec<Somebody> {
    let mut all = vec![Somebody { letter: 'S', mine: "", client: system(app).await }];
    for (letter, role, mine) in [
        ('D', Role::Domain, D),
        ('D', Role::Domain, E),
        ('A', Role::Application, "AppA"),
        ('A', Role::Application, "AppX"),
    ] {
        all.push(Somebody { letter, mine, client: admin(app, role, &[mine]).await });
    }
    all
}

/// A server with something of every type on both sides.
async fn filled(engine: Engine) -> TestApp {
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.join_too("a-in-e", "AppA", E);
            for id in ["AppA", "AppX"] {
                setup.application(id).launch_url = Some("https://app.example/launch".to_owned());
            }
        })
        .start()
        .await;
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    account(&app, "of-d", Rights::Domains(set(&[D]))).await;
    account(&app, "of-e", Rights::Domains(set(&[E]))).await;
    account(&app, "of-a", Rights::Applications(set(&["AppA"]))).await;
    account(&app, "of-x", Rights::Applications(set(&["AppX"]))).await;
    app.sent_patient("p").await;
    app.user("x").get("MessageHeader/7").await.expect(404);
    let mut odd = crate::support::message::patient("q");
    odd.version = Some("2019-03-19T08:41:05:117.0342".to_owned());
    app.sent(&crate::support::message::about_patient(&odd)).await;
    launched(&app).await;
    let system = system(&app).await;
    let domain = system.id("Domain", &format!("filter[Name]={D}").replace(' ', "+")).await;
    for id in ["AppA", "AppX"] {
        let application = system.id("Application", &format!("filter[Identifier]={id}")).await;
        let of = json!({ "Application": to("Application", &application) });
        let attributes = json!({ "Name": id, "Identifier": id, "ActivityType": "Game" });
        let made = system.post("ActivityDefinition", attributes, of).await.expect(201);
        let of = json!({ "ActivityDefinition": to("ActivityDefinition", &made.id()) });
        let part = json!({ "Name": "part", "Identifier": "part" });
        system.post("SubActivityDefinition", part, of).await.expect(201);
        let of = json!({ "RequestingApplication": to("Application", &application) });
        let wish = json!({ "Name": format!("for-{id}"), "DtapPhase": "Test", "IntendedUse": "x",
            "DomainAdminEmail": "k@example.org", "DomainAdminName": "K" });
        system.post("DomainRequest", wish, of).await.expect(201);
    }
    let application = system.id("Application", "filter[Identifier]=AppX").await;
    let of = json!({
        "Application": to("Application", &application), "Domain": to("Domain", &domain),
    });
    let wish = json!({
        "ApplicationInstanceUserLogin": "x4d", "ContactEmailAddress": "x@example.org",
    });
    system.post("DomainConnectionRequest", wish, of).await.expect(201);
    let wish = json!({
        "Name": "n", "Identifier": "NEWAPP",
        "ContactPersonName": "c", "ContactEmailAddress": "c@example.org",
    });
    system.post("NewApplicationRequest", wish, json!({})).await.expect(201);
    let wish = json!({ "Name": "n", "Email": "n@example.org", "DesiredUserName": "n" });
    anyone(&app).post("NewApplicationAdministratorRequest", wish, json!({})).await.expect(201);
    eventually("the logs are written", || async {
        let count = |path: &'static str| {
            let system = system.clone();
            async move { system.get(path).await.expect(200).total() }
        };
        count("RequestLog").await >= 3 && count("ComplianceLog").await >= 1
    })
    .await;
    app
}

/// Every row of a type that somebody sees, by id.
async fn rows(client: &Admin, of: &str) -> BTreeMap<String, Value> {
    let answer = client.get(&format!("{of}?page[size]=200")).await.expect(200);
    assert_eq!(answer.total() as usize, answer.rows().len());
    answer.rows().iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row.clone())).collect()
}

/// What belongs to whom, worked out from what a system administrator sees.
struct Truth {
    all: BTreeMap<&'static str, BTreeMap<String, Value>>,
}

impl Truth {
    async fn of(system: &Admin) -> Self {
        let mut all = BTreeMap::new();
        for (of, ..) in OPERATIONS {
            all.insert(*of, rows(system, of).await);
        }
        Self { all }
    }

    fn linked<'a>(&'a self, row: &'a Value, name: &str) -> Vec<&'a Value> {
        let data = &row["relationships"][name]["data"];
        let list = data.as_array().cloned().unwrap_or_else(|| vec![data.clone()]);
        list.iter()
            .filter_map(|link| self.all.get(link["type"].as_str()?)?.get(link["id"].as_str()?))
            .collect()
    }

    /// The names of the domains and the ids of the applications of a row.
    fn owners(&self, row: &Value) -> BTreeSet<String> {
        let attribute =
            |row: &Value, name: &str| row["attributes"][name].as_str().map(str::to_owned);
        let mut found = BTreeSet::new();
        match row["type"].as_str().unwrap() {
            "Domain" => found.extend(attribute(row, "Name")),
            "Application" => {
                found.extend(attribute(row, "Identifier"));
                for instance in self.linked(row, "ApplicationInstances") {
                    for domain in self.linked(instance, "Domain") {
                        found.extend(attribute(domain, "Name"));
                    }
                }
            }
            "ApplicationInstance" => {
                for name in ["Application", "Domain"] {
                    for other in self.linked(row, name) {
                        found.extend(attribute(other, "Identifier"));
                        found.extend(attribute(other, "Name").filter(|_| name == "Domain"));
                    }
                }
            }
            // All of the application's, wherever it is.
            "ActivityDefinition" | "ApplicationAdministrator" => {
                for application in self.linked(row, "Application") {
                    found.extend(self.owners(application));
                }
            }
            "SubActivityDefinition" => {
                for definition in self.linked(row, "ActivityDefinition") {
                    found.extend(self.owners(definition));
                }
            }
            "ApplicationMessage" => {
                found.extend(attribute(row, "DomainName"));
                for name in ["Sender", "Receiver"] {
                    for instance in self.linked(row, name) {
                        for application in self.linked(instance, "Application") {
                            found.extend(attribute(application, "Identifier"));
                        }
                    }
                }
            }
            "Message" => {
                for copy in self.linked(row, "ApplicationMessages") {
                    found.extend(self.owners(copy));
                }
            }
            "DomainConnectionRequest" => {
                for name in ["Application", "Domain"] {
                    for other in self.linked(row, name) {
                        found.extend(attribute(other, "Identifier"));
                        found.extend(attribute(other, "Name").filter(|_| name == "Domain"));
                    }
                }
            }
            "DomainAdministrator" => {
                for domain in self.linked(row, "Domain") {
                    found.extend(attribute(domain, "Name"));
                }
            }
            "DomainRequest" => {
                for application in self.linked(row, "RequestingApplication") {
                    found.extend(attribute(application, "Identifier"));
                }
            }
            "RegisteredClient" | "SubscriptionsPerApplication" => {
                for application in self.linked(row, "Application") {
                    found.extend(attribute(application, "Identifier"));
                }
            }
            "RequestLog" | "Authorization" | "ComplianceLog" | "ApplicationInstanceUser" => {
                for instance in self.linked(row, "ApplicationInstance") {
                    found.extend(self.owners(instance));
                }
            }
            _ => {}
        }
        found
    }

    fn is_seen(&self, row: &Value, somebody: &Somebody) -> bool {
        match (row["type"].as_str().unwrap(), somebody.letter) {
            (_, 'S') | ("Server", _) | ("Domain", 'A') => true,
            _ => self.owners(row).contains(somebody.mine),
        }
    }
}

async fn every_type_shows_each_role_its_own(engine: Engine) {
    let app = filled(engine).await;
    let everybody = everybody(&app).await;
    let truth = Truth::of(&everybody[0].client).await;
    for (of, read, ..) in OPERATIONS {
        let all = &truth.all[of];
        assert!(!all.is_empty(), "the test has no {of}");
        for somebody in &everybody {
            let who = format!("{of} {} {}", somebody.letter, somebody.mine);
            if !read.contains(somebody.letter) {
                somebody.client.get(of).await.expect(403);
                for id in all.keys() {
                    somebody.client.get(&format!("{of}/{}", encoded(id))).await.expect(403);
                }
                continue;
            }
            let seen = rows(&somebody.client, of).await;
            for (id, row) in all {
                let expected = truth.is_seen(row, somebody);
                assert_eq!(seen.contains_key(id), expected, "{who} {id}");
                let status = if expected { 200 } else { 404 };
                somebody.client.get(&format!("{of}/{}", encoded(id))).await.expect(status);
            }
            let strange: Vec<_> = seen.keys().filter(|id| !all.contains_key(*id)).collect();
            assert!(strange.is_empty() || *of == "RequestLog", "{who}: {strange:?}");
        }
    }
}

fn encoded(id: &str) -> String {
    id.replace('/', "%2F").replace(' ', "%20")
}

async fn every_type_has_its_operations(engine: Engine) {
    let app = filled(engine).await;
    let everybody = everybody(&app).await;
    let truth = Truth::of(&everybody[0].client).await;
    for (of, read, create, update, delete) in OPERATIONS {
        for somebody in &everybody {
            let who = format!("{of} {} {}", somebody.letter, somebody.mine);
            let expect = |allowed: &str| match allowed {
                "" => Some(405),
                allowed if !allowed.contains(somebody.letter) => Some(403),
                _ => None,
            };
            let body = json!({ "data": { "type": of } });
            let made = somebody.client.send(Method::POST, of, Some(body)).await.status;
            match expect(create) {
                Some(status) => assert_eq!(made, status, "POST {who}"),
                None => assert_eq!(made, 400, "POST {who}"),
            }
            for (id, row) in &truth.all[of] {
                let seen = truth.is_seen(row, somebody) && read.contains(somebody.letter);
                let path = format!("{of}/{}", encoded(id));
                let body = json!({ "data": { "type": of, "id": id } });
                let changed = somebody.client.send(Method::PATCH, &path, Some(body)).await.status;
                match expect(update) {
                    Some(status) => assert_eq!(changed, status, "PATCH {who} {id}"),
                    None if seen => assert_eq!(changed, 200, "PATCH {who} {id}"),
                    None => assert_eq!(changed, 404, "PATCH {who} {id}"),
                }
                let status = match expect(delete) {
                    Some(status) => status,
                    // What is theirs stays for the next one.
                    None if seen => continue,
                    None => 404,
                };
                let gone = somebody.client.send(Method::DELETE, &path, None).await.status;
                assert_eq!(gone, status, "DELETE {who} {id}");
            }
        }
    }
}
