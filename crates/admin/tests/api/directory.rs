//! The directory by the API: what is put is what `apply` makes of it.

use koppeltaal_core::administrator::Role;
use koppeltaal_store::both;
use serde_json::{Value, json};

use crate::world::{OUTSIDE, World};

const FILE: &str = r#"
[[domain]]
name = "d"
phase = "test"

[[domain]]
name = "e"
phase = "test"

[[application]]
id = "GAME"
launch_url = "https://game.example"
oauth_secret = "geheim"

[[instance]]
domain = "d"
application = "GAME"
username = "game@d"
password = "een wachtwoord"
webhook = { url = "https://game.example/hook", headers = { X-Secret = "geheim" } }
"#;

both!(what_was_read_can_be_put_back_and_changes_nothing, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let before = world.directory().await;
    for path in ["/domains/d", "/applications/GAME", "/instances/game@d"] {
        let read = system.get(path).await.expect(200).json();
        let put = system.put(path, read).await.expect(200).json();
        assert_eq!(put["changes"], json!([]), "{path}");
    }
    assert_eq!(world.directory().await, before);
});

both!(an_item_is_made_changed_and_checked_as_by_a_file, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let made = system.put("/domains/f", json!({ "phase": "test" })).await.expect(200).json();
    assert_eq!(made["changes"][0]["action"], "created");
    let dry = system.put("/domains/f?dry_run=true", json!({ "title": "F" })).await.expect(200);
    assert_eq!(dry.json()["changes"][0]["keys"], json!(["title"]));
    assert_eq!(system.get("/domains/f").await.json()["title"], Value::Null);
    let wrong = system.put("/domains/f", json!({ "phase": "feest", "tittle": "F" })).await;
    let wrong = wrong.expect(422).json();
    let keys: Vec<_> =
        wrong["errors"].as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert!(keys.contains(&json!("phase")) && keys.contains(&json!("tittle")), "{wrong}");
    system.put("/domains/f", json!({ "name": "g" })).await.expect(400);
    system.put("/domains/f", json!([])).await.expect(400);
    let instance = json!({ "domain": "f", "application": "GAME" });
    let made = system.put("/instances/game@f", instance).await.expect(200).json();
    assert!(made["changes"][0]["generated_password"].as_str().unwrap().len() >= 32);
    assert_eq!(system.get("/instances?domain=f").await.items("username"), ["game@f"]);
});

both!(a_request_reads_no_file_of_the_server, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let body = json!({ "password_file": "/etc/hostname" });
    let refused = system.put("/instances/game@d", body).await.expect(422).json();
    assert!(refused["errors"][0]["detail"].as_str().unwrap().contains("file of the server"));
    let toml = "[[application]]\nid = \"X\"\noauth_secret_file = \"/etc/hostname\"\n";
    let by_toml = system.header("content-type", "application/toml");
    by_toml.call(http::Method::POST, "/apply", Some(toml.to_owned())).await.expect(422);
});

both!(tables_are_applied_as_json_and_as_toml, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let tables =
        json!({ "domain": [{ "name": "d", "title": "D" }, { "name": "e", "title": null }] });
    let applied = system.post("/apply", tables).await.expect(200).json();
    assert_eq!(applied["changes"].as_array().unwrap().len(), 1);
    let toml = "[[domain]]\nname = \"d\"\ntitle = \"DD\"\n".to_owned();
    let by_toml = system.clone().header("content-type", "application/toml");
    by_toml.call(http::Method::POST, "/apply", Some(toml)).await.expect(200);
    assert_eq!(system.get("/domains/d").await.json()["title"], "DD");
    let exported = system.get("/export").await.expect(200).json();
    assert_eq!(exported["domain"].as_array().unwrap().len(), 2);
});

