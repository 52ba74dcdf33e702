//! The public keys of instances, fetched from a publisher that counts, waits, moves
//! and breaks down (kt2-auth 1.4, T020-2).

#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops")]

use std::future::Future;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{join, join_all};
use koppeltaal_auth::client_keys::ClientKeys;
use koppeltaal_auth::jose::{KeySet, Signer, Unverified};
use koppeltaal_core::directory::{Application, ConnectedInstance, Domain, Instance, Phase};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_outbound::{Clients, Settings};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// What a publisher answers: everything after the status line's version.
type Answer = Arc<Mutex<String>>;

struct Publisher {
    port: u16,
    answer: Answer,
    hits: Arc<AtomicUsize>,
    /// While true, requests wait for their answer.
    held: watch::Sender<bool>,
}

impl Publisher {
    async fn start(answer: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (held, holding) = watch::channel(false);
        let publisher =
            Self { port, answer: Arc::new(Mutex::new(answer)), hits: Arc::default(), held };
        let (answer, hits) = (Arc::clone(&publisher.answer), Arc::clone(&publisher.hits));
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let (answer, hits) = (Arc::clone(&answer), Arc::clone(&hits));
                let mut holding = holding.clone();
                tokio::spawn(async move {
                    let mut request = Vec::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        if stream.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    hits.fetch_add(1, Ordering::SeqCst);
                    let _ = holding.wait_for(|held| !held).await;
                    let answer = format!("HTTP/1.1 {}", answer.lock().unwrap());
                    // Who does not want the rest hangs up.
                    let _ = stream.write_all(answer.as_bytes()).await;
                });
            }
        });
        publisher
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/jwks", self.port)
    }

    fn answer(&self, answer: String) {
        *self.answer.lock().unwrap() = answer;
    }

    fn hold(&self, held: bool) {
        self.held.send_replace(held);
    }

    fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }

    async fn until_hits(&self, hits: usize) {
        until(|| self.hits() >= hits).await;
    }
}

async fn until(done: impl Fn() -> bool) {
    let waiting = async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap();
}

/// A key set with keys of these names, which need not be good for anything here.
fn published(headers: &str, kids: &[&str]) -> String {
    let keys: Vec<_> = kids.iter().map(|kid| json!({ "kid": kid })).collect();
    answer("200 OK", headers, &json!({ "keys": keys }).to_string())
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("{status}\r\n{headers}Connection: close\r\nContent-Length: {length}\r\n\r\n{body}")
}

fn failing() -> String {
    answer("503 Service Unavailable", "", "")
}

struct World {
    clock: Arc<TestClock>,
    keys: ClientKeys,
}

impl World {
    fn new() -> Self {
        Self::patient(Duration::from_secs(60))
    }

    fn patient(timeout: Duration) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_700_000_000_000_000)));
        let outbound = Clients::new(Settings { timeout, ..Settings::default() }).unwrap();
        let keys = ClientKeys::new(Arc::new(outbound), Arc::clone(&clock) as Arc<dyn Clock>);
        Self { clock, keys }
    }

    fn pass(&self, seconds: i64) {
        self.clock.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }

    fn of<'a>(
        &'a self,
        instance: &'a ConnectedInstance,
        kid: &'a str,
    ) -> impl Future<Output = Result<Arc<KeySet>, String>> + 'a {
        self.keys.of(instance, Some(kid))
    }
}

fn lenient() -> Domain {
    let domain = Domain { number: 1, phase: Phase::Test, ..Domain::default() };
    Domain { allow_http_loopback: true, ..domain }
}

fn connected(domain: Domain, instance: Instance) -> ConnectedInstance {
    let application = Arc::new(Application::default());
    ConnectedInstance { instance, application, domain: Arc::new(domain) }
}

fn at(url: String) -> ConnectedInstance {
    connected(lenient(), Instance { jwks_url: Some(url), ..Instance::default() })
}

fn error(result: Result<Arc<KeySet>, String>) -> String {
    result.map(|keys| format!("{keys:?}")).unwrap_err()
}

#[tokio::test]
async fn a_key_set_is_fetched_again_when_its_max_age_has_passed() {
    for (header, lifetime) in [
        ("", 300),
        ("Cache-Control: max-age=60\r\n", 60),
        ("Cache-Control: max-age=999999\r\n", 3600),
        ("Cache-Control: no-store\r\n", 1),
    ] {
        let world = World::new();
        let publisher = Publisher::start(published(header, &["a"])).await;
        let instance = at(publisher.url());
        for _ in 0..3 {
            assert!(world.of(&instance, "a").await.unwrap().has("a"));
        }
        if lifetime > 1 {
            world.pass(lifetime - 1);
            world.of(&instance, "a").await.unwrap();
        }
        assert_eq!(publisher.hits(), 1, "{header}");
        // Rotated and revoked meanwhile.
        publisher.answer(published(header, &["b"]));
        world.pass(1);
        let keys = world.of(&instance, "a").await.unwrap();
        assert!(!keys.has("a") && keys.has("b"), "{header}");
        assert_eq!(publisher.hits(), 2, "{header}");
    }
}

