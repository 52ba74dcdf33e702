//! `koppeltaal demo`: a server with sample data in one command; it needs
//! nothing else and leaves nothing behind.

mod sample;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use koppeltaal_client::kt2::{KeyKind, PrivateKey};
use koppeltaal_core::Error;
use koppeltaal_store::{DatabaseUrl, Options, Store, migrate};

use super::serve::Stop;
use crate::config::{Config, Log, Tls};
use crate::context::Context;
use crate::server::Server;
use crate::{logging, output, provision};

const PROVISIONING: &str = include_str!("demo.toml");
/// What stands in it for the public key of the portal.
const PORTAL_KEY: &str = "\"@PORTAL_KEY@\"";
/// The client_id of the portal in it.
const PORTAL: &str = "9c1f6a52-3c0a-4b3e-8b43-0d5a1c7e2f10";

/// Starts a server on a fresh store with one domain and two applications, sends
/// a message through it, and tells how to go on.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Address and port to listen on
    #[arg(long, value_name = "ADDR")]
    pub listen: Option<String>,
    /// Where to keep the store (default: a temporary folder, removed at the end)
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Serve https with a throw-away certificate
    #[arg(long)]
    tls: bool,
}

impl Args {
    /// The keys of the configuration that the flags set.
    pub fn flags(&self) -> Vec<(&'static str, String)> {
        self.listen.clone().map(|listen| ("listen", listen)).into_iter().collect()
    }
}

/// Runs the command.
pub async fn run(context: &Context, args: Args) -> Result<()> {
    logging::start(&log(context))?;
    let stop = Stop::listen()?;
    let temporary = args.data_dir.is_none().then(tempfile::tempdir).transpose()?;
    let dir = match (&args.data_dir, &temporary) {
        (Some(dir), _) => dir.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => std::env::temp_dir(),
    };
    std::fs::create_dir_all(&dir)
        .map_err(|error| Error::Unavailable(format!("{}: {error}", dir.display())))?;
    let config = config(context, &dir, args.tls)?;
    let key = portal_key(&dir)?;
    apply(context, &config, &PROVISIONING.replace(PORTAL_KEY, &format!("\"\"\"{key}\"\"\"")))
        .await?;
    let server = Server::start(&config, context.clock.clone()).await?;
    let ca = config.tls.as_ref().map(|tls| tls.certificate.clone());
    let sent = sample::send(&server.public_url, ca.as_deref()).await?;
    for line in instructions(&server, &dir, temporary.is_some(), ca.as_deref(), &sent) {
        output::line(line)?;
    }
    stop.told().await;
    server.shutdown().await;
    Ok(())
}

/// Warnings only, so that what is printed stays in sight, unless a level was given.
fn log(context: &Context) -> Log {
    let mut log = context.config.log.clone();
    if context.values.get("log.level").is_none() {
        "warn".clone_into(&mut log.level);
    }
    log
}

/// The configuration of the demo: a store of its own in `dir`.
fn config(context: &Context, dir: &Path, tls: bool) -> Result<Config> {
    let file = dir.join("koppeltaal.db");
    if file.exists() {
        return Err(Error::Conflict(format!(
            "{} exists: the demo wants a fresh store; name another folder with --data-dir, or run `koppeltaal serve`",
            file.display()
        ))
        .into());
    }
    let mut config = context.config.clone();
    config.database = DatabaseUrl::Sqlite(file);
    config.data_dir = dir.to_owned();
    "Koppeltaal demo".clone_into(&mut config.server.name);
    if tls {
        config.tls = Some(throw_away_certificate(dir, config.listen)?);
    }
    Ok(config)
}

fn throw_away_certificate(dir: &Path, listen: SocketAddr) -> Result<Tls> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    if !listen.ip().is_unspecified() {
        names.push(listen.ip().to_string());
    }
    let made = rcgen::generate_simple_self_signed(names)?;
    let tls = Tls { certificate: dir.join("certificate.pem"), key: dir.join("key.pem") };
    std::fs::write(&tls.certificate, made.cert.pem())?;
    std::fs::write(&tls.key, made.signing_key.serialize_pem())?;
    Ok(tls)
}

