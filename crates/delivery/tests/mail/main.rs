//! Mails by SMTP, on both engines: sent once however many processes send, tried
//! again when the mail server fails.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use koppeltaal_core::directory::Secret;
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_delivery::{MailDeps, MailSettings, Mailer};
use koppeltaal_store::mail::{self, Mail, NewMail, State};
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Ids, Store, both};
use tokio::task::JoinSet;

use server::{Answer, MailServer};

const START: i64 = 1_717_200_000_000_000;

#[derive(Debug)]
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

struct World {
    store: Store,
    clock: Arc<TestClock>,
    senders: JoinSet<()>,
}

impl World {
    async fn new(store: &Store, server: &MailServer, processes: usize) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(START)));
        let mut senders = JoinSet::new();
        for _ in 0..processes {
            let deps = MailDeps {
                store: Store::open(store.url(), &options()).await.unwrap(),
                clock: clock.clone(),
                open: Arc::new(|secret: &Secret| Ok(secret.0.replace("sealed ", ""))),
                jitter: Arc::new(|| 0.5),
            };
            let settings = MailSettings {
                url: format!("smtp://user:p%40ss@127.0.0.1:{}", server.port),
                from: "Koppeltaal <koppeltaal@ggz.example>".to_owned(),
                ca_file: None,
            };
            senders.spawn(Mailer::new(deps, &settings).unwrap().run());
        }
        Self { store: store.clone(), clock, senders }
    }

    async fn put(&self, subject: &str, secret: bool) -> i64 {
        let mail = NewMail {
            recipient: "anna@ggz.example".to_owned(),
            subject: subject.to_owned(),
            body: Secret("sealed Hallo Anna,\n.\nde koppeling werkt: €".to_owned()),
            secret,
        };
        let (ids, now) = (Ids::of_node(9), self.clock.now());
        self.store.write(move |tx| mail::put(tx, &ids, &mail, now)).await.unwrap()
    }

    async fn until(&self, id: i64, reached: impl Fn(&Mail) -> bool) -> Mail {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let mail = self.store.read(move |tx| mail::find(tx, id)).await.unwrap().unwrap();
            if reached(&mail) {
                return mail;
            }
            assert!(tokio::time::Instant::now() < deadline, "{mail:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn advance(&self, by: Duration) {
        self.clock.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

both!(each_mail_goes_out_once_with_its_text_however_many_processes_send, |store| async move {
    let server = MailServer::start().await;
    let mut world = World::new(&store, &server, 2).await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(world.put(&format!("Koppeling {number}"), false).await);
    }
    for id in &ids {
        world.until(*id, |mail| mail.state == State::Sent).await;
    }
    world.senders.shutdown().await;
    let mut received = server.received();
    assert_eq!(received.len(), 5, "{received:?}");
    received.sort();
    assert!(received[0].contains("Subject: Koppeling 0"), "{}", received[0]);
    assert!(
        received[0].contains("From: \"Koppeltaal\" <koppeltaal@ggz.example>")
            || received[0].contains("From: Koppeltaal <koppeltaal@ggz.example>"),
        "{}",
        received[0]
    );
    assert!(received[0].contains("To: anna@ggz.example"));
    assert!(received[0].contains("Hallo Anna"), "{}", received[0]);
});

both!(a_mail_that_the_server_refuses_for_now_is_sent_later, |store| async move {
    let server = MailServer::start().await;
    server.answer(Answer::Later);
    let mut world = World::new(&store, &server, 1).await;
    let id = world.put("Later", true).await;
    let waiting = world.until(id, |mail| mail.attempts == 1).await;
    assert_eq!(waiting.state, State::Waiting);
    assert!(waiting.error.unwrap().contains("451"));
    let pause = waiting.next_attempt.unwrap().since(Timestamp(START));
    assert_eq!(pause, Duration::from_secs(60));
    server.answer(Answer::Yes);
    world.advance(Duration::from_secs(60));
    let sent = world.until(id, |mail| mail.state == State::Sent).await;
    assert_eq!((sent.attempts, sent.body), (2, Secret(String::new())));
    world.senders.shutdown().await;
});

both!(a_mail_is_given_up_after_five_refusals_for_good_or_three_days, |store| async move {
    let server = MailServer::start().await;
    server.answer(Answer::Never);
    let mut world = World::new(&store, &server, 1).await;
    let refused = world.put("Never", false).await;
    for attempts in 1..=5 {
        world.until(refused, |mail| mail.attempts == attempts).await;
        world.advance(Duration::from_secs(3600));
    }
    assert_eq!(world.until(refused, |mail| mail.attempts == 5).await.state, State::Failed);
    server.answer(Answer::Later);
    let late = world.put("Late", false).await;
    world.until(late, |mail| mail.attempts == 1).await;
    world.advance(Duration::from_secs(72 * 3600));
    world.until(late, |mail| mail.state == State::Failed).await;
    world.senders.shutdown().await;
});