#[tokio::test]
async fn an_unknown_kid_is_looked_for_once_a_minute() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=3600\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("Cache-Control: max-age=3600\r\n", &["a", "b"]));
    world.pass(1);
    assert!(world.of(&instance, "b").await.unwrap().has("b"), "a rotated key works at once");
    assert_eq!(publisher.hits(), 2);
    for _ in 0..50 {
        assert!(!world.of(&instance, "guess").await.unwrap().has("guess"));
        world.pass(1);
    }
    assert_eq!(publisher.hits(), 2);
    world.pass(10);
    world.of(&instance, "guess").await.unwrap();
    world.of(&instance, "guess").await.unwrap();
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn an_unknown_kid_asks_no_more_often_when_the_answer_is_an_error() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    for _ in 0..30 {
        assert!(world.of(&instance, "guess").await.unwrap().has("a"));
        world.pass(1);
    }
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn all_who_wait_share_one_fetch() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: no-store\r\n", &["a"])).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    let calls = join_all((0..50).map(|_| world.of(&instance, "a")));
    let release = async {
        publisher.until_hits(1).await;
        publisher.hold(false);
    };
    let (found, ()) = join(calls, release).await;
    assert!(found.into_iter().all(|keys| keys.unwrap().has("a")));
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn all_who_wait_share_one_failure() {
    let world = World::new();
    let publisher = Publisher::start(failing()).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    let calls = join_all((0..50).map(|_| world.of(&instance, "a")));
    let release = async {
        publisher.until_hits(1).await;
        publisher.hold(false);
    };
    let (found, ()) = join(calls, release).await;
    for failure in found {
        assert_eq!(error(failure), "the key set's URL answered 503");
    }
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn keys_are_used_on_while_the_publisher_is_down() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=60\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    world.pass(60);
    for _ in 0..20 {
        assert!(world.of(&instance, "a").await.unwrap().has("a"));
        assert!(world.of(&instance, "guess").await.unwrap().has("a"));
    }
    assert_eq!(publisher.hits(), 2, "it is not asked for every token");
    // Asked again after a while, and nobody waits for it.
    world.pass(10);
    publisher.hold(true);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    publisher.until_hits(3).await;
    for _ in 0..20 {
        assert!(world.of(&instance, "a").await.unwrap().has("a"));
    }
    publisher.answer(published("Cache-Control: max-age=60\r\n", &["b"]));
    publisher.hold(false);
    // Up again: what was revoked meanwhile stops.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while world.of(&instance, "b").await.unwrap().has("a") {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn a_failure_of_long_ago_lets_no_old_key_pass() {
    let world = World::new();
    let publisher = Publisher::start(published("Cache-Control: max-age=60\r\n", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(failing());
    world.pass(60);
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    world.pass(3600);
    assert!(!world.of(&instance, "a").await.unwrap().has("a"));
}

#[tokio::test]
async fn a_publisher_that_was_never_reached_is_asked_again_after_ten_seconds() {
    let world = World::new();
    let publisher = Publisher::start(failing()).await;
    let instance = at(publisher.url());
    for _ in 0..5 {
        assert_eq!(error(world.of(&instance, "a").await), "the key set's URL answered 503");
    }
    assert_eq!(publisher.hits(), 1);
    publisher.answer(published("", &["a"]));
    world.pass(9);
    world.of(&instance, "a").await.unwrap_err();
    world.pass(1);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn a_slow_publisher_holds_up_its_own_instance_only() {
    let world = World::new();
    let slow = Publisher::start(published("", &["slow"])).await;
    let quick = Publisher::start(published("", &["quick"])).await;
    slow.hold(true);
    let (of_slow, of_quick) = (at(slow.url()), at(quick.url()));
    let other = async {
        slow.until_hits(1).await;
        assert!(world.of(&of_quick, "quick").await.unwrap().has("quick"));
        slow.hold(false);
    };
    let (found, ()) = join(world.of(&of_slow, "slow"), other).await;
    assert!(found.unwrap().has("slow"));
}

#[tokio::test]
async fn a_publisher_that_never_answers_is_given_up() {
    let world = World::patient(Duration::from_millis(200));
    let publisher = Publisher::start(published("", &["a"])).await;
    publisher.hold(true);
    let instance = at(publisher.url());
    assert_eq!(error(world.of(&instance, "a").await), "no answer within 200 ms");
    assert_eq!(error(world.of(&instance, "a").await), "no answer within 200 ms");
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn a_fetch_ends_although_whoever_asked_has_gone() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    publisher.hold(true);
    tokio::select! {
        biased;
        _ = world.of(&instance, "a") => panic!("it was held"),
        () = publisher.until_hits(1) => {}
    }
    publisher.hold(false);
    assert!(world.of(&instance, "a").await.unwrap().has("a"));
    assert_eq!(publisher.hits(), 1);
}

#[tokio::test]
async fn what_is_no_key_set_is_refused() {
    let elsewhere = Publisher::start(published("", &["a"])).await;
    let location = format!("Location: {}\r\n", elsewhere.url());
    let long = format!("{{\"keys\":[]}}{}", " ".repeat(64 * 1024));
    for (sent, expected) in [
        (answer("200 OK", "", "<html>"), "the fetched key set is no JSON object"),
        (answer("200 OK", "", "{}"), "the fetched key set has no array `keys`"),
        (answer("200 OK", "", &long), "the answer is longer than 65536 bytes"),
        (
            format!("200 OK\r\nConnection: close\r\n\r\n{long}"),
            "the answer is longer than 65536 bytes",
        ),
        (answer("302 Found", &location, ""), "the key set's URL answered 302"),
        (answer("404 Not Found", "", "{\"keys\":[]}"), "the key set's URL answered 404"),
    ] {
        let world = World::new();
        let publisher = Publisher::start(sent).await;
        assert_eq!(error(world.of(&at(publisher.url()), "a").await), expected);
    }
    assert_eq!(elsewhere.hits(), 0);
}

#[tokio::test]
async fn a_strict_domain_calls_no_http_and_nothing_inside() {
    let publisher = Publisher::start(published("", &["a"])).await;
    for (phase, url, expected) in [
        (Phase::Production, publisher.url(), "not https"),
        (Phase::Acceptance, publisher.url(), "not https"),
        (Phase::Production, "https://169.254.169.254/jwks".to_owned(), "refused"),
        (Phase::Production, format!("https://localhost:{}/", publisher.port), "refused"),
    ] {
        let instance = Instance { jwks_url: Some(url), ..Instance::default() };
        let strict = connected(Domain { phase, ..lenient() }, instance);
        let why = error(World::new().of(&strict, "a").await);
        assert!(why.contains(expected), "{why}");
    }
    assert_eq!(publisher.hits(), 0);
}

#[tokio::test]
async fn what_one_domain_has_fetched_serves_no_other() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let lenient_instance = at(publisher.url());
    world.of(&lenient_instance, "a").await.unwrap();
    let strict = Domain { number: 2, phase: Phase::Production, ..lenient() };
    let strict = connected(strict, lenient_instance.instance.clone());
    world.of(&strict, "a").await.unwrap_err();
    let other = connected(Domain { number: 3, ..lenient() }, lenient_instance.instance.clone());
    world.of(&other, "a").await.unwrap();
    assert_eq!(publisher.hits(), 2);
}

#[tokio::test]
async fn a_check_asks_now_and_shows_the_failure() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    assert!(world.keys.check(&instance).await.unwrap().has("b"));
    assert!(world.of(&instance, "b").await.unwrap().has("b"), "it is kept");
    publisher.answer(failing());
    assert_eq!(error(world.keys.check(&instance).await), "the key set's URL answered 503");
    assert!(world.of(&instance, "b").await.unwrap().has("b"));
    assert_eq!(publisher.hits(), 3);
}

#[tokio::test]
async fn a_clock_that_is_set_back_keeps_no_key_alive() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["a"])).await;
    let instance = at(publisher.url());
    world.of(&instance, "a").await.unwrap();
    publisher.answer(published("", &["b"]));
    world.pass(-86_400);
    assert!(!world.of(&instance, "a").await.unwrap().has("a"));
}

