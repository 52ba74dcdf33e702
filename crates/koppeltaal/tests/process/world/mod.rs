//! A folder with a store and a provisioning file, in which the program runs as
//! it does for its users: as a process of its own, reached over the network.

mod hook;
mod http;
mod message;
mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use koppeltaal_client::kt1::{Connector, Integration, Options};
use koppeltaal_store::{DatabaseUrl, test_support};
use serde_json::Value;

pub use self::hook::Hook;
pub use self::http::{Reply, exchange, get, post, read_reply};
pub use self::message::{ORIGIN, bundle, plan, send_plan};
pub use self::server::Server;

/// The store under the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// One installation.
pub struct World {
    folder: tempfile::TempDir,
    database: String,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// A domain with a portal that sends, and two recipients of care plans.
pub const PROVISIONING: &str = r#"
[[domain]]
name = "home"
phase = "test"
allow_http_loopback = true

[[application]]
id = "Portal"

[[application]]
id = "Module"
events = ["CreateOrUpdateCarePlan"]

[[instance]]
domain = "home"
application = "Portal"
username = "portal"
password = "portal-secret"

[[instance]]
domain = "home"
application = "Module"
username = "module"
password = "module-secret"
"#;

/// A second recipient, which is told of its messages.
pub fn told(hook: &Hook) -> String {
    format!(
        "[[instance]]\ndomain = \"home\"\napplication = \"Module\"\nusername = \"told\"\n\
         password = \"told-secret\"\nwebhook = {{ url = \"{}\" }}\n",
        hook.url
    )
}

impl World {
    /// An installation with [`PROVISIONING`] and what else is given.
    pub async fn with(engine: Engine, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match engine {
            Engine::Sqlite => format!("sqlite:{}", folder.path().join("koppeltaal.db").display()),
            Engine::Postgres => match test_support::postgres().await {
                DatabaseUrl::Postgres(url) => url,
                DatabaseUrl::Sqlite(_) => unreachable!("a PostgreSQL was asked for"),
            },
        };
        let world = Self { folder, database };
        world.apply(&format!("{PROVISIONING}{more}"));
        world
    }

    /// The folder in which the program runs.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The address of the store, as tests of the store's crate take it.
    pub fn database(&self) -> DatabaseUrl {
        self.database.parse().unwrap()
    }

    /// A file in the folder.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A program that runs in the folder and hears nothing of the settings of
    /// the one who runs the tests.
    pub fn program(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KOPPELTAAL_") {
                command.env_remove(name);
            }
        }
        command.env("KOPPELTAAL_DATABASE", &self.database);
        command
    }

    /// `koppeltaal` with arguments.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let mut command = self.program(env!("CARGO_BIN_EXE_koppeltaal"));
        said(&command.args(arguments).output().unwrap())
    }

    /// What a command prints as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let said = self.run(&[arguments, &["--json"]].concat());
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        serde_json::from_str(&said.out).unwrap()
    }

    /// What a command lists.
    pub fn list(&self, arguments: &[&str]) -> Vec<Value> {
        let limited = [arguments, &["--limit", "1000000"]].concat();
        match self.json(&limited) {
            Value::Array(rows) => rows,
            other => panic!("{arguments:?} lists no array: {other}"),
        }
    }

    /// `koppeltaal apply` of this text.
    pub fn apply(&self, text: &str) {
        self.file("apply.toml", text);
        let said = self.run(&["apply", "apply.toml"]);
        assert_eq!(said.code, 0, "{}", said.err);
    }

    /// A running server on a free port.
    pub fn serve(&self) -> Server {
        self.serve_with(&[])
    }

    /// A running server with settings (`KOPPELTAAL_…`).
    pub fn serve_with(&self, settings: &[(&str, &str)]) -> Server {
        let mut command = self.serve_command(settings);
        Server::start(&mut command, self.folder())
    }

    /// The command that would run a server.
    pub fn serve_command(&self, settings: &[(&str, &str)]) -> Command {
        let mut command = self.program(env!("CARGO_BIN_EXE_koppeltaal"));
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().copied());
        command
    }
}

/// What a finished command said.
pub fn said(output: &Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A connector of an instance of [`PROVISIONING`] at a server.
pub fn connector(server: &Server, username: &str) -> Connector {
    connector_with(&server.url, username, &Options::default())
}

/// [`connector`] with options, at a URL.
pub fn connector_with(url: &str, username: &str, options: &Options) -> Connector {
    let password = format!("{username}-secret");
    let integration = Integration::new(username, ORIGIN);
    Connector::with_options(url, username, password, "home", integration, options).unwrap()
}

/// Waits until something holds, and fails when it does not within `limit`.
pub async fn until(what: &str, limit: Duration, mut holds: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    loop {
        if holds().await {
            return began.elapsed();
        }
        assert!(began.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
