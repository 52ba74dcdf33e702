//! `role template` and `role explain`.

use koppeltaal_core::Timestamp;
use koppeltaal_core::resource::Body;
use koppeltaal_store::resource::{Indexed, New, create, delete};
use koppeltaal_store::{DatabaseUrl, Ids, Options, Store};
use serde_json::{Value, json};

use super::*;

const PORTAL: &str = "b3a7c9f2-64d1-4e0b-9d55-0c4f6a1e7d21";
const MODULE: &str = "5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035";

/// A portal with OWN and ALL, a module with what it was granted, and instances
/// without rights.
const WORLD: &str = r#"
[[domain]]
name = "d"
phase = "test"

[[application]]
id = "Portal"

[[application]]
id = "Module"

[[role]]
domain = "d"
name = "portal"
permissions = [
  { resource = "Patient", operations = "CRUD", scope = "ALL" },
  { resource = "Task", operations = "CRUD", scope = "OWN" },
  { resource = "AuditEvent", operations = "CRUD", scope = "ALL" },
  { resource = "Subscription", operations = "CRUD", scope = "ALL" },
]

[[role]]
domain = "d"
name = "module"
permissions = [
  { resource = "Task", operations = "R", scope = "GRANTED", granted = ["b3a7c9f2-64d1-4e0b-9d55-0c4f6a1e7d21"] },
  { resource = "Task", operations = "C", scope = "OWN" },
  { resource = "CareTeam", operations = "R", scope = "GRANTED", granted = [] },
]

[[instance]]
domain = "d"
application = "Portal"
username = "portal@d"
password = "p"
client_id = "b3a7c9f2-64d1-4e0b-9d55-0c4f6a1e7d21"
role = "portal"

[[instance]]
domain = "d"
application = "Module"
username = "module@d"
password = "m"
client_id = "5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035"
role = "module"

[[instance]]
domain = "d"
application = "Module"
username = "bare@d"
password = "m"
client_id = "0e5b6f3c-8a35-4a0c-a3f1-2f6f5d1b9c02"

[[instance]]
domain = "d"
application = "Module"
username = "pending@d"
password = "m"
client_id = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01"
role = "module"
status = "pending"
"#;

impl Folder {
    fn with_world() -> Self {
        let folder = Self::new();
        folder.file("world.toml", WORLD);
        folder.out(&["apply", "world.toml"]);
        folder
    }

    fn explain(&self, instance: &str, request: &str, more: &[&str]) -> Value {
        let asked = ["role", "explain", "--instance", instance, "--request", request];
        self.json(&[&asked, more].concat())
    }

    /// Stores Tasks of the portal: `live`, and `gone`, which is deleted.
    fn with_tasks(self) -> Self {
        let path = self.0.path().join("data/koppeltaal.db");
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let url = DatabaseUrl::Sqlite(path);
            let store = Store::open(&url, &Options::default()).await.unwrap();
            let ids = Ids::take(&store).await.unwrap();
            let directory = store.read(|tx| koppeltaal_store::directory::load(tx)).await.unwrap();
            let scope = store.scope(directory.domain("d").unwrap());
            let body = Body::new("", r#""status":"ready""#);
            scope
                .write(move |tx| {
                    let now = Timestamp(1_700_000_000_000_000);
                    for id in ["live", "gone"] {
                        let new = New {
                            resource_type: "Task",
                            id,
                            origin: PORTAL,
                            body: &body,
                            indexed: &Indexed::default(),
                        };
                        create(tx, &ids, &new, now)?;
                    }
                    delete(tx, &ids, "Task", "gone", None, now).map(drop)
                })
                .await
                .unwrap();
            store.close().await;
        });
        self
    }
}

#[test]
fn the_predefined_roles_are_a_file_that_apply_takes() {
    let folder = Folder::with_world();
    let template = folder.out(&["role", "template", "--domain", "d"]);
    folder.file("roles.toml", &template);
    let applied = folder.out(&["apply", "roles.toml"]);
    let names = [
        "clientportaal",
        "behandelaarsportaal",
        "zorgondersteuning",
        "ehealth-module",
        "beheerportaal",
    ];
    let lines: Vec<String> =
        names.iter().map(|name| format!("created role {name} in d\n")).collect();
    assert_eq!(applied, lines.concat());
    assert_eq!(folder.out(&["apply", "roles.toml"]), "", "the second time nothing changes");
    for name in names {
        let printed = folder.json(&["role", "template", name, "--domain", "d"]);
        let stored = folder.json(&["role", "show", name, "--domain", "d"]);
        assert_eq!(printed, json!([stored]));
    }
}

