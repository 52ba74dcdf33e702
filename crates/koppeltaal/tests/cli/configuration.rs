//! `config example|check|show`, flags, and usage.

use super::*;

#[test]
fn the_example_is_a_valid_configuration() {
    let folder = Folder::new();
    let example = folder.out(&["config", "example"]);
    folder.file("k.toml", &example);
    let check = folder.out(&["config", "check", "--config", "k.toml"]);
    assert_eq!(check, "the configuration is valid\n");
}

#[test]
fn a_wrong_configuration_leaves_with_2_before_anything_else() {
    let folder = Folder::new();
    folder.file("k.toml", "[kt1]\nclaim_timeot = '1m'\n");
    for arguments in [&["config", "check"][..], &["domain", "list"], &["migrate"]] {
        let said = folder.run(&[arguments, &["--config", "k.toml"]].concat());
        assert_eq!(said.code, 2, "{arguments:?}");
        assert_eq!(said.err, "error: k.toml:2: kt1.claim_timeot: unknown key\n");
    }
    assert!(folder.out(&["config", "example", "--config", "k.toml"]).starts_with('#'));
    folder.file("k.toml", "[tls]\ncertificate = 'c.pem'\nkey = 'k.pem'\n");
    let said = folder.run(&["config", "check", "--config", "k.toml"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("k.toml:2: tls.certificate: c.pem cannot be read"), "{}", said.err);
}

#[test]
fn values_are_shown_with_their_origin_and_without_secrets() {
    let folder = Folder::new();
    folder.file("k.toml", "[server]\nname = 'Acceptance'\n");
    let output = folder
        .command(&["config", "show", "--json", "--config", "k.toml"])
        .args(["--database", "postgres://k:hidden@db/k"])
        .env("KOPPELTAAL_LIMITS_BODY", "1MiB")
        .output()
        .unwrap();
    let said = said(output);
    assert!(!said.out.contains("hidden"));
    let values: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    let of = |key: &str| {
        let all = values.as_array().unwrap();
        let value = all.iter().find(|value| value["key"] == key).unwrap();
        (value["value"].as_str().unwrap().to_owned(), value["origin"].as_str().unwrap().to_owned())
    };
    let pair = |value: &str, origin: &str| (value.to_owned(), origin.to_owned());
    assert_eq!(of("server.name"), pair("Acceptance", "file"));
    assert_eq!(of("limits.body"), pair("1MiB", "env"));
    assert_eq!(of("database"), pair("postgres://k@db/k", "flag"));
    assert_eq!(of("kt1.claim_timeout"), pair("15m", "default"));
}

#[test]
fn wrong_usage_leaves_with_2_and_help_with_0() {
    let folder = Folder::new();
    for wrong in [&[][..], &["nonsense"], &["apply"], &["domain", "show"], &["apply", "--x"]] {
        let said = folder.run(wrong);
        assert_eq!(said.code, 2, "{wrong:?}");
        assert!(said.err.contains("Usage"), "{}", said.err);
    }
    assert!(folder.out(&["--help"]).contains("identity-provider"));
    assert!(folder.out(&["--version"]).starts_with("koppeltaal "));
}

#[test]
fn an_unreachable_database_leaves_with_5() {
    let folder = Folder::new();
    let said = folder.run(&["domain", "list", "--database", "postgres://k:pw@127.0.0.1:1/k"]);
    assert_eq!(said.code, 5, "{}", said.err);
    assert!(!said.err.contains("pw"), "{}", said.err);
}
