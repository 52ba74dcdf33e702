//! What a command works with: the configuration, the store, the clock, the seal.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use koppeltaal_admin::desk::Desk;
use koppeltaal_auth::SealKey;
use koppeltaal_core::administrator::Rights;
use koppeltaal_core::{Clock, Error, Result};
use koppeltaal_outbound::Clients;
use koppeltaal_store::directory::Author;
use koppeltaal_store::{DatabaseUrl, Ids, Store, migrate};
use tokio::sync::OnceCell;

use crate::clock::SystemClock;
use crate::config::{Config, Values};
use crate::provision::Rules;
use crate::server::admin_settings;

/// What a command works with. The store is opened when it is first asked for.
pub struct Context {
    /// The configuration.
    pub config: Config,
    /// Where its values come from.
    pub values: Values,
    /// Whether to print JSON.
    pub json: bool,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// Seals and opens secrets.
    pub seal: Arc<SealKey>,
    store: OnceCell<Store>,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("database", &self.config.database).finish_non_exhaustive()
    }
}

impl Context {
    /// Reads the configuration: `file`, the environment, `flags`.
    pub fn new(
        file: Option<PathBuf>,
        flags: &[(&'static str, String)],
        json: bool,
    ) -> Result<Self> {
        let environment = |name: &str| std::env::var(name).ok();
        let file = file.or_else(|| environment("KOPPELTAAL_CONFIG").map(PathBuf::from));
        let values = Values::read(file.as_deref(), &environment, flags)?;
        let config = Config::from_values(&values)?;
        let seal = Arc::new(SealKey::parse(&config.seal_key)?);
        let clock = Arc::new(SystemClock);
        Ok(Self { config, values, json, clock, seal, store: OnceCell::new() })
    }

    /// The store. It must be there, and with the schema of this program.
    pub async fn store(&self) -> Result<&Store> {
        self.store
            .get_or_try_init(|| async {
                if self.store_is_absent() {
                    return Err(Error::Unavailable(format!(
                        "there is no store at {}: `koppeltaal apply FILE` or `koppeltaal serve` \
                         makes one, --database names another",
                        self.config.database
                    )));
                }
                let store = self.open_store().await?;
                if !migrate::status(&store).await?.is_current() {
                    return Err(not_migrated(&store));
                }
                Ok(store)
            })
            .await
    }

    /// Whether the store is a file that is not there yet.
    pub fn store_is_absent(&self) -> bool {
        matches!(&self.config.database, DatabaseUrl::Sqlite(path) if !path.exists())
    }

    /// The store; made, with its schema, when there is none.
    pub async fn store_or_new(&self) -> Result<&Store> {
        self.store
            .get_or_try_init(|| async {
                let store = self.open_store().await?;
                let status = migrate::status(&store).await?;
                if status.applied.is_empty() {
                    migrate::run(&store).await?;
                } else if !status.is_current() {
                    return Err(not_migrated(&store));
                }
                Ok(store)
            })
            .await
    }

    /// The store as it is, whatever its schema; made when there is none.
    pub async fn open_store(&self) -> Result<Store> {
        Store::open(&self.config.database, &self.config.store).await
    }

    /// Ends the store's threads, so that what was written is put in order.
    pub async fn close(self) {
        if let Some(store) = self.store.into_inner() {
            store.close().await;
        }
    }

    /// The limits that a provisioning file is held to.
    pub fn rules(&self) -> Rules {
        self.config.rules()
    }

    /// What an operation of this command works with: an operator may do all.
    pub async fn desk(&self, command: &str) -> Result<Desk> {
        let store = self.store().await?.clone();
        let public_url = self.config.public_url(self.config.listen);
        let outbound = koppeltaal_outbound::Settings {
            ca_file: self.config.outbound_ca_file.clone(),
            ..koppeltaal_outbound::Settings::default()
        };
        Ok(Desk {
            ids: Arc::new(Ids::take(&store).await?),
            store,
            clock: self.clock.clone(),
            seal: self.seal.clone(),
            outbound: Arc::new(Clients::new(outbound)?),
            settings: Arc::new(admin_settings(&self.config, &public_url)),
            author: self.author(command),
            rights: Rights::System,
        })
    }

    /// Who changes something by this command, for the audit trail.
    pub fn author(&self, command: &str) -> Author {
        let names = ["SUDO_USER", "USER", "LOGNAME"];
        let user = names
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
            .unwrap_or_else(|| "operator".to_owned());
        Author {
            agent: format!("{user} (koppeltaal {command})"),
            recorded: self.clock.now(),
            request_id: None,
        }
    }
}

fn not_migrated(store: &Store) -> Error {
    Error::Unavailable(format!(
        "the store {} is of an older version: run `koppeltaal migrate` (or `koppeltaal serve`)",
        store.url()
    ))
}