#[test]
fn a_granted_permission_of_a_template_says_that_it_wants_filling_in() {
    let folder = Folder::new();
    let text = folder.out(&["role", "template", "ehealth-module", "--domain", "a \"b\""]);
    let granted = text.matches("scope = \"GRANTED\", granted = []").count();
    assert_eq!(granted, 4);
    assert_eq!(text.matches("# fill in granted").count(), granted);
    assert!(text.contains("domain = 'a \"b\"'"), "{text}");
    let said = folder.run(&["role", "template", "admin", "--domain", "d"]);
    assert_eq!(said.code, 3);
    assert!(said.err.contains("there is behandelaarsportaal, beheerportaal"), "{}", said.err);
}

#[test]
fn predefined_roles_change_no_audit_events_and_own_their_subscriptions() {
    let folder = Folder::new();
    for role in folder.json(&["role", "template", "--domain", "d"]).as_array().unwrap() {
        let permissions = role["permissions"].as_array().unwrap();
        let of = |resource: &str| -> Vec<(&str, &str)> {
            let of = permissions.iter().filter(|permission| permission["resource"] == resource);
            of.map(|p| (p["operations"].as_str().unwrap(), p["scope"].as_str().unwrap())).collect()
        };
        assert!(of("AuditEvent").contains(&("C", "OWN")), "{role}");
        assert!(of("AuditEvent").iter().all(|(letters, _)| !letters.contains(['U', 'D'])));
        let scope = if role["name"] == "beheerportaal" { "ALL" } else { "OWN" };
        assert_eq!(of("Subscription"), [("CRUD", scope)], "{role}");
    }
}

#[test]
fn a_stored_resource_is_judged_by_its_origin() {
    let folder = Folder::with_world().with_tasks();
    let rule = format!("system/Task.rs?resource-origin=Device/{PORTAL}");
    assert_eq!(
        folder.explain("module@d", "GET Task/live", &[]),
        json!({
            "instance": "module@d",
            "domain": "d",
            "role": "module",
            "request": "GET Task/live",
            "operation": "read",
            "resource": "Task/live",
            "origin": PORTAL,
            "allowed": true,
            "rule": rule,
            "reach": {"all": false, "devices": [PORTAL]},
            "reason": format!(
                "read on Task is allowed by `{rule}`, which is for resources of Device/{PORTAL}"
            ),
            "note": null,
        })
    );
    let update = folder.explain(MODULE, "PUT Task/live", &[]);
    assert_eq!(update["allowed"], false);
    assert_eq!(update["rule"], Value::Null);
    assert_eq!(update["reason"], "no rule gives update on Task");
    let gone = folder.explain("module@d", "GET Task/gone", &[]);
    assert_eq!(gone["allowed"], true);
    assert!(gone["reason"].as_str().unwrap().ends_with("the answer is 410"), "{gone}");
    let asked = ["role", "explain", "--instance", "module@d", "--request", "GET Task/live"];
    let text = folder.out(&asked);
    assert!(text.contains(&format!("origin     Device/{PORTAL} (portal@d)\n")), "{text}");
    assert!(text.contains("allowed    yes\n"), "{text}");
    assert!(!text.contains("\nnote "), "{text}");
}

#[test]
fn a_resource_that_is_not_there_is_404_for_all_and_403_for_others() {
    let folder = Folder::with_world();
    let all = folder.explain("portal@d", "GET Patient/none", &[]);
    assert_eq!(all["allowed"], true);
    assert!(all["reason"].as_str().unwrap().contains("the answer is 404"), "{all}");
    for (instance, request) in [("portal@d", "GET Task/none"), ("module@d", "GET Patient/none")] {
        let said = folder.explain(instance, request, &[]);
        assert_eq!((&said["allowed"], &said["rule"]), (&json!(false), &Value::Null));
        assert!(said["reason"].as_str().unwrap().contains("the answer is 403"), "{said}");
    }
}

#[test]
fn an_origin_can_be_supposed_by_client_id_and_by_user_name() {
    let folder = Folder::with_world();
    let allowed = |origin: &str| {
        folder.explain("portal@d", "PUT Task/x", &["--origin", origin])["allowed"] == true
    };
    assert!(allowed(PORTAL));
    assert!(allowed("portal@d"));
    assert!(allowed(&format!("Device/{PORTAL}")));
    assert!(!allowed(MODULE));
    assert!(!allowed(&PORTAL[..35]), "a part of an id is another id");
    let other = folder.explain("portal@d", "PUT Task/x", &["--origin", "abc"]);
    let expected = format!(
        "update on Task is given for resources of Device/{PORTAL} only, and this one is of \
         Device/abc"
    );
    assert_eq!(other["reason"], expected);
}

