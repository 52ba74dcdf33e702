//! `koppeltaal admin` and `koppeltaal mail`, and the administration API of a
//! running server.

use std::io::Write;
use std::process::Stdio;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::on_both_engines;
use crate::world::{Engine, Running, World, eventually, values};

on_both_engines!(
    a_token_administers_until_it_is_revoked,
    an_account_is_made_listed_and_given_another_password,
    a_running_server_lists_shows_and_puts_back_messages_for_whose_they_are,
    the_administration_has_a_listener_of_its_own_where_one_is_set,
    mails_wait_in_the_outbox_without_a_mail_server,
);

const API: &str = "/admin/api/v1";

/// Asks the API with a token.
async fn ask(
    server: &Running,
    token: &str,
    method: Method,
    path: &str,
    body: Option<Value>,
) -> (StatusCode, Value) {
    let url = format!("{}{API}{path}", server.url);
    let mut request = reqwest::Client::new().request(method, url).bearer_auth(token);
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let answer = request.send().await.unwrap();
    let status = answer.status();
    let text = answer.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or_else(|_| panic!("no JSON: {text}")))
}

async fn get(server: &Running, token: &str, path: &str) -> (StatusCode, Value) {
    ask(server, token, Method::GET, path, None).await
}

fn token(world: &World, rights: &[&str]) -> String {
    let made = world.json(&[&["admin", "token", "create"], rights].concat());
    made["token"].as_str().unwrap().to_owned()
}

async fn a_token_administers_until_it_is_revoked(engine: Engine) {
    let world = World::new(engine).await;
    let said = world.out(&["admin", "token", "create", "--role", "system", "--name", "ci"]);
    let secret = said.trim().to_owned();
    assert!(secret.starts_with("kta_") && secret.len() > 40, "{said}");
    let listed = world.list(&["admin", "token", "list"]);
    assert_eq!((values(&listed, "name"), values(&listed, "state")), (vec!["ci"], vec!["works"]));
    assert!(!world.out(&["admin", "token", "list"]).contains(&secret));
    let server = world.serve(&[]);
    let (status, found) = get(&server, &secret, "/domains").await;
    assert_eq!((status, &found["items"][0]["name"]), (StatusCode::OK, &json!("zon")));
    world.out(&["admin", "token", "revoke", &listed[0]["id"].to_string()]);
    assert_eq!(get(&server, &secret, "/domains").await.0, StatusCode::UNAUTHORIZED);
    assert!(!server.log().contains(&secret));
    let trail = world.list(&["audit", "search", "--domain", "server", "--limit", "1000"]);
    let details = values(&trail, "detail").join("\n");
    assert!(details.contains("created administrator token") && details.contains("revoked"));
    world.refused(3, &["admin", "token", "revoke", "1"]);
    world.refused(3, &["admin", "token", "create", "--role", "domain", "--domain", "maan"]);
    world.refused(2, &["admin", "token", "create", "--role", "domain"]);
}

async fn an_account_is_made_listed_and_given_another_password(engine: Engine) {
    let world = World::new(engine).await;
    let add = ["admin", "user", "add", "anna", "--role", "domain", "--domain", "zon"];
    let made = world.json(&[&add[..], &["--email", "anna@ggz.example"]].concat());
    assert_eq!(made["generated_password"].as_str().unwrap().len(), 32);
    assert!(made["totp_url"].as_str().unwrap().starts_with("otpauth://totp/Koppeltaal:anna?"));
    world.refused(4, &add);
    let listed = world.out(&["admin", "user", "list", "--json"]);
    assert!(!listed.contains("argon2") && !listed.contains("otpauth"), "{listed}");
    let listed = world.list(&["admin", "user", "list"]);
    assert_eq!((values(&listed, "login"), values(&listed, "role")), (vec!["anna"], vec!["domain"]));
    let again = world.json(&["admin", "user", "reset-password", "anna"]);
    assert_ne!(again["generated_password"], made["generated_password"]);
    assert_eq!(again["totp_url"], Value::Null, "the second factor stays");
    world.refused(3, &["admin", "user", "reset-password", "bert"]);
    for (password, code) in [("kort", 2), ("een eigen wachtzin", 0), ("een eigen wachtzin", 2)] {
        let mut command =
            world.command(&["admin", "user", "reset-password", "anna", "--password-stdin"]);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(code), "{password}");
    }
    let server = world.serve(&[]);
    let url = format!("{}{API}/session", server.url);
    let with = |password: &'static str| {
        reqwest::Client::new().get(&url).basic_auth("anna", Some(password)).send()
    };
    let who: Value =
        serde_json::from_str(&with("een eigen wachtzin").await.unwrap().text().await.unwrap())
            .unwrap();
    assert_eq!((&who["name"], &who["means"]), (&json!("anna"), &json!("password")));
    assert_eq!(with("iets anders").await.unwrap().status(), StatusCode::UNAUTHORIZED);
}

