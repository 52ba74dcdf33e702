//! A resource call with an access token, over one connection: reading the Device of the client,
//! next to an answer that needs neither a token nor the store.

use std::time::Instant;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method, Uri};

use crate::cmd::bench::load::{self, Connection, Measured, Next, Plan, Recorder, Target, Worker};

struct Read {
    connection: Connection,
    uri: Uri,
}

impl Worker for Read {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let started = Instant::now();
        let answer = self.connection.send(Method::GET, self.uri.clone(), Bytes::new()).await;
        recorder.record(0, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

/// Reads a resource again and again.
pub fn run(plan: &Plan, base: &str, path: &str, token: &str) -> anyhow::Result<Measured> {
    let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
    bearer.set_sensitive(true);
    get(plan, base, path, Some(bearer))
}

/// Asks for nothing.
pub fn empty(plan: &Plan, base: &str) -> anyhow::Result<Measured> {
    let url = url::Url::parse(base)?;
    get(plan, &url.origin().ascii_serialization(), "/healthz", None)
}

fn get(
    plan: &Plan,
    base: &str,
    path: &str,
    bearer: Option<HeaderValue>,
) -> anyhow::Result<Measured> {
    let target = Target::parse(base)?;
    let accept = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("*/*"))]);
    let reader =
        Read { connection: Connection::new(&target, bearer, &accept), uri: target.uri(path)? };
    load::run(&Plan { connections: 1, ..plan.clone() }, &["GET"], vec![reader])
}
