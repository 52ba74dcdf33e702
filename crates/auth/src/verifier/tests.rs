//! What a verifier answers, and what it costs.

use std::sync::Arc;

use futures_util::future::join_all;
use koppeltaal_core::directory::{Application, Domain, Instance};

use super::*;

const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

fn connected(change: impl FnOnce(&mut Instance)) -> ConnectedInstance {
    let mut instance = Instance {
        username: Some("portal@demo".to_owned()),
        password_hash: Some(password::hash("right: yes").unwrap()),
        ..Instance::default()
    };
    change(&mut instance);
    ConnectedInstance {
        instance,
        application: Arc::new(Application::default()),
        domain: Arc::new(Domain::default()),
    }
}

fn with(password: &str) -> Attempt<'_> {
    Attempt { username: "portal@demo", password, address: HERE }
}

#[tokio::test]
async fn a_right_password_costs_one_run_until_it_is_forgotten() {
    let verifier = Verifier::default();
    let instance = connected(|_| {});
    for _ in 0..10 {
        assert!(verifier.verify(Some(&instance), with("right: yes"), NOW).await.unwrap());
    }
    assert_eq!(verifier.runs(), 1);
    let later = NOW.plus(Settings::default().remembered);
    assert!(verifier.verify(Some(&instance), with("right: yes"), later).await.unwrap());
    assert_eq!(verifier.runs(), 2);
}

#[tokio::test]
async fn a_burst_of_first_requests_costs_one_run() {
    let verifier = Verifier::new(Settings { at_once: 1, waiting: 1, ..Settings::default() });
    let instance = connected(|_| {});
    let burst = (0..50).map(|_| verifier.verify(Some(&instance), with("right: yes"), NOW));
    for outcome in join_all(burst).await {
        assert_eq!(outcome, Ok(true));
    }
    assert_eq!(verifier.runs(), 1);
    assert!(lock(&verifier.flights).is_empty());
}

#[tokio::test]
async fn a_changed_password_works_at_once_and_the_old_one_stops() {
    let verifier = Verifier::default();
    let before = connected(|_| {});
    assert!(verifier.verify(Some(&before), with("right: yes"), NOW).await.unwrap());
    let after = connected(|i| i.password_hash = Some(password::hash("new").unwrap()));
    assert!(!verifier.verify(Some(&after), with("right: yes"), NOW).await.unwrap());
    assert!(verifier.verify(Some(&after), with("new"), NOW).await.unwrap());
}

#[tokio::test]
async fn the_password_before_works_until_its_time_is_up() {
    let verifier = Verifier::default();
    let until = NOW.plus(Duration::from_secs(60));
    let instance = connected(|i| {
        i.previous_password_hash = i.password_hash.replace(password::hash("new").unwrap());
        i.previous_password_until = Some(until);
    });
    for password in ["right: yes", "new"] {
        assert!(verifier.verify(Some(&instance), with(password), NOW).await.unwrap());
    }
    assert!(!verifier.verify(Some(&instance), with("right: yes"), until).await.unwrap());
    assert!(verifier.verify(Some(&instance), with("new"), until).await.unwrap());
}

#[tokio::test]
async fn an_unknown_user_and_one_without_a_password_cost_a_run_too() {
    let verifier = Verifier::default();
    assert!(!verifier.verify(None, with("x"), NOW).await.unwrap());
    assert_eq!(verifier.runs(), 1);
    let without = connected(|i| i.password_hash = None);
    assert!(!verifier.verify(Some(&without), with("y"), NOW).await.unwrap());
    assert_eq!(verifier.runs(), 2);
}

#[tokio::test]
async fn the_same_wrong_password_again_costs_nothing_and_throttles_nobody() {
    let verifier = Verifier::default();
    let instance = connected(|_| {});
    for _ in 0..200 {
        assert!(!verifier.verify(Some(&instance), with("wrong"), NOW).await.unwrap());
    }
    assert_eq!(verifier.runs(), 1);
    assert!(verifier.verify(Some(&instance), with("right: yes"), NOW).await.unwrap());
}

