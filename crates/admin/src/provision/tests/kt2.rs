//! What Koppeltaal 2.0 asks of a file: keys, redirects, identity providers,
//! roles, aliases.

use koppeltaal_core::directory::InstanceStatus;

use super::refused::check;
use super::*;

/// The example of RFC 7517, A.1.
const KEY: &str = r#"{"kty":"EC","crv":"P-256","kid":"a","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}"#;

/// The same point as SubjectPublicKeyInfo.
fn pem_body() -> String {
    use base64::Engine;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    let key: serde_json::Value = serde_json::from_str(KEY).unwrap();
    let number = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
    let head = STANDARD.decode("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE").unwrap();
    STANDARD.encode([head, number("x"), number("y")].concat())
}

fn instance(keys: &str) -> String {
    format!("[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = 'u@d'\n{keys}")
}

#[tokio::test]
async fn public_keys_must_be_usable() {
    let world = World::with_base().await;
    let weak = r#"{"kty":"RSA","kid":"w","e":"AQAB","n":"wJENcUev-HpCZQJAVTCvFXBLwOjVaVNlNCjvFQ"}"#;
    let table = [
        ("jwks = 'keys'".to_owned(), "5: jwks: is no JSON object"),
        (r#"jwks = '{"keys":[]}'"#.to_owned(), "5: jwks: has no key"),
        (
            format!(r#"jwks = '{{"keys":[{weak}]}}'"#),
            "5: jwks: has no usable key: key w: its modulus has not 2048 to 8192 bits",
        ),
        (
            format!(r#"jwks = '{{"keys":[{}]}}'"#, KEY.replace("P-256", "P-192")),
            "5: jwks: has no usable key: key a: its curve is not P-256, P-384 or P-521",
        ),
        (
            format!(r#"jwks = '{{"keys":[{}]}}'"#, KEY.replace(r#""kid""#, r#""d":"AA","kid""#)),
            "5: jwks: holds a private key (`d`)",
        ),
        (
            "public_key_pem = '-----BEGIN PRIVATE KEY-----'".to_owned(),
            "5: public_key_pem: is a private key: the public one belongs here",
        ),
        (
            "public_key_pem = 'AAAA'".to_owned(),
            "5: public_key_pem: holds a key that cannot be used: ",
        ),
    ];
    for (keys, expected) in table {
        check(&world, &instance(&keys), expected, 2).await;
    }
    let set = format!(r#"jwks = '{{"keys":[{weak},{KEY}]}}'"#);
    assert_eq!(world.apply(&instance(&set)).await.unwrap(), ["changed instance u@d in d: jwks"]);
    for pem in [
        pem_body(),
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", pem_body()),
    ] {
        world.apply(&instance(&format!("public_key_pem = '''{pem}'''"))).await.unwrap();
        let stored = world.instance("u@d").await;
        assert_eq!((stored.public_key_pem, stored.jwks), (Some(pem), None));
    }
}

#[tokio::test]
async fn a_redirect_goes_to_an_absolute_url_without_fragment() {
    let world = World::with_base().await;
    for (url, why) in [
        ("/cb", "`/cb` is not a URL"),
        ("https:a.example/cb", "`https:a.example/cb` is not a URL"),
        (" https://a.example/cb", "` https://a.example/cb` is not a URL"),
        ("https://a.example/cb#x", "`https://a.example/cb#x` must have no `#`"),
        ("http://a.example/cb", "`http://a.example/cb`: is not https"),
        ("myapp://cb", "`myapp://cb`: is not https but myapp"),
        ("javascript:alert(1)", "`javascript:alert(1)` is not a URL"),
    ] {
        let text = instance(&format!("redirect_uris = ['https://a.example/good',\n'{url}']"));
        check(&world, &text, &format!("6: redirect_uris[1]: {why}"), 2).await;
    }
    let loopback = instance("redirect_uris = ['http://127.0.0.1:9100/cb']");
    check(&world, &loopback, "5: redirect_uris: ", 2).await;
    world.apply("[[domain]]\nname = 'd'\nallow_http_loopback = true").await.unwrap();
    world.apply(&loopback).await.unwrap();
    assert_eq!(world.instance("u@d").await.redirect_uris, ["http://127.0.0.1:9100/cb"]);
}

#[tokio::test]
async fn an_identity_provider_can_be_asked_and_names_its_user() {
    let world = World::with_base().await;
    let provider = |keys: &str| {
        format!(
            "[[identity_provider]]\ndomain = 'd'\nname = 'p'\n\
             discovery_url = 'https://i.example/x/.well-known/openid-configuration'\n{keys}"
        )
    };
    let elsewhere = |url: &str| {
        format!(
            "[[identity_provider]]\ndomain = 'd'\nname = 'p'\nclient_id = 'c'\n\
             discovery_url = '{url}'"
        )
    };
    for (text, expected) in [
        (provider(""), "1: client_id: is missing"),
        (provider("client_id = ' '"), "5: client_id: ` ` must be 1 to 256 characters"),
        (
            provider("client_id = 'c'\nusername_claim = ' '"),
            "6: username_claim: ` ` must be 1 to 256 characters",
        ),
        (elsewhere("http://i.example"), "5: discovery_url: `http://i.example`: is not https"),
        (elsewhere("https://i.example/?p=1"), "5: discovery_url: `https://i.example/?p=1` must"),
        (elsewhere("https://u:p@i.example"), "5: discovery_url: a URL must not hold credentials"),
    ] {
        check(&world, &text, expected, 2).await;
    }
    let good = provider("client_id = 'c'\nusername_claim = 'https://i.example/claims/email'");
    assert_eq!(world.apply(&good).await.unwrap(), ["created identity provider p in d"]);
}

#[tokio::test]
async fn an_identity_provider_of_real_people_says_of_which_system_its_identifiers_are() {
    let world = World::with_base().await;
    let provider = |name: &str, keys: &str| {
        format!(
            "[[identity_provider]]\ndomain = 'd'\nname = '{name}'\nclient_id = 'c'\n\
             discovery_url = 'https://i.example'\n{keys}\n"
        )
    };
    let domain = |keys: &str| format!("[[domain]]\nname = 'd'\n{keys}\n");
    let system = "identifier_system = 'https://i.example/users'";
    let missing = |line| format!("{line}: identifier_system: is missing: identity provider p in d");

    // In phase test it is optional.
    world.apply(&provider("p", "")).await.unwrap();
    for phase in ["acceptance", "production"] {
        let phase = format!("phase = '{phase}'");
        check(&world, &domain(&phase), &missing(3), 2).await;
        let both = provider("p", "username_claim = 'sub'") + &domain(&phase);
        check(&world, &both, &missing(1), 2).await;
    }
    world.apply(&(domain("phase = 'production'") + &provider("p", system))).await.unwrap();
    let reset = provider("p", "identifier_system = ''");
    check(&world, &reset, &missing(6), 2).await;
    let (problems, code) = world.refusal(&provider("q", "")).await;
    assert_eq!(code, 2);
    for word in ["1: identifier_system: ", "provider q in d (phase production)", "`email` claim"] {
        assert!(problems[0].contains(word), "{word}: {problems:?}");
    }
    let blank = provider("p", "identifier_system = ' '");
    check(&world, &blank, "6: identifier_system: ` ` must be", 2).await;
    world.apply(&provider("p", "title = 'P'")).await.unwrap();
}

#[tokio::test]
async fn identity_providers_of_an_instance_are_of_its_domain_and_listed_once() {
    let world = World::with_base().await;
    let provider = |domain: &str, name: &str| {
        format!(
            "[[identity_provider]]\ndomain = '{domain}'\nname = '{name}'\nclient_id = 'c'\n\
             discovery_url = 'https://i.example'\n"
        )
    };
    let all = format!("[[domain]]\nname = 'e'\n{}", provider("d", "p") + &provider("e", "q"));
    world.apply(&all).await.unwrap();
    let list = |names: &str| instance(&format!("identity_providers = {{ Patient = {names} }}"));
    let text = list("['p', 'q']");
    check(&world, &text, "5: identity_providers.Patient: `q` exists neither", 2).await;
    let text = list("['p', 'p']");
    check(&world, &text, "5: identity_providers.Patient[1]: `p` is in the list twice", 2).await;
    world.apply(&(list("['q', 'p']") + "\n" + &provider("d", "q"))).await.unwrap();
    let stored = world.instance("u@d").await.identity_providers;
    assert_eq!(stored["Patient"], ["q", "p"]);
}

#[tokio::test]
async fn a_role_is_granted_what_instances_of_its_domain_have() {
    let world = World::with_base().await;
    let ours = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01";
    let theirs = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b02";
    let role = |ids: &str| {
        format!(
            "[[role]]\ndomain = 'd'\nname = 'r'\npermissions = [\n\
             {{ resource = 'Task', operations = 'R', scope = 'GRANTED', granted = [{ids}] }}]\n"
        )
    };
    let elsewhere = format!(
        "[[domain]]\nname = 'e'\n[[instance]]\ndomain = 'e'\napplication = 'a'\n\
         client_id = '{theirs}'\nrole = 'r'\n"
    );
    check(&world, &elsewhere, "7: role: `r` exists neither", 2).await;
    let elsewhere = elsewhere.replace("role = 'r'\n", "");
    world.apply(&elsewhere).await.unwrap();
    let foreign = role(&format!("'{ours}', '{theirs}'"));
    let expected = format!("5: permissions[0].granted[1]: `{theirs}` is the client_id of no");
    check(&world, &foreign, &expected, 2).await;

    // What is granted, and to whom, changes at run time.
    let with_role = role(&format!("'{ours}'")) + &instance("role = 'r'");
    assert_eq!(world.apply(&with_role).await.unwrap().len(), 2);
    assert_eq!(world.apply(&role("")).await.unwrap(), ["changed role r in d: permissions"]);
    let lines = world.apply(&instance("role = ''")).await.unwrap();
    assert_eq!(lines, ["changed instance u@d in d: role"]);
    assert_eq!(world.instance("u@d").await.role, None);
}

#[tokio::test]
async fn an_alias_takes_no_path_of_the_server_and_none_of_another_domain() {
    let world = World::with_base().await;
    let alias = |domain: &str, path: &str| {
        format!("[[domain]]\nname = '{domain}'\nfhir_alias = '{path}'\n")
    };
    for (path, ours) in [
        ("/FHIR/Koppeltaal", "/FHIR/Koppeltaal"),
        ("/fhir/koppeltaal/x", "/FHIR/Koppeltaal"),
        ("/fhir", "/FHIR/Koppeltaal"),
        ("/oauth2/x", "/OAuth2"),
        ("/JsonApi", "/jsonapi"),
        ("/signalr/x", "/signalr"),
        ("/API", "/api"),
        ("/api/v2", "/api"),
        ("/Admin", "/admin"),
        ("/healthz", "/healthz"),
        ("/readyz", "/readyz"),
        ("/metrics/x", "/metrics"),
    ] {
        let expected = format!("3: fhir_alias: `{path}`: the server serves {ours} itself");
        check(&world, &alias("d", path), &expected, 2).await;
    }
    for path in ["fhir/x", "/", "/fhir//x", "/fhir/../x", "/fhir/x/", "/fhir/x y"] {
        let expected = format!("3: fhir_alias: `{path}` is not a path");
        check(&world, &alias("d", path), &expected, 2).await;
    }
    world.apply(&alias("d", "/fhir/DEFAULT")).await.unwrap();
    let same = alias("e", "/fhir/DEFAULT");
    check(&world, &same, "3: fhir_alias: domain d has the same one", 2).await;
    let below = alias("e", "/fhir/DEFAULT/r4");
    check(&world, &below, "3: fhir_alias: `/fhir/DEFAULT/r4` and `/fhir/DEFAULT` of domain d", 2)
        .await;
    // Names that only begin alike are different paths.
    world.apply(&alias("e", "/fhir/DEFAULT2")).await.unwrap();
    world.apply(&alias("d", "/apis")).await.unwrap();
}

#[tokio::test]
async fn the_status_of_an_instance_goes_back_and_forth() {
    let world = World::with_base().await;
    for (word, status) in [
        ("pending", InstanceStatus::Pending),
        ("approved", InstanceStatus::Approved),
        ("rejected", InstanceStatus::Rejected),
        ("approved", InstanceStatus::Approved),
    ] {
        let lines = world.apply(&instance(&format!("status = '{word}'"))).await.unwrap();
        assert_eq!(lines, ["changed instance u@d in d: status"], "{word}");
        assert_eq!(world.instance("u@d").await.status, status);
    }
}
