//! An account `anna`, a clock that tests move, and requests.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Method, header};
use koppeltaal_auth::SealKey;
use koppeltaal_auth::administrator::{
    Administrators, COOKIE, CSRF_HEADER, Call, LinkUsed, SignIn, SignedIn, TOKEN_PREFIX, Totp,
    generate, new_link,
};
use koppeltaal_auth::seal::DEVELOPMENT_KEY;
use koppeltaal_core::administrator::{Administrator, Rights, Role};
use koppeltaal_core::network::Network;
use koppeltaal_core::{Clock, Result, Timestamp};
use koppeltaal_store::administrator::{
    Account, NewAccount, NewToken, account, create, create_token, revoke_token,
};
use koppeltaal_store::directory::Author;
use koppeltaal_store::test_support::options;
use koppeltaal_store::{Ids, Store, Tx};

pub const PASSWORD: &str = "een lang wachtwoord";
pub const OUTSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 9));
const INSIDE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(i64::try_from(by.as_micros()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

#[derive(Clone)]
pub struct World {
    administrators: Administrators,
    pub clock: Arc<TestClock>,
    anna: i64,
    totp: Arc<Totp>,
    allowed: Vec<Network>,
}

pub fn rights(domains: &[&str]) -> Rights {
    Rights::new(Role::Domain, domains.iter().map(|name| (*name).to_owned())).unwrap()
}

pub fn hash(password: &str) -> String {
    koppeltaal_auth::password::hash(password).unwrap()
}

fn seal() -> Arc<SealKey> {
    Arc::new(SealKey::parse(DEVELOPMENT_KEY).unwrap())
}

impl World {
    pub async fn new(store: &Store) -> Self {
        let clock = Arc::new(TestClock(AtomicI64::new(1_717_200_000_000_000)));
        let totp = Arc::new(Totp::generate());
        let new = NewAccount {
            login: "anna".to_owned(),
            name: None,
            email: None,
            rights: rights(&["demo"]),
            password_hash: Some(hash(PASSWORD)),
            totp: Some(totp.sealed(&seal()).unwrap()),
        };
        let ids = Arc::new(Ids::of_node(1));
        let (keys, by) = (ids.clone(), author(clock.now()));
        let anna = store.write(move |tx| create(tx, &keys, &new, &by)).await.unwrap();
        let administrators = Administrators::new(store.clone(), ids, clock.clone(), seal());
        let allowed = vec!["127.0.0.0/8".parse().unwrap()];
        Self { administrators, clock, anna, totp, allowed }
    }

    /// The same in another process.
    pub async fn process(&self, store: &Store) -> Self {
        let store = Store::open(store.url(), &options()).await.unwrap();
        let ids = Arc::new(Ids::of_node(2));
        let administrators = Administrators::new(store, ids, self.clock.clone(), seal());
        Self { administrators, ..self.clone() }
    }

    pub fn code(&self) -> String {
        self.totp.code(Totp::step(self.clock.now()))
    }

    async fn call(
        &self,
        method: Method,
        headers: HeaderMap,
        peer: IpAddr,
    ) -> Result<Administrator> {
        let call = Call {
            method: &method,
            headers: &headers,
            peer,
            request_id: "r",
            basic_from: &self.allowed,
        };
        self.administrators.authenticate(&call).await
    }

    pub async fn basic(&self, login: &str, password: &str) -> Result<Administrator> {
        self.basic_from(INSIDE, login, password).await
    }

    pub async fn basic_from(
        &self,
        peer: IpAddr,
        login: &str,
        password: &str,
    ) -> Result<Administrator> {
        let mut headers = HeaderMap::new();
        let value = format!("Basic {}", STANDARD.encode(format!("{login}:{password}")));
        headers.insert(header::AUTHORIZATION, value.parse().unwrap());
        self.call(Method::GET, headers, peer).await
    }

    pub async fn bearer(&self, token: &str) -> Result<Administrator> {
        let mut headers = HeaderMap::new();
        headers.insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        self.call(Method::POST, headers, OUTSIDE).await
    }

    pub async fn with_cookie(
        &self,
        method: Method,
        cookie: &str,
        token: Option<&str>,
    ) -> Result<Administrator> {
        let mut headers = HeaderMap::new();
        headers.insert(header::COOKIE, format!("{COOKIE}={cookie}").parse().unwrap());
        if let Some(token) = token {
            headers.insert(CSRF_HEADER, token.parse().unwrap());
        }
        self.call(method, headers, INSIDE).await
    }

    pub async fn sign_in(&self, password: &str, code: &str) -> Result<SignedIn> {
        let given = SignIn { login: "anna", password, code, peer: INSIDE, request_id: "r" };
        self.administrators.sign_in(given).await
    }

    /// Changes the account behind the back of the process.
    pub async fn write(
        &self,
        store: &Store,
        work: impl Fn(&mut dyn Tx, &Ids, &Account, &Author) -> Result<()> + Send + 'static,
    ) {
        let (number, by, ids) = (self.anna, author(self.clock.now()), Ids::of_node(3));
        store
            .write(move |tx| {
                let of = account(tx, number)?.unwrap();
                work(tx, &ids, &of, &by)
            })
            .await
            .unwrap();
    }

    pub async fn token(&self, store: &Store, rights: Rights, of_anna: bool) -> (i64, String) {
        let made = generate(TOKEN_PREFIX);
        let new = NewToken {
            digest: made.digest,
            name: "ci".to_owned(),
            rights,
            account: of_anna.then_some(self.anna),
            expires: None,
        };
        let (by, ids) = (author(self.clock.now()), Ids::of_node(3));
        let number = store.write(move |tx| create_token(tx, &ids, &new, &by)).await.unwrap();
        (number, made.secret)
    }

    pub async fn revoke(&self, store: &Store, number: i64) {
        let (by, ids) = (author(self.clock.now()), Ids::of_node(3));
        store.write(move |tx| revoke_token(tx, &ids, number, &by)).await.unwrap().unwrap();
    }

    pub async fn link(&self, store: &Store) -> String {
        let made = generate("");
        let secret = made.secret.clone();
        let (number, now) = (self.anna, self.clock.now());
        store.write(move |tx| new_link(tx, &made.digest, number, now)).await.unwrap();
        secret
    }

    pub async fn use_link(&self, secret: &str, password: &str) -> Result<LinkUsed> {
        self.administrators.use_link(secret, password.to_owned(), "Test", "r").await
    }
}

fn author(now: Timestamp) -> Author {
    Author { agent: "tester".to_owned(), recorded: now, request_id: None }
}
