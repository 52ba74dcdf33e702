//! The running server: the parts wired together, its listeners, and a shutdown
//! that drains them.

mod connection;
mod counted;
mod descriptors;
mod follow;
mod metrics;
mod page;
mod request;
mod support;
mod tls;
mod trail;

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use koppeltaal_admin::api;
use koppeltaal_admin::operate::audit::trail_key;
use koppeltaal_auth::administrator::Administrators;
use koppeltaal_auth::{RequestLimit, SealKey, Verifier};
use koppeltaal_core::directory::Directory;
use koppeltaal_core::notification::{HookSchedule, Schedule};
use koppeltaal_core::{Clock, Error, Result};
use koppeltaal_delivery::{Delivery, Deps, MailDeps, MailSettings, Mailer, random_jitter};
use koppeltaal_kt1 as kt1;
use koppeltaal_kt2 as kt2;
use koppeltaal_outbound::Clients;
use koppeltaal_store::{AuditLog, Ids, NodeLease, Store, directory, migrate};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::Config;
pub use descriptors::room_for_connections;
use metrics::Gatherer;
use request::Router;

/// How long requests in progress may take to finish at shutdown.
const DRAIN: Duration = Duration::from_secs(20);
/// How long the last audit rows may take to be written.
const LAST_WRITES: Duration = Duration::from_secs(5);
/// How long a body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that runs until [`Server::shutdown`].
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where its metrics are, when they have a listener of their own.
    pub metrics_address: Option<SocketAddr>,
    /// Where its administration is, when it has a listener of its own.
    pub admin_address: Option<SocketAddr>,
    /// The URL under which clients reach it.
    pub public_url: String,
    store: Store,
    audit_log: AuditLog,
    request_log: kt1::RequestLog,
    delivery: Delivery,
    jobs: kt1::Jobs,
    kt1: kt1::App,
    stop: watch::Sender<bool>,
    listeners: JoinSet<()>,
    following: JoinSet<()>,
    node: NodeLease,
    clock: Arc<dyn Clock>,
}

