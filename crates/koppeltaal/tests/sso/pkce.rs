//! PKCE, for whoever uses it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cast::{BACK, Browser, exchange, start};
use crate::support::Engine;

on_both_engines!(
    who_showed_a_challenge_has_to_show_the_verifier,
    only_s256_is_served,
    who_showed_no_challenge_shows_no_verifier,
);

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, VERIFIER.as_bytes()))
}

async fn who_showed_a_challenge_has_to_show_the_verifier(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let scope = format!("launch:{} patient/*.read", browser.launched("AppB").await);
    let challenge = challenge();
    let query = [
        ("client_id", "AppB"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", &scope),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ];
    let code = browser.get("Authorize", &query).seen().await.expect(302).sent("code").unwrap();
    browser.token_of_b(&code).seen().await.expect(400);
    let with = |verifier: &'static str| {
        let [grant, code, back] = exchange(&code, BACK);
        browser.post("Token", &[grant, code, back, ("code_verifier", verifier)])
    };
    let wrong = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    assert_eq!(with(wrong).seen().await.expect(400).error().0, "invalid_grant");
    with(VERIFIER).seen().await.expect(200);
}

async fn only_s256_is_served(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let launch = browser.launched("AppB").await;
    let scope = format!("launch:{launch} patient/*.read");
    let s256 = challenge();
    for (challenge, method) in [(s256.as_str(), "plain"), (s256.as_str(), ""), ("short", "S256")] {
        let query = [
            ("client_id", "AppB"),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", &scope),
            ("code_challenge", challenge),
            ("code_challenge_method", method),
        ];
        let seen = browser.get("Authorize", &query).seen().await.expect(302);
        assert_eq!(seen.sent("error").as_deref(), Some("invalid_request"), "{method}");
    }
    browser.authorize("AppB", &launch, BACK).seen().await.expect(302).sent("code").unwrap();
}

async fn who_showed_no_challenge_shows_no_verifier(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.code("AppB").await;
    let [grant, code, back] = exchange(&code, BACK);
    let ask = browser.post("Token", &[grant, code, back, ("code_verifier", VERIFIER)]);
    assert_eq!(ask.seen().await.expect(400).error().0, "invalid_grant");
    browser.post("Token", &[grant, code, back]).seen().await.expect(200);
}
