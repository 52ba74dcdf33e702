//! Signing in as administrator, on both engines: what is refused looks the same
//! whatever was wrong, and what is taken away is gone in every process.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod world;

use std::time::Duration;

use http::Method;
use koppeltaal_auth::administrator::CSRF_HEADER;
use koppeltaal_core::administrator::{Means, Rights};
use koppeltaal_core::{Error, Result};
use koppeltaal_store::administrator::{Change, change, set_password};
use koppeltaal_store::both;

use world::{OUTSIDE, PASSWORD, World};

fn is_refused<T>(outcome: &Result<T>) -> bool {
    matches!(outcome, Err(Error::Unauthorized(_)))
}

both!(user_name_and_password_are_taken_from_allowed_addresses_only, |store| async move {
    let world = World::new(&store).await;
    let administrator = world.basic("anna", PASSWORD).await.unwrap();
    assert_eq!((administrator.name.as_str(), administrator.means), ("anna", Means::Password));
    let outside = world.basic_from(OUTSIDE, "anna", PASSWORD).await;
    assert!(is_refused(&outside), "{outside:?}");
    for (login, password) in [("anna", "wrong"), ("nobody", PASSWORD), ("", ""), ("anna", "")] {
        assert!(is_refused(&world.basic(login, password).await), "{login}");
    }
});

both!(a_refusal_does_not_tell_what_was_wrong, |store| async move {
    let world = World::new(&store).await;
    let text = async |login: &str, password: &str| {
        world.basic(login, password).await.unwrap_err().to_string()
    };
    let unknown = text("nobody", "wrong").await;
    let wrong = text("anna", "wrong").await;
    for _ in 0..4 {
        text("anna", "wrong").await;
    }
    let locked = text("anna", PASSWORD).await;
    assert_eq!(unknown, wrong);
    assert_eq!(wrong, locked);
});

both!(five_wrong_passwords_lock_an_account_everywhere_and_a_quarter_later_it_is_open, |store| {
    async move {
        let world = World::new(&store).await;
        let other = world.process(&store).await;
        // It is remembered as right, and yet locked.
        world.basic("anna", PASSWORD).await.unwrap();
        for _ in 0..5 {
            other.basic("anna", "wrong").await.unwrap_err();
        }
        assert!(is_refused(&world.basic("anna", PASSWORD).await));
        assert!(is_refused(&other.basic("anna", PASSWORD).await));
        world.clock.advance(Duration::from_secs(15 * 60));
        world.basic("anna", PASSWORD).await.unwrap();
    }
});

both!(guesses_at_the_same_time_are_counted_too, |store| async move {
    let world = World::new(&store).await;
    let guesses: Vec<_> = (0..20)
        .map(|number| {
            let world = world.clone();
            tokio::spawn(async move { world.basic("anna", &format!("guess {number}")).await })
        })
        .collect();
    for guess in guesses {
        guess.await.unwrap().unwrap_err();
    }
    assert!(is_refused(&world.basic("anna", PASSWORD).await), "locked");
});

both!(another_password_stops_the_one_before_at_once, |store| async move {
    let world = World::new(&store).await;
    world.basic("anna", PASSWORD).await.unwrap();
    let hash = world::hash("een heel ander wachtwoord");
    world.write(&store, move |tx, ids, of, by| set_password(tx, ids, of, &hash, by)).await;
    assert!(is_refused(&world.basic("anna", PASSWORD).await));
    world.basic("anna", "een heel ander wachtwoord").await.unwrap();
});

both!(a_session_needs_a_fresh_code_of_the_second_factor, |store| async move {
    let world = World::new(&store).await;
    for code in ["", "000000", "abcdef"] {
        assert!(is_refused(&world.sign_in(PASSWORD, code).await), "{code}");
    }
    let code = world.code();
    assert!(is_refused(&world.sign_in("wrong", &code).await));
    world.sign_in(PASSWORD, &code).await.unwrap();
    assert!(is_refused(&world.sign_in(PASSWORD, &code).await), "used before");
    world.clock.advance(Duration::from_secs(30));
    world.sign_in(PASSWORD, &world.code()).await.unwrap();
});