#[test]
fn a_search_is_told_what_it_is_narrowed_to_and_a_creation_is_its_own() {
    let folder = Folder::with_world();
    let search = folder.explain("portal@d", "GET Task?status=ready", &[]);
    assert_eq!((&search["allowed"], &search["resource"]), (&json!(true), &json!("Task")));
    let narrowed = format!("narrowed to resource-origin=Device/{PORTAL}");
    assert!(search["reason"].as_str().unwrap().contains(&narrowed), "{search}");
    let all = folder.explain("portal@d", "GET Patient", &[]);
    assert_eq!(all["reach"], json!({"all": true, "devices": []}));
    assert_eq!(all["rule"], "system/Patient.cruds");
    let nobody = folder.explain("module@d", "GET CareTeam", &[]);
    assert_eq!(nobody["allowed"], false);
    assert!(nobody["reason"].as_str().unwrap().contains("the list is empty"), "{nobody}");
    let creation = folder.explain("module@d", "POST Task", &[]);
    assert_eq!(creation["allowed"], true);
    assert!(creation["reason"].as_str().unwrap().ends_with("is the caller's own"), "{creation}");
}

#[test]
fn what_holds_whatever_a_role_says_is_said() {
    let folder = Folder::with_world();
    let check = |instance: &str, request: &str, allowed: bool, reason: &str| {
        let is_of_one = request.contains("/1");
        let more: &[&str] = if is_of_one { &["--origin", MODULE] } else { &[] };
        let said = folder.explain(instance, request, more);
        assert_eq!(said["allowed"], allowed, "{said}");
        assert!(said["reason"].as_str().unwrap().contains(reason), "{said}");
    };
    check("portal@d", "PUT AuditEvent/1", false, "nobody may update an AuditEvent");
    check("portal@d", "DELETE AuditEvent/1", false, "nobody may delete an AuditEvent");
    check("portal@d", "GET AuditEvent/1", true, "everybody's resources");
    check("portal@d", "GET Subscription/1", false, "its owner's alone");
    check("portal@d", "GET Subscription", true, "narrowed to");
    check("bare@d", "GET Task", false, "it has no role");
    check("bare@d", "GET ValueSet", true, "with any token");
    check("portal@d", "GET StructureDefinition/1", true, "with any token");
    check("portal@d", "PUT StructureDefinition/1", false, "no rule gives update");
    check("portal@d", "GET ImplementationGuide", true, "no token");
    check("pending@d", "GET Task", false, "it is pending");
    check("pending@d", "GET ValueSet", false, "it is pending");
    check("pending@d", "GET metadata", true, "no token");
    check("pending@d", "GET .well-known/smart-configuration", true, "no token");
    check("pending@d", "GET ImplementationGuide/1", true, "no token");
    folder.file("off.toml", "[[application]]\nid = 'Portal'\nactive = false\n");
    folder.out(&["apply", "off.toml"]);
    check("portal@d", "GET Patient", false, "its application is switched off");
}

#[test]
fn an_interaction_that_the_server_does_not_have_is_told_apart() {
    let folder = Folder::with_world();
    let note = "the server does not have this interaction: 404 or 405";
    for request in ["GET Observation", "PUT AuditEvent/1", "POST ValueSet"] {
        let said = folder.explain("portal@d", request, &[]);
        assert_eq!(said["note"], note, "{request}");
    }
    for (instance, request) in [
        ("portal@d", &format!("GET Device/{PORTAL}")),
        ("portal@d", &"GET metadata".to_owned()),
        ("portal@d", &"POST Task".to_owned()),
        // It does not come so far.
        ("pending@d", &"POST ValueSet".to_owned()),
    ] {
        assert_eq!(folder.explain(instance, request, &[])["note"], Value::Null, "{request}");
    }
    let asked = ["role", "explain", "--instance", "portal@d", "--request", "POST ValueSet"];
    let text = folder.out(&asked);
    assert!(text.contains(&format!("note       {note}\n")), "{text}");
}

#[test]
fn wrong_questions_leave_with_2_and_unknown_instances_with_3() {
    let folder = Folder::with_world();
    let code = |instance: &str, request: &str, more: &[&str]| {
        let asked = ["role", "explain", "--instance", instance, "--request", request];
        let said = folder.run(&[&asked, more].concat());
        assert_eq!(said.out, "");
        (said.code, said.err)
    };
    for (request, more, expected) in [
        ("GET Tsk/1", &[][..], "`Tsk` is no resource type"),
        ("Task/1", &[], "write a method and a path"),
        ("GET Task", &["--origin", PORTAL], "an origin is for a request on one resource"),
        ("GET Task/1", &["--origin", "a/b"], "`a/b` is no client_id"),
    ] {
        let (code, said) = code("portal@d", request, more);
        assert_eq!(code, 2, "{request}: {said}");
        assert!(said.contains(expected), "{said}");
    }
    let (code, said) = code("nobody@d", "GET Task", &[]);
    assert_eq!(code, 3);
    assert!(said.contains("instance nobody@d does not exist; there is bare@d"), "{said}");
}
