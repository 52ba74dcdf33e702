//! `key list`, `key rotate`, and `instance check-keys`.

use serde_json::Value;

use super::publisher::{Publisher, nobody};
use super::*;

/// The example of RFC 7517, A.1.
const EC: &str = r#"{"kty":"EC","crv":"P-256","kid":"ec","alg":"ES256","use":"sig","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;
const ENCRYPTS: &str = r#"{"kty":"RSA","kid":"enc","use":"enc","n":"AA","e":"AQAB"}"#;
/// The same key as `EC`, as SubjectPublicKeyInfo.
const PEM: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==";

/// A domain with one instance, which has these keys.
fn with_instance(keys: &str) -> Folder {
    let folder = Folder::new();
    folder.file(
        "d.toml",
        &format!(
            "[[domain]]\nname = 'd'\nphase = 'test'\nallow_http_loopback = true\n\
             [[application]]\nid = 'a'\n\
             [[instance]]\ndomain = 'd'\napplication = 'a'\nusername = 'u@d'\npassword = 'p'\n{keys}"
        ),
    );
    folder.out(&["apply", "d.toml"]);
    folder
}

fn at(url: &str) -> Folder {
    with_instance(&format!("jwks_url = '{url}'"))
}

fn states(keys: &Value) -> Vec<&str> {
    keys.as_array().unwrap().iter().map(|key| key["state"].as_str().unwrap()).collect()
}

#[test]
fn a_key_takes_over_after_others_have_got_to_know_it() {
    let folder = with_instance("");
    assert_eq!(folder.json(&["key", "list"]), serde_json::json!([]));
    let first = folder.json(&["key", "rotate", "--domain", "d"]);
    assert_eq!(first["replaced"], serde_json::json!([]));
    assert_eq!(states(&folder.json(&["key", "list"])), ["signs"]);

    let second = folder.run(&["key", "rotate", "--domain", "d"]);
    assert_eq!(second.code, 0, "{}", second.err);
    let keys = folder.json(&["key", "list", "--domain", "d"]);
    assert_eq!(states(&keys), ["signs", "publishing ahead"]);
    assert_eq!((&keys[0]["domain"], &keys[0]["kid"]), (&"d".into(), &first["kid"]));
    let text = |of: &Value| of.as_str().unwrap().to_owned();
    let expected = format!(
        "new key {} signs from {}\nold key {} is published until {}\n",
        text(&keys[1]["kid"]),
        text(&keys[1]["signs_from"]),
        text(&keys[0]["kid"]),
        text(&keys[0]["published_until"]),
    );
    assert_eq!(second.out, expected);
    assert!(keys[1]["published_until"].is_null());
    let signs_from = text(&keys[1]["signs_from"]);
    assert!(
        signs_from > text(&keys[1]["created"]) && signs_from < text(&keys[0]["published_until"])
    );

    let table = folder.out(&["key", "list"]);
    assert!(table.starts_with("DOMAIN  KID"), "{table}");
    let members: Vec<&String> = keys[0].as_object().unwrap().keys().collect();
    let wanted = ["created", "domain", "kid", "published_until", "signs_from", "state"];
    assert!(wanted.iter().all(|name| members.iter().any(|member| member == name)), "{members:?}");
    assert_eq!(members.len(), wanted.len(), "nothing private: {members:?}");
}

