//! Client assertions (spec 1.2 to 1.4): which are taken, and that whoever fails
//! any check hears the same.

use std::time::Duration;

use koppeltaal_client::kt2::{Algorithm, Assertion, KeyKind, PrivateKey, Signer};
use serde_json::{Value, json};

use crate::cast::{ELDERS, ZORG, key_set, members, signer};
use crate::jws::{SMALL_ASSERTION, SMALL_ISSUED, hs256, none, small_is_signed};
use crate::support::Engine;
use crate::world::{World, issuer, url};

on_both_engines!(
    assertions_within_the_rules_are_taken,
    claims_that_do_not_hold_are_refused_and_all_hear_the_same,
    clients_that_take_no_part_hear_the_same,
    signatures_that_do_not_hold_are_refused_and_all_hear_the_same,
    malformed_assertions_are_refused_and_all_hear_the_same,
    a_key_of_1024_bits_is_refused,
    keys_that_are_registered_for_something_else_are_refused,
    the_limit_on_the_lifetime_can_be_raised_for_a_client,
);

/// Every one of these assertions is refused, and the answers are the same to the
/// byte.
async fn all_hear_the_same(world: &World, cases: impl IntoIterator<Item = (String, String)>) {
    let garbage = world.ask("garbage").await;
    garbage.is_unknown_client();
    for (what, assertion) in cases {
        let reply = world.ask(&assertion).await;
        assert_eq!(reply.seen(), garbage.seen(), "{what}");
        world.pause();
    }
    world.ask(&world.signed("module")).await.expect(200);
}

/// What makes another assertion of a right one, given the present second.
type Change<'a> = &'a dyn Fn(Assertion, i64) -> Assertion;

/// The assertions that these changes make, each when it is its turn.
fn changed<'a>(
    world: &'a World,
    cases: &'a [(&'a str, Change<'a>)],
) -> impl Iterator<Item = (String, String)> {
    cases.iter().map(|(what, change)| {
        let assertion = change(world.assertion("module"), world.seconds());
        ((*what).to_owned(), assertion.sign(&signer("module")).unwrap())
    })
}

async fn assertions_within_the_rules_are_taken(engine: Engine) {
    let world = World::start(engine).await;
    let token = url("/oauth2/token");
    let long = "j".repeat(256);
    let cases: &[(&str, Change<'_>)] = &[
        ("aud in an array", &|a, _| a.claim("aud", json!([token]))),
        ("aud among others", &|a, _| a.claim("aud", json!(["https://x.example", token]))),
        ("aud is the issuer", &|a, _| a.claim("aud", issuer(ZORG))),
        ("no iat", &|a, _| a.without("iat")),
        ("no typ", &|a, _| a.without_header("typ")),
        ("typ in small letters", &|a, _| a.header("typ", "jwt")),
        ("a clock ahead", &|a, now| a.issued_at(now + 40).claim("nbf", now + 40)),
        ("a clock behind", &|a, now| a.issued_at(now - 330)),
        ("a time with a fraction", &|a, now| a.claim("exp", now as f64 + 100.5)),
        ("the longest jti", &|a, _| a.claim("jti", long.as_str())),
        ("claims of its own", &|a, _| a.claim("x", json!({ "y": [1, null] }))),
    ];
    for (what, assertion) in changed(&world, cases) {
        let reply = world.ask(&assertion).await;
        assert_eq!(reply.status, 200, "{what}: {}", reply.text);
    }
}

async fn claims_that_do_not_hold_are_refused_and_all_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let other = world.client_id("other");
    let cases: &[(&str, Change<'_>)] = &[
        ("no iss", &|a, _| a.without("iss")),
        ("iss is somebody else", &|a, _| a.claim("iss", other.as_str())),
        ("iss is nobody", &|a, _| a.claim("iss", "nobody").claim("sub", "nobody")),
        ("iss is no text", &|a, _| a.claim("iss", json!([other])).claim("sub", json!([other]))),
        ("no sub", &|a, _| a.without("sub")),
        ("sub is not iss", &|a, _| a.claim("sub", other.as_str())),
        ("sub is empty", &|a, _| a.claim("sub", "")),
        ("no aud", &|a, _| a.without("aud")),
        ("aud is another host", &|a, _| a.claim("aud", "https://x.example/oauth2/token")),
        ("aud is the FHIR base", &|a, _| a.claim("aud", url("/fhir/r4"))),
        ("aud has a slash more", &|a, _| a.claim("aud", url("/oauth2/token/"))),
        ("aud is the path", &|a, _| a.claim("aud", "/api/v1/zorg/oauth2/token")),
        ("aud is another domain's", &|a, _| {
            a.claim("aud", format!("{}/oauth2/token", issuer(ELDERS)))
        }),
        ("aud is introspection", &|a, _| a.claim("aud", url("/oauth2/introspect"))),
        ("aud is an empty array", &|a, _| a.claim("aud", json!([]))),
        ("aud without ours", &|a, _| a.claim("aud", json!(["https://x.example", "y"]))),
        ("aud is a number", &|a, _| a.claim("aud", 7)),
        ("no exp", &|a, _| a.without("exp")),
        ("expired", &|a, now| a.issued_at(now - 420)),
        ("exp is a text", &|a, now| a.claim("exp", now.to_string())),
        ("exp is too far ahead", &|a, now| a.claim("exp", now + 420)),
        ("exp is a day ahead", &|a, now| a.claim("exp", now + 86_400)),
        ("exp is in milliseconds", &|a, now| a.claim("exp", (now + 300) * 1000)),
        ("exp is beyond all numbers", &|a, _| a.claim("exp", json!(1e300))),
        ("nbf is to come", &|a, now| a.claim("nbf", now + 120)),
        ("nbf is no time", &|a, _| a.claim("nbf", "soon")),
        ("iat is to come", &|a, now| a.claim("iat", now + 120)),
        ("iat is no time", &|a, _| a.claim("iat", json!({}))),
        ("no jti", &|a, _| a.without("jti")),
        ("jti is empty", &|a, _| a.claim("jti", "")),
        ("jti is a number", &|a, _| a.claim("jti", 1)),
        ("jti is too long", &|a, _| a.claim("jti", "j".repeat(257))),
    ];
    all_hear_the_same(&world, changed(&world, cases)).await;
}

async fn clients_that_take_no_part_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let mut cases: Vec<(String, String)> = ["pending", "rejected", "off", "retired"]
        .map(|client| (client.to_owned(), world.signed(client)))
        .into();
    // Their assertion is right in everything else.
    for (client, domain) in [("stranger", ELDERS), ("locked", "dicht")] {
        let assertion = world.assertion_for(client, &url("/oauth2/token"));
        cases.push((format!("{client} of {domain}"), assertion.sign(&signer(client)).unwrap()));
    }
    all_hear_the_same(&world, cases).await;
}

