//! Two servers on one PostgreSQL: what was used at one is used at the other, and a
//! launch may begin at one and go on at the other.

use koppeltaal_client::kt2::LaunchToken;

use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_launch_token_used_at_one_server_is_refused_at_the_other() {
    let (here, there) = two().await;
    let launch = here.launched(PATIENT);
    here.begun(&here.request(&launch)).await;
    let answer = there.authorize(&there.request(&launch)).await;
    assert_eq!(answer.told_error(), "invalid_request");
    assert_eq!(there.introspect("module", &launch).await["active"], false);

    let launch = here.launched(PATIENT);
    assert_eq!(there.introspect("module", &launch).await["active"], true);
    assert_eq!(here.authorize(&here.request(&launch)).await.told_error(), "invalid_request");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_servers_that_get_a_launch_at_once_one_takes_it() {
    let (here, there) = two().await;
    for _ in 0..5 {
        let token: LaunchToken = here.launch(PATIENT);
        let launch = token.sign(&signer("portal")).unwrap();
        let (at_one, at_other) = (here.request(&launch), there.request(&launch));
        let (one, other) = tokio::join!(here.authorize(&at_one), there.authorize(&at_other));
        let begun =
            [&one, &other].map(|answer| usize::from(!answer.header("set-cookie").is_empty()));
        assert_eq!(begun.iter().sum::<usize>(), 1, "{one:?} {other:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_used_at_one_server_is_refused_at_the_other() {
    let (here, there) = two().await;
    let code = here.code(PATIENT).await;
    here.redeem(&code, |request| request).await.expect(200);
    assert_eq!(there.redeem(&code, |request| request).await.error(), "invalid_grant");
    let code = here.code(PATIENT).await;
    there.redeem(&code, |request| request).await.expect(200);
    assert_eq!(here.redeem(&code, |request| request).await.error(), "invalid_grant");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_finished_at_one_server_is_finished_at_the_other() {
    let (here, there) = two().await;
    let login = here.login(PATIENT).await;
    let who = SignIn::of(&email(PATIENT));
    let url = here.provider.signs_in(&login.location, &who, here.app.now());
    here.callback(&url, login.cookie()).await.code();
    let elsewhere = url.replace(&here.base, &there.base);
    there.callback(&elsewhere, login.cookie()).await.page(400);
}

/// Two servers, the second of which lives as long as the process.
async fn two() -> (World, World) {
    let here = World::start(Engine::Postgres).await;
    let second = Box::leak(Box::new(here.app.second_server().await));
    let there = here.at(second);
    assert_ne!(here.base, there.base);
    (here, there)
}