both!(administrators_of_domains_and_applications_change_what_is_theirs, |store| async move {
    let world = World::new(&store, FILE).await;
    let of_domain = world.user(Role::Domain, &["d"]).await;
    let of_application = world.user(Role::Application, &["GAME"]).await;
    of_domain.put("/domains/d", json!({ "title": "D" })).await.expect(200);
    of_domain.put("/domains/d", json!({ "title": "D", "phase": "test" })).await.expect(200);
    of_domain.put("/domains/d", json!({ "phase": "production" })).await.expect(403);
    of_domain.put("/domains/e", json!({ "title": "E" })).await.expect(404);
    of_domain.put("/domains/z", json!({ "title": "Z" })).await.expect(404);
    of_domain.put("/instances/game@d", json!({ "active": false })).await.expect(200);
    of_domain.put("/instances/game@d", json!({ "sso_url": "https://x.example" })).await.expect(403);
    of_domain.post("/instances/game@d/reject", json!({})).await.expect(200);
    of_domain.put("/applications/GAME", json!({ "title": "x" })).await.expect(403);
    of_application.put("/applications/GAME", json!({ "title": "Game" })).await.expect(200);
    of_application
        .put("/instances/game@d", json!({ "sso_url": "https://x.example" }))
        .await
        .expect(200);
    of_application.put("/instances/game@d", json!({ "status": "approved" })).await.expect(403);
    of_application.post("/instances/game@d/approve", json!({})).await.expect(403);
    of_application
        .put("/instances/game@e", json!({ "domain": "e", "application": "GAME" }))
        .await
        .expect(404);
    assert_eq!(of_application.get("/domains").await.items("name"), ["d"]);
    assert_eq!(of_application.get("/domains/d").await.json().as_object().unwrap().len(), 3);
});

both!(odd_requests_get_the_answers_they_deserve, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    for (path, status) in [
        ("/", 404),
        ("/nothing", 404),
        ("/domains/", 404),
        ("/domains/d/", 404),
        ("/domains/%00", 404),
        ("/domains/%ff", 404),
        ("/domains?x=1", 400),
        ("/messages?limit=0", 400),
        ("/messages?limit=x", 400),
        ("/messages?limit=1&limit=2", 400),
        ("/messages?status=Odd", 400),
        ("/messages?domain=nergens", 404),
        ("/messages?patient=%00", 400),
        ("/messages/99999999999999999999", 404),
        ("/mails/x", 404),
        ("/notifications?state=x", 400),
        ("/audit", 400),
        ("/audit?domain=server&action=x", 400),
        ("/instances/game@d/explain", 400),
        ("/instances/game@d/explain?request=x", 400),
    ] {
        let answer = system.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
    }
    let refused = system.call(http::Method::DELETE, "/domains/d", None).await.expect(405);
    assert_eq!(refused.headers["allow"], "GET, PUT");
    system.clone().from(OUTSIDE).get("/domains").await.expect(403);
    let large = format!("{{\"title\":\"{}\"}}", "x".repeat(5 * 1024 * 1024));
    system.call(http::Method::PUT, "/domains/d", Some(large)).await.expect(400);
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    system.call(http::Method::PUT, "/domains/d", Some(deep)).await.expect(400);
    system.put("/domains/d", json!({ "title": "a\u{0}b" })).await;
});

both!(what_was_read_and_refused_is_in_the_trail, |store| async move {
    let world = World::new(&store, FILE).await;
    let of_domain = world.user(Role::Domain, &["d"]).await;
    of_domain.get("/messages?patient=https://x.example/Patient/1").await.expect(200);
    of_domain.get("/mails").await.expect(403);
    world.audit_log.flush().await;
    let system = world.system().await;
    let rows = system.get("/audit?domain=server&limit=1000").await.expect(200).json();
    let rows = rows["items"].as_array().unwrap();
    let has = |outcome: &str, part: &str| {
        rows.iter().any(|row| {
            row["outcome"] == outcome
                && row["agent"] == "test (administrator token)"
                && row["detail"].as_str().is_some_and(|text| text.contains(part))
        })
    };
    assert!(has("ok", "list_messages: GET") && has("403", "list_mails"), "{rows:?}");
    assert!(rows.iter().all(|row| !row.to_string().contains("Patient/1")), "{rows:?}");
    of_domain.get("/audit?domain=d").await.expect(200);
    of_domain.get("/audit?domain=server").await.expect(404);
    of_domain.get("/audit?domain=e").await.expect(404);
    of_domain.get("/audit/verify?domain=d").await.expect(200);
});
