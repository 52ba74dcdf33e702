//! `apply`, `export`, and the lists.

use koppeltaal_store::resource::read;
use koppeltaal_store::{DatabaseUrl, Options, Store};
use serde_json::Value;

use super::*;

const DEMO: &str = include_str!("../../../../examples/demo.toml");

fn with_demo() -> Folder {
    let folder = Folder::new();
    folder.file("demo.toml", DEMO);
    folder.out(&["apply", "demo.toml"]);
    folder
}

#[test]
fn apply_makes_a_store_and_the_second_time_nothing_changes() {
    let folder = Folder::new();
    folder.file("demo.toml", DEMO);
    let first = folder.out(&["apply", "demo.toml"]);
    assert!(first.starts_with("created domain zonnehoek\n"), "{first}");
    assert_eq!(first.lines().count(), 7);
    let second = folder.run(&["apply", "demo.toml"]);
    assert_eq!((second.code, second.out.as_str()), (0, ""));
    assert_eq!(second.err, "nothing to change\n");
}

#[test]
fn a_dry_run_changes_nothing() {
    let folder = Folder::new();
    folder.file("demo.toml", DEMO);
    let dry = folder.out(&["apply", "demo.toml", "--dry-run"]);
    assert!(!folder.0.path().join("data").exists());
    assert_eq!(folder.out(&["apply", "demo.toml"]), dry);
}

#[test]
fn a_made_up_password_is_printed_once() {
    let folder = with_demo();
    let new = "[[instance]]\ndomain = 'zonnehoek'\napplication = 'Zorgportaal'\nusername = 'n'";
    folder.file("new.toml", new);
    let json = folder.json(&["apply", "new.toml"]);
    assert_eq!(json["changes"][0]["action"], "created");
    assert_eq!(json["changes"][0]["generated_password"].as_str().unwrap().len(), 32);
    assert_eq!(folder.out(&["apply", "new.toml"]), "");
}

