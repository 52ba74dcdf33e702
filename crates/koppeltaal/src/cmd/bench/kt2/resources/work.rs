//! The requests: reads, creates, searches, and a walk along page links.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method, Uri};
use koppeltaal_fhir::{Node, json};

use crate::cmd::bench::load::{self, Connection, Line, Next, Plan, Recorder, Target, Worker};

/// Who asks what server.
#[derive(Clone)]
pub struct Asker {
    pub target: Target,
    pub bearer: HeaderValue,
}

impl Asker {
    /// With this token.
    pub fn new(fhir_base: &str, token: &str) -> Result<Self> {
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}"))?;
        bearer.set_sensitive(true);
        Ok(Self { target: Target::parse(fhir_base)?, bearer })
    }

    /// A new connection.
    pub fn connection(&self) -> Connection {
        let fhir = HeaderValue::from_static("application/fhir+json");
        let headers = HeaderMap::from_iter([(ACCEPT, fhir.clone()), (CONTENT_TYPE, fhir)]);
        Connection::new(&self.target, Some(self.bearer.clone()), &headers)
    }
}

struct Asking<F> {
    connection: Connection,
    next: F,
}

impl<F: FnMut() -> Option<(Method, Uri, Bytes)>> Worker for Asking<F> {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let Some((method, uri, body)) = (self.next)() else { return Next::Done };
        let started = Instant::now();
        let answer = self.connection.send(method, uri, body).await;
        recorder.record(0, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

/// GETs these paths in turn, from a different one on each connection.
pub fn gets(plan: &Plan, asker: &Asker, name: &'static str, paths: &[String]) -> Result<Line> {
    let uris: Vec<Uri> = paths.iter().map(|path| asker.target.uri(path)).collect::<Result<_>>()?;
    let uris = std::rc::Rc::new(uris);
    let step = (uris.len() / plan.connections.max(1)).max(1);
    let workers = (0..plan.connections.max(1)).map(|worker| {
        let (uris, mut at) = (uris.clone(), worker * step);
        let next = move || {
            at += 1;
            let uri = uris.get(at % uris.len().max(1))?.clone();
            Some((Method::GET, uri, Bytes::new()))
        };
        Asking { connection: asker.connection(), next }
    });
    measured(plan, name, workers.collect())
}

/// POSTs new bodies to a type.
pub fn posts(
    plan: &Plan,
    asker: &Asker,
    name: &'static str,
    path: &str,
    bodies: Vec<Bytes>,
) -> Result<Line> {
    let uri = asker.target.uri(path)?;
    let bodies = std::rc::Rc::new(std::cell::RefCell::new(bodies));
    let workers = (0..plan.connections.max(1)).map(|_| {
        let (uri, bodies) = (uri.clone(), bodies.clone());
        let next = move || Some((Method::POST, uri.clone(), bodies.borrow_mut().pop()?));
        Asking { connection: asker.connection(), next }
    });
    measured(plan, name, workers.collect())
}

/// Sends a request without a body to each of these paths, over 16 connections.
pub fn each(asker: &Asker, name: &'static str, method: Method, paths: &[String]) -> Result<Line> {
    let uris: Vec<Uri> = paths.iter().map(|path| asker.target.uri(path)).collect::<Result<_>>()?;
    let plan = Plan {
        connections: 16,
        duration: Duration::ZERO,
        warm_up: Duration::ZERO,
        count: Some(uris.len() as u64),
    };
    let uris = std::rc::Rc::new(std::cell::RefCell::new(uris));
    let workers = (0..plan.connections).map(|_| {
        let (uris, method) = (uris.clone(), method.clone());
        let next = move || Some((method.clone(), uris.borrow_mut().pop()?, Bytes::new()));
        Asking { connection: asker.connection(), next }
    });
    measured(&plan, name, workers.collect())
}

/// The ids of the resources on the first page of a search.
pub fn ids(asker: &Asker, search: &str) -> Result<Vec<String>> {
    let uri = asker.target.uri(search)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let asked = async {
        let mut connection = asker.connection();
        connection.send(Method::GET, uri, Bytes::new()).await.map_err(anyhow::Error::msg)
    };
    let (status, body) = tokio::task::LocalSet::new().block_on(&runtime, asked)?;
    anyhow::ensure!(status == 200, "{search} answered {status}");
    let bundle = json::parse(&body)?;
    let id = |entry: &Node| entry.get("resource")?.get("id")?.as_str().map(str::to_owned);
    Ok(bundle.items("entry").iter().filter_map(id).collect())
}

fn measured<W: Worker + 'static>(plan: &Plan, name: &'static str, workers: Vec<W>) -> Result<Line> {
    let measured = load::run(plan, &[name], workers)?;
    let tally = measured.tallies.first().context("nothing was measured")?;
    Ok(Line::of(tally, measured.seconds))
}

/// The links of the next pages of a search, from page 2 to page `last`.
pub fn walk(asker: &Asker, first: &str, last: usize) -> Result<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut connection = asker.connection();
        let mut uri = asker.target.uri(first)?;
        let mut link = first.to_owned();
        for _ in 1..last {
            let (status, body) = connection
                .send(Method::GET, uri, Bytes::new())
                .await
                .map_err(anyhow::Error::msg)?;
            anyhow::ensure!(status == 200, "a page answered {status}");
            let bundle = json::parse(&body)?;
            link = next_link(&bundle).context("the search has fewer pages")?;
            uri = link.parse()?;
        }
        Ok(link)
    })
}

/// Path and query of the link to the next page.
fn next_link(bundle: &Node) -> Option<String> {
    let is_next = |link: &&Node| link.get("relation").and_then(Node::as_str) == Some("next");
    let url = bundle.items("link").iter().find(is_next)?.get("url")?.as_str()?;
    let url = url::Url::parse(url).ok()?;
    Some(format!("{}?{}", url.path(), url.query().unwrap_or_default()))
}

/// GETs one path, with its query, that begins at the root of the server.
pub fn page(plan: &Plan, asker: &Asker, name: &'static str, path: &str) -> Result<Line> {
    let uri: Uri = path.parse()?;
    let next = move || Some((Method::GET, uri.clone(), Bytes::new()));
    measured(plan, name, vec![Asking { connection: asker.connection(), next }])
}
