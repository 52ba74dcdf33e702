//! Refresh tokens.

use std::time::Duration;

use koppeltaal_core::audit::Action;

use crate::cast::{Browser, SECRET, build, start, with_token};
use crate::support::Engine;
use crate::support::setup::E;

on_both_engines!(
    a_refresh_gives_both_tokens_anew_and_ends_the_old_ones,
    a_refresh_token_used_twice_ends_the_whole_family,
    an_application_without_refresh_tokens_cannot_refresh,
    a_refresh_token_lasts_a_day_after_the_last_use,
    a_refresh_token_belongs_to_its_client,
    of_those_who_refresh_at_once_no_token_survives_but_one,
);

// T29
async fn a_refresh_gives_both_tokens_anew_and_ends_the_old_ones(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let first = browser.signed_in("AppC").await;
    let second = browser.refresh(&first.member("refresh_token")).seen().await.expect(200);
    for name in ["access_token", "refresh_token"] {
        assert_ne!(first.member(name), second.member(name));
    }
    for name in ["token_type", "expires_in", "scope", "patient", "user", "domain"] {
        assert_eq!(first.json()[name], second.json()[name], "{name}");
    }
    let old = with_token(&app, &first.member("access_token")).get("MessageHeader").await;
    assert_eq!(old.expect(401).code(), "login");
    with_token(&app, &second.member("access_token")).browse("").await;
    assert_eq!(app.audit(Action::SsoRefresh).await.len(), 1);
}

async fn a_refresh_token_used_twice_ends_the_whole_family(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let first = browser.signed_in("AppC").await;
    let bystander = browser.signed_in("AppC").await;
    let second = browser.refresh(&first.member("refresh_token")).seen().await.expect(200);
    let again = browser.refresh(&first.member("refresh_token")).seen().await.expect(400);
    assert_eq!(again.error().0, "invalid_grant");
    with_token(&app, &second.member("access_token")).get("MessageHeader").await.expect(401);
    let third = browser.refresh(&second.member("refresh_token")).seen().await.expect(400);
    assert_eq!(third.error().0, "invalid_grant");
    with_token(&app, &bystander.member("access_token")).browse("").await;
    let rows = app.audit(Action::SsoRevoke).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].outcome, "reused");
}

// T30
async fn an_application_without_refresh_tokens_cannot_refresh(engine: Engine) {
    let app =
        build(engine).setup(|setup| setup.application("AppC").refresh_tokens = false).start().await;
    let browser = Browser::new(&app);
    let token = browser.signed_in("AppC").await.json();
    assert!(token.get("refresh_token").is_none(), "{token}");
    let seen = browser.refresh("nonsense").seen().await.expect(401);
    assert_eq!(seen.error(), ("unauthorized_client".to_owned(), "forbidden".to_owned()));
}

async fn a_refresh_token_lasts_a_day_after_the_last_use(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let mut token = browser.signed_in("AppC").await;
    for _ in 0..3 {
        app.advance(Duration::from_secs(23 * 3600));
        token = browser.refresh(&token.member("refresh_token")).seen().await.expect(200);
    }
    app.advance(Duration::from_secs(24 * 3600 + 1));
    let seen = browser.refresh(&token.member("refresh_token")).seen().await.expect(400);
    assert_eq!(seen.error(), ("invalid_grant".to_owned(), "expired".to_owned()));
}

async fn a_refresh_token_belongs_to_its_client(engine: Engine) {
    let app = build(engine).setup(|setup| setup.join_too("c2", "AppC", E)).start().await;
    let browser = Browser::new(&app);
    let refresh = browser.signed_in("AppC").await.member("refresh_token");
    let form = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str())];
    let anyone = browser.post("Token", &form);
    assert_eq!(anyone.seen().await.expect(400).error().0, "invalid_client");
    let other = browser.post("Token", &form).user("b");
    assert_eq!(other.seen().await.expect(401).error().0, "unauthorized_client");
    let elsewhere = browser.post("Token", &form).user("c2");
    assert_eq!(elsewhere.seen().await.expect(400).error().0, "invalid_grant");
    let [grant, token] = form;
    let more = browser.post("Token", &[grant, token, ("scope", "patient/*.read user/*.*")]);
    let seen = more.basic("AppC", SECRET).seen().await.expect(400);
    assert_eq!(seen.error().0, "invalid_scope");
    let wrong = browser.post("Token", &form).basic("AppC", "wrong");
    wrong.seen().await.expect(401);
    browser.post("Token", &form).basic("AppC", SECRET).seen().await.expect(200);
}

async fn of_those_who_refresh_at_once_no_token_survives_but_one(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let refresh = browser.signed_in("AppC").await.member("refresh_token");
    let asked: Vec<_> = (0..8).map(|_| tokio::spawn(browser.refresh(&refresh).seen())).collect();
    let mut given = Vec::new();
    for seen in asked {
        let seen = seen.await.unwrap();
        if seen.status == 200 {
            given.push(seen);
        } else {
            assert_eq!(seen.expect(400).error().0, "invalid_grant");
        }
    }
    // The others look like a thief, so what the one got is worthless.
    assert_eq!(given.len(), 1);
    let access = given[0].member("access_token");
    with_token(&app, &access).get("MessageHeader").await.expect(401);
}