#[test]
fn a_wrong_file_leaves_with_2_and_names_every_line_and_key() {
    let folder = with_demo();
    folder.file(
        "wrong.toml",
        "[[domain]]\nname = 'x'\nphaze = 'test'\n\n[[applicatoin]]\nid = 'a'\n",
    );
    let said = folder.run(&["apply", "wrong.toml"]);
    assert_eq!(said.code, 2);
    assert_eq!(said.out, "");
    let mut lines = said.err.lines();
    assert_eq!(lines.next(), Some("error: wrong.toml:3: phaze: unknown key"));
    assert!(lines.next().unwrap().starts_with("wrong.toml:5: applicatoin: unknown table"));
    assert_eq!(lines.next(), Some("nothing was changed"));
    assert_eq!(folder.json(&["domain", "list"]).as_array().unwrap().len(), 1);
    let missing = folder.run(&["apply", "none.toml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.starts_with("error: none.toml cannot be read"), "{}", missing.err);
}

#[test]
fn a_forbidden_change_leaves_with_4() {
    let folder = with_demo();
    folder.file("other.toml", &DEMO.replace("5e0d2b18", "5e0d2b19"));
    let said = folder.run(&["apply", "other.toml"]);
    assert_eq!(said.code, 4);
    assert!(said.err.contains("client_id: never changes"), "{}", said.err);
}

#[test]
fn an_export_makes_the_same_directory_in_an_empty_store() {
    let folder = with_demo();
    let exported = folder.out(&["export", "--reveal-secrets"]);
    let other = Folder::new();
    other.file("export.toml", &exported);
    other.out(&["apply", "export.toml"]);
    assert_eq!(other.out(&["export", "--reveal-secrets"]), exported);
    assert!(!folder.out(&["export"]).contains("change me"));
    assert!(!folder.out(&["export", "--without-secrets"]).contains("argon2"));
    assert_eq!(folder.run(&["export", "--without-secrets", "--reveal-secrets"]).code, 2);
}

#[test]
fn lists_and_single_items_are_json_in_the_words_of_the_file() {
    let folder = with_demo();
    let domains = folder.json(&["domain", "list"]);
    assert_eq!(domains[0]["name"], "zonnehoek");
    assert_eq!(domains[0]["claim_timeout"], "5m");
    let applications = folder.json(&["application", "list"]);
    assert_eq!(applications[1]["id"], "Slaapmodule");
    let instance = folder.json(&["instance", "show", "slaapmodule@zonnehoek"]);
    assert_eq!(instance["client_id"], "5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035");
    let by_id = folder.json(&["instance", "show", "5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035"]);
    assert_eq!(by_id, instance);
    let role = folder.json(&["role", "show", "module", "--domain", "zonnehoek"]);
    assert_eq!(role["permissions"][1]["scope"], "GRANTED");
    assert_eq!(folder.json(&["identity-provider", "list"]).as_array().unwrap().len(), 0);
    let table = folder.out(&["instance", "list", "--domain", "zonnehoek"]);
    assert!(table.starts_with("DOMAIN     APPLICATION  USERNAME"), "{table}");
    let all = folder.out(&["instance", "list", "--json"]) + &table;
    assert!(!all.contains("argon2") && !all.contains("sealed:") && !all.contains("change me"));
}

#[test]
fn what_is_not_there_leaves_with_3_and_tells_what_is() {
    let folder = with_demo();
    for arguments in [
        &["domain", "show", "x"][..],
        &["application", "show", "x"],
        &["instance", "show", "x"],
        &["instance", "list", "--domain", "x"],
        &["instance", "approve", "x"],
        &["role", "show", "x", "--domain", "zonnehoek"],
        &["identity-provider", "show", "x", "--domain", "zonnehoek"],
    ] {
        let said = folder.run(arguments);
        assert_eq!(said.code, 3, "{arguments:?}: {}", said.err);
        assert!(said.err.contains("does not exist; there is"), "{}", said.err);
    }
}

#[test]
fn an_instance_is_rejected_and_approved() {
    let folder = with_demo();
    let name = "zorgportaal@zonnehoek";
    let line = format!("changed instance {name} in zonnehoek: status\n");
    assert_eq!(folder.out(&["instance", "reject", name]), line);
    assert_eq!(folder.json(&["instance", "show", name])["status"], "rejected");
    assert_eq!(folder.out(&["instance", "reject", name]), "");
    assert_eq!(folder.out(&["instance", "approve", name]), line);
    assert_eq!(folder.json(&["instance", "show", name])["status"], "approved");
}

/// The Device of this id in the domain `d`, as it is stored.
fn device(folder: &Folder, id: &str) -> Option<Value> {
    let url = DatabaseUrl::Sqlite(folder.0.path().join("data/koppeltaal.db"));
    let id = id.to_owned();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let store = Store::open(&url, &Options::default()).await.unwrap();
        let directory = store.read(|tx| koppeltaal_store::directory::load(tx)).await.unwrap();
        let scope = store.scope(directory.domain("d").unwrap());
        let found = scope.read(move |tx| read(tx, "Device", &id)).await.unwrap();
        store.close().await;
        found.map(|found| serde_json::from_str(&found.render()).unwrap())
    })
}

#[test]
fn the_device_of_an_instance_follows_its_status() {
    let folder = Folder::new();
    let file = |status: &str| {
        format!(
            "[[domain]]\nname = 'd'\nphase = 'test'\n[[application]]\nid = 'a'\n\
             [[instance]]\ndomain = 'd'\napplication = 'a'\nstatus = '{status}'\n\
             client_id = '5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035'"
        )
    };
    let id = "5e0d2b18-7f3c-4c69-8a1e-92d4f7b6c035";
    let apply = |status: &str| {
        folder.file("d.toml", &file(status));
        folder.out(&["apply", "d.toml"]);
    };
    apply("pending");
    assert_eq!(device(&folder, id), None);
    folder.out(&["instance", "approve", id]);
    let made = device(&folder, id).unwrap();
    assert_eq!((&made["id"], &made["status"]), (&id.into(), &"active".into()));
    let origin =
        folder.json(&["domain", "show", "d"])["server_device"].as_str().unwrap().to_owned();
    let reference = &made["extension"][0]["valueReference"]["reference"];
    assert_eq!(reference, &format!("Device/{origin}"));
    assert_eq!(device(&folder, &origin).unwrap()["status"], "active");

    let said = folder.run(&["instance", "reject", id]);
    assert_eq!(said.code, 0);
    assert!(said.err.contains("stop working within a second"), "{}", said.err);
    for (step, status) in
        [(None, "inactive"), (Some("approved"), "active"), (Some("rejected"), "inactive")]
    {
        step.into_iter().for_each(apply);
        assert_eq!(device(&folder, id).unwrap()["status"], status, "{step:?}");
    }
    folder.out(&["instance", "approve", id]);
    assert_eq!(device(&folder, id).unwrap()["status"], "active");
    assert_eq!(folder.json(&["instance", "show", id])["status"], "approved");
}