impl Server {
    /// Opens and migrates the store, starts the jobs and listens.
    pub async fn start(config: &Config, clock: Arc<dyn Clock>) -> Result<Self> {
        let listener = bind(config.listen, "listen").await?;
        let metrics_listener = match config.metrics_listen {
            Some(address) => Some(bind(address, "metrics.listen").await?),
            None => None,
        };
        let admin_listener = match config.admin.listen {
            Some(address) => Some(bind(address, "admin.listen").await?),
            None => None,
        };
        let acceptor = config.tls.as_ref().map(tls::acceptor).transpose()?;
        let store = Store::open(&config.database, &config.store).await?;
        for applied in migrate::run(&store).await? {
            tracing::info!(number = applied.number, name = applied.name, "store migrated");
        }
        let seal = Arc::new(SealKey::parse(&config.seal_key)?);
        let page_key = seal.derive("page links");
        let hub_key = seal.derive("signalr connections");
        let catalogs = kt2::Catalogs::default();
        let (ids, node) = Ids::lease(&store, clock.clone()).await?;
        let ids = Arc::new(ids);
        let (keys, now) = (ids.clone(), clock.now());
        // Devices are indexed by the definitions of their domain, too.
        let known = store.read(directory::load).await?;
        catalogs.catch_up(&store, &known).await?;
        let index = catalogs.clone();
        store.write(move |tx| directory::ensure_devices(tx, &keys, &index, now)).await?;
        let keeper = trail::Keeper {
            store: store.clone(),
            ids: ids.clone(),
            clock: clock.clone(),
            key: trail_key(&seal),
            keep: config.audit_retention,
        };
        keeper.prepare().await?;
        for domain in known.domains() {
            let carried = kt2::carry_audit_events(&store, &ids, domain, clock.now()).await?;
            if carried > 0 {
                tracing::info!(domain = domain.name, carried, "AuditEvents are in the trail now");
            }
        }
        let snapshot = store.read(directory::load).await?;
        kt2::subscription::fill(&store, &snapshot, now).await?;
        refuse_development_key(&seal, &snapshot)?;
        let (directory, follower) = follow::follow(store.clone(), snapshot, seal.is_development());
        let (opener, sealing) = (seal.clone(), seal.clone());
        let delivery = Delivery::start(
            Deps {
                store: store.clone(),
                directory: directory.clone(),
                clock: clock.clone(),
                ids: ids.clone(),
                open: Arc::new(move |secret| opener.open(secret)),
                jitter: random_jitter(),
            },
            delivery_settings(config),
        )?;
        let mailer = mailer(config, &store, &clock, &seal)?;
        let jobs = kt1::Jobs::start(kt1::JobSettings {
            store: store.clone(),
            ids: ids.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            retention: config.kt1.retention,
            retention_interval: config.kt1.retention_interval,
        });
        let address = listener.local_addr().map_err(Error::internal)?;
        let public_url = config.public_url(address);
        let audit_log = AuditLog::start(store.clone(), ids.clone());
        let request_log =
            kt1::RequestLog::start(store.clone(), ids.clone(), sealing.clone(), config.request_log);
        let waker = delivery.waker();
        let subscriptions = kt2::subscription::Subscriptions::new(Box::new(move || waker.wake()));
        let (gatherer, kt1_metrics, authorization_metrics) = Gatherer::new(
            store.clone(),
            directory.clone(),
            clock.clone(),
            delivery.counters(),
            subscriptions.clone(),
            audit_log.clone(),
        );
        let outbound = Arc::new(Clients::new(outbound_settings(config))?);
        let administrators =
            Administrators::new(store.clone(), ids.clone(), clock.clone(), seal.clone());
        let admin = api::App::new(api::Parts {
            store: store.clone(),
            ids: ids.clone(),
            clock: clock.clone(),
            seal: seal.clone(),
            outbound: outbound.clone(),
            audit_log: audit_log.clone(),
            administrators,
            settings: Arc::new(admin_settings(config, &public_url)),
            allow_from: config.admin.allow_from.clone(),
            is_https: public_url.starts_with("https:"),
        });
        let authorization = koppeltaal_auth::App::new(koppeltaal_auth::Parts {
            store: store.clone(),
            ids: ids.clone(),
            directory: directory.clone(),
            clock: clock.clone(),
            seal: seal.clone(),
            outbound,
            metrics: authorization_metrics,
            settings: koppeltaal_auth::AuthorizationSettings {
                public_url: public_url.clone(),
                access_token_lifetime: config.kt2.access_token_lifetime,
                signing_key_max_age: config.kt2.signing_key_max_age,
            },
        });
        authorization.catch_up().await?;
        let limits = &config.limits;
        let limit = Arc::new(RequestLimit::new(limits.requests_per_second, limits.burst));
        let kt2 = kt2::App::new(kt2::Parts {
            store: store.clone(),
            ids: ids.clone(),
            audit_log: audit_log.clone(),
            clock: clock.clone(),
            authorization: authorization.clone(),
            catalogs: catalogs.clone(),
            subscriptions: subscriptions.clone(),
            server_name: config.server.name.clone(),
            started: clock.now(),
            body_limit: config.limits.body,
            limit: limit.clone(),
            page_key,
        });
        let app = kt1::App::new(kt1::Parts {
            store: store.clone(),
            ids: ids.clone(),
            directory: directory.clone(),
            verifier: Arc::new(Verifier::default()),
            clock: clock.clone(),
            audit_log: audit_log.clone(),
            request_log: request_log.clone(),
            waker: delivery.waker(),
            metrics: kt1_metrics,
            seal,
            limit,
            outbound: Arc::new(Clients::new(storage_settings(config))?),
            settings: kt1_settings(config, &public_url, hub_key),
        });
        let support = kt1::jsonapi::Api::new(kt1::jsonapi::Parts {
            kt1: app.clone(),
            administrators: Administrators::new(
                store.clone(),
                ids.clone(),
                clock.clone(),
                sealing.clone(),
            ),
            allow_from: config.support_api_allow_from.clone(),
            provision: Arc::new(support::Provisioner {
                seal: sealing.clone(),
                rules: config.rules(),
                catalogs: catalogs.clone(),
            }),
            seal: sealing,
            version: env!("CARGO_PKG_VERSION"),
        });
        let mut router = Router {
            app: app.clone(),
            support,
            authorization: authorization.clone(),
            kt2: kt2.clone(),
            admin: Some(admin),
            store: store.clone(),
            gatherer: Arc::new(gatherer),
            serves_metrics: config.metrics_listen.is_none(),
            page: page::Page::new(config, &public_url),
            strict_transport: config.tls.is_some(),
        };
        let admin_router = admin_listener.as_ref().map(|_| Arc::new(router.split_admin()));
        let router = Arc::new(router);
        let (stop, stopped) = watch::channel(false);
        let mut listeners = JoinSet::new();
        // It ends when nobody has the directory any more, which is after the
        // listeners: it is none of those that shutdown waits for.
        let mut following = JoinSet::new();
        following.spawn(supervised("the directory", follower));
        following
            .spawn(supervised("definitions", catalogs.follow(store.clone(), directory.clone())));
        following.spawn(supervised(
            "subscriptions",
            kt2::subscription::follow(subscriptions, store.clone(), directory.clone()),
        ));
        following.spawn(supervised("kept subscriptions", kt2::subscription::keep(kt2)));
        following.spawn(supervised("the hub", kt1::run_hub(app.clone())));
        following.spawn(supervised("the lease", keep_node(node.clone(), clock.clone())));
        following.spawn(supervised("keys and revocations", authorization.clone().follow()));
        following.spawn(supervised("the audit trail", keeper.keep()));
        following.spawn(supervised("used tokens", authorization.tidy()));
        if let Some(mailer) = mailer {
            following.spawn(supervised("mails", mailer.run()));
        }
        let metrics_address = metrics_listener
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()
            .map_err(Error::internal)?;
        if let Some(listener) = metrics_listener {
            let router = Arc::new(router.metrics_only());
            listeners.spawn(connection::accept(listener, None, router, stopped.clone(), DRAIN));
        }
        let admin_address = admin_listener
            .as_ref()
            .map(TcpListener::local_addr)
            .transpose()
            .map_err(Error::internal)?;
        if let (Some(listener), Some(router)) = (admin_listener, admin_router) {
            let acceptor = acceptor.clone();
            listeners.spawn(connection::accept(listener, acceptor, router, stopped.clone(), DRAIN));
        }
        listeners.spawn(connection::accept(listener, acceptor, router, stopped, DRAIN));
        Ok(Self {
            address,
            metrics_address,
            admin_address,
            public_url,
            store,
            audit_log,
            request_log,
            delivery,
            jobs,
            kt1: app,
            stop,
            listeners,
            following,
            node,
            clock,
        })
    }

