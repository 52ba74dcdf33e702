//! Launching: Launch, Authorize and Token one after the other, as a portal, a browser and a public
//! client make them, at a fixed rate whether the server keeps up or not.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{ACCEPT, LOCATION};
use http::{HeaderMap, HeaderValue, Method, Uri};
use url::form_urlencoded;

use super::Common;
use crate::cmd::bench::credentials::MAILBOX;
use crate::cmd::bench::load::{self, Connection, Next, Recorder, Report, Target, Worker};
use crate::cmd::bench::provision::REDIRECT_URI;

/// The kinds of requests, in the order in which they are recorded.
const KINDS: [&str; 3] = ["launch", "authorize", "token"];

/// What is launched, and how often.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Launches a second, all connections together
    #[arg(long, default_value_t = 200)]
    rate: u32,
    /// The application that is launched: a public client
    #[arg(long, default_value = MAILBOX, value_name = "ID")]
    client: String,
    /// Its redirect URI
    #[arg(long, default_value = REDIRECT_URI, value_name = "URL")]
    redirect_uri: String,
}

/// When the next launch is due, for all workers together.
struct Pace {
    gap: Duration,
    due: Cell<Instant>,
}

impl Pace {
    fn next(&self) -> Instant {
        let due = self.due.get();
        self.due.set(due + self.gap);
        due
    }
}

struct Launch {
    portal: Connection,
    anyone: Connection,
    target: Target,
    pace: Rc<Pace>,
    launch: Uri,
    /// The queries of the other two, but for the launch id and the code.
    authorize: String,
    token: String,
}

impl Launch {
    fn new(
        target: &Target,
        args: &Args,
        portal: HeaderValue,
        pace: Rc<Pace>,
    ) -> anyhow::Result<Self> {
        let form = |pairs: &[(&str, &str)]| {
            form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        };
        let (client, back) = (args.client.as_str(), args.redirect_uri.as_str());
        let patient = ("patient", "https://bench.example/fhir/Patient/1");
        let launch = form(&[("client_id", client), patient]);
        let json: HeaderMap =
            [(ACCEPT, HeaderValue::from_static("application/json"))].into_iter().collect();
        Ok(Self {
            portal: Connection::new(target, Some(portal), &json),
            anyone: Connection::new(target, None, &json),
            target: target.clone(),
            pace,
            launch: target.uri(&format!("/OAuth2/Koppeltaal/Launch?{launch}"))?,
            authorize: form(&[
                ("response_type", "code"),
                ("client_id", client),
                ("redirect_uri", back),
            ]),
            token: form(&[("grant_type", "authorization_code"), ("redirect_uri", back)]),
        })
    }

    /// Sends a request that is answered with a redirect, and tells a parameter of it.
    async fn redirected(
        connection: &mut Connection,
        uri: Uri,
        parameter: &str,
    ) -> Result<String, Result<u16, String>> {
        let (status, headers, _) =
            connection.exchange(Method::GET, uri, Bytes::new()).await.map_err(Err)?;
        if status != 302 {
            return Err(Ok(status));
        }
        let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let query = location.and_then(|location| location.split_once('?')).map_or("", |(_, q)| q);
        let found = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == parameter);
        found.map(|(_, value)| value.into_owned()).ok_or_else(|| Err(format!("no {parameter}")))
    }

    /// Records a step and gives what it brought. A redirect is a success here.
    fn recorded(
        recorder: &mut Recorder,
        kind: usize,
        started: Instant,
        outcome: Result<String, Result<u16, String>>,
    ) -> Option<String> {
        let status = outcome.as_ref().map_or_else(Clone::clone, |_| Ok(200));
        recorder.record(kind, started, status).then_some(outcome.ok()).flatten()
    }
}

impl Worker for Launch {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let due = self.pace.next();
        tokio::time::sleep_until(due.into()).await;
        let started = Instant::now();
        let launched = Self::redirected(&mut self.portal, self.launch.clone(), "launch").await;
        let Some(launch) = Self::recorded(recorder, 0, started, launched) else {
            return Next::Again;
        };
        let path = format!(
            "/OAuth2/Koppeltaal/Authorize?{}&scope=launch:{launch}+patient/*.read",
            self.authorize
        );
        let Ok(uri) = self.target.uri(&path) else { return Next::Done };
        let started = Instant::now();
        let authorized = Self::redirected(&mut self.anyone, uri, "code").await;
        let Some(code) = Self::recorded(recorder, 1, started, authorized) else {
            return Next::Again;
        };
        let path = format!("/OAuth2/Koppeltaal/Token?{}&code={code}", self.token);
        let Ok(uri) = self.target.uri(&path) else { return Next::Done };
        let started = Instant::now();
        let answer = self.anyone.send(Method::GET, uri, Bytes::new()).await;
        recorder.record(2, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let target = args.common.target()?;
    let portal = args.common.credentials.read()?.sender()?;
    let gap = Duration::from_secs(1) / args.rate.max(1);
    let pace = Rc::new(Pace { gap, due: Cell::new(Instant::now()) });
    let workers = (0..args.common.plan.connections.max(1))
        .map(|_| Launch::new(&target, args, portal.clone(), pace.clone()))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let measured = load::run(&args.common.plan, &KINDS, workers)?;
    let workload = format!("kt1 launch ({} a second)", args.rate);
    Ok(Report::of(&workload, target.to_string(), args.common.plan.connections, &measured))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn launches_are_due_at_a_fixed_distance() {
        let start = Instant::now();
        let pace = Pace { gap: Duration::from_millis(5), due: Cell::new(start) };
        assert_eq!(pace.next(), start);
        assert_eq!(pace.next(), start + Duration::from_millis(5));
    }
}
