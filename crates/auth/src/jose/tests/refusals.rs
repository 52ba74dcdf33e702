//! What is not even looked into: forms that no careful client sends.

use super::keys::{encode, signed_part, token, token_of};
use crate::jose::{Algorithm, MAX_TOKEN, Unverified};

const HEADER: &str = r#"{"alg":"RS512","kid":"k","typ":"JWT"}"#;
const THREE: &str = "has not exactly three parts";
const BAD_HEADER: &str = "has a header that is no JSON object in base64url";
const BAD_CLAIMS: &str = "has claims that are no JSON object in base64url";
const BAD_SIGNATURE: &str = "has a signature that is not in base64url";
const BAD_ALGORITHM: &str = "is signed with an algorithm that is not accepted";
const BAD_MEMBER: &str = "has one of crit, jku, x5u, x5c, jwk, b64 and zip in its header";
const BAD_TYPE: &str = "is a token of another kind (typ)";
const BAD_KID: &str = "has a kid that is no text of 1 to 256 characters";

fn check(token: &str, expected: &str) {
    let refused = Unverified::parse(token).expect_err(token).to_string();
    assert_eq!(refused, expected, "{token}");
}

#[test]
fn a_token_has_three_parts_in_base64url_without_padding() {
    let good = token(Algorithm::Es256, "k");
    Unverified::parse(&good).unwrap();
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else { panic!() };
    for (token, expected) in [
        (String::new(), THREE),
        ("NOOP".to_owned(), THREE),
        (format!("{header}.{payload}"), THREE),
        (format!("{good}."), THREE),
        (format!("{good}.{payload}.{signature}"), THREE),
        (format!(".{payload}.{signature}"), BAD_HEADER),
        (format!("{header}..{signature}"), BAD_CLAIMS),
        (format!("{header}.{payload}."), BAD_SIGNATURE),
        ("..".to_owned(), BAD_HEADER),
        (format!(" {good}"), BAD_HEADER),
        (format!("{good}\n"), BAD_SIGNATURE),
        (format!("{header}.\n{payload}.{signature}"), BAD_CLAIMS),
        (format!("{header}=.{payload}.{signature}"), BAD_HEADER),
        (format!("{header}.{payload}.{signature}=="), BAD_SIGNATURE),
        (format!("{header}.{payload}.+/8"), BAD_SIGNATURE),
        // Bits that nobody reads would make one token look like several.
        (format!("{header}.{payload}.AB"), BAD_SIGNATURE),
        (format!("{header}.{payload}.A"), BAD_SIGNATURE),
        (format!("{header}.{payload}.é"), BAD_SIGNATURE),
        (format!("{HEADER}.{payload}.{signature}"), BAD_HEADER),
    ] {
        check(&token, expected);
    }
}