#[tokio::test]
async fn guessing_is_throttled_and_a_known_right_password_never_is() {
    let verifier = Verifier::new(Settings {
        wrong: Limits { per_username: 2, per_address: 100 },
        ..Settings::default()
    });
    let instance = connected(|_| {});
    assert!(verifier.verify(Some(&instance), with("right: yes"), NOW).await.unwrap());
    for guess in ["a", "b"] {
        assert_eq!(verifier.verify(Some(&instance), with(guess), NOW).await, Ok(false));
    }
    let refused = verifier.verify(Some(&instance), with("c"), NOW).await;
    assert!(matches!(refused, Err(Error::TooMany(_))));
    assert!(verifier.verify(Some(&instance), with("right: yes"), NOW).await.unwrap());
    assert_eq!(verifier.runs(), 3);

    let elsewhere = Attempt { address: [192, 0, 2, 2].into(), ..with("d") };
    assert_eq!(verifier.verify(Some(&instance), elsewhere, NOW).await, Ok(false));
    let later = NOW.plus(Duration::from_secs(30));
    assert_eq!(verifier.verify(Some(&instance), with("c"), later).await, Ok(false));
}

fn named(n: usize) -> Attempt<'static> {
    const NAMES: [&str; 8] = ["a@d", "b@d", "c@d", "d@d", "e@d", "f@d", "g@d", "h@d"];
    Attempt { username: NAMES[n], ..with("right: yes") }
}

#[tokio::test]
async fn right_passwords_behind_one_address_are_not_throttled_when_they_come_at_once() {
    let verifier = Verifier::new(Settings {
        wrong: Limits { per_username: 1, per_address: 1 },
        ..Settings::default()
    });
    let instance = connected(|_| {});
    let burst = (0..8).map(|n| verifier.verify(Some(&instance), named(n), NOW));
    for outcome in join_all(burst).await {
        assert_eq!(outcome, Ok(true));
    }
    assert_eq!(verifier.runs(), 8);
}

#[tokio::test]
async fn guesses_behind_one_address_keep_out_unknown_user_names_only() {
    let verifier = Verifier::new(Settings {
        wrong: Limits { per_username: 2, per_address: 3 },
        ..Settings::default()
    });
    let instance = connected(|_| {});
    for n in 0..3 {
        assert_eq!(verifier.verify(None, named(n), NOW).await, Ok(false));
    }
    let refused = verifier.verify(None, named(3), NOW).await;
    assert!(matches!(refused, Err(Error::TooMany(_))));
    for guess in ["a", "b"] {
        assert_eq!(verifier.verify(Some(&instance), with(guess), NOW).await, Ok(false));
    }
    let refused = verifier.verify(Some(&instance), with("c"), NOW).await;
    assert!(matches!(refused, Err(Error::TooMany(_))));
    assert_eq!(verifier.verify(Some(&instance), named(4), NOW).await, Ok(true));
}

#[tokio::test]
async fn the_password_before_is_not_charged_for() {
    let verifier = Verifier::new(Settings {
        wrong: Limits { per_username: 1, per_address: 1 },
        ..Settings::default()
    });
    let instance = connected(|i| {
        i.previous_password_hash = i.password_hash.replace(password::hash("new").unwrap());
        i.previous_password_until = Some(NOW.plus(Duration::from_secs(60)));
    });
    for password in ["right: yes", "new"] {
        assert_eq!(verifier.verify(Some(&instance), with(password), NOW).await, Ok(true));
    }
}

#[tokio::test]
async fn guesses_that_wait_together_do_not_all_run() {
    let verifier = Verifier::new(Settings {
        at_once: 1,
        wrong: Limits { per_username: 2, per_address: 100 },
        ..Settings::default()
    });
    let instance = connected(|_| {});
    let passwords: Vec<String> = (0..12).map(|n| format!("guess {n}")).collect();
    let attempts =
        passwords.iter().map(|password| verifier.verify(Some(&instance), with(password), NOW));
    let outcomes = join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == Ok(false)).count(), 2);
    assert_eq!(verifier.runs(), 2);
}

#[tokio::test]
async fn too_many_who_wait_are_turned_away() {
    let verifier = Verifier::new(Settings { at_once: 1, waiting: 1, ..Settings::default() });
    let instance = connected(|_| {});
    let passwords: Vec<String> = (0..12).map(|n| format!("guess {n}")).collect();
    let attempts =
        passwords.iter().map(|password| verifier.verify(Some(&instance), with(password), NOW));
    let outcomes = join_all(attempts).await;
    let turned_away =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(Error::Unavailable(_)))).count();
    assert_eq!(turned_away, 10, "one ran, one waited: {outcomes:?}");
    assert!(verifier.verify(Some(&instance), with("right: yes"), NOW).await.unwrap());
}
