//! Files, environment and flags against the configuration they give.

use std::collections::HashMap;
use std::path::Path;

use koppeltaal_core::Error;
use koppeltaal_core::network::is_allowed;

use super::*;

fn nothing(_: &str) -> Option<String> {
    None
}

fn from_file(text: &str) -> Result<Config, Error> {
    let mut values = Values::default();
    values.read_file(Path::new("k.toml"), text)?;
    Config::from_values(&values)
}

fn refusal(text: &str) -> String {
    from_file(text).unwrap_err().to_string()
}

fn defaults() -> Config {
    Config::from_values(&Values::default()).unwrap()
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = defaults();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.public_url(config.listen), "http://127.0.0.1:8080");
    assert_eq!(config.database.to_string(), "sqlite:./data/koppeltaal.db");
    assert_eq!(config.server.phases, Phase::ALL);
    assert_eq!(config.limits.body, 10 * 1024 * 1024);
    assert_eq!((config.limits.requests_per_second, config.limits.burst), (0, 0));
    assert_eq!(config.kt1.retention.max, Duration::from_secs(56 * 86_400));
    assert_eq!(config.kt1.webhook_attempts, 5);
    assert!(is_allowed(&config.admin.allow_from, [127, 0, 0, 1].into()));
    assert!(!is_allowed(&config.admin.allow_from, [10, 0, 0, 1].into()));
}

#[test]
fn the_example_names_every_key_and_says_the_defaults() {
    let example = example();
    assert_eq!(from_file(&example).unwrap(), defaults());
    let live: String = example
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    assert_eq!(from_file(&live).unwrap(), defaults(), "{live}");
    let mut values = Values::default();
    values.read_file(Path::new("k.toml"), &live).unwrap();
    for key in KEYS {
        assert!(values.get(key.name).is_some(), "{} is missing", key.name);
    }
}

#[test]
fn the_example_is_the_one_in_the_examples() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/koppeltaal.toml");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(path, example()).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap();
    assert_eq!(kept, example(), "write it anew: UPDATE_SNAPSHOTS=1 cargo test -p koppeltaal");
}

#[test]
fn the_later_source_wins() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("k.toml");
    std::fs::write(
        &file,
        "listen = '127.0.0.1:1'\npublic_url = 'https://a.example/'\n[kt1]\nclaim_timeout = '1m'\n",
    )
    .unwrap();
    let environment = HashMap::from([
        ("KOPPELTAAL_LISTEN", "127.0.0.1:2"),
        ("KOPPELTAAL_KT1_CLAIM_TIMEOUT", "0s"),
        ("KOPPELTAAL_SERVER_PHASES", "test, production"),
    ]);
    let environment = |name: &str| environment.get(name).map(|text| (*text).to_owned());
    let flags = [("listen", "127.0.0.1:3".to_owned())];
    let values = Values::read(Some(&file), &environment, &flags).unwrap();
    let config = Config::from_values(&values).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.kt1.claim_timeout, Duration::ZERO);
    assert_eq!(config.server.phases, [Phase::Test, Phase::Production]);
    assert_eq!(config.public_url(config.listen), "https://a.example");
    let shown = shown(&values, &config);
    let origin = |key: &str| shown.iter().find(|shown| shown.key == key).unwrap().origin;
    assert_eq!(
        ["listen", "public_url", "kt1.claim_timeout", "data_dir"].map(origin),
        ["flag", "file", "env", "default"]
    );
}

#[test]
fn secrets_come_from_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("seal");
    std::fs::write(&file, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n").unwrap();
    let path = file.to_str().unwrap().to_owned();
    let environment = move |name: &str| match name {
        "KOPPELTAAL_SEAL_KEY_FILE" => Some(path.clone()),
        "KOPPELTAAL_DATABASE" => Some("postgres://k:hidden@db/k".to_owned()),
        "KOPPELTAAL_MAIL_URL" => Some("smtp://k:hidden@mail".to_owned()),
        _ => None,
    };
    let values = Values::read(None, &environment, &[]).unwrap();
    let config = Config::from_values(&values).unwrap();
    assert!(config.seal_key.starts_with("AAAA"));
    let shown = serde_json::to_string(&shown(&values, &config)).unwrap();
    assert!(!shown.contains("hidden") && !shown.contains("AAAA"), "{shown}");
    assert!(shown.contains("postgres://k@db/k"));
    assert!(!format!("{:?}", config.mail).contains("hidden"));
}

#[test]
fn every_unknown_key_is_named_with_its_line() {
    let text = refusal("listne = 1\n\n[kt1]\nclaim_timeout = '1m'\nclaims = 3\n[oauth]\nx = 1\n");
    assert_eq!(
        text,
        "k.toml:1: listne: unknown key\nk.toml:5: kt1.claims: unknown key\nk.toml:6: oauth: unknown key"
    );
    assert!(refusal("a = \n").starts_with("k.toml:1: "));
    assert_eq!(refusal("kt1 = 3"), "k.toml:1: kt1: is a table, not a value");
}

#[test]
fn wrong_values_are_named_with_their_line() {
    let check = |text: &str, expected: &str| {
        let refusal = refusal(text);
        assert!(refusal.starts_with(expected), "{text}: {refusal}");
    };
    check("listen = 'here'", "k.toml:1: listen: `here` is not an address");
    check("\n[kt1]\nclaim_timeout = 15", "k.toml:3: kt1.claim_timeout: `15` is not a duration");
    check("[limits]\nbody = '10MB'", "k.toml:2: limits.body: `10MB` is not a size");
    check("[limits]\nburst = true", "k.toml:2: limits.burst: is boolean, write a whole number");
    check("[log]\nformat = 'xml'", "k.toml:2: log.format: `xml` is not one of human, json");
    check("[tls]\nkey = 'k.pem'", "k.toml:2: tls.key: needs tls.certificate");
    check("[server]\nphases = ['live']", "k.toml:2: server.phases: `live` is not a phase");
    check("[admin]\nallow_from = ['x']", "k.toml:2: admin.allow_from: `x` is not an address");
    check("seal_key = 'x'", "k.toml:1: seal_key: seal_key is not the base64");
    check("public_url = 'koppeltaal'", "k.toml:1: public_url: `koppeltaal`");
    check("database = 'mysql://x'", "k.toml:1: database: a database URL starts with");
    let missing = Values::read(Some(Path::new("/no/such.toml")), &nothing, &[]).unwrap_err();
    assert!(
        missing.to_string().starts_with("/no/such.toml: the configuration file cannot be read")
    );
}
