//! Sending: every message is new, and so is every resource in it.

use std::rc::Rc;
use std::time::Instant;

use http::{HeaderValue, Method, Uri};
use koppeltaal_fhir::json;

use super::{Common, json_headers};
use crate::cmd::bench::load::{self, Connection, Next, Recorder, Report, Target, Worker};
use crate::cmd::bench::message;
use crate::cmd::bench::template::{Template, Tokens};

/// Sends messages over one connection.
pub struct Post {
    connection: Connection,
    uri: Uri,
    template: Rc<Template>,
    tokens: Tokens,
    kind: usize,
}

impl Post {
    /// A worker that records as `kind`.
    pub fn new(
        target: &Target,
        uri: &Uri,
        sender: &HeaderValue,
        template: &Rc<Template>,
        kind: usize,
    ) -> Post {
        Post {
            connection: Connection::new(target, Some(sender.clone()), &json_headers()),
            uri: uri.clone(),
            template: template.clone(),
            tokens: Tokens::random(),
            kind,
        }
    }

    /// The message in a domain, rendered.
    pub fn template(domain: &str) -> Rc<Template> {
        Rc::new(Template::new(&json::render(&message::care_plan(domain).to_node())))
    }

    /// Where messages are sent to.
    pub fn uri(target: &Target) -> anyhow::Result<Uri> {
        target.uri("/FHIR/Koppeltaal/Mailbox")
    }
}

impl Worker for Post {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let body = self.template.body(self.tokens.next());
        let started = Instant::now();
        let answer = self.connection.send(Method::POST, self.uri.clone(), body).await;
        recorder.record(self.kind, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

pub(super) fn run(common: &Common) -> anyhow::Result<Report> {
    let target = common.target()?;
    let instances = common.credentials.read()?;
    let (sender, uri) = (instances.sender()?, Post::uri(&target)?);
    let template = Post::template(&instances.domain);
    let workers = (0..common.plan.connections.max(1))
        .map(|_| Post::new(&target, &uri, &sender, &template, 0));
    let measured = load::run(&common.plan, &["POST"], workers.collect())?;
    let workload = format!("kt1 post ({} bytes)", template.len());
    Ok(Report::of(&workload, target.to_string(), common.plan.connections, &measured))
}