async fn signatures_that_do_not_hold_are_refused_and_all_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let right = || world.assertion("module");
    let claims = || right().claims().clone();
    let nobody = || PrivateKey::generate(KeyKind::P256).unwrap();
    let rsa = signer("module-rsa");
    let pem = rsa.key().public_pem().unwrap();
    let by = |signer: &Signer| right().sign(signer).unwrap();
    let unnamed = Signer::new(PrivateKey::from_pem(&rsa.key().private_pem().unwrap()).unwrap());
    let ours = |header: &str, value: Value| right().header(header, value).sign(&rsa).unwrap();
    let thumbprint = signer("module").key().thumbprint();
    let stranger = nobody();
    let jwk = Value::Object(stranger.public_jwk("module"));
    let by_stranger = Signer::new(stranger).with_kid("module");
    let cases = [
        ("no kid", by(&unnamed)),
        ("an unknown kid", by(&Signer::new(nobody()).with_kid("nobody"))),
        ("a thumbprint that is not in the set", by(&Signer::new(nobody()).with_kid(thumbprint))),
        ("the kid of another client", right().sign(&signer("other")).unwrap()),
        ("another key under the right kid", by(&by_stranger)),
        ("a key of the set under the kid of another", by(&rsa.clone().with_kid("module-p384"))),
        ("kid is no text", ours("kid", json!(1))),
        ("alg is none", none("module-rsa", &claims())),
        ("alg is None", ours("alg", json!("None"))),
        ("HS256 with the PEM", hs256("module-rsa", pem.as_bytes(), &claims())),
        ("HS256 with the key set", hs256("module-rsa", key_set("module").as_bytes(), &claims())),
        ("HS256 without a secret", hs256("module-rsa", b"", &claims())),
        ("RS256 that is RS512", ours("alg", json!("RS256"))),
        ("PS512 that is RS512", ours("alg", json!("PS512"))),
        ("no alg", ours("alg", Value::Null)),
        ("an own key in the header", right().header("jwk", jwk).sign(&by_stranger).unwrap()),
        ("jku", ours("jku", json!("https://evil.example/jwks.json"))),
        ("x5u", ours("x5u", json!("https://evil.example/key.pem"))),
        ("x5c", ours("x5c", json!(["MIIB"]))),
        ("crit", ours("crit", json!(["exp"]))),
        ("b64", ours("b64", json!(false))),
        ("the typ of an access token", ours("typ", json!("at+jwt"))),
        ("the typ of a logout token", ours("typ", json!("logout+jwt"))),
    ];
    all_hear_the_same(&world, cases.map(|(what, token)| (what.to_owned(), token))).await;
}