#[test]
fn what_is_shown_has_the_urls_and_ids_that_others_need() {
    let folder = with_demo();
    folder.file(
        "more.toml",
        "[[domain]]\nname = 'zonnehoek'\nfhir_alias = '/fhir/DEFAULT'\n\
         [[identity_provider]]\ndomain = 'zonnehoek'\nname = 'idp'\nclient_id = 'c'\n\
         discovery_url = 'https://i.example'\n\
         [[instance]]\ndomain = 'zonnehoek'\napplication = 'Slaapmodule'\n\
         jwks_url = 'https://a.example/jwks'",
    );
    folder.out(&["apply", "more.toml"]);
    let shown = |arguments: &[&str]| -> Value {
        let mut command = folder.command(&[arguments, &["--json"]].concat());
        let said =
            said(command.env("KOPPELTAAL_PUBLIC_URL", "https://k.example").output().unwrap());
        serde_json::from_str(&said.out).expect(&said.err)
    };
    let domain = shown(&["domain", "show", "zonnehoek"]);
    assert_eq!(domain["issuer"], "https://k.example/api/v1/zonnehoek");
    assert_eq!(domain["fhir_base"], "https://k.example/api/v1/zonnehoek/fhir/r4");
    assert_eq!(domain["fhir_alias"], "/fhir/DEFAULT");
    assert_eq!(domain["fhir_alias_base"], "https://k.example/fhir/DEFAULT");
    assert_eq!(domain["server_device"].as_str().unwrap().len(), 36);
    let provider = shown(&["identity-provider", "show", "idp", "--domain", "zonnehoek"]);
    let callback = "https://k.example/api/v1/zonnehoek/oauth2/idp/callback";
    assert_eq!(provider["callback_url"], callback);
    assert_eq!(provider["discovery_url"], "https://i.example");
    let instance = shown(&["instance", "show", "slaapmodule@zonnehoek"]);
    assert_eq!(instance["device"], instance["client_id"]);
    assert_eq!((&instance["role"], &instance["status"]), (&"module".into(), &"approved".into()));
    assert_eq!(instance["key_source"], "jwks_url");
    let portal = shown(&["instance", "show", "zorgportaal@zonnehoek"]);
    assert_eq!(portal["key_source"], Value::Null);
    let table = folder.out(&["instance", "list"]);
    let headings = table.lines().next().unwrap();
    for heading in ["DEVICE", "ROLE", "KEY SOURCE", "STATUS"] {
        assert!(headings.contains(heading), "{table}");
    }
}

#[test]
fn without_a_store_commands_leave_with_5_and_make_none() {
    let folder = Folder::new();
    let said = folder.run(&["domain", "list"]);
    assert_eq!(said.code, 5);
    assert!(said.err.contains("there is no store at"), "{}", said.err);
    assert!(!folder.0.path().join("data").exists());
}

#[test]
fn migrate_makes_a_store_and_tells_what_it_applied() {
    let folder = Folder::new();
    assert!(folder.out(&["migrate"]).starts_with("applied migration 1 (directory)\n"));
    assert_eq!(folder.json(&["migrate"]).as_array().unwrap().len(), 0);
    assert_eq!(folder.json(&["domain", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn a_closed_pipe_ends_a_command_quietly() {
    let folder = with_demo();
    let mut child =
        folder.command(&["export"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let said = said(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (0, ""));
}
