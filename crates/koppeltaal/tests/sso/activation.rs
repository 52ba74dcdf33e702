//! MobileLaunch and activation codes.

use std::time::Duration;

use crate::cast::{BACK, Browser, PATIENT, build, start};
use crate::support::Engine;

on_both_engines!(
    a_mobile_launch_gives_a_code_of_eight_digits,
    an_activation_code_becomes_a_code_once,
    an_activation_code_lasts_for_days_and_not_longer,
    after_five_wrong_codes_no_code_is_tried_for_a_quarter_of_an_hour,
    guesses_at_many_addresses_end_too,
);

// T10
async fn a_mobile_launch_gives_a_code_of_eight_digits(engine: Engine) {
    let app = build(engine)
        .setup(|setup| {
            let hour = Some(Duration::from_secs(3600));
            setup.application("AppC").activation_code_lifetime = hour;
        })
        .start()
        .await;
    let browser = Browser::new(&app);
    for (client, days) in [("AppB", 7), ("AppC", 1)] {
        let parameters = [("client_id", client), ("patient", PATIENT)];
        let seen = browser.get("MobileLaunch", &parameters).user("a").seen().await.expect(200);
        let code = seen.member("activation_code");
        assert!(code.len() == 8 && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
        assert_eq!(seen.json()["expires_in"], days, "in days");
    }
    browser.get("MobileLaunch", &[("client_id", "AppB")]).user("a").seen().await.expect(400);
    browser.get("MobileLaunch", &[("client_id", "AppB")]).seen().await.expect(401);
}

// T16, T17
async fn an_activation_code_becomes_a_code_once(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let code = browser.activation_code().await;
    let authorize = || {
        let ask = browser.authorize("AppB", &code, BACK);
        ask.header("origin", "https://game.example").header("accept", "application/json")
    };
    let seen = authorize().seen().await.expect(200);
    assert_eq!(seen.member("state"), "s 1&2");
    let authorization = seen.member("authorization_code");
    assert_eq!(seen.member("authorisation_code"), authorization);
    let again = authorize().seen().await.expect(400);
    assert_eq!(again.error().0, "access_denied");
    let token = browser.token_of_b(&authorization).seen().await.expect(200).json();
    assert_eq!((&token["patient"], &token["token_type"]), (&PATIENT.into(), &"Bearer".into()));
    // What a program reads is never a redirect.
    let odd = browser.get(
        "Authorize",
        &[("client_id", "AppB"), ("redirect_uri", BACK), ("scope", "launch:1 patient/*.read")],
    );
    assert_eq!(odd.seen().await.expect(400).error().0, "invalid_request");
}

async fn an_activation_code_lasts_for_days_and_not_longer(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let (early, late) = (browser.activation_code().await, browser.activation_code().await);
    app.advance(Duration::from_secs(6 * 86_400));
    browser.authorize("AppB", &early, BACK).seen().await.expect(200);
    app.advance(Duration::from_secs(86_400 + 1));
    let seen = browser.authorize("AppB", &late, BACK).seen().await.expect(400);
    assert_eq!(seen.error().0, "access_denied");
}

// T18
async fn after_five_wrong_codes_no_code_is_tried_for_a_quarter_of_an_hour(engine: Engine) {
    let app = start(engine).await;
    let second = app.second_server().await;
    let browser = Browser::new(&app);
    let other_process = Browser::at(&second.public_url);
    let good = browser.activation_code().await;
    let wrong = if good == "00000000" { "00000001" } else { "00000000" };
    for number in 0..5 {
        let browser = if number % 2 == 0 { &browser } else { &other_process };
        browser.authorize("AppB", wrong, BACK).seen().await.expect(400);
    }
    for code in [wrong, good.as_str()] {
        let seen = browser.authorize("AppB", code, BACK).seen().await.expect(429);
        assert_eq!(seen.error().1, "throttled");
        let wait: u64 = seen.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=901).contains(&wait), "{wait}");
        other_process.authorize("AppB", code, BACK).seen().await.expect(429);
    }
    // Launches in the browser and other applications go on.
    let launch = browser.launched("AppB").await;
    browser.authorize("AppB", &launch, BACK).seen().await.expect(302).sent("code").unwrap();
    browser.authorize("AppC", wrong, BACK).seen().await.expect(400);
    app.advance(Duration::from_secs(15 * 60 + 1));
    browser.authorize("AppB", &good, BACK).seen().await.expect(200);
    second.shutdown().await;
}

async fn guesses_at_many_addresses_end_too(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let good = browser.activation_code().await;
    let wrong = if good == "00000000" { "00000001" } else { "00000000" };
    // As if they came from elsewhere: what was tried lies behind the quarter of an hour.
    for round in 0..10 {
        for _ in 0..5 {
            browser.authorize("AppB", wrong, BACK).seen().await.expect(400);
        }
        let sql = format!(
            "UPDATE sso_wrong_code SET address = 'elsewhere {round}' WHERE address = '127.0.0.1'"
        );
        app.store().write(move |tx| tx.execute(&sql, &[])).await.unwrap();
    }
    let seen = browser.authorize("AppB", &good, BACK).seen().await.expect(429);
    let wait: u64 = seen.header("retry-after").unwrap().parse().unwrap();
    assert!(wait > 3000, "{wait}");
    app.advance(Duration::from_secs(3601));
    browser.authorize("AppB", &good, BACK).seen().await.expect(200);
}
