//! `koppeltaal serve`: runs the server until SIGTERM or SIGINT, then drains.

use anyhow::Result;
use koppeltaal_core::duration;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::config::Config;
use crate::context::Context;
use crate::server::Server;
use crate::{logging, output};

/// Runs the server until SIGTERM or SIGINT, then finishes what is in progress
/// and ends.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// The URL under which clients reach this server
    #[arg(long, value_name = "URL")]
    pub public_url: Option<String>,
}

impl Args {
    /// The keys of the configuration that the flags set.
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        let listen = self.listen.clone().map(|listen| ("listen", listen));
        let public_url = self.public_url.clone().map(|url| ("public_url", url));
        listen.into_iter().chain(public_url).collect()
    }
}

/// Runs the command.
pub async fn run(context: &Context, _args: Args) -> Result<()> {
    logging::start(&context.config.log)?;
    let stop = Stop::listen()?;
    let server = Server::start(&context.config, context.clock.clone()).await?;
    for line in start_up(&context.config, &server) {
        tracing::info!("{line}");
        // A server does not end because nobody reads what it says.
        let _unheard = output::line(line);
    }
    stop.told().await;
    tracing::info!("draining: no new connections, requests in progress end");
    server.shutdown().await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and SIGINT, from the moment on at which this is made.
pub(super) struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// Takes the signals over. To be made before anything is started or told: a
    /// signal in between would end the process without its drain.
    pub(super) fn listen() -> Result<Self> {
        let terminate = signal(SignalKind::terminate())?;
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { terminate, interrupt })
    }

    /// Waits until one of them has come.
    pub(super) async fn told(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Five lines that say what runs where.
pub(super) fn start_up(config: &Config, server: &Server) -> [String; 5] {
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let metrics = match server.metrics_address {
        Some(address) => format!(", metrics http://{address}/metrics"),
        None => ", metrics at /metrics".to_owned(),
    };
    let admin = match server.admin_address {
        Some(address) => format!("{scheme}://{address}/admin/api/v1"),
        None => "/admin/api/v1".to_owned(),
    };
    let limits = &config.limits;
    let rate = match limits.requests_per_second {
        0 => "no limit of requests".to_owned(),
        rate => format!("{rate} requests a second of one instance, {} at once", limits.burst),
    };
    let kt1 = &config.kt1;
    [
        format!("koppeltaal {} — {}", env!("CARGO_PKG_VERSION"), config.server.name),
        format!("database  {}", config.database),
        format!("listening {scheme}://{}{metrics}, admin {admin}", server.address),
        format!("KT1       {0}/FHIR/Koppeltaal, KT2 {0}/api/v1/DOMAIN/fhir/r4", server.public_url),
        format!(
            "limits    body {} bytes, {rate}; claims {}, bodies {} after retrieval and at most {}",
            limits.body,
            duration::format(kt1.claim_timeout),
            duration::format(kt1.retention.grace),
            duration::format(kt1.retention.max),
        ),
    ]
}
