//! A worker's tie to the server: opens the connection, sets it up, and opens it
//! again after a loss, with growing pauses and an end to its patience.

use std::hash::{BuildHasher, RandomState};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use koppeltaal_core::{Error, Result};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use super::Address;
use super::session::Session;
use crate::engine::Metrics;
use crate::store::Options;

/// How long the first closure after a loss waits for a new connection.
const PATIENCE: Duration = Duration::from_secs(3);

/// While the server is away it is asked no more often than this.
const ASK_AGAIN: Duration = Duration::from_millis(200);

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Write,
    Read,
}

/// The tie.
pub(super) struct Link {
    pub(super) runtime: Rc<Runtime>,
    address: Arc<Address>,
    purpose: Purpose,
    statement_timeout: Duration,
    metrics: Arc<Metrics>,
    session: Option<Session>,
    /// When the server was last found to be away, and why.
    away: Option<(Instant, Error)>,
}

impl Link {
    /// Connects for the first time.
    pub(super) fn open(
        address: Arc<Address>,
        purpose: Purpose,
        options: &Options,
        metrics: Arc<Metrics>,
    ) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::Unavailable(format!("no runtime: {e}")))?;
        let mut link = Self {
            runtime: Rc::new(runtime),
            address,
            purpose,
            statement_timeout: options.statement_timeout,
            metrics,
            session: None,
            away: None,
        };
        link.session = Some(link.connect()?);
        Ok(link)
    }

    /// The connection, opened again when it was lost.
    pub(super) fn session(&mut self) -> Result<&mut Session> {
        if self.session.as_ref().is_some_and(Session::is_lost) {
            self.session = None;
        }
        let session = match self.session.take() {
            Some(session) => session,
            None => {
                let session = self.reconnect()?;
                self.metrics.reconnects.increment();
                session
            }
        };
        Ok(self.session.insert(session))
    }

    /// Waits before the next attempt of a closure, longer each time and not the
    /// same for everybody.
    pub(super) fn pause(&self, attempt: usize) {
        let most = 1_000_u64 << attempt.min(7);
        let spread = RandomState::new().hash_one(attempt) % most;
        self.sleep(Duration::from_micros(most / 2 + spread / 2));
    }

    /// Ends the connection in an orderly way.
    pub(super) fn close(mut self) {
        if let Some(session) = self.session.take() {
            session.close();
        }
    }

    fn reconnect(&mut self) -> Result<Session> {
        let started = Instant::now();
        // Only the first closure waits; those after it are refused at once while
        // the server stays away.
        let patience = match &self.away {
            Some((asked, failure)) if asked.elapsed() < ASK_AGAIN => return Err(failure.clone()),
            Some(_) => Duration::ZERO,
            None => PATIENCE,
        };
        let mut pause = Duration::from_millis(20);
        loop {
            match self.connect() {
                Ok(session) => {
                    self.away = None;
                    return Ok(session);
                }
                Err(failure) if started.elapsed() + pause >= patience => {
                    tracing::error!("PostgreSQL cannot be reached: {failure}");
                    self.away = Some((Instant::now(), failure.clone()));
                    return Err(failure);
                }
                Err(_) => self.sleep(pause),
            }
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    fn sleep(&self, duration: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(duration).await });
    }

    fn connect(&self) -> Result<Session> {
        let (client, serve) = self.runtime.block_on(async {
            let (client, serve) = self.address.connect().await?;
            self.set_up(&client).await.map_err(|cause| self.address.unreachable(&cause))?;
            Ok::<_, Error>((client, serve))
        })?;
        let limit = self.statement_timeout * 2 + Duration::from_secs(5);
        Ok(Session::new(Rc::clone(&self.runtime), client, serve, limit))
    }

    /// Settings that the engine relies on, whatever the server's defaults are.
    async fn set_up(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let limit = self.statement_timeout.as_millis();
        let access = match self.purpose {
            Purpose::Write => "READ WRITE",
            Purpose::Read => "READ ONLY",
        };
        // Statements are planned once per connection, perhaps while a table is
        // empty and reading it whole is cheapest: every search has an index. What
        // is read whole all the same looks so dear then that PostgreSQL would
        // compile it.
        // A COMMIT that is answered is on disk; a server that also waits for its
        // standbys to apply it goes on doing so.
        let set_up = format!(
            "SET SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL READ COMMITTED, {access}; \
             SET statement_timeout = {limit}; \
             SET idle_in_transaction_session_timeout = {limit}; \
             SET enable_seqscan = off; \
             SET enable_bitmapscan = off; \
             SET jit = off; \
             SELECT set_config('synchronous_commit', 'on', false) \
             WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply');"
        );
        client.batch_execute(&set_up).await?;
        let fsync = client.query_one("SELECT current_setting('fsync')", &[]).await?;
        if self.purpose == Purpose::Write && fsync.try_get::<_, &str>(0)? == "off" {
            tracing::warn!(
                "{} runs with fsync = off: a power cut can lose or damage the store",
                self.address.shown()
            );
        }
        Ok(())
    }
}