/// The file with the private key of the portal.
fn key_file(dir: &Path) -> PathBuf {
    dir.join("portal-key.pem")
}

/// Makes a key for the portal, keeps it in `dir`, and tells its public half.
fn portal_key(dir: &Path) -> Result<String> {
    let key = PrivateKey::generate(KeyKind::Rsa2048)?;
    std::fs::write(key_file(dir), key.private_pem()?)?;
    Ok(key.public_pem()?)
}

async fn apply(context: &Context, config: &Config, provisioning: &str) -> Result<()> {
    let store = Store::open(&config.database, &Options::default()).await?;
    migrate::run(&store).await?;
    let applied = provision::apply(
        &store,
        Arc::clone(&context.seal),
        context.rules(),
        "demo.toml",
        provisioning,
        context.author("demo"),
        context.clock.now(),
        false,
    )
    .await;
    store.close().await;
    applied?;
    Ok(())
}

fn instructions(
    server: &Server,
    dir: &Path,
    temporary: bool,
    ca: Option<&Path>,
    sent: &sample::Sent,
) -> Vec<String> {
    let url = &server.public_url;
    let base = format!("{url}/FHIR/Koppeltaal");
    let fhir = format!("{url}/api/v1/demo/fhir/r4");
    let trust = ca.map_or(String::new(), |ca| format!("--cacert {} ", ca.display()));
    let ca_file = ca.map_or(String::new(), |ca| format!(" --ca-file {}", ca.display()));
    let as_json = "-H 'Accept: application/json'";
    let program = program();
    let kept = if temporary { "nothing of it is kept" } else { "its store is kept" };
    let client = |user: &str, secret: &str| {
        format!(
            "{program} client kt1 --url {url}{ca_file} --username {user} --password {secret} --domain demo"
        )
    };
    let mut lines = vec![
        format!("koppeltaal {} — demo, {kept}", env!("CARGO_PKG_VERSION")),
        format!("database  {}", dir.join("koppeltaal.db").display()),
        format!("listening {url}"),
        format!("KT1       {base}, KT2 {fhir}"),
        "domain    demo: portal@demo / portal-secret, game@demo / game-secret".to_owned(),
        String::new(),
        format!(
            "A care plan went from portal@demo to game@demo ({}), was claimed and set to Success;",
            sent.focal
        ),
        "a second one waits in the mailbox of game@demo. Try:".to_owned(),
        String::new(),
        format!(
            "  curl {trust}-u game@demo:game-secret {as_json} '{base}/MessageHeader/_search?_summary=true'"
        ),
        format!("  {} messages", client("game@demo", "game-secret")),
        format!("  {} send examples/careplan.json", client("portal@demo", "portal-secret")),
        format!(
            "  curl {trust}-u game@demo:game-secret {as_json} '{base}/MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim'"
        ),
        format!("  {} next", client("game@demo", "game-secret")),
        format!(
            "  {program} --database sqlite:{} messages list",
            dir.join("koppeltaal.db").display()
        ),
        format!(
            "  {program} client kt2 token --fhir-base {fhir}{ca_file} --client-id {PORTAL} --key {}",
            key_file(dir).display()
        ),
    ];
    if let Some(ca) = ca {
        lines.push(format!(
            "  REQUESTS_CA_BUNDLE={} and url = {url} in ~/.koppeltaal.cfg for the Python connector",
            ca.display()
        ));
    }
    lines.push(String::new());
    lines.push("Ctrl-C ends it.".to_owned());
    lines
}

/// The program as it was started, so that the commands work where it was started.
fn program() -> String {
    std::env::args_os()
        .next()
        .map_or_else(|| "koppeltaal".to_owned(), |name| name.to_string_lossy().into_owned())
}
