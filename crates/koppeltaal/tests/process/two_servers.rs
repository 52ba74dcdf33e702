//! Two server processes on one PostgreSQL: what one does the other knows, and
//! nothing is done twice.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use koppeltaal_client::kt1::{Connector, Filter, Status};
use serde_json::Value;

use crate::world::{Engine, Hook, ORIGIN, Server, World, connector, plan, send_plan, told, until};

const MESSAGES: usize = 200;
const PATIENCE: Duration = Duration::from_secs(30);

async fn pair(more: &str, settings: &[(&str, &str)]) -> (World, [Server; 2]) {
    let world = World::with(Engine::Postgres, more).await;
    // At the same time, so that their jobs meet.
    let servers = std::thread::scope(|scope| {
        let starts = [(); 2].map(|()| scope.spawn(|| world.serve_with(settings)));
        starts.map(|start| start.join().unwrap())
    });
    (world, servers)
}

/// Sends messages through both servers at the same time.
async fn send(servers: &[Server; 2], messages: usize) {
    let senders = (0..8).map(|sender| {
        let portal = connector(&servers[sender % 2], "portal");
        tokio::spawn(async move {
            for number in (sender..messages).step_by(8) {
                let url = format!("{ORIGIN}/CarePlan/{number}");
                send_plan(&portal, &format!("m-{number}"), plan(&url, "g")).await.unwrap();
            }
        })
    });
    for done in join_all(senders.collect::<Vec<_>>()).await {
        done.unwrap();
    }
}

/// Claims until the mailbox is empty, and tells what it got.
async fn work(module: Connector) -> Vec<String> {
    let mut got = Vec::new();
    while let Some(message) = module.claim(&Filter::default()).await.unwrap() {
        let header = message.header();
        let status = module.set_status(header, &Status::Success).await.unwrap();
        assert_eq!(status.status(), "Success");
        got.push(header.identifier().to_owned());
    }
    got
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_workers_on_two_servers_get_every_message_once_and_hooks_are_told_once() {
    let hook = Hook::start().await;
    let (world, servers) = pair(&told(&hook), &[]).await;
    // Both servers have something in flight when the endpoint begins to answer.
    hook.answer(false);
    send(&servers, MESSAGES).await;
    hook.answer(true);
    let workers =
        (0..8).map(|number| tokio::spawn(work(connector(&servers[number % 2], "module"))));
    let mut times: HashMap<String, usize> = HashMap::new();
    let mut busy = 0;
    for got in join_all(workers.collect::<Vec<_>>()).await {
        let got = got.unwrap();
        busy += usize::from(!got.is_empty());
        for identifier in got {
            *times.entry(identifier).or_default() += 1;
        }
    }
    assert_eq!(times.len(), MESSAGES, "none is missing");
    assert!(times.values().all(|times| *times == 1), "none comes twice: {times:?}");
    assert!(busy > 1, "the work was shared");

    until("every hook is recorded as delivered", PATIENCE, async || {
        world.list(&["notifications", "list", "--state", "delivered"]).len() == MESSAGES
    })
    .await;
    let told = hook.told();
    assert_eq!(told.len(), MESSAGES);
    assert!(told.values().all(|times| *times == 1), "told twice: {told:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_applied_is_known_to_both_within_a_second() {
    let (world, servers) = pair("", &[]).await;
    let mut quickest = PATIENCE;
    for turn in 0..3 {
        let name = format!("new-{turn}");
        world.apply(&format!(
            "[[instance]]\ndomain = \"home\"\napplication = \"Module\"\nusername = \"{name}\"\n\
             password = \"{name}-secret\"\n"
        ));
        let connectors = servers.each_ref().map(|server| connector(server, &name));
        let took = until("both know the new instance", PATIENCE, async || {
            // Not more often: who is not known yet looks like one who guesses.
            tokio::time::sleep(Duration::from_millis(100)).await;
            let [a, b] = &connectors;
            let filter = Filter::default();
            a.claim(&filter).await.is_ok() && b.claim(&filter).await.is_ok()
        })
        .await;
        quickest = quickest.min(took);
    }
    assert!(quickest < Duration::from_secs(1), "at best {quickest:?}");
}

fn count_by_item(rows: &[Value]) -> HashMap<i64, usize> {
    let mut counts = HashMap::new();
    for row in rows {
        *counts.entry(row["item"].as_i64().unwrap()).or_default() += 1;
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_that_lapses_lapses_once() {
    let settings = [("KOPPELTAAL_KT1_CLAIM_TIMEOUT", "1s")];
    let (world, servers) = pair("", &settings).await;
    send(&servers, MESSAGES).await;
    let claimers = (0..8).map(|number| {
        let module = connector(&servers[number % 2], "module");
        tokio::spawn(async move {
            for _ in 0..MESSAGES / 8 {
                module.claim(&Filter::default()).await.unwrap();
            }
        })
    });
    for done in join_all(claimers.collect::<Vec<_>>()).await {
        done.unwrap();
    }
    until("every claim has lapsed", PATIENCE, async || {
        world.list(&["messages", "list", "--status", "New"]).len() == MESSAGES
    })
    .await;
    let lapses = count_by_item(&world.list(&["audit", "search", "--action", "lapse"]));
    assert!(lapses.len() > MESSAGES / 2, "most were claimed: {}", lapses.len());
    for row in world.list(&["messages", "list"]) {
        let (id, claims) = (row["id"].as_i64().unwrap(), row["claims"].as_u64().unwrap());
        let lapsed = lapses.get(&id).copied().unwrap_or(0);
        assert_eq!(u64::try_from(lapsed).unwrap(), claims, "copy {id}: a lapse for each claim");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_removed_once() {
    let settings =
        [("KOPPELTAAL_KT1_RETENTION_GRACE", "1s"), ("KOPPELTAAL_KT1_RETENTION_INTERVAL", "200ms")];
    let (world, servers) = pair("", &settings).await;
    let world = Arc::new(world);
    send(&servers, 80).await;
    let (one, other) = (connector(&servers[0], "module"), connector(&servers[1], "module"));
    let (one, other) = tokio::join!(work(one), work(other));
    assert_eq!(one.len() + other.len(), 80);
    until("every body is removed", PATIENCE, async || {
        let rows = world.list(&["messages", "list"]);
        rows.iter().filter(|row| row["expired"] == true).count() == 80
    })
    .await;
    let removed = || {
        let rows = world.list(&["audit", "search", "--action", "retention"]);
        let number = |row: &Value| {
            let detail = row["detail"].as_str().unwrap();
            detail.split(' ').next().unwrap().parse::<usize>().unwrap()
        };
        rows.iter().map(number).sum::<usize>()
    };
    until("the audit trail counts each body once", PATIENCE, async || removed() >= 80).await;
    // Both go on running the job; they find nothing more to do.
    let runs = || servers.iter().map(|server| server.log().len()).sum::<usize>();
    let before = (removed(), runs());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!((removed(), runs()), before);
    assert_eq!(before.0, 80);
}
