//! `doctor` about keys and identity providers.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::publisher::{Publisher, nobody};
use super::*;

const KEY: &str = r#"{"kty":"EC","crv":"P-256","kid":"ec","use":"sig","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

const DOMAIN: &str = "[[domain]]\nname = 'd'\nphase = 'test'\nallow_http_loopback = true\n\
                      [[application]]\nid = 'a'\n";

fn instance(name: &str, jwks_url: &str) -> String {
    format!(
        "[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = '{name}'\npassword = 'p'\n\
         jwks_url = '{jwks_url}'\n"
    )
}

fn provider(name: &str, url: &str) -> String {
    format!(
        "[[identity_provider]]\ndomain = 'd'\nname = '{name}'\nclient_id = 'c'\n\
         client_secret = 's'\ndiscovery_url = '{url}'\n"
    )
}

fn with(text: &str) -> Folder {
    let folder = Folder::new();
    folder.file("d.toml", text);
    folder.out(&["apply", "d.toml"]);
    folder
}

fn keys() -> String {
    format!(r#"{{"keys":[{KEY}]}}"#)
}

/// An OpenID provider as far as doctor looks.
fn identity_provider() -> Publisher {
    Publisher::new(|url| {
        let document = json!({
            "issuer": url,
            "authorization_endpoint": format!("{url}/authorize"),
            "token_endpoint": format!("{url}/token"),
            "jwks_uri": format!("{url}/jwks"),
        });
        move |path: &str| match path {
            "/jwks" => (200, keys()),
            "/.well-known/openid-configuration" => (200, document.to_string()),
            _ => (404, String::new()),
        }
    })
}

fn findings(folder: &Folder, check: &str) -> Vec<Value> {
    let said = folder.run(&["doctor", "--json"]);
    let all: Vec<Value> = serde_json::from_str(&said.out).expect("JSON");
    all.into_iter().filter(|finding| finding["check"] == check).collect()
}

#[test]
fn every_publisher_of_keys_is_asked_and_its_keys_are_judged() {
    let good = Publisher::of(200, &keys());
    let useless = Publisher::of(200, r#"{"keys":[{"kty":"oct","kid":"s"}]}"#);
    let pending = instance("pending@d", &nobody()) + "status = 'pending'\n";
    let text = [
        DOMAIN.to_owned(),
        instance("good@d", &good.url),
        instance("useless@d", &useless.url),
        instance("down@d", &nobody()),
        pending,
    ];
    let folder = with(&text.concat());
    let found = findings(&folder, "jwks");
    let levels: Vec<&str> = found.iter().map(|f| f["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["ok", "warning", "warning"], "{found:?}");
    for (finding, said) in
        found.iter().zip(["has usable keys: 1 of 1", "it is symmetric", "no connection"])
    {
        assert!(finding["finding"].as_str().unwrap().contains(said), "{finding}");
    }
    let fix = found[2]["fix"].as_str().unwrap();
    assert!(fix.contains("koppeltaal instance check-keys down@d"), "{fix}");
}

#[test]
fn every_identity_provider_of_an_active_domain_is_asked() {
    let good = identity_provider();
    let text = [DOMAIN.to_owned(), provider("good", &good.url), provider("down", &nobody())];
    let folder = with(&text.concat());
    let found = findings(&folder, "identity provider");
    assert_eq!(found.len(), 2);
    assert_eq!(found[0]["level"], "ok", "{found:?}");
    assert_eq!(found[1]["level"], "warning", "{found:?}");
    assert!(found[1]["finding"].as_str().unwrap().starts_with("down in d ("), "{found:?}");
    folder.file("off.toml", "[[domain]]\nname = 'd'\nactive = false");
    folder.out(&["apply", "off.toml"]);
    assert_eq!(findings(&folder, "identity provider").len(), 0);
}

#[test]
fn publishers_are_asked_at_the_same_time_and_at_most_eight_at_once() {
    // Each answers only when seven others wait with it; a ninth would be counted.
    let state = Arc::new((Mutex::new((0_usize, 0_usize)), Condvar::new()));
    let shared = Arc::clone(&state);
    let publisher = Publisher::new(|_| {
        move |_: &str| {
            let (counts, changed) = &*shared;
            let mut now = counts.lock().unwrap();
            now.0 += 1;
            now.1 = now.1.max(now.0);
            changed.notify_all();
            let patience = Duration::from_secs(4);
            let (mut now, _) =
                changed.wait_timeout_while(now, patience, |(_, most)| *most < 8).unwrap();
            now.0 -= 1;
            (200, keys())
        }
    });
    let instances =
        (0..16).map(|n| instance(&format!("i{n}@d"), &format!("{}/{n}", publisher.url)));
    let folder = with(&(DOMAIN.to_owned() + &instances.collect::<String>()));
    let found = findings(&folder, "jwks");
    assert_eq!(found.len(), 16);
    assert!(found.iter().all(|finding| finding["level"] == "ok"), "{found:?}");
    assert_eq!(state.0.lock().unwrap().1, 8);
}

#[test]
fn signing_keys_that_another_seal_key_sealed_are_an_error() {
    let folder = with(DOMAIN);
    let found = findings(&folder, "signing keys");
    assert_eq!((found.len(), &found[0]["level"]), (1, &"ok".into()));
    folder.out(&["key", "rotate", "--domain", "d"]);
    assert_eq!(findings(&folder, "signing keys")[0]["level"], "ok");
    let said = folder.run_sealed(&["doctor", "--json"]);
    let all: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    let found = all.iter().find(|finding| finding["check"] == "signing keys").unwrap();
    assert_eq!(found["level"], "error");
    assert!(found["finding"].as_str().unwrap().starts_with("1 of 1 keys of d"), "{found}");
    let fix = found["fix"].as_str().unwrap();
    let both = ["set `seal_key` back", "`koppeltaal key rotate --domain d --at-once`"];
    assert!(both.iter().all(|way| fix.contains(way)), "{fix}");
    assert_eq!(said.code, 1);

    // The way that is named leads out.
    let made = folder.run_sealed(&["key", "rotate", "--domain", "d", "--at-once"]);
    assert_eq!(made.code, 0, "{}", made.err);
    let said = folder.run_sealed(&["doctor", "--json"]);
    let all: Vec<Value> = serde_json::from_str(&said.out).unwrap();
    let found = all.iter().find(|finding| finding["check"] == "signing keys").unwrap();
    assert_eq!(found["level"], "ok", "{found}");
}

#[test]
fn trust_anchors_that_cannot_be_read_are_a_finding() {
    let folder = with(DOMAIN);
    let mut command = folder.command(&["doctor", "--json"]);
    let said = said(command.env("KOPPELTAAL_OUTBOUND_CA_FILE", "none.pem").output().unwrap());
    let all: Vec<Value> = serde_json::from_str(&said.out).expect(&said.err);
    let found = all.iter().find(|finding| finding["check"] == "outbound").unwrap();
    assert!(found["finding"].as_str().unwrap().contains("none.pem"), "{found}");
    assert_eq!(said.code, 1);
}