async fn a_running_server_lists_shows_and_puts_back_messages_for_whose_they_are(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    server.send_plan("1", "p").await;
    let of_domain = token(&world, &["--role", "domain", "--domain", "zon"]);
    let sender = token(&world, &["--role", "application", "--application", "Portaal"]);
    let recipient = token(&world, &["--role", "application", "--application", "Slaapmodule"]);
    let system = token(&world, &["--role", "system"]);
    let expected = world.list(&["messages", "list"]);
    for token in [&system, &of_domain, &sender, &recipient] {
        let (status, listed) = get(&server, token, "/messages").await;
        assert_eq!((status, &listed["items"]), (StatusCode::OK, &json!(expected)));
    }
    let path = format!("/messages/{}", expected[0]["id"]);
    assert_eq!(get(&server, &sender, &path).await.1, expected[0]);
    let fail = format!("{path}/fail");
    let reason = || Some(json!({ "reason": "test" }));
    let (status, _) = ask(&server, &sender, Method::POST, &fail, reason()).await;
    assert_eq!(status, StatusCode::FORBIDDEN, "the mailbox is the recipient's");
    let (status, _) = ask(&server, &recipient, Method::POST, &fail, Some(json!({}))).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    let (status, failed) = ask(&server, &recipient, Method::POST, &fail, reason()).await;
    assert_eq!((status, &failed["status"]), (StatusCode::OK, &json!("Failed")));
    let requeue = format!("{path}/requeue");
    let (status, back) = ask(&server, &of_domain, Method::POST, &requeue, reason()).await;
    assert_eq!((status, &back["status"]), (StatusCode::OK, &json!("New")));
    let (_, notifications) = get(&server, &of_domain, "/notifications").await;
    assert_eq!(notifications["items"], json!(world.list(&["notifications", "list"])));
}

async fn the_administration_has_a_listener_of_its_own_where_one_is_set(engine: Engine) {
    let world = World::new(engine).await;
    let system = token(&world, &["--role", "system"]);
    let listen = "127.0.0.1:0";
    let server = world.serve(&[("KOPPELTAAL_ADMIN_LISTEN", listen)]);
    let (status, ..) = server.get("/admin/api/v1/openapi.json").await;
    assert_eq!(status, 404, "the main listener does not administer");
    let told = server.lines.iter().find_map(|line| line.split_once("admin ")).unwrap().1;
    let address = told.trim_end_matches(API);
    let client = reqwest::Client::new();
    let answer = client.get(format!("{address}{API}/session")).bearer_auth(&system).send().await;
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    let mailbox = client.get(format!("{address}/FHIR/Koppeltaal/metadata")).send().await.unwrap();
    assert_eq!(mailbox.status(), StatusCode::NOT_FOUND);
    drop(server);
    let server = world.serve(&[("KOPPELTAAL_ADMIN_ALLOW_FROM", "10.0.0.0/8")]);
    assert_eq!(get(&server, &system, "/domains").await.0, StatusCode::FORBIDDEN);
}

async fn mails_wait_in_the_outbox_without_a_mail_server(engine: Engine) {
    let world = World::new(engine).await;
    let server = world.serve(&[]);
    let system = token(&world, &["--role", "system"]);
    let account = json!({ "login": "bert", "email": "bert@ggz.example", "role": "system" });
    let (status, _) = ask(&server, &system, Method::POST, "/users", Some(account)).await;
    assert_eq!(status, StatusCode::CREATED);
    let listed = world.list(&["mail", "list", "--state", "waiting"]);
    assert_eq!(values(&listed, "recipient"), ["bert@ggz.example"]);
    let shown = world.json(&["mail", "show", &listed[0]["id"].to_string()]);
    assert!(shown["body"].as_str().unwrap().contains("/admin/password?link="));
    world.refused(3, &["mail", "show", "1"]);
    eventually("it still waits", || {
        !world.list(&["mail", "list", "--state", "waiting"]).is_empty()
    })
    .await;
}
