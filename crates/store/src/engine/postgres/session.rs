//! A connection with its prepared statements and the statements that are on their
//! way. Sending queues a statement in the driver; nothing goes over the wire until
//! [`Session::settle`] waits for every answer, so what was sent before travels
//! with it.

use std::collections::{HashMap, VecDeque};
use std::future::Future;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_util::TryStreamExt;
use koppeltaal_core::{Error, Result};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Statement};

use super::error::{self, OnUnique};
use super::value::Param;
use crate::engine::insert::InsertTexts;
use crate::tx::{Dialect, Table};

/// Prepared statements that are kept; searches compose many, so there is an end.
const STATEMENTS: usize = 512;

/// An open connection.
pub(super) struct Session {
    runtime: Rc<Runtime>,
    client: Rc<Client>,
    serve: JoinHandle<()>,
    /// The longest wait for answers, above the server's own limit.
    limit: Duration,
    statements: HashMap<Arc<str>, Statement>,
    inserts: InsertTexts,
    sent: VecDeque<Sent>,
    lost: bool,
    timed_out: bool,
}

/// What the server answers.
pub(super) enum Answer {
    Rows(Vec<tokio_postgres::Row>),
    Count(u64),
    Prepared(Statement),
    Done,
}

type PgResult = Result<Answer, tokio_postgres::Error>;

/// A statement on its way.
struct Sent {
    sql: Arc<str>,
    expects: Expects,
    state: State,
}

enum State {
    Waiting(Pin<Box<dyn Future<Output = PgResult>>>),
    Answered(PgResult),
}

/// What a failed answer means for those who wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expects {
    /// A failure fails the transaction.
    Success(OnUnique),
    /// A failure is nobody's concern: the end of a transaction that only read.
    Anything,
}

impl Session {
    pub(super) fn new(
        runtime: Rc<Runtime>,
        client: Client,
        serve: JoinHandle<()>,
        limit: Duration,
    ) -> Self {
        Self {
            runtime,
            client: Rc::new(client),
            serve,
            limit,
            statements: HashMap::new(),
            inserts: InsertTexts::new(Dialect::Postgres),
            sent: VecDeque::new(),
            lost: false,
            timed_out: false,
        }
    }

    /// Whether the connection can no longer be used.
    pub(super) fn is_lost(&self) -> bool {
        self.lost || self.client.is_closed()
    }

    /// Whether another attempt on a new connection is worth while: it is not when
    /// the server was given a long time already.
    pub(super) fn is_lost_early(&self) -> bool {
        self.is_lost() && !self.timed_out
    }

    /// Sends a statement without parameters.
    pub(super) fn send_plain(&mut self, sql: &'static str, expects: Expects) {
        let client = Rc::clone(&self.client);
        self.send(sql.into(), expects, async move {
            client.batch_execute(sql).await.map(|()| Answer::Done)
        });
    }

    /// Sends a statement that changes rows.
    pub(super) fn send_execute(
        &mut self,
        (sql, statement): (Arc<str>, Statement),
        params: Vec<Param>,
        on_unique: OnUnique,
    ) {
        let client = Rc::clone(&self.client);
        self.send(sql, Expects::Success(on_unique), async move {
            client.execute_raw(&statement, params).await.map(Answer::Count)
        });
    }

    /// Sends a statement that returns rows.
    pub(super) fn send_query(
        &mut self,
        (sql, statement): (Arc<str>, Statement),
        params: Vec<Param>,
    ) {
        let client = Rc::clone(&self.client);
        self.send(sql, Expects::Success(OnUnique::Conflict), async move {
            let rows = pin!(client.query_raw(&statement, params).await?);
            rows.try_collect().await.map(Answer::Rows)
        });
    }

    fn send(
        &mut self,
        sql: Arc<str>,
        expects: Expects,
        answer: impl Future<Output = PgResult> + 'static,
    ) {
        let mut answer: Pin<Box<dyn Future<Output = PgResult>>> = Box::pin(answer);
        // The first poll hands the statement to the driver, which keeps the order
        // in which it gets them.
        let state = match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(answer) => State::Answered(answer),
            Poll::Pending => State::Waiting(answer),
        };
        self.sent.push_back(Sent { sql, expects, state });
    }

    /// Waits for the answers to everything that was sent, and gives the last one or
    /// the first failure.
    pub(super) fn settle(&mut self) -> Result<Answer> {
        let sent = std::mem::take(&mut self.sent);
        let mut lost = false;
        let runtime = Rc::clone(&self.runtime);
        let all = async {
            let mut last = Ok(Answer::Done);
            for Sent { sql, expects, state } in sent {
                let answer = match state {
                    State::Waiting(answer) => answer.await,
                    State::Answered(answer) => answer,
                };
                lost |= answer.as_ref().is_err_and(error::is_loss);
                match (answer, expects) {
                    (Ok(answer), _) => last = last.map(|_| answer),
                    (Err(cause), Expects::Success(on_unique)) if last.is_ok() => {
                        last = Err(error::of_statement(&cause, &sql, on_unique));
                    }
                    // What follows a failed statement only fails because of it.
                    (Err(_), _) => {}
                }
            }
            last
        };
        let limit = self.limit;
        let settled = runtime.block_on(async { tokio::time::timeout(limit, all).await });
        self.lost |= lost;
        settled.unwrap_or_else(|_| {
            self.lost = true;
            self.timed_out = true;
            Err(Error::Unavailable("PostgreSQL did not answer in time".to_owned()))
        })
    }

    /// The prepared statement for a text; prepares it at its first use.
    pub(super) fn statement(&mut self, sql: &str) -> Result<(Arc<str>, Statement)> {
        if let Some((text, statement)) = self.statements.get_key_value(sql) {
            return Ok((Arc::clone(text), statement.clone()));
        }
        let text: Arc<str> = sql.into();
        let (client, to_prepare) = (Rc::clone(&self.client), Arc::clone(&text));
        self.send(Arc::clone(&text), Expects::Success(OnUnique::Conflict), async move {
            client.prepare(&to_prepare).await.map(Answer::Prepared)
        });
        let Answer::Prepared(statement) = self.settle()? else {
            return Err(Error::internal("PostgreSQL prepared nothing"));
        };
        if self.statements.len() >= STATEMENTS {
            self.statements.clear();
        }
        self.statements.insert(Arc::clone(&text), statement.clone());
        Ok((text, statement))
    }

    /// The prepared bulk insert for a table.
    pub(super) fn insert(&mut self, table: &Table) -> Result<(Arc<str>, Statement)> {
        let text = self.inserts.text(table);
        self.statement(&text)
    }

    /// Says goodbye to the server.
    pub(super) fn close(self) {
        let Self { runtime, client, serve, statements, sent, .. } = self;
        drop((client, statements, sent));
        // A server that does not hear it notices the closed socket.
        drop(runtime.block_on(async move {
            // Inside the block, because the clock is that of the runtime.
            tokio::time::timeout(Duration::from_secs(1), serve).await
        }));
    }
}
