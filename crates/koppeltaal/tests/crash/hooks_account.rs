//! The account of a flood: what was written when, what was told, and whether both agree.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::hooks::{SUBSCRIPTIONS, hears};
use crate::receiver::{Call, Manner, Receiver};
use crate::resources::{Application, marker, practitioner};
use crate::world::{World, until};

/// How long the last notifications may take: the leases of who was killed have to end.
const PATIENCE: Duration = Duration::from_secs(120);

/// A write as its sender knows it.
#[derive(Debug, Clone)]
pub struct Write {
    pub number: usize,
    pub name: String,
    pub version: i64,
    /// The resource; absent while its creation was not answered.
    pub id: Option<String>,
    pub sent: Instant,
    pub answered: Option<Instant>,
}

impl Write {
    /// The id of its request.
    pub fn request(&self) -> String {
        format!("write-{}", self.number)
    }
}

/// All writes of a run.
#[derive(Debug, Default)]
pub struct Account(Mutex<Vec<Write>>);

impl Account {
    fn with<T>(&self, look: impl FnOnce(&mut Vec<Write>) -> T) -> T {
        look(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A write is sent now; its number.
    pub fn begin(&self, name: &str, version: i64, id: Option<String>) -> usize {
        let (name, sent) = (name.to_owned(), Instant::now());
        self.with(|all| {
            let number = all.len();
            all.push(Write { number, name, version, id, sent, answered: None });
            number
        })
    }

    /// It was answered.
    pub fn end(&self, number: usize, at: Instant) {
        self.with(|all| all[number].answered = Some(at));
    }

    /// How many were answered.
    pub fn answered(&self) -> usize {
        self.with(|all| all.iter().filter(|write| write.answered.is_some()).count())
    }
}

/// Waits until everything was told, and judges it.
pub async fn judge(
    world: &World,
    account: &Account,
    receiver: &Receiver,
    application: &Application,
    kills: usize,
) {
    receiver.always(Manner::Answer(200));
    let all = account.with(|all| all.clone());
    let mut kept = Vec::new();
    let mut unsure = 0;
    for write in &all {
        let is_kept = match write.answered {
            Some(_) => true,
            None => {
                unsure += 1;
                is_kept(application, write).await
            }
        };
        if is_kept {
            kept.push(write.clone());
        }
    }
    assert!(unsure > 0, "no kill met a write");
    // What is written last is told last: when it has come, all that will come has.
    let last = last_write(account, application).await;
    kept.push(last.clone());
    for name in ["all", "half"] {
        let what = format!("the last write at {name}");
        until(&what, PATIENCE, async || {
            lane(name, &receiver.calls()).iter().any(|call| call.cause() == last.request())
        })
        .await;
    }
    let calls = receiver.calls();
    let mut told = 0;
    for name in SUBSCRIPTIONS {
        let expected: Vec<&Write> = kept.iter().filter(|write| hears(name, write)).collect();
        told += expected.len();
        check_lane(name, &lane(name, &calls), &expected, kills);
    }
    check_records(world, told).await;
    check_trail(application, told, calls.len()).await;
}

/// The notifications of a subscription that were answered with a 200, in order.
fn lane<'c>(name: &str, calls: &'c [Call]) -> Vec<&'c Call> {
    let is =
        |call: &&Call| call.header("x-ktsubscription") == Some(name) && call.answered == Some(200);
    calls.iter().filter(is).collect()
}

fn check_lane(name: &str, told: &[&Call], expected: &[&Write], kills: usize) {
    let mut first = HashMap::new();
    let mut again = BTreeMap::<&str, usize>::new();
    for (at, call) in told.iter().enumerate() {
        match first.entry(call.cause()) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(at);
            }
            std::collections::hash_map::Entry::Occupied(_) => {
                *again.entry(call.cause()).or_default() += 1;
            }
        }
    }
    for write in expected {
        assert!(first.contains_key(write.request().as_str()), "{name} was not told of {write:?}");
    }
    let known: Vec<String> = expected.iter().map(|write| write.request()).collect();
    for cause in first.keys() {
        assert!(known.iter().any(|one| one == cause), "{name} was told of {cause}, which is not");
    }
    // One request of a subscription is in flight when a server is killed.
    let repeats: usize = again.values().sum();
    assert!(repeats <= kills, "{name} was told again {repeats} times in {kills} kills: {again:?}");
    // What was answered before another was sent comes before it.
    let placed: Vec<(usize, &Write)> =
        expected.iter().map(|write| (first[write.request().as_str()], *write)).collect();
    for (at, write) in &placed {
        let Some(answered) = write.answered else { continue };
        for (other_at, other) in &placed {
            assert!(
                answered >= other.sent || at < other_at,
                "{name} was told of {other:?} before {write:?}"
            );
        }
    }
}

/// Whether a write that was not answered is there.
async fn is_kept(application: &Application, write: &Write) -> bool {
    let Some(id) = &write.id else {
        return application.found(&marker(&write.name, 1)).await == 1;
    };
    let (status, _) =
        application.get(&format!("Practitioner/{id}/_history/{}", write.version)).await;
    status == 200
}

/// A last write, which everybody who hears of anything hears of.
async fn last_write(account: &Account, application: &Application) -> Write {
    let mut number = account.begin("last", 1, None);
    if number % 2 == 1 {
        number = account.begin("last", 1, None);
    }
    let mut resource = practitioner("last", 1);
    let half = serde_json::json!({ "system": crate::resources::SYSTEM, "value": "half" });
    resource["identifier"].as_array_mut().unwrap().push(half);
    let write = account.with(|all| all[number].clone());
    let request = write.request();
    let ask = application.ask_as(
        Some(&request),
        reqwest::Method::POST,
        "Practitioner",
        None,
        Some(&resource),
    );
    let (status, said) = ask.await.unwrap();
    assert_eq!(status, 201, "{said}");
    write
}

/// Every notification was settled, and once.
async fn check_records(world: &World, told: usize) {
    let delivered = async || world.list(&["notifications", "list", "--state", "delivered"]).len();
    until("everything is recorded", PATIENCE, async || delivered().await >= told).await;
    assert_eq!(delivered().await, told);
    for state in ["pending", "dead"] {
        let left = world.list(&["notifications", "list", "--state", state]);
        assert!(left.is_empty(), "{state}: {left:?}");
    }
}

/// The trail has one successful attempt for each, and none that was not made.
async fn check_trail(application: &Application, told: usize, calls: usize) {
    let count = async |query: &str| {
        let (status, bundle) = application.get(query).await;
        assert_eq!(status, 200, "{bundle}");
        usize::try_from(bundle["total"].as_u64().unwrap()).unwrap()
    };
    let sent = count("AuditEvent?type=transmit&outcome=0&_summary=count").await;
    assert_eq!(sent, told, "one successful attempt for each in the trail");
    let attempts = count("AuditEvent?type=transmit&_summary=count").await;
    assert!(attempts <= calls, "{attempts} attempts in the trail, and {calls} requests");
}