    /// The store (tests look into it).
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Takes no new connections, finishes the requests in progress and what
    /// they left to be written, and closes the store.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let drained = async { while self.listeners.join_next().await.is_some() {} };
        let drained = tokio::time::timeout(DRAIN + Duration::from_secs(5), drained);
        // Connections that are held open would not end by themselves.
        let (drained, (), ()) =
            tokio::join!(drained, self.jobs.shutdown(), kt1::stop_hub(&self.kt1));
        if drained.is_err() {
            tracing::warn!("some connections did not end in time and were cut");
        }
        self.listeners.abort_all();
        self.following.shutdown().await;
        self.delivery.shutdown().await;
        let last = async { tokio::join!(self.audit_log.flush(), self.request_log.flush()) };
        if tokio::time::timeout(LAST_WRITES, last).await.is_err() {
            tracing::warn!("the last audit rows of reads could not be written");
        }
        if let Err(error) = self.node.release(self.clock.now()).await {
            tracing::debug!(%error, "the number of this process ends by itself");
        }
        self.store.close().await;
    }
}

/// Runs a task without which the server must not go on: what it follows would
/// stand still, and nobody would notice.
async fn supervised(what: &'static str, task: impl Future<Output = ()>) {
    if AssertUnwindSafe(task).catch_unwind().await.is_err() {
        tracing::error!(what, "a task of the server panicked: the server ends");
        std::process::abort();
    }
}

/// Keeps the number of this process while it lives.
async fn keep_node(node: NodeLease, clock: Arc<dyn Clock>) {
    loop {
        tokio::time::sleep(NodeLease::INTERVAL).await;
        match node.renew(clock.now()).await {
            Ok(true) => {}
            Ok(false) => tracing::error!("another server has the number of this one: restart it"),
            Err(error) => {
                tracing::warn!(%error, "the number of this process could not be renewed");
            }
        }
    }
}

async fn bind(address: SocketAddr, key: &str) -> Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        Error::Unavailable(format!(
            "cannot bind {address}: {error} — set `{key}` or stop the other process"
        ))
    })
}

