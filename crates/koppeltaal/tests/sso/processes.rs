//! Several processes on one store, and one after the other.

use crate::cast::{BACK, Browser, start, with_token};
use crate::support::Engine;
use crate::support::client::Client;
use crate::support::message::patient;

on_both_engines!(
    the_steps_may_come_to_different_processes,
    what_is_ended_in_one_process_is_ended_in_all,
);

async fn the_steps_may_come_to_different_processes(engine: Engine) {
    let app = start(engine).await;
    let second = app.second_server().await;
    let (one, two) = (Browser::new(&app), Browser::at(&second.public_url));
    app.sent_patient("p1").await;
    let launch = one.launched("AppB").await;
    let seen = two.authorize("AppB", &launch, BACK).seen().await.expect(302);
    let code = seen.sent("code").unwrap();
    // A restart in between.
    second.shutdown().await;
    let third = app.second_server().await;
    let three = Browser::at(&third.public_url);
    let again = three.authorize("AppB", &launch, BACK).seen().await.expect(302);
    assert_eq!(again.sent("error").as_deref(), Some("access_denied"));
    let token = three.token_of_b(&code).seen().await.expect(200).member("access_token");
    let claimed = with_token(&app, &token).claim().await;
    assert_eq!(claimed.entries()[1]["id"], patient("p1").url);
    one.token_of_b(&code).seen().await.expect(400);
    third.shutdown().await;
}

async fn what_is_ended_in_one_process_is_ended_in_all(engine: Engine) {
    let app = start(engine).await;
    let second = app.second_server().await;
    let (one, two) = (Browser::new(&app), Browser::at(&second.public_url));
    let first = one.signed_in("AppC").await;
    let elsewhere = |token: &str| {
        let header = format!("Bearer {token}");
        Client::new(reqwest::Client::new(), &second.public_url).header("authorization", &header)
    };
    let old = first.member("access_token");
    elsewhere(&old).browse("").await;
    let new = one.refresh(&first.member("refresh_token")).seen().await.expect(200);
    elsewhere(&old).get("MessageHeader").await.expect(401);
    let new = new.member("access_token");
    elsewhere(&new).browse("").await;
    two.refresh(&first.member("refresh_token")).seen().await.expect(400);
    with_token(&app, &new).get("MessageHeader").await.expect(401);
    second.shutdown().await;
}
