//! The way back from the provider (spec 3.3): it is bound to the browser that began,
//! works once and not for ever, and one login does not disturb another.

use std::time::Duration;

use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    a_state_that_nobody_knows_gets_a_page,
    a_login_is_finished_once,
    a_login_waits_ten_minutes,
    another_browser_cannot_finish_a_login,
    a_login_is_not_of_another_domain,
    two_logins_in_one_browser_do_not_disturb_each_other,
    of_many_callbacks_at_once_one_gets_the_code,
    a_module_that_was_rejected_meanwhile_gets_no_code,
    a_login_that_nobody_finishes_stays_with_its_provider,
);

async fn a_state_that_nobody_knows_gets_a_page(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let callback = world.endpoint(ZORG, "idp/callback");
    for query in [
        "",
        "?",
        "?code=x",
        "?state=&code=x",
        "?state=x&code=x",
        "?state=00000000-0000-0000-0000-000000000000&code=x",
        "?state=%00&code=x",
        "?state=x&state=y",
        "?state=x&error=access_denied",
        &format!("?code=x&state={}x", login.state()),
        &format!("?code=x&state={}", login.state().to_lowercase()),
        &format!("?code=x&state={}", "x".repeat(5000)),
    ] {
        world.callback(&format!("{callback}{query}"), login.cookie()).await.page(400);
        world.pause();
    }
    world.signs_in(&login, &SignIn::of(&email(PATIENT))).await.code();
}

async fn a_login_is_finished_once(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let who = SignIn::of(&email(PATIENT));
    let url = world.provider.signs_in(&login.location, &who, world.app.now());
    let code = world.callback(&url, login.cookie()).await.code();
    world.callback(&url, login.cookie()).await.page(400);
    world.signs_in(&login, &who).await.page(400);
    let denied = world.provider.refuses(&login.location, "access_denied");
    world.callback(&denied, login.cookie()).await.page(400);
    world.redeem(&code, |request| request).await.expect(200);
}

async fn a_login_waits_ten_minutes(engine: Engine) {
    let world = World::start(engine).await;
    let who = SignIn::of(&email(PATIENT));
    let (patient, late) = (world.login(PATIENT).await, world.login(PATIENT).await);
    world.app.advance(Duration::from_secs(590));
    world.signs_in(&patient, &who).await.code();
    world.app.advance(Duration::from_secs(15));
    world.signs_in(&late, &who).await.page(400);
}

async fn another_browser_cannot_finish_a_login(engine: Engine) {
    let world = World::start(engine).await;
    let who = SignIn::of(&email(PATIENT));
    let login = world.login(PATIENT).await;
    let of_attacker = world.login(PATIENT).await;
    let url = world.provider.signs_in(&login.location, &who, world.app.now());
    let (name, value) = login.cookie().split_once('=').unwrap();
    let (attackers_name, attackers_value) = of_attacker.cookie().split_once('=').unwrap();
    for cookies in [
        String::new(),
        of_attacker.cookie().to_owned(),
        format!("{name}={attackers_value}"),
        format!("{attackers_name}={value}"),
        format!("{name}="),
        name.to_owned(),
        format!("{name}={}", &value[1..]),
        format!("{name}={value}x"),
        format!("x{name}={value}"),
        format!("{}={value}", name.to_uppercase()),
    ] {
        world.callback(&url, &cookies).await.page(400);
        world.pause();
    }
    // Nobody but the right browser can end it either.
    let denied = world.provider.refuses(&login.location, "access_denied");
    world.callback(&denied, of_attacker.cookie()).await.page(400);
    let cookies = format!("a=b; {}; c=d", login.cookie());
    world.callback(&url, &cookies).await.code();
}

async fn a_login_is_not_of_another_domain(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let who = SignIn::of(&email(PATIENT));
    let url = world.provider.signs_in(&login.location, &who, world.app.now());
    let elsewhere = url.replace("/api/v1/zorg/", "/api/v1/elders/");
    assert_ne!(url, elsewhere);
    world.callback(&elsewhere, login.cookie()).await.page(400);
    world.callback(&url, login.cookie()).await.code();
}

async fn two_logins_in_one_browser_do_not_disturb_each_other(engine: Engine) {
    let world = World::start(engine).await;
    let (one, other) = (world.login(PATIENT).await, world.login(PRACTITIONER).await);
    let name = |cookie: &str| cookie.split_once('=').unwrap().0.to_owned();
    assert_ne!(name(one.cookie()), name(other.cookie()), "a browser keeps both");
    let cookies = format!("{}; {}", one.cookie(), other.cookie());
    for (login, user) in [(&other, PRACTITIONER), (&one, PATIENT)] {
        let who = SignIn::of(&email(user));
        let url = world.provider.signs_in(&login.location, &who, world.app.now());
        let code = world.callback(&url, &cookies).await.code();
        let answer = world.redeem(&code, |request| request).await.expect(200).json();
        assert_eq!(answer["sub"], user);
    }
}

async fn of_many_callbacks_at_once_one_gets_the_code(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let who = SignIn::of(&email(PATIENT));
    let coming: Vec<_> = (0..8)
        .map(|_| {
            let (world, login, who) = (world.clone(), login.clone(), who.clone());
            tokio::spawn(async move { world.signs_in(&login, &who).await })
        })
        .collect();
    let mut codes = 0;
    for came in coming {
        let answer = came.await.unwrap();
        match answer.status {
            302 => codes += usize::from(!answer.code().is_empty()),
            _ => answer.page(400),
        }
    }
    assert_eq!(codes, 1);
}

async fn a_module_that_was_rejected_meanwhile_gets_no_code(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let code = world.code(PATIENT).await;
    world.reject("module").await;
    let who = SignIn::of(&email(PATIENT));
    let answer = world.signs_in(&login, &who).await;
    answer.page(400);
    world.redeem(&code, |request| request).await.expect(401);
}

async fn a_login_that_nobody_finishes_stays_with_its_provider(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    assert_eq!(world.events().await.len(), 2, "asked and sent, nothing else");
    assert!(login.location.starts_with(&world.provider.issuer));
    world.app.advance(Duration::from_secs(700));
    assert_eq!(world.events().await.len(), 2);
}