#[test]
fn the_limit_is_eight_kibibytes() {
    let start = format!("{}.", signed_part(HEADER, r#"{"a":1}"#));
    let fill = MAX_TOKEN - start.len();
    assert_ne!(fill % 4, 1, "no base64 is that long");
    let longest = format!("{start}{}", "A".repeat(fill));
    assert_eq!(longest.len(), MAX_TOKEN);
    Unverified::parse(&longest).unwrap();
    check(&format!("{longest}A"), "is longer than 8 KiB");
    check(&"a.".repeat(1 << 20), "is longer than 8 KiB");
}

#[test]
fn header_and_claims_are_json_objects_without_repeated_members() {
    let deep = format!(r#"{{"a":{}{}}}"#, "[".repeat(1000), "]".repeat(1000));
    for bad in [
        "",
        "null",
        "[]",
        "\"alg\"",
        "{",
        "{}x",
        r#"{"alg":"RS512","alg":"RS512"}"#,
        r#"{"alg":"none","alg":"RS512"}"#,
        r#"{"alg":"RS512","x":{"y":1,"y":1}}"#,
        &deep,
    ] {
        check(&token_of(bad, "{}"), BAD_HEADER);
        check(&token_of(HEADER, bad), BAD_CLAIMS);
    }
    check(&token_of(HEADER, r#"{"sub":"a","iss":"b","sub":"a"}"#), BAD_CLAIMS);
    let latin1 = format!("{}.{}.AA", encode(HEADER), encode(b"{\"a\":\"\xe9\"}"));
    check(&latin1, BAD_CLAIMS);
}

#[test]
fn only_the_nine_algorithms_have_a_name() {
    for alg in [
        r#""none""#,
        r#""None""#,
        r#""""#,
        r#""HS256""#,
        r#""HS384""#,
        r#""HS512""#,
        r#""RS1""#,
        r#""rs256""#,
        r#""RS512 ""#,
        r#""ES256K""#,
        r#""EdDSA""#,
        r#""RSA-OAEP""#,
        "null",
        "1",
        r#"["RS512"]"#,
    ] {
        check(&token_of(&format!(r#"{{"alg":{alg},"kid":"k"}}"#), "{}"), BAD_ALGORITHM);
    }
    check(&token_of(r#"{"kid":"k"}"#, "{}"), BAD_ALGORITHM);
    for algorithm in Algorithm::ALL {
        assert_eq!(Unverified::parse(&token(algorithm, "k")).unwrap().algorithm(), algorithm);
    }
}

#[test]
fn the_header_cannot_bring_a_key_or_change_what_is_signed() {
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""jku":"https://evil.example/jwks""#,
        r#""x5u":"https://evil.example/cert""#,
        r#""x5c":["AA"]"#,
        r#""jwk":{"kty":"RSA"}"#,
        r#""b64":false"#,
        r#""b64":true"#,
        r#""zip":"DEF""#,
        r#""jku":null"#,
    ] {
        check(&token_of(&format!(r#"{{"alg":"RS512","kid":"k",{member}}}"#), "{}"), BAD_MEMBER);
    }
    let harmless = r#"{"alg":"RS512","kid":"k","x5t":"AA","extra":1}"#;
    Unverified::parse(&token_of(harmless, "{}")).unwrap();
}

#[test]
fn tokens_of_another_kind_are_refused() {
    for typ in [r#""at+jwt""#, r#""logout+jwt""#, r#""dpop+jwt""#, r#""JWE""#, r#""""#, "null", "1"]
    {
        check(&token_of(&format!(r#"{{"alg":"RS512","typ":{typ}}}"#), "{}"), BAD_TYPE);
    }
    for typ in ["JWT", "jwt", "client-authentication+jwt", "Client-Authentication+JWT"] {
        Unverified::parse(&token_of(&format!(r#"{{"alg":"RS512","typ":"{typ}"}}"#), "{}")).unwrap();
    }
}

#[test]
fn a_kid_is_a_text_of_at_most_256_characters() {
    let quoted = |kid: &str| format!(r#"{{"alg":"RS512","kid":"{kid}"}}"#);
    let longest = "é".repeat(256);
    let parsed = Unverified::parse(&token_of(&quoted(&longest), "{}")).unwrap();
    assert_eq!(parsed.kid(), Some(longest.as_str()));
    check(&token_of(&quoted(&"é".repeat(257)), "{}"), BAD_KID);
    check(&token_of(&quoted(""), "{}"), BAD_KID);
    for kid in ["null", "7", "[\"k\"]", "{}"] {
        check(&token_of(&format!(r#"{{"alg":"RS512","kid":{kid}}}"#), "{}"), BAD_KID);
    }
    assert_eq!(Unverified::parse(&token_of(r#"{"alg":"RS512"}"#, "{}")).unwrap().kid(), None);
}

#[test]
fn neither_a_refusal_nor_debug_shows_the_token() {
    let token = token_of(HEADER, r#"{"sub":"Patient/1"}"#);
    let parsed = Unverified::parse(&token).unwrap();
    let shown = format!("{parsed:?}");
    let parts: Vec<&str> = token.split('.').collect();
    assert!(!parts.iter().any(|part| shown.contains(part)), "{shown}");
    assert!(!shown.contains("Patient/1"), "{shown}");
    let refused = Unverified::parse(&format!("{token}.x")).unwrap_err();
    assert!(!format!("{refused:?}").contains(parts[1]));
}