#[test]
fn at_once_the_old_key_is_worth_nothing_and_that_is_said() {
    let folder = with_instance("");
    let old = folder.json(&["key", "rotate", "--domain", "d"]);
    let said = folder.run(&["key", "rotate", "--domain", "d", "--at-once", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("all tokens of d stop working"), "{}", said.err);
    let new: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(new["replaced"][0]["kid"], old["kid"]);
    assert_eq!(new["replaced"][0]["published_until"], new["signs_from"]);
    let keys = folder.json(&["key", "list"]);
    assert_eq!(states(&keys), ["over", "signs"]);
    assert_eq!(keys[1]["kid"], new["kid"]);
}

#[test]
fn a_rotation_is_in_the_audit_trail_of_its_domain() {
    let folder = with_instance("");
    folder.out(&["key", "rotate", "--domain", "d"]);
    let search = ["audit", "search", "--domain", "d", "--action", "administration"];
    let rows = folder.json(&search);
    let said = |row: &&Value| row["detail"].as_str().unwrap().starts_with("a new signing key");
    let found: Vec<&Value> = rows.as_array().unwrap().iter().filter(said).collect();
    assert_eq!(found.len(), 1, "{rows}");
    let row = found[0];
    assert!(row["agent"].as_str().unwrap().ends_with("(koppeltaal key rotate)"), "{row}");
    assert_eq!((&row["outcome"], &row["trace_id"]), (&"ok".into(), &Value::Null));
    assert!(row.as_object().unwrap().contains_key("audit_event"), "{row}");
    let table = folder.out(&search);
    assert!(table.lines().next().unwrap().contains("TRACE ID"), "{table}");
}

#[test]
fn a_key_is_not_made_where_it_would_be_unsafe_or_for_nobody() {
    let folder = with_instance("");
    let strict = "[[domain]]\nname = 'p'\nphase = 'production'";
    folder.file("p.toml", strict);
    let applied = folder.run_sealed(&["apply", "p.toml"]);
    assert_eq!(applied.code, 0, "{}", applied.err);
    let said = folder.run(&["key", "rotate", "--domain", "p"]);
    assert_eq!(said.code, 4, "{}", said.err);
    assert!(said.err.contains("`seal_key` is the development key"), "{}", said.err);
    for arguments in [&["key", "rotate", "--domain", "x"][..], &["key", "list", "--domain", "x"]] {
        let said = folder.run(arguments);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.err.contains("domain x does not exist; there is d, p"), "{}", said.err);
    }
    assert_eq!(folder.json(&["key", "list"]), serde_json::json!([]));
}

#[test]
fn published_keys_are_fetched_and_each_is_judged() {
    let publisher = Publisher::of(200, &format!(r#"{{"keys":[{ENCRYPTS},{EC}]}}"#));
    let folder = at(&publisher.url);
    let said = folder.run(&["instance", "check-keys", "u@d", "--json"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(said.err, "an assertion of u@d can be verified: 1 of 2 keys usable\n");
    let keys: Value = serde_json::from_str(&said.out).unwrap();
    let expected = serde_json::json!([
        { "kid": "enc", "kty": "RSA", "algorithm": null, "curve": null, "bits": null,
          "use": "enc", "usable": false, "problem": "its use is not sig" },
        { "kid": "ec", "kty": "EC", "algorithm": "ES256", "curve": "P-256", "bits": null,
          "use": "sig", "usable": true, "problem": null },
    ]);
    assert_eq!(keys, expected);
    folder.out(&["instance", "reject", "u@d"]);
    let said = folder.run(&["instance", "check-keys", "u@d"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.out.starts_with("KID  KTY  ALGORITHM  CURVE"), "{}", said.out);
    assert!(said.err.contains("u@d takes no part now"), "{}", said.err);
}

#[test]
fn keys_of_the_file_are_judged_without_a_call() {
    let folder = with_instance(&format!("public_key_pem = '{PEM}'"));
    let keys = folder.json(&["instance", "check-keys", "u@d"]);
    assert_eq!((&keys[0]["kid"], &keys[0]["curve"]), (&Value::Null, &"P-256".into()));
    assert_eq!(keys[0]["usable"], true);
    let key = koppeltaal_auth::jose::Signer::generate().unwrap();
    let folder = with_instance(&format!(r#"jwks = '{{"keys":[{}]}}'"#, key.jwk()));
    let keys = folder.json(&["instance", "check-keys", "u@d"]);
    assert_eq!((&keys[0]["kid"], &keys[0]["bits"]), (&key.kid().into(), &2048.into()));
}

#[test]
fn without_a_usable_key_the_check_leaves_with_1() {
    let publisher = Publisher::of(200, &format!(r#"{{"keys":[{ENCRYPTS}]}}"#));
    let said = at(&publisher.url).run(&["instance", "check-keys", "u@d"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.out.contains("its use is not sig"), "{}", said.out);
    assert!(said.err.contains("no assertion of u@d can be verified"), "{}", said.err);
    let said = with_instance("").run(&["instance", "check-keys", "u@d"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("u@d has no public keys"), "{}", said.err);
}

#[test]
fn a_publisher_that_cannot_be_used_makes_the_check_leave_with_5_and_its_reason() {
    let gone = Publisher::of(404, "{}");
    let odd = Publisher::of(200, "<html>");
    for (url, why) in [
        (gone.url.as_str(), "the key set's URL answered 404"),
        (&odd.url, "the fetched key set is no JSON object"),
        (&nobody(), "no connection"),
    ] {
        let said = at(url).run(&["instance", "check-keys", "u@d"]);
        assert_eq!((said.code, said.out.as_str()), (5, ""), "{}", said.err);
        assert!(said.err.contains(url) && said.err.contains(why), "{}", said.err);
    }
}
