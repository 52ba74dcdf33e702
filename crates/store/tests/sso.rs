//! What single sign-on keeps, on both engines: what works once works once in all
//! processes, what is revoked is revoked for all, and what is over is forgotten.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::Domain;
use koppeltaal_store::sso::{
    self, Approval, Authorized, Digest, GrantStatus, Granted, GuessLimits, Guesser, Launch,
    LaunchKind, NewToken, SecretKind, Tokens,
};
use koppeltaal_store::test_support::{count_audited, options};
use koppeltaal_store::{Ids, Scope, Store, both};

/// 2024-06-01T00:00:00Z.
const START: Timestamp = Timestamp(1_717_200_000_000_000);
const DAY: u64 = 86_400;
const KEY: [u8; 32] = [7; 32];

fn at(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn entry(action: Action) -> Entry {
    Entry::new(action, START, "test")
}

struct World {
    store: Store,
    ids: Arc<Ids>,
}

impl World {
    async fn new(store: &Store) -> Self {
        Self { store: store.clone(), ids: Arc::new(Ids::of_node(1)) }
    }

    /// The same store from another process.
    async fn other(&self) -> Self {
        let store = Store::open(self.store.url(), &options()).await.unwrap();
        Self { store, ids: Arc::new(Ids::of_node(2)) }
    }

    fn scope(&self, number: i64) -> Scope {
        self.store.scope(&Domain { number, ..Domain::default() })
    }

    async fn launch_for(&self, domain: i64, patient: &str, secret: Digest) -> Option<i64> {
        let launch = Launch {
            application: 5,
            instance: 50,
            caller: 40,
            kind: LaunchKind::Web,
            patient: format!("{patient}/_history/1"),
            patient_identity: patient.to_owned(),
            user: patient.to_owned(),
            user_identity: patient.to_owned(),
            resource: Some("r".to_owned()),
            intent: None,
            secret,
            expires: at(300),
            audit: entry(Action::SsoLaunch),
        };
        let ids = self.ids.clone();
        let scope = self.scope(domain);
        scope.write(move |tx| sso::launch(tx, &ids, START, &launch)).await.unwrap()
    }

    async fn launch(&self, name: &str) -> i64 {
        self.launch_for(1, "https://p/1", Digest::of(SecretKind::Launch, name)).await.unwrap()
    }

    async fn authorize(&self, name: &str, now: u64) -> Authorized {
        let approval = approval(Digest::of(SecretKind::Launch, name), name, now);
        let ids = self.ids.clone();
        self.store.write(move |tx| sso::authorize(tx, &ids, at(now), &approval)).await.unwrap()
    }

    async fn guess(&self, code: &str, address: &str, now: u64) -> Authorized {
        let approval = approval(Digest::of_activation_code(&KEY, 5, code), code, now);
        let guesser = Guesser {
            application: 5,
            address: address.to_owned(),
            limits: GuessLimits {
                per_address: (2, Duration::from_secs(60)),
                per_application: (4, Duration::from_secs(600)),
            },
        };
        let ids = self.ids.clone();
        let guess = self
            .store
            .write(move |tx| sso::authorize_by_code(tx, &ids, at(now), &approval, &guesser));
        guess.await.unwrap()
    }

    /// Uses a code or a refresh token; the tokens are called `new`.
    async fn grant(&self, presented: Digest, new: &str, now: u64, refresh: bool) -> Granted {
        let tokens = Tokens {
            presented,
            access: NewToken {
                digest: Digest::of(SecretKind::Access, new),
                expires: at(now + 3600),
            },
            refresh: Some(NewToken {
                digest: Digest::of(SecretKind::Refresh, new),
                expires: at(now + DAY),
            }),
            audit: entry(Action::SsoToken),
            audit_reuse: entry(Action::SsoRevoke),
        };
        let ids = self.ids.clone();
        let granted = self.store.write(move |tx| match refresh {
            true => sso::refresh(tx, &ids, at(now), &tokens),
            false => sso::exchange(tx, &ids, at(now), &tokens),
        });
        granted.await.unwrap()
    }

    async fn exchange(&self, code: &str, new: &str, now: u64) -> Granted {
        self.grant(Digest::of(SecretKind::Code, code), new, now, false).await
    }

    async fn refresh(&self, old: &str, new: &str, now: u64) -> Granted {
        self.grant(Digest::of(SecretKind::Refresh, old), new, now, true).await
    }

    /// The authorization that an access token belongs to.
    async fn bearer(&self, token: &str) -> Option<i64> {
        let digest = Digest::of(SecretKind::Access, token);
        let found = self.store.read(move |tx| sso::bearer(tx, &digest)).await.unwrap();
        found.map(|bearer| bearer.authorization)
    }

    async fn forget(&self, now: u64) -> u64 {
        self.store.write(move |tx| sso::forget_expired(tx, at(now), 100)).await.unwrap()
    }
}

fn approval(launch: Digest, code: &str, now: u64) -> Approval {
    Approval {
        launch,
        redirect_uri: "https://a/back".to_owned(),
        scope: "patient/*.read".to_owned(),
        challenge: None,
        code: Digest::of(SecretKind::Code, code),
        expires: at(now + 60),
        audit: entry(Action::SsoAuthorize),
    }
}

fn is_done(granted: &Granted) -> bool {
    matches!(granted, Granted::Done(_))
}

both!(a_launch_goes_its_way_to_tokens_once, |store| async move {
    let w = World::new(&store).await;
    let number = w.launch("l").await;
    assert_eq!(w.authorize("nonsense", 1).await, Authorized::Denied);
    assert_eq!(w.authorize("l", 1).await, Authorized::Done);
    assert_eq!(w.other().await.authorize("l", 2).await, Authorized::Denied);
    let Granted::Done(found) = w.exchange("l", "t", 3).await else { panic!("no tokens") };
    assert_eq!((found.number, found.domain, found.instance), (number, 1, 50));
    assert_eq!(
        (found.patient.as_str(), found.user.as_str()),
        ("https://p/1/_history/1", "https://p/1")
    );
    assert_eq!(found.redirect_uri.as_deref(), Some("https://a/back"));
    assert_eq!(found.status(), GrantStatus::Granted);
    assert_eq!(found.expires, at(3 + DAY));
    assert_eq!(w.bearer("t").await, Some(number));
    assert_eq!(w.bearer("l").await, None, "a code is no access token");
    let of_launch = format!("item = {number}");
    assert_eq!(count_audited(&store, &of_launch).await, 3, "each step in its transaction");
});

both!(what_is_over_works_no_more, |store| async move {
    let w = World::new(&store).await;
    for name in ["a", "b"] {
        w.launch(name).await;
    }
    assert_eq!(w.authorize("a", 300).await, Authorized::Denied);
    assert_eq!(w.authorize("b", 299).await, Authorized::Done);
    assert_eq!(w.exchange("b", "t", 299 + 60).await, Granted::Denied);
    assert!(is_done(&w.exchange("b", "t", 299 + 59).await));
    assert_eq!(w.refresh("t", "t2", 299 + 59 + DAY).await, Granted::Denied);
});

both!(a_code_used_twice_revokes_all_that_came_of_it, |store| async move {
    let w = World::new(&store).await;
    let number = w.launch("l").await;
    w.authorize("l", 0).await;
    assert!(is_done(&w.exchange("l", "t", 1).await));
    assert!(is_done(&w.refresh("t", "t2", 2).await));
    assert!(w.bearer("t2").await.is_some());
    // Long after its time, too.
    assert_eq!(w.exchange("l", "t3", 1000).await, Granted::Reused);
    assert_eq!(w.bearer("t2").await, None);
    assert_eq!(w.refresh("t2", "t4", 1001).await, Granted::Denied);
    assert_eq!(w.exchange("l", "t5", 1002).await, Granted::Reused);
    let found = w.scope(1).read(move |tx| sso::find(tx, number)).await.unwrap().unwrap();
    assert_eq!((found.status(), found.revoked), (GrantStatus::Revoked, Some(at(1000))));
    let revoked = format!("action = 'sso-revoke' AND item = {number}");
    assert_eq!(count_audited(&store, &revoked).await, 1, "revoked once");
});

both!(a_refresh_ends_the_access_token_before_it, |store| async move {
    let w = World::new(&store).await;
    for name in ["l", "other"] {
        w.launch(name).await;
        w.authorize(name, 0).await;
        w.exchange(name, &format!("{name} 1"), 1).await;
    }
    assert!(is_done(&w.refresh("l 1", "l 2", 2).await));
    assert_eq!(w.bearer("l 1").await, None);
    assert!(w.bearer("l 2").await.is_some() && w.bearer("other 1").await.is_some());
    assert_eq!(w.other().await.refresh("l 1", "l 3", 3).await, Granted::Reused);
    assert_eq!(w.bearer("l 2").await, None);
    assert_eq!(w.bearer("l 3").await, None);
    assert!(w.bearer("other 1").await.is_some());
});

both!(of_those_who_use_a_secret_at_once_one_wins, |store| async move {
    let (one, two) = (World::new(&store).await, World::new(&store).await.other().await);
    let (one, two) = (Arc::new(one), Arc::new(two));
    for round in 0..10 {
        let name = format!("l{round}");
        one.launch(&name).await;
        let mut tasks = Vec::new();
        for racer in 0..6 {
            let (w, name) = (if racer % 2 == 0 { one.clone() } else { two.clone() }, name.clone());
            tasks.push(tokio::spawn(async move {
                // Each makes a code of its own.
                let code = format!("{name} {racer}");
                let approval = approval(Digest::of(SecretKind::Launch, &name), &code, 1);
                let ids = w.ids.clone();
                let used = w.store.write(move |tx| sso::authorize(tx, &ids, at(1), &approval));
                used.await.unwrap() == Authorized::Done
            }));
        }
        let mut won = 0;
        for task in tasks {
            won += usize::from(task.await.unwrap());
        }
        assert_eq!(won, 1);
    }
});

both!(activation_codes_belong_to_an_application_and_are_not_given_twice, |store| async move {
    let w = World::new(&store).await;
    let code = Digest::of_activation_code(&KEY, 5, "12345678");
    assert!(w.launch_for(1, "https://p/1", code).await.is_some());
    assert_eq!(w.launch_for(1, "https://p/2", code).await, None);
    assert_eq!(w.launch_for(2, "https://p/2", code).await, None, "in no other domain either");
    let other = Digest::of_activation_code(&KEY, 6, "12345678");
    assert!(w.launch_for(1, "https://p/1", other).await.is_some());
    assert_eq!(w.guess("12345678", "a", 0).await, Authorized::Done);
    assert_eq!(w.guess("12345678", "a", 0).await, Authorized::Denied);
});

both!(guesses_end_by_address_and_by_application, |store| async move {
    let w = World::new(&store).await;
    let other = w.other().await;
    let code = Digest::of_activation_code(&KEY, 5, "12345678");
    w.launch_for(1, "https://p/1", code).await.unwrap();
    assert_eq!(w.guess("1", "a", 0).await, Authorized::Denied);
    assert_eq!(other.guess("2", "a", 10).await, Authorized::Denied);
    // A right code is no better now; what is not tried is not counted.
    for now in [20, 59] {
        assert_eq!(w.guess("12345678", "a", now).await, Authorized::Throttled(at(60)));
    }
    assert_eq!(w.guess("3", "a", 60).await, Authorized::Denied, "the first counts no more");
    assert_eq!(w.guess("12345678", "a", 61).await, Authorized::Throttled(at(70)));
    assert_eq!(w.guess("4", "b", 62).await, Authorized::Denied);
    assert_eq!(other.guess("12345678", "c", 63).await, Authorized::Throttled(at(600)));
    assert_eq!(w.guess("12345678", "c", 300).await, Authorized::Throttled(at(600)));
});

both!(an_administrator_sees_and_ends_what_is_of_the_domain, |store| async move {
    let w = World::new(&store).await;
    let first = w.launch("l1").await;
    let second = w.launch("l2").await;
    let foreign = Digest::of(SecretKind::Launch, "l3");
    w.launch_for(2, "https://p/1", foreign).await.unwrap();
    w.authorize("l1", 0).await;
    w.exchange("l1", "t", 0).await;
    let list = async |before: Option<i64>| {
        let listed = w.scope(1).read(move |tx| sso::list(tx, before, 1)).await.unwrap();
        listed.iter().map(|found| (found.number, found.status())).collect::<Vec<_>>()
    };
    assert_eq!(list(None).await, [(second, GrantStatus::Launched)]);
    assert_eq!(list(Some(second)).await, [(first, GrantStatus::Granted)]);
    assert_eq!(list(Some(first)).await, []);
    let revoke = async |domain: i64| {
        let (ids, entry) = (w.ids.clone(), entry(Action::SsoRevoke));
        let scope = w.scope(domain);
        scope.write(move |tx| sso::revoke(tx, &ids, at(5), first, &entry)).await.unwrap()
    };
    assert!(!revoke(2).await, "it is not of this domain");
    assert!(w.bearer("t").await.is_some());
    assert!(revoke(1).await && !revoke(1).await);
    assert_eq!(w.bearer("t").await, None);
    assert_eq!(w.authorize("l1", 6).await, Authorized::Denied);
});

both!(what_is_over_is_forgotten_in_its_time, |store| async move {
    let w = World::new(&store).await;
    w.launch("l").await;
    w.authorize("l", 0).await;
    w.exchange("l", "t", 0).await;
    w.guess("1", "a", 0).await;
    assert_eq!(w.forget(DAY - 1).await, 0);
    assert_eq!(w.forget(DAY).await, 1, "the wrong code");
    // The code, then the launch, then the access token.
    assert_eq!(w.forget(7 * DAY + 60).await, 1);
    assert_eq!(w.forget(7 * DAY + 300).await, 1);
    assert!(w.bearer("t").await.is_some(), "it is over, and known yet");
    assert_eq!(w.forget(7 * DAY + 3600).await, 1);
    assert_eq!(w.bearer("t").await, None);
    assert_eq!(w.forget(8 * DAY).await, 1, "the refresh token");
    assert_eq!(w.forget(31 * DAY - 1).await, 0);
    assert_eq!(w.forget(31 * DAY).await, 1, "the launch itself");
    assert_eq!(w.forget(100 * DAY).await, 0);
});

both!(launches_of_a_patient_are_erased_in_its_domain, |store| async move {
    let w = World::new(&store).await;
    for (number, patient) in ["https://p/1", "https://p/1", "https://p/12"].iter().enumerate() {
        let secret = Digest::of(SecretKind::Launch, &number.to_string());
        w.launch_for(1, patient, secret).await.unwrap();
    }
    let secret = Digest::of(SecretKind::Launch, "elsewhere");
    w.launch_for(2, "https://p/1", secret).await.unwrap();
    let count = async |domain: i64| {
        let scope = w.scope(domain);
        scope.read(|tx| sso::count_of_patient(tx, "https://p/1")).await.unwrap()
    };
    assert_eq!((count(1).await, count(2).await), (2, 1));
    let erase = async |limit: i64| {
        let scope = w.scope(1);
        scope.write(move |tx| sso::erase_of_patient(tx, "https://p/1", limit)).await.unwrap()
    };
    assert_eq!(erase(1).await, 1);
    assert_eq!(erase(10).await, 1);
    assert_eq!(erase(10).await, 0);
    assert_eq!((count(1).await, count(2).await), (0, 1));
    assert_eq!(w.authorize("0", 1).await, Authorized::Denied);
    assert_eq!(w.authorize("2", 1).await, Authorized::Done, "it is about another");
});