async fn malformed_assertions_are_refused_and_all_hear_the_same(engine: Engine) {
    let world = World::start(engine).await;
    let right = || world.signed("module");
    let cut = |token: String, part: usize| {
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        parts[part].clear();
        parts.join(".")
    };
    let padded = |part: usize| {
        let mut parts: Vec<String> = right().split('.').map(str::to_owned).collect();
        parts[part].push('=');
        parts.join(".")
    };
    let large = world.assertion("module").claim("x", "x".repeat(6200)).sign(&signer("module"));
    assert!(large.as_ref().unwrap().len() > 8 * 1024);
    let twice = {
        let text = right();
        let parts: Vec<&str> = text.split('.').collect();
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let claims = String::from_utf8(engine.decode(parts[1]).unwrap()).unwrap();
        let claims = engine.encode(claims.replacen('{', r#"{"iss":"x","#, 1));
        let signed = format!("{}.{claims}", parts[0]);
        let signer = signer("module");
        let signature = signer.key().signature(Algorithm::Es256, signed.as_bytes()).unwrap();
        format!("{signed}.{}", engine.encode(signature))
    };
    let cases = [
        ("nothing", String::new()),
        ("no header", cut(right(), 0)),
        ("no claims", cut(right(), 1)),
        ("no signature", cut(right(), 2)),
        ("padding of the header", padded(0)),
        ("padding of the claims", padded(1)),
        ("padding of the signature", padded(2)),
        ("a fourth part", format!("{}.x", right())),
        ("two parts", right().rsplit_once('.').unwrap().0.to_owned()),
        ("five parts, as if encrypted", "a.b.c.d.e".to_owned()),
        ("a space in front", format!(" {}", right())),
        ("a line break at the end", format!("{}\n", right())),
        ("larger than 8 KiB", large.unwrap()),
        ("a claim given twice", twice),
        ("no JSON", "bm8.bm8.bm8".to_owned()),
        ("a NUL", "\0".to_owned()),
        ("dots", "..".to_owned()),
        ("far too large", "a".repeat(60_000)),
    ];
    all_hear_the_same(&world, cases.map(|(what, token)| (what.to_owned(), token))).await;
}

async fn a_key_of_1024_bits_is_refused(engine: Engine) {
    assert!(small_is_signed(), "the signature itself is right");
    let world = World::start(engine).await;
    let ahead = SMALL_ISSUED - world.seconds();
    world.app.advance(Duration::from_secs(u64::try_from(ahead).unwrap()));
    world.ask(SMALL_ASSERTION).await.is_unknown_client();
    world.ask(&world.signed("module")).await.expect(200);
}

async fn keys_that_are_registered_for_something_else_are_refused(engine: Engine) {
    for (member, value, status) in [
        ("use", json!("enc"), 401),
        ("use", Value::Null, 200),
        ("key_ops", json!(["encrypt"]), 401),
        ("key_ops", json!(["verify"]), 200),
        ("alg", json!("RS256"), 401),
        ("alg", json!("ES256"), 200),
        ("kty", json!("RSA"), 401),
    ] {
        let mut set = members(&key_set("reader"));
        let key = set["keys"][0].as_object_mut().unwrap();
        match value.is_null() {
            true => drop(key.shift_remove(member)),
            false => drop(key.insert(member.to_owned(), value.clone())),
        }
        let text = set.to_string();
        let plan = World::build(engine);
        let world = plan.setup(|setup| setup.instance("reader").jwks = Some(text)).start().await;
        let reply = world.ask(&world.signed("reader")).await;
        assert_eq!(reply.status, status, "{member}: {value}");
    }
}

async fn the_limit_on_the_lifetime_can_be_raised_for_a_client(engine: Engine) {
    let world = World::start(engine).await;
    let hours = |client: &str, hours: i64| {
        let assertion = world.assertion(client).without("iat");
        let assertion = assertion.claim("exp", world.seconds() + hours * 3600);
        assertion.sign(&signer(client)).unwrap()
    };
    // An SDK that takes local time for UTC.
    world.ask(&hours("late", 2)).await.expect(200);
    world.ask(&hours("late", 4)).await.is_unknown_client();
    world.ask(&hours("module", 2)).await.is_unknown_client();
}
