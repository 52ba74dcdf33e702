//! Provisioning files against a store: what they change, what they print, and
//! what is refused at which line.

mod accepted;
mod kt2;
mod refused;
mod round_trip;
mod secrets;

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::{Directory, Instance, Phase};
use koppeltaal_core::{Error, Timestamp};
use koppeltaal_store::directory::{Author, load};
use koppeltaal_store::{DatabaseUrl, Options, Store, migrate};

use super::*;

const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

/// A seal key of one's own, as a domain of real people demands it.
const SEAL_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A domain, an application, an instance.
const BASE: &str = r#"
[[domain]]
name = "d"
phase = "test"

[[application]]
id = "a"

[[instance]]
domain = "d"
application = "a"
username = "u@d"
password = "secret"
client_id = "6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01"
"#;

/// A store of its own, and the limits of a server.
struct World {
    folder: tempfile::TempDir,
    store: Store,
    seal: Arc<SealKey>,
    rules: Rules,
    now: Timestamp,
}

impl World {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("k.db"));
        let store = Store::open(&url, &Options::default()).await.unwrap();
        migrate::run(&store).await.unwrap();
        Self {
            folder,
            store,
            seal: Arc::new(SealKey::parse(SEAL_KEY).unwrap()),
            rules: Rules {
                phases: Phase::ALL.to_vec(),
                retention_max: Duration::from_secs(56 * 86_400),
            },
            now: NOW,
        }
    }

    /// A store in which [`BASE`] has been applied.
    async fn with_base() -> Self {
        let world = Self::new().await;
        world.apply(BASE).await.unwrap();
        world
    }

    async fn run(&self, text: &str, dry_run: bool) -> Result<Vec<Line>, Error> {
        let author = Author { agent: "test".to_owned(), recorded: self.now, request_id: None };
        let name = self.folder.path().join("p.toml");
        let seal = Arc::clone(&self.seal);
        let rules = self.rules.clone();
        let name = name.to_str().unwrap();
        apply(&self.store, seal, rules, name, text, author, self.now, dry_run)
            .await
            .map(|applied| applied.lines)
    }

    async fn apply(&self, text: &str) -> Result<Vec<String>, Error> {
        let lines = self.run(text, false).await?;
        Ok(lines.iter().map(Line::to_string).collect())
    }

    /// The problems of a file, without the file's name, and whether the file is
    /// malformed (exit code 2) or asks for what may not be (4).
    async fn refusal(&self, text: &str) -> (Vec<String>, u8) {
        let before = self.directory().await;
        let error = self.apply(text).await.expect_err("it was taken");
        assert_eq!(self.directory().await.version, before.version, "something was changed");
        let code = error.exit_code();
        let text = error.to_string();
        let lines = text.lines().filter(|line| *line != "nothing was changed");
        let lines = lines.map(|line| match line.split_once("p.toml:") {
            Some((_, problem)) => problem.to_owned(),
            None => line.to_owned(),
        });
        (lines.collect(), code)
    }

    async fn directory(&self) -> Directory {
        self.store.read(|tx| load(tx)).await.unwrap()
    }

    async fn instance(&self, username: &str) -> Instance {
        self.directory().await.instance_by_username(username).unwrap().instance.clone()
    }

    async fn export(&self, secrets: Secrets) -> String {
        export(&self.directory().await, &self.seal, secrets, self.now).unwrap()
    }
}
