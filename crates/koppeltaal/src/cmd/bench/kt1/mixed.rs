//! Everything at once: of each four connections two send, one claims and one browses.

use std::time::Duration;

use super::Common;
use super::browse::Browse;
use super::claim::{Claim, KINDS as CLAIM_KINDS};
use super::post::Post;
use crate::cmd::bench::load::{self, Next, Recorder, Report, Worker};

/// How often a browsing connection asks: people and portals browse, they do not poll without end.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    #[command(flatten)]
    common: Common,
    /// Pause between two pages of one browsing connection
    #[arg(long, default_value = "100ms", value_parser = crate::cmd::bench::duration)]
    browse_pause: Duration,
}

enum Mixed {
    Post(Post),
    Claim(Claim),
    Browse(Browse, Duration),
}

impl Worker for Mixed {
    async fn step(&mut self, recorder: &mut Recorder) -> Next {
        match self {
            Mixed::Post(post) => post.step(recorder).await,
            Mixed::Claim(claim) => claim.step(recorder).await,
            Mixed::Browse(browse, pause) => {
                tokio::time::sleep(*pause).await;
                browse.step(recorder).await
            }
        }
    }
}

pub(super) fn run(args: &Args) -> anyhow::Result<Report> {
    const EMPTY_MAILBOX: Duration = Duration::from_millis(20);
    let common = &args.common;
    let target = common.target()?;
    let instances = common.credentials.read()?;
    let (sender, mailboxes) = (instances.sender()?, instances.mailboxes()?);
    let (uri, template) = (Post::uri(&target)?, Post::template(&instances.domain));
    let workers = (0..common.plan.connections.max(1))
        .map(|index| {
            // The first mailbox is the one that is subscribed.
            let mailbox = &mailboxes[0];
            anyhow::Ok(match index % 4 {
                1 => Mixed::Claim(Claim::new(&target, &mailboxes[..1], 0, 1, Some(EMPTY_MAILBOX))?),
                3 => Mixed::Browse(Browse::new(&target, mailbox, (1, 100), 4)?, args.browse_pause),
                _ => Mixed::Post(Post::new(&target, &uri, &sender, &template, 0)),
            })
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    let kinds = ["POST", CLAIM_KINDS[0], CLAIM_KINDS[1], CLAIM_KINDS[2], "browse"];
    let measured = load::run(&common.plan, &kinds, workers)?;
    Ok(Report::of("kt1 mixed", target.to_string(), common.plan.connections, &measured))
}
