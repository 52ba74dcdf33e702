//! A server of this program in a process of its own, on a fresh store: what is measured when no
//! other is named.

use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long it may take to start, and to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running server. It ends, and its store with it, when this is dropped.
pub struct OwnServer {
    /// Where it is.
    pub url: String,
    /// Its store.
    pub database: String,
    child: Child,
    folder: TempDir,
    address: SocketAddr,
    settings: Vec<(String, String)>,
}

impl OwnServer {
    /// Applies the provisioning file to a store and starts a server on it. `database` is an empty
    /// PostgreSQL database, or `None`: SQLite in a temporary folder.
    pub fn start(provisioning: &str, database: Option<&str>) -> anyhow::Result<OwnServer> {
        let folder = tempfile::tempdir()?;
        let database = match database {
            Some(url) => url.to_owned(),
            None => format!("sqlite:{}", folder.path().join("store.db").display()),
        };
        let file = folder.path().join("bench.toml");
        std::fs::write(&file, provisioning)?;
        let applied = program(folder.path(), &database)?.arg("apply").arg(&file).output()?;
        if !applied.status.success() {
            bail!("apply failed: {}", String::from_utf8_lossy(&applied.stderr).trim());
        }
        let address = free_address()?;
        let url = format!("http://{address}");
        let child = serve(folder.path(), &database, address, &[])?;
        let settings = Vec::new();
        let mut server = OwnServer { url, database, child, folder, address, settings };
        server.wait_until_it_listens(address)?;
        Ok(server)
    }

    /// The number of its process.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// [`OwnServer::restart`] with these settings instead of those of before.
    pub fn restart_with(&mut self, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        self.settings = owned(settings);
        self.restart()
    }

    /// Ends it and starts another on the same store and address; returns when that one listens.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.end();
        self.child = serve(self.folder.path(), &self.database, self.address, &self.settings)?;
        self.wait_until_it_listens(self.address)
    }

    fn end(&mut self) {
        // It gives its leases back when it is asked to end; killed it would not.
        let asked = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let until = Instant::now() + PATIENCE;
        while asked.is_ok() && Instant::now() < until {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        // Nothing more can be done about one that does not end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait_until_it_listens(&mut self, address: SocketAddr) -> anyhow::Result<()> {
        let started = Instant::now();
        while std::net::TcpStream::connect(address).is_err() {
            if self.child.try_wait()?.is_some() || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.folder.path().join("server.log"));
                bail!("the server does not start: {}", log.unwrap_or_default().trim());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for OwnServer {
    fn drop(&mut self) {
        self.end();
    }
}

fn serve(
    folder: &Path,
    database: &str,
    address: SocketAddr,
    settings: &[(String, String)],
) -> anyhow::Result<Child> {
    let log = File::create(folder.join("server.log"))?;
    let url = format!("http://{address}");
    program(folder, database)?
        .args(["serve", "--listen", &address.to_string(), "--public-url", &url])
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
        .context("the server cannot be started")
}

fn owned(settings: &[(&str, &str)]) -> Vec<(String, String)> {
    settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn program(folder: &Path, database: &str) -> anyhow::Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args(["--database", database])
        .env("KOPPELTAAL_DATA_DIR", folder)
        .env("KOPPELTAAL_LOG_LEVEL", "warn")
        .stdin(Stdio::null());
    Ok(command)
}

/// An address that nobody listens on at this moment.
fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
