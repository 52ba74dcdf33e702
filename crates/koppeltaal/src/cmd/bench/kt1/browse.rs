//! Browsing: one page of the headers of a mailbox, again and again.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderValue, Method, Uri};

use super::{Common, json_headers};
use crate::cmd::bench::load::{self, Connection, Next, Recorder, Report, Target, Worker};

/// Which page.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// The page
    #[arg(long, default_value_t = 1)]
    page: u32,
    /// Headers on a page
    #[arg(long, default_value_t = 100)]
    page_size: u32,
}

/// Browses over one connection.
pub struct Browse {
    connection: Connection,
    uri: Uri,
    kind: usize,
}

impl Browse {
    /// A worker that records as `kind`.
    pub fn new(
        target: &Target,
        mailbox: &HeaderValue,
        (page, size): (u32, u32),
        kind: usize,
    ) -> anyhow::Result<Browse> {
        let path = format!(
            "/FHIR/Koppeltaal/MessageHeader/_search?_summary=true&_count={size}&page={page}"
        );
        let connection = Connection::new(target, Some(mailbox.clone()), &json_headers());
        Ok(Browse { connection, uri: target.uri(&path)?, kind })
    }
}

impl Worker for Browse {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        let started = Instant::now();
        let answer = self.connection.send(Method::GET, self.uri.clone(), Bytes::new()).await;
        recorder.record(self.kind, started, answer.map(|(status, _)| status));
        Next::Again
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    let common = &args.common;
    let target = common.target()?;
    let instances = common.credentials.read()?;
    let mailboxes = instances.mailboxes()?;
    let workers = (0..common.plan.connections.max(1))
        .map(|index| {
            Browse::new(
                &target,
                &mailboxes[index % mailboxes.len()],
                (args.page, args.page_size),
                0,
            )
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let workload = format!("kt1 browse (page {} of {})", args.page, args.page_size);
    let measured = load::run(&common.plan, &["GET"], workers)?;
    Ok(Report::of(&workload, target.to_string(), common.plan.connections, &measured))
}