#[tokio::test]
async fn inline_keys_come_after_a_url_and_before_a_pem() {
    let world = World::new();
    let publisher = Publisher::start(published("", &["url"])).await;
    let signer = Signer::generate().unwrap();
    let jwks = json!({"keys": [signer.jwk()]}).to_string();
    let mut instance = connected(
        lenient(),
        Instance {
            jwks_url: Some(publisher.url()),
            jwks: Some(jwks),
            public_key_pem: Some("no key".to_owned()),
            ..Instance::default()
        },
    );
    assert!(world.of(&instance, "url").await.unwrap().has("url"));
    instance.instance.jwks_url = None;
    let keys = world.of(&instance, signer.kid()).await.unwrap();
    let token = signer.sign(&json!({"iss": "x"})).unwrap();
    Unverified::parse(&token).unwrap().verify(&keys).unwrap();
    let again = world.of(&instance, "unknown").await.unwrap();
    assert!(Arc::ptr_eq(&keys, &again), "it is parsed once");

    // What is changed in the registration counts at once.
    instance.instance.jwks = None;
    let why = error(world.of(&instance, "x").await);
    assert!(why.starts_with("the public_key_pem of the instance is not base64"), "{why}");
    instance.instance.jwks = Some("{}".to_owned());
    let why = error(world.of(&instance, "x").await);
    assert_eq!(why, "the jwks of the instance has no array `keys`");
    instance.instance = Instance::default();
    let why = error(world.of(&instance, "x").await);
    assert_eq!(why, "the instance has neither jwks_url, jwks nor public_key_pem");
    assert_eq!(publisher.hits(), 1);
}