/// Care data of real people is not sealed with a key that everybody knows.
fn refuse_development_key(seal: &SealKey, directory: &Directory) -> Result<()> {
    let strict = directory.domains().iter().find(|domain| domain.phase.is_strict());
    match strict {
        Some(domain) if seal.is_development() => Err(Error::Forbidden(format!(
            "domain {} is in phase {}, and `seal_key` is the development key: set KOPPELTAAL_SEAL_KEY to 32 random bytes in base64 (openssl rand -base64 32)",
            domain.name,
            domain.phase.code()
        ))),
        _ => Ok(()),
    }
}

fn delivery_settings(config: &Config) -> koppeltaal_delivery::Settings {
    let usual = koppeltaal_delivery::Settings::default();
    koppeltaal_delivery::Settings {
        schedule: Schedule {
            attempts: config.kt1.webhook_attempts,
            first_retry: config.kt1.webhook_first_retry,
        },
        hook_schedule: HookSchedule {
            first_retry: config.kt2.hook_first_retry,
            max_interval: config.kt2.hook_max_interval,
            give_up_after: config.kt2.hook_give_up_after,
        },
        hook_timeout: config.kt2.hook_timeout,
        hook_coalesce: config.kt2.hook_coalesce,
        ca_file: config.outbound_ca_file.clone(),
        // What is in flight has its answer before the server ends, and is not sent twice.
        grace: usual.grace.max(config.kt2.hook_timeout + Duration::from_secs(1)),
        ..usual
    }
}

/// What sends mails, where the configuration names a mail server.
fn mailer(
    config: &Config,
    store: &Store,
    clock: &Arc<dyn Clock>,
    seal: &Arc<SealKey>,
) -> Result<Option<Mailer>> {
    let Some(url) = &config.mail.url else { return Ok(None) };
    let from = config.mail.from.clone().ok_or_else(|| {
        Error::Invalid("mail.from is missing: mail.url needs the sender of mails".to_owned())
    })?;
    let opener = seal.clone();
    let deps = MailDeps {
        store: store.clone(),
        clock: clock.clone(),
        open: Arc::new(move |secret| opener.open(secret)),
        jitter: random_jitter(),
    };
    let settings =
        MailSettings { url: url.clone(), from, ca_file: config.outbound_ca_file.clone() };
    Mailer::new(deps, &settings).map(Some)
}

fn outbound_settings(config: &Config) -> koppeltaal_outbound::Settings {
    koppeltaal_outbound::Settings {
        ca_file: config.outbound_ca_file.clone(),
        ..koppeltaal_outbound::Settings::default()
    }
}

/// What the administration is held to.
pub fn admin_settings(config: &Config, public_url: &str) -> koppeltaal_admin::desk::Settings {
    koppeltaal_admin::desk::Settings {
        public_url: public_url.to_owned(),
        server_name: config.server.name.clone(),
        rules: config.rules(),
        retention: config.kt1.retention,
        access_token_lifetime: config.kt2.access_token_lifetime,
    }
}

fn kt1_settings(config: &Config, public_url: &str, hub_key: [u8; 32]) -> kt1::Settings {
    kt1::Settings {
        public_url: public_url.to_owned(),
        server_name: config.server.name.clone(),
        body_limit: config.limits.body,
        body_timeout: BODY_TIMEOUT,
        claim_timeout: config.kt1.claim_timeout,
        retention: config.kt1.retention,
        sso: kt1::SsoSettings {
            launch_lifetime: config.kt1.launch_lifetime,
            code_lifetime: config.kt1.code_lifetime,
            access_token_lifetime: config.kt1.access_token_lifetime,
            activation_code_lifetime: config.kt1.activation_code_lifetime,
        },
        hub: kt1::HubSettings {
            keep_alive: config.kt1.signalr_keep_alive,
            connections: config.kt1.signalr_connections,
            key: hub_key,
        },
        storage_timeout: config.kt1.storage_timeout,
    }
}

/// A provider is given up by who calls it, who knows that it was the time.
fn storage_settings(config: &Config) -> koppeltaal_outbound::Settings {
    koppeltaal_outbound::Settings {
        timeout: config.kt1.storage_timeout + Duration::from_secs(5),
        ..outbound_settings(config)
    }
}
