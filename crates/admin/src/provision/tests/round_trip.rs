//! An export applied to an empty store.

use super::*;

const RICH: &str = r#"
[[domain]]
name = "d"
title = "A \"quoted\" title\nin two lines"
phase = "test"
retention = [{ event = "CreateOrUpdatePatient", max_age = "3d", retain_on_success = true }]
storage = { kind = "proxy", url = "https://s.example/fhir", username = "u", password = "stored" }
cors_origins = ["https://app.example"]
fhir_alias = "/fhir/DEFAULT"

[[application]]
id = "a"
oauth_secret = "oauth"
launch_lifetime = "10m"
redirect_policy = "any"

[[role]]
domain = "d"
name = "r"
permissions = [
  { resource = "*", operations = "R", scope = "ALL" },
  { resource = "Task", operations = "RU", scope = "GRANTED", granted = ["6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01"] },
]
privileges = ["cascade-delete"]

[[identity_provider]]
domain = "d"
name = "idp"
discovery_url = "https://idp.example/.well-known/openid-configuration"
client_id = "x"
client_secret = "idp secret"
default = true

[[instance]]
domain = "d"
application = "a"
username = "u@d"
password = "secret"
client_id = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01"
events = []
webhook = { url = "https://a.example/hook", headers = { "X-Key" = "hook secret" } }
identity_providers = { Patient = ["idp"] }
role = "r"
status = "pending"
active = false
"#;

#[tokio::test]
async fn a_revealing_export_makes_the_same_directory_elsewhere() {
    let first = World::new().await;
    first.apply(RICH).await.unwrap();
    let rotation = "[[instance]]\ndomain='d'\napplication='a'\npassword='new'\n\
                    previous_password_until = '2030-01-01T00:00:00Z'";
    first.apply(rotation).await.unwrap();
    let exported = first.export(Secrets::Revealed).await;
    for secret in ["stored", "oauth", "hook secret", "idp secret", "$argon2id$"] {
        assert!(exported.contains(secret), "{secret} is missing: {exported}");
    }
    let second = World::new().await;
    second.apply(&exported).await.unwrap();
    assert_eq!(second.export(Secrets::Revealed).await, exported);
    let [before, after] = [first.instance("u@d").await, second.instance("u@d").await];
    assert_eq!(before.password_hash, after.password_hash);
    assert_eq!(before.previous_password_hash, after.previous_password_hash);
    assert_eq!(before.previous_password_until, after.previous_password_until);
    assert!(first.apply(&exported).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_export_hides_sealed_secrets_and_names_them() {
    let world = World::new().await;
    world.apply(RICH).await.unwrap();
    let exported = world.export(Secrets::Hashes).await;
    for secret in ["stored", "\"oauth\"", "hook secret", "idp secret", "sealed:"] {
        assert!(!exported.contains(secret), "{secret}: {exported}");
    }
    assert!(exported.contains("$argon2id$"));
    assert!(exported.contains("# webhook.headers.X-Key: sealed"), "{exported}");
    assert!(world.apply(&exported).await.unwrap().is_empty(), "it leaves hidden ones alone");
    World::new().await.apply(&exported).await.unwrap();
    let without = world.export(Secrets::Without).await;
    assert!(!without.contains("argon2"));
    assert!(world.apply(&without).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_expired_password_is_not_exported() {
    let mut world = World::with_base().await;
    let rotation = "[[instance]]\ndomain='d'\napplication='a'\npassword='new'\n\
                    previous_password_until = '2023-11-14T22:30:00Z'";
    world.apply(rotation).await.unwrap();
    assert!(world.export(Secrets::Hashes).await.contains("previous_password_hash"));
    world.now = NOW.plus(Duration::from_secs(3600));
    assert!(!world.export(Secrets::Hashes).await.contains("previous_password"));
}
