//! A whole server in one line: its own store on either engine, its own domains
//! and applications, a clock that can be moved, and an HTTP client.

pub mod client;
pub mod clock;
pub mod hook;
pub mod look;
pub mod message;
pub mod setup;

use std::sync::Arc;
use std::time::Duration;

use koppeltaal::config::{Config, Values};
use koppeltaal::server::Server;
use koppeltaal_core::Clock;
use koppeltaal_core::directory::{Directory, Domain};
use koppeltaal_store::{DatabaseUrl, Ids, Store, test_support};
use tempfile::TempDir;

use client::{Answer, Client};
use clock::TestClock;
use message::{Message, Resource};
use setup::Setup;

/// Where a test keeps its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Makes each of these functions a test on SQLite and one on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::support::Engine::Sqlite).await; })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::support::Engine::Postgres).await; })*
        }
    };
}

/// What a server is started with.
pub struct Builder {
    engine: Engine,
    setup: Setup,
    config: Config,
}

impl Builder {
    /// Changes who takes part.
    pub fn setup(mut self, change: impl FnOnce(&mut Setup)) -> Self {
        change(&mut self.setup);
        self
    }

    /// Changes the configuration.
    pub fn config(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    pub async fn start(mut self) -> TestApp {
        let folder = tempfile::tempdir().unwrap();
        let url = match self.engine {
            Engine::Sqlite => DatabaseUrl::Sqlite(folder.path().join("koppeltaal.db")),
            Engine::Postgres => test_support::postgres().await,
        };
        let store = Store::open(&url, &test_support::options()).await.unwrap();
        koppeltaal_store::migrate::run(&store).await.unwrap();
        let directory = Arc::new(self.setup.write(&store).await);
        store.close().await;
        self.config.database = url;
        self.config.data_dir = folder.path().to_owned();
        self.config.listen = "127.0.0.1:0".parse().unwrap();
        let clock = Arc::new(TestClock::default());
        let server = Server::start(&self.config, clock.clone()).await.unwrap();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(60)).build().unwrap();
        TestApp { clock, directory, config: self.config, server, http, _folder: folder }
    }
}

/// A running server.
pub struct TestApp {
    pub clock: Arc<TestClock>,
    pub directory: Arc<Directory>,
    pub config: Config,
    pub server: Server,
    http: reqwest::Client,
    _folder: TempDir,
}

impl TestApp {
    /// A server with the usual domains and applications.
    pub async fn start(engine: Engine) -> Self {
        Self::build(engine).start().await
    }

    pub fn build(engine: Engine) -> Builder {
        let config = Config::from_values(&Values::default()).unwrap();
        Builder { engine, setup: Setup::default(), config }
    }

    /// Another server process on the same store.
    pub async fn second_server(&self) -> Server {
        Server::start(&self.config, self.clock.clone()).await.unwrap()
    }

    /// A client without credentials.
    pub fn anyone(&self) -> Client {
        Client::new(self.http.clone(), &self.server.public_url)
    }

    pub fn user(&self, name: &str) -> Client {
        self.anyone().user(name)
    }

    /// A client of another server process.
    pub fn user_at(&self, server: &Server, name: &str) -> Client {
        Client::new(self.http.clone(), &server.public_url).user(name)
    }

    pub fn a(&self) -> Client {
        self.user("a")
    }

    pub fn b(&self) -> Client {
        self.user("b")
    }

    pub fn c(&self) -> Client {
        self.user("c")
    }

    /// The URL of something below the FHIR base.
    pub fn url(&self, path: &str) -> String {
        format!("{}/FHIR/Koppeltaal/{path}", self.server.public_url)
    }

    pub fn store(&self) -> &Store {
        self.server.store()
    }

    pub fn domain(&self, name: &str) -> Arc<Domain> {
        self.directory.domain(name).unwrap().clone()
    }

    /// The number of an instance in the store.
    pub fn instance(&self, user: &str) -> i64 {
        self.directory.instance_by_username(user).unwrap().instance.number
    }

    pub async fn ids(&self) -> Arc<Ids> {
        Arc::new(Ids::take(self.store()).await.unwrap())
    }

    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
    }

    pub fn now(&self) -> koppeltaal_core::Timestamp {
        self.clock.now()
    }

    /// A sends a message that is accepted.
    #[track_caller]
    pub fn sent(&self, message: &Message) -> impl Future<Output = Answer> {
        let (client, message) = (self.a(), message.clone());
        async move { client.send(&message).await.expect(200) }
    }

    /// A sends a new patient; the patient in its version.
    pub async fn sent_patient(&self, name: &str) -> Resource {
        let patient = message::patient(name);
        let answer = self.sent(&message::about_patient(&patient)).await;
        patient.now(&answer)
    }
}

/// Waits until something is so, which the server does by itself.
pub async fn eventually<F: Future<Output = bool>>(what: &str, is_so: impl Fn() -> F) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !is_so().await {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
