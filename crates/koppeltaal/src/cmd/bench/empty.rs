//! The empty-answer rate: what this machine, its kernel and the load generator allow at most. Every
//! other figure is to be read next to it.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, Method, Uri};

use super::load::{self, Connection, Next, Plan, Recorder, Report, Target, Worker};

/// What is asked.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// The path that answers with nothing
    #[arg(long, default_value = "/healthz")]
    path: String,
    #[command(flatten)]
    plan: Plan,
}

struct Empty {
    connection: Connection,
    uri: Uri,
}

impl Worker for Empty {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let started = Instant::now();
        let answer = self.connection.send(Method::GET, self.uri.clone(), Bytes::new()).await;
        recorder.record(0, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

/// Asks for nothing as often as possible.
pub fn run(args: &Args) -> anyhow::Result<Report> {
    let target = Target::parse(&args.url)?;
    let uri = target.uri(&args.path)?;
    let workers = (0..args.plan.connections.max(1)).map(|_| Empty {
        connection: Connection::new(&target, None, &HeaderMap::new()),
        uri: uri.clone(),
    });
    let measured = load::run(&args.plan, &["GET"], workers.collect())?;
    Ok(Report::of("empty answers", target.to_string(), args.plan.connections, &measured))
}