both!(a_session_reads_with_its_cookie_and_changes_with_its_token_only, |store| async move {
    let world = World::new(&store).await;
    let session = world.sign_in(PASSWORD, &world.code()).await.unwrap();
    let read = world.with_cookie(Method::GET, &session.cookie, None).await.unwrap();
    assert_eq!((read.name.as_str(), read.means), ("anna", Means::Session));
    for token in [None, Some("x")] {
        let refused = world.with_cookie(Method::POST, &session.cookie, token).await;
        assert!(matches!(refused, Err(Error::Forbidden(_))), "{refused:?}");
    }
    let token = session.csrf_token.as_str();
    world.with_cookie(Method::POST, &session.cookie, Some(token)).await.unwrap();
    assert!(is_refused(&world.with_cookie(Method::GET, "x", None).await));
    assert_eq!(CSRF_HEADER.as_str(), "x-csrf-token");
});

both!(
    a_session_ends_when_nobody_uses_it_and_when_its_account_is_switched_off,
    |store| async move {
        let world = World::new(&store).await;
        let session = world.sign_in(PASSWORD, &world.code()).await.unwrap();
        let reads = async || world.with_cookie(Method::GET, &session.cookie, None).await.is_ok();
        world.clock.advance(Duration::from_secs(14 * 60));
        assert!(reads().await);
        world.clock.advance(Duration::from_secs(14 * 60));
        assert!(reads().await);
        world.clock.advance(Duration::from_secs(15 * 60));
        assert!(!reads().await);
        let session = world.sign_in(PASSWORD, &world.code()).await.unwrap();
        let off = Change { active: Some(false), ..Change::default() };
        world.write(&store, move |tx, ids, of, by| change(tx, ids, of, &off, by)).await;
        assert!(world.with_cookie(Method::GET, &session.cookie, None).await.is_err());
    }
);

both!(a_token_has_its_rights_until_it_is_revoked_or_its_account_loses_them, |store| async move {
    let world = World::new(&store).await;
    let demo = world::rights(&["demo"]);
    let (number, secret) = world.token(&store, demo.clone(), false).await;
    let (_, of_account) = world.token(&store, demo.clone(), true).await;
    let administrator = world.bearer(&secret).await.unwrap();
    assert_eq!((administrator.rights, administrator.account), (demo, None));
    assert_eq!(world.bearer(&of_account).await.unwrap().name, "anna");
    for odd in ["", "kta_", "kta_x", &secret[1..], &format!("{secret}x")] {
        assert!(is_refused(&world.bearer(odd).await), "{odd}");
    }
    let narrower = Change { rights: Some(world::rights(&["other"])), ..Change::default() };
    world.write(&store, move |tx, ids, of, by| change(tx, ids, of, &narrower, by)).await;
    assert!(is_refused(&world.bearer(&of_account).await));
    let other = world.process(&store).await;
    world.revoke(&store, number).await;
    assert!(is_refused(&other.bearer(&secret).await));
    let (_, system) = world.token(&store, Rights::System, false).await;
    assert!(other.bearer(&system).await.unwrap().rights.is_system());
});

both!(a_link_sets_a_password_that_holds_to_the_rules_once, |store| async move {
    let world = World::new(&store).await;
    let link = world.link(&store).await;
    for (password, part) in [("short", "too short"), (PASSWORD, "used before")] {
        let refused = world.use_link(&link, password).await.err().unwrap().to_string();
        assert!(refused.contains(part), "{refused}");
    }
    let used = world.use_link(&link, "fietsen door de polder").await.unwrap();
    assert_eq!((used.login.as_str(), used.totp_url), ("anna", None));
    world.basic("anna", "fietsen door de polder").await.unwrap();
    let again = world.use_link(&link, "lopen door de polder").await;
    assert!(matches!(again, Err(Error::NotFound(_))));
    let late = world.link(&store).await;
    world.clock.advance(Duration::from_secs(30 * 60));
    assert!(world.use_link(&late, "lopen door de polder").await.is_err());
});
