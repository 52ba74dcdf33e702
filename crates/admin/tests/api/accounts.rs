//! Accounts and tokens by the API.

use koppeltaal_core::administrator::Role;
use koppeltaal_store::both;
use koppeltaal_store::mail;
use serde_json::json;

use crate::world::World;

const FILE: &str = "[[domain]]\nname = \"d\"\nphase = \"test\"\n\n[[application]]\nid = \"GAME\"\n";

both!(a_new_account_gets_a_link_by_mail_and_sets_its_password_with_it, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let account = json!({
        "login": "anna", "name": "Anna", "email": "anna@ggz.example",
        "role": "domain", "domains": ["d"],
    });
    let made = system.post("/users", account.clone()).await.expect(201).json();
    assert_eq!((&made["has_password"], &made["domains"]), (&json!(false), &json!(["d"])));
    system.post("/users", account).await.expect(409);
    let mails = system.get("/mails").await.expect(200).json();
    let mail = &mails["items"][0];
    assert_eq!(
        (&mail["recipient"], &mail["state"]),
        (&json!("anna@ggz.example"), &json!("waiting"))
    );
    let shown = system.get(&format!("/mails/{}", mail["id"])).await.expect(200).json();
    assert_eq!(shown["body"], json!(null), "it holds a secret");
    let id = mail["id"].as_i64().unwrap();
    let stored = store.read(move |tx| mail::find(tx, id)).await.unwrap().unwrap();
    let text = world.app.seal.open(&stored.body).unwrap();
    let link = text.split("link=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let anyone = world.anyone();
    let password = "fietsen door de polder";
    anyone.put("/password", json!({ "link": link, "password": "kort" })).await.expect(400);
    let set = anyone.put("/password", json!({ "link": link, "password": password })).await;
    assert!(set.expect(200).json()["totp_url"].as_str().unwrap().starts_with("otpauth://totp/"));
    anyone.put("/password", json!({ "link": link, "password": password })).await.expect(404);
    let shown = system.get("/users/anna").await.expect(200).json();
    assert_eq!((&shown["has_password"], &shown["has_second_factor"]), (&json!(true), &json!(true)));
});

both!(an_account_that_cannot_be_is_refused, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    for (account, status) in [
        (json!({ "login": "a b", "email": "a@b.nl", "role": "system" }), 400),
        (json!({ "login": "a", "email": "nobody", "role": "system" }), 400),
        (json!({ "login": "a", "email": "a@b.nl", "role": "god" }), 400),
        (json!({ "login": "a", "email": "a@b.nl", "role": "domain" }), 400),
        (json!({ "login": "a", "email": "a@b.nl", "role": "domain", "domains": ["z"] }), 404),
        (json!({ "login": "a", "email": "a@b.nl", "role": "system", "domains": ["d"] }), 400),
        (json!({ "login": "a", "role": "system" }), 400),
    ] {
        let answer = system.post("/users", account.clone()).await;
        assert_eq!(answer.status, status, "{account}: {}", answer.text);
    }
    assert_eq!(system.get("/users").await.json()["items"], json!([]));
});

both!(a_token_can_do_no_more_than_who_makes_it_and_ends_when_it_is_revoked, |store| async move {
    let world = World::new(&store, FILE).await;
    let system = world.system().await;
    let of_domain = world.user(Role::Domain, &["d"]).await;
    of_domain.post("/tokens", json!({ "name": "t", "role": "system" })).await.expect(403);
    let wanted = json!({ "name": "t", "role": "domain", "domains": ["z"] });
    of_domain.post("/tokens", wanted).await.expect(403);
    let wanted = json!({ "name": "ci", "role": "domain", "domains": ["d"], "lifetime": "1h" });
    let made = system.post("/tokens", wanted).await.expect(201).json();
    let secret = made["token"].as_str().unwrap();
    let with = world.anyone().header("authorization", &format!("Bearer {secret}"));
    assert_eq!(with.get("/session").await.expect(200).json()["name"], "ci");
    let listed = system.get("/tokens").await.expect(200);
    assert!(!listed.text.contains(secret));
    let path = format!("/tokens/{}", made["id"]);
    of_domain.call(http::Method::DELETE, &path, None).await.expect(404);
    system.call(http::Method::DELETE, &path, None).await.expect(200);
    with.get("/session").await.expect(401);
});
