//! Load on the KT1 face of any server: sending, claiming, browsing, all of them at once, and
//! launching.

mod browse;
mod claim;
mod launch;
mod mixed;
mod post;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue};

use super::credentials::Credentials;
use super::load::{Plan, Report, Target};

/// The workloads.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Command {
    /// Send new CarePlan messages of five resources
    Post(Common),
    /// Claim messages and set them to Success
    Claim(Common),
    /// Browse one page of headers
    Browse(browse::Args),
    /// Send, claim and browse at the same time
    Mixed(mixed::Args),
    /// Launch an application and get its tokens, at a fixed rate
    Launch(launch::Args),
}

/// What every workload is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Common {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    pub url: String,
    #[command(flatten)]
    pub plan: Plan,
    #[command(flatten)]
    pub credentials: Credentials,
}

impl Common {
    fn target(&self) -> anyhow::Result<Target> {
        Target::parse(&self.url)
    }
}

/// Puts the load on and reports.
pub fn run(command: &Command) -> anyhow::Result<Report> {
    match command {
        Command::Post(common) => post::run(common),
        Command::Claim(common) => claim::run(common),
        Command::Browse(args) => browse::run(args),
        Command::Mixed(args) => mixed::run(args),
        Command::Launch(args) => launch::run(args),
    }
}

fn json_headers() -> HeaderMap {
    const JSON: HeaderValue = HeaderValue::from_static("application/json");
    [(ACCEPT, JSON), (CONTENT_TYPE, JSON)].into_iter().collect()
}
