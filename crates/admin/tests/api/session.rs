//! Signing in with a browser.

use std::time::Duration;

use koppeltaal_auth::administrator::{Totp, hash_new};
use koppeltaal_core::Clock;
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_store::Ids;
use koppeltaal_store::administrator::{NewAccount, create};
use koppeltaal_store::both;
use koppeltaal_store::directory::Author;
use serde_json::json;

use crate::world::World;

const FILE: &str = "[[domain]]\nname = \"d\"\nphase = \"test\"\n";
const PASSWORD: &str = "fietsen door de polder";

/// An account `anna` of domain d, and what makes her codes.
async fn anna(world: &World) -> Totp {
    let totp = Totp::generate();
    let new = NewAccount {
        login: "anna".to_owned(),
        name: None,
        email: Some("anna@ggz.example".to_owned()),
        rights: Rights::new(Role::Domain, ["d".to_owned()]).unwrap(),
        password_hash: Some(hash_new(PASSWORD, "anna", None).unwrap()),
        totp: Some(totp.sealed(&world.app.seal).unwrap()),
    };
    let author =
        Author { agent: "tester".to_owned(), recorded: world.clock.now(), request_id: None };
    let ids = Ids::of_node(7);
    world.store.write(move |tx| create(tx, &ids, &new, &author)).await.unwrap();
    totp
}

both!(a_browser_signs_in_changes_with_its_token_and_signs_out, |store| async move {
    let world = World::new(&store, FILE).await;
    let totp = anna(&world).await;
    let code = totp.code(Totp::step(world.clock.now()));
    let given = |totp: &str| json!({ "username": "anna", "password": PASSWORD, "totp": totp });
    world.anyone().post("/session", given("000000")).await.expect(401);
    let begun = world.anyone().post("/session", given(&code)).await.expect(201);
    let cookie = begun.headers["set-cookie"].to_str().unwrap().to_owned();
    for part in ["koppeltaal_admin=", "HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = begun.json()["csrf_token"].as_str().unwrap().to_owned();
    let browser = world.anyone().header("cookie", cookie.split(';').next().unwrap());
    assert_eq!(browser.get("/session").await.expect(200).json()["means"], "session");
    browser.put("/domains/d", json!({ "title": "D" })).await.expect(403);
    let script = browser.clone().header("x-csrf-token", &token);
    script.put("/domains/d", json!({ "title": "D" })).await.expect(200);
    script.patch("/users/anna", json!({ "name": "Anna" })).await.expect(200);
    script.patch("/users/anna", json!({ "role": "system" })).await.expect(403);
    assert_eq!(script.get("/users").await.items("login"), ["anna"]);
    let ended = browser.call(http::Method::DELETE, "/session", None).await.expect(204);
    assert!(ended.headers["set-cookie"].to_str().unwrap().contains("Max-Age=0"));
    browser.get("/session").await.expect(401);
});

both!(a_session_that_nobody_uses_ends, |store| async move {
    let world = World::new(&store, FILE).await;
    let totp = anna(&world).await;
    let code = totp.code(Totp::step(world.clock.now()));
    let given = json!({ "username": "anna", "password": PASSWORD, "totp": code });
    let begun = world.anyone().post("/session", given).await.expect(201);
    let cookie = begun.headers["set-cookie"].to_str().unwrap().to_owned();
    let browser = world.anyone().header("cookie", cookie.split(';').next().unwrap());
    world.advance(Duration::from_secs(14 * 60));
    browser.get("/domains").await.expect(200);
    world.advance(Duration::from_secs(15 * 60));
    browser.get("/domains").await.expect(401);
});
