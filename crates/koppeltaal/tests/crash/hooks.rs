//! Crashes while subscribers are told of a flood of writes: every write that was answered is told,
//! in order, and again only what was under way at a kill.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use koppeltaal_client::kt2::{KeyKind, PrivateKey};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::chance::Chance;
use crate::hooks_account::{Account, Write, judge};
use crate::receiver::{Manner, Receiver};
use crate::resources::{Application, SYSTEM, marker, practitioner, provisioning};
use crate::world::{Engine, Server, World, until};

/// How long a flood may take to get going.
const PATIENCE: Duration = Duration::from_secs(60);
/// Writers at each server.
const WRITERS: usize = 4;

/// Tries again at once, and never gives up.
const SETTINGS: [(&str, &str); 5] = [
    ("KOPPELTAAL_KT2_HOOK_FIRST_RETRY", "50ms"),
    ("KOPPELTAAL_KT2_HOOK_MAX_INTERVAL", "200ms"),
    ("KOPPELTAAL_KT2_HOOK_GIVE_UP_AFTER", "1h"),
    ("KOPPELTAAL_KT2_HOOK_TIMEOUT", "2s"),
    ("KOPPELTAAL_LOG_LEVEL", "error"),
];

/// The subscriptions by their names, what they ask for, and which writes they hear of.
pub const SUBSCRIPTIONS: [&str; 3] = ["all", "half", "none"];

/// Whether a subscription hears of a write.
pub fn hears(subscription: &str, write: &Write) -> bool {
    match subscription {
        "all" => true,
        "half" => write.number.is_multiple_of(2),
        _ => false,
    }
}

/// Runs rounds with a kill in each, and judges what was told.
pub async fn run(engine: Engine, servers: usize, rounds: usize) {
    let key = Arc::new(PrivateKey::generate(KeyKind::P256).unwrap());
    let world = World::with(engine, &provisioning(&key)).await;
    let (account, chance) = (Arc::<Account>::default(), Arc::new(Chance::new()));
    let receiver = Receiver::start().await;
    let serve = || world.serve_with(&SETTINGS);
    let mut running: Vec<Server> = (0..servers).map(|_| serve()).collect();
    subscribe(&Application::at(&running[0], &key).await, &receiver).await;
    for round in 0..rounds {
        // In some rounds hardly anybody is told before the kill.
        receiver.next((0..2000).map(|_| manner(&chance, round)));
        let (stop, stopped) = watch::channel(false);
        let mut writers = Vec::new();
        for server in &running {
            let application = Application::at(server, &key).await;
            for _ in 0..WRITERS {
                let (account, stopped) = (account.clone(), stopped.clone());
                writers.push(tokio::spawn(write(application.clone(), account, stopped)));
            }
        }
        let goal = account.answered() + 20;
        until("resources are written", PATIENCE, async || account.answered() >= goal).await;
        tokio::time::sleep(Duration::from_millis(chance.below(400))).await;
        running.remove(0).kill();
        if servers > 1 {
            // The others do not even notice.
            let goal = account.answered() + 20;
            until("the others go on", PATIENCE, async || account.answered() >= goal).await;
        }
        stop.send_replace(true);
        for writer in join_all(writers).await {
            writer.unwrap();
        }
        running.push(serve());
        receiver.always(Manner::Answer(200));
    }
    let application = Application::at(&running[0], &key).await;
    judge(&world, &account, &receiver, &application, rounds).await;
}

/// Mostly fine; slow, broken or refusing at times.
fn manner(chance: &Chance, round: usize) -> Manner {
    let late = Duration::from_millis(chance.below(40));
    match chance.below(20) {
        0 => Manner::Answer(500),
        1 => Manner::Reset,
        2 => Manner::With(503, vec!["Retry-After: 0".to_owned()]),
        3..7 => Manner::Late(late),
        _ if round % 3 == 2 => Manner::Late(late * 5),
        _ => Manner::Answer(200),
    }
}

async fn subscribe(application: &Application, receiver: &Receiver) {
    for name in SUBSCRIPTIONS {
        let criteria = match name {
            "all" => "Practitioner?".to_owned(),
            name => format!("Practitioner?identifier={SYSTEM}%7C{name}"),
        };
        let new = json!({
            "resourceType": "Subscription",
            "meta": { "profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Subscription"] },
            "status": "requested",
            "reason": "crashes",
            "criteria": criteria,
            "channel": {
                "type": "rest-hook",
                "endpoint": receiver.url(),
                "header": [format!("X-KTSubscription: {name}")],
            },
        });
        let ask = application.ask_as(None, Method::POST, "Subscription", None, Some(&new));
        let (status, said) = ask.await.unwrap();
        assert_eq!(status, 201, "{said}");
    }
}

/// Creates and updates until it is told to stop or the server is gone. What is sent is noted before,
/// and what is answered after.
async fn write(application: Application, account: Arc<Account>, stopped: watch::Receiver<bool>) {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    loop {
        let mut id = None;
        let name = format!("p-{}", NEXT.fetch_add(1, Ordering::Relaxed));
        for version in 1..=4 {
            if *stopped.borrow() {
                return;
            }
            let number = account.begin(&name, version, id.clone());
            let body = resource(&name, version, number, id.as_deref());
            let request = format!("write-{number}");
            let answer = match &id {
                None => {
                    let ask = application.ask_as(
                        Some(&request),
                        Method::POST,
                        "Practitioner",
                        None,
                        Some(&body),
                    );
                    ask.await
                }
                Some(id) => {
                    let path = format!("Practitioner/{id}");
                    let tag = Some(version - 1);
                    let ask =
                        application.ask_as(Some(&request), Method::PUT, &path, tag, Some(&body));
                    ask.await
                }
            };
            let Some((status, said)) = answer else { return };
            assert!(status.is_success(), "{name}: {said}");
            account.end(number, Instant::now());
            id = said["id"].as_str().map(str::to_owned);
        }
    }
}

/// A version of a resource, which some hear of.
fn resource(name: &str, version: i64, number: usize, id: Option<&str>) -> Value {
    let mut resource = practitioner(name, version);
    if number.is_multiple_of(2) {
        let half = json!({ "system": SYSTEM, "value": "half" });
        resource["identifier"].as_array_mut().unwrap().push(half);
    }
    if let Some(id) = id {
        resource["id"] = id.into();
    }
    debug_assert_eq!(resource["identifier"][1]["value"], marker(name, version));
    resource
}
