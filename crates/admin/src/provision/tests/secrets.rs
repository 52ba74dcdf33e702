//! Passwords and sealed secrets.

use koppeltaal_auth::password::verify;

use super::*;

fn instance(keys: &str) -> String {
    format!("[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = 'u@d'\n{keys}")
}

#[tokio::test]
async fn a_new_password_stops_the_old_one_at_once() {
    let world = World::with_base().await;
    let lines = world.apply(&instance("password = 'new'")).await.unwrap();
    assert_eq!(lines, ["changed instance u@d in d: password"]);
    let after = world.instance("u@d").await;
    assert!(verify("new", after.password_hash.as_deref().unwrap()).unwrap());
    assert_eq!(after.previous_password_hash, None);
    assert!(world.apply(&instance("password = 'new'")).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_old_password_lives_on_until_the_time_that_is_given() {
    let mut world = World::with_base().await;
    let old = world.instance("u@d").await.password_hash;
    let text = instance("password = 'new'\nprevious_password_until = 2023-11-14T22:30:00Z");
    let lines = world.apply(&text).await.unwrap();
    assert_eq!(lines, ["changed instance u@d in d: password, previous_password_until"]);
    let after = world.instance("u@d").await;
    assert_eq!(after.previous_password_hash, old);
    assert!(world.apply(&text).await.unwrap().is_empty());
    let longer = text.replace("22:30", "23:30");
    let lines = world.apply(&longer).await.unwrap();
    assert_eq!(lines, ["changed instance u@d in d: previous_password_until"]);
    // The time has passed: the file may stay as it is.
    world.now = NOW.plus(Duration::from_secs(86_400));
    assert!(world.apply(&longer).await.unwrap().is_empty());
    world.apply(&longer.replace("'new'", "'newer'")).await.unwrap();
    assert_eq!(world.instance("u@d").await.previous_password_hash, None);
}

#[tokio::test]
async fn a_password_left_out_is_made_up_once() {
    let world = World::new().await;
    let text = BASE.replace("password = \"secret\"\n", "");
    let lines = world.run(&text, false).await.unwrap();
    let made = lines.iter().find_map(|line| line.generated_password.clone()).unwrap();
    assert_eq!(made.len(), 32);
    let stored = world.instance("u@d").await.password_hash.unwrap();
    assert!(verify(&made, &stored).unwrap());
    assert!(world.run(&text, false).await.unwrap().is_empty());
}

#[tokio::test]
async fn an_instance_without_a_user_name_needs_no_password() {
    let world = World::with_base().await;
    let text = "[[instance]]\ndomain = 'd'\napplication = 'a'\n\
                client_id = '6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b02'";
    let lines = world.run(text, false).await.unwrap();
    assert_eq!(
        lines.first().unwrap().to_string(),
        "created instance 6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b02 in d"
    );
    assert_eq!(lines.first().unwrap().generated_password, None);
}

#[tokio::test]
async fn a_secret_is_sealed_and_the_same_one_is_no_change() {
    let world = World::with_base().await;
    let text = "[[application]]\nid = 'a'\noauth_secret = 's3cret'";
    assert_eq!(world.apply(text).await.unwrap(), ["changed application a: oauth_secret"]);
    let stored = || async {
        let directory = world.directory().await;
        directory.application("a").unwrap().oauth_secret.clone().unwrap()
    };
    let sealed = stored().await;
    assert!(!sealed.0.contains("s3cret"));
    assert_eq!(world.seal.open(&sealed).unwrap(), "s3cret");
    assert!(world.apply(text).await.unwrap().is_empty());
    assert_eq!(stored().await, sealed);
    let other = text.replace("s3cret", "other");
    assert_eq!(world.apply(&other).await.unwrap().len(), 1);
}

#[tokio::test]
async fn secrets_come_from_files_beside_the_file() {
    let world = World::with_base().await;
    std::fs::write(world.folder.path().join("oauth"), "s3cret\n").unwrap();
    std::fs::write(world.folder.path().join("password"), "se:cret\n").unwrap();
    let text = instance("password_file = 'password'\n")
        + "\n[[application]]\nid = 'a'\noauth_secret_file = 'oauth'";
    assert_eq!(world.apply(&text).await.unwrap().len(), 2);
    let directory = world.directory().await;
    let secret = directory.application("a").unwrap().oauth_secret.clone().unwrap();
    assert_eq!(world.seal.open(&secret).unwrap(), "s3cret");
    let hash = world.instance("u@d").await.password_hash.unwrap();
    assert!(verify("se:cret", &hash).unwrap());
}

#[tokio::test]
async fn what_is_shown_holds_no_secret() {
    let world = World::with_base().await;
    let text = instance("webhook = { url = 'https://a.example/', headers = { A = 'hidden' } }");
    world.apply(&text).await.unwrap();
    let object = shown(Kind::Instance, &world.instance("u@d").await).unwrap();
    let text = serde_json::to_string(&object).unwrap();
    assert!(!text.contains("sealed:") && !text.contains("argon2"), "{text}");
    assert_eq!(object["webhook"]["headers"]["A"], "********");
    assert_eq!(object["password"], "********");
    assert_eq!(object["username"], "u@d");
}
