//! What a file changes and what it prints.

use super::*;
use koppeltaal_store::test_support::count_audited;

#[tokio::test]
async fn the_second_time_nothing_changes() {
    let world = World::new().await;
    let text = include_str!("../../../../../examples/demo.toml");
    assert_eq!(
        world.apply(text).await.unwrap(),
        [
            "created domain zonnehoek",
            "created application Zorgportaal",
            "created application Slaapmodule",
            "created role portal in zonnehoek",
            "created role module in zonnehoek",
            "created instance zorgportaal@zonnehoek in zonnehoek",
            "created instance slaapmodule@zonnehoek in zonnehoek",
        ]
    );
    let version = world.directory().await.version;
    assert!(world.apply(text).await.unwrap().is_empty());
    assert_eq!(world.directory().await.version, version);
}

#[tokio::test]
async fn only_what_the_file_says_changes() {
    let world = World::with_base().await;
    let before = world.instance("u@d").await;
    let lines =
        world.apply("[[domain]]\nname = 'd'\nclaim_timeout = '1m'\ntitle = 'D'\n").await.unwrap();
    assert_eq!(lines, ["changed domain d: title, claim_timeout"]);
    let directory = world.directory().await;
    let domain = directory.domain("d").unwrap();
    assert_eq!(domain.phase, Phase::Test);
    assert_eq!(domain.claim_timeout, Some(Duration::from_secs(60)));
    assert_eq!(world.instance("u@d").await, before);
}

#[tokio::test]
async fn an_empty_text_resets_a_key() {
    let world = World::with_base().await;
    let instance = "[[instance]]\ndomain = 'd'\napplication = 'a'\n";
    world.apply(&format!("{instance}events = []\nsso_url = 'https://a.example/'")).await.unwrap();
    assert_eq!(world.instance("u@d").await.events, Some(vec![]));
    let lines = world.apply(&format!("{instance}events = ''\nsso_url = ''")).await.unwrap();
    assert_eq!(lines, ["changed instance u@d in d: events, sso_url"]);
    let after = world.instance("u@d").await;
    assert_eq!((after.events, after.sso_url), (None, None));
}

#[tokio::test]
async fn the_order_of_the_tables_is_free() {
    let world = World::new().await;
    let parts: Vec<&str> = BASE.split("\n\n").collect();
    let reversed: Vec<&str> = parts.into_iter().rev().collect();
    let lines = world.apply(&reversed.join("\n\n")).await.unwrap();
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn tables_inside_a_table_are_taken_key_by_key() {
    let world = World::with_base().await;
    let instance = "[[instance]]\ndomain = 'd'\napplication = 'a'\n";
    let hook = "webhook = { url = 'https://a.example/1', headers = { A = 'x', B = 'y' } }";
    world.apply(&format!("{instance}{hook}")).await.unwrap();
    let hook = "webhook = { url = 'https://a.example/2', headers = { B = '' } }";
    world.apply(&format!("{instance}{hook}")).await.unwrap();
    let webhook = world.instance("u@d").await.webhook.unwrap();
    assert_eq!(webhook.url, "https://a.example/2");
    assert_eq!(webhook.headers.keys().collect::<Vec<_>>(), ["A"]);
    world.apply(&format!("{instance}webhook = ''")).await.unwrap();
    assert_eq!(world.instance("u@d").await.webhook, None);
}

#[tokio::test]
async fn an_instance_is_known_by_client_id_then_by_user_name() {
    let world = World::with_base().await;
    let before = world.instance("u@d").await;
    let renamed = BASE.replace("u@d", "v@d").replace("password = \"secret\"\n", "");
    assert_eq!(world.apply(&renamed).await.unwrap(), ["changed instance v@d in d: username"]);
    let after = world.instance("v@d").await;
    assert_eq!(after.number, before.number);
    assert_eq!(after.password_hash, before.password_hash);
    let second = "[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = 'w@d'\npassword='x'";
    assert_eq!(world.apply(second).await.unwrap(), ["created instance w@d in d"]);
    assert!(world.apply(second).await.unwrap().is_empty());
    let id = world.instance("w@d").await.client_id;
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4);
}

#[tokio::test]
async fn user_names_can_be_swapped() {
    let world = World::with_base().await;
    let second = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b02";
    let instance = |id: &str, name: &str| {
        format!("[[instance]]\ndomain='d'\napplication='a'\nclient_id='{id}'\nusername='{name}'\n")
    };
    let first = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
    world.apply(&instance(second, "v@d")).await.unwrap();
    let swapped = instance(first, "v@d") + &instance(second, "u@d");
    assert_eq!(world.apply(&swapped).await.unwrap().len(), 2);
    assert_eq!(world.instance("v@d").await.client_id, first);
}

#[tokio::test]
async fn another_source_of_keys_replaces_the_one_before() {
    let world = World::with_base().await;
    let instance = "[[instance]]\ndomain = 'd'\napplication = 'a'\n";
    let jwks = r#"jwks = '{"keys":[{"kty":"EC","crv":"P-256","kid":"a","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]}'"#;
    world.apply(&format!("{instance}{jwks}")).await.unwrap();
    world.apply(&format!("{instance}jwks_url = 'https://a.example/keys'")).await.unwrap();
    let after = world.instance("u@d").await;
    assert_eq!((after.jwks, after.jwks_url.is_some()), (None, true));
}

#[tokio::test]
async fn a_dry_run_tells_and_changes_nothing() {
    let world = World::new().await;
    let text = BASE.replace("password = \"secret\"\n", "");
    let lines = world.run(&text, true).await.unwrap();
    assert_eq!(lines.len(), 3);
    assert!(lines.iter().all(|line| line.generated_password.is_none()));
    assert_eq!(world.directory().await.version, 0);
}

#[tokio::test]
async fn every_change_leaves_an_audit_row() {
    let world = World::with_base().await;
    let created = "action = 'administration' AND agent = 'test' AND detail LIKE 'created %'";
    assert_eq!(count_audited(&world.store, created).await, 3);
}
