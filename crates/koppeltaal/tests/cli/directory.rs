//! `apply`, `export`, and the lists.

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
