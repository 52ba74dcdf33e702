//! A folder with a store on either engine, one domain in it, and the program.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use koppeltaal_client::kt1::resource::{CarePlanBuilder, patient};
use koppeltaal_client::kt1::{Connector, Integration, Resource, Sent};
use koppeltaal_store::{DatabaseUrl, test_support};
use serde_json::Value;
use tempfile::TempDir;

/// Where a test keeps its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

/// Makes each of these functions a test on SQLite and one on PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::world::Engine::Sqlite).await; })*
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() { super::$name($crate::world::Engine::Postgres).await; })*
        }
    };
}

/// Base of the URLs of the portal's resources.
pub const APP: &str = "https://portal.example/fhir/Koppeltaal";
pub const PASSWORD: &str = "wachtwoord-9f3c";
/// A seal key of one's own, as doctor wants it.
pub const SEAL_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// The domain `zon`, in which `portal` sends and `game` is told.
pub const DOMAIN: &str = r#"
[[domain]]
name = "zon"
phase = "test"
allow_http_loopback = true

[[application]]
id = "Portaal"
application_roles = ["PatientPortal"]

[[application]]
id = "Slaapmodule"
application_roles = ["Game"]
events = ["CreateOrUpdateCarePlan", "CreateOrUpdatePatient"]

[[instance]]
domain = "zon"
application = "Portaal"
username = "portal"
password = "wachtwoord-9f3c"

[[instance]]
domain = "zon"
application = "Slaapmodule"
username = "game"
password = "wachtwoord-9f3c"
"#;

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The folder in which the program runs, and its store.
pub struct World {
    pub folder: TempDir,
    pub database: String,
}

impl World {
    /// A store with the domain.
    pub async fn new(engine: Engine) -> Self {
        let world = Self::empty(engine).await;
        world.apply(DOMAIN);
        world
    }

    /// No store yet.
    pub async fn empty(engine: Engine) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = match engine {
            Engine::Sqlite => format!("sqlite:{}/koppeltaal.db", folder.path().display()),
            Engine::Postgres => match test_support::postgres().await {
                DatabaseUrl::Postgres(url) => url,
                DatabaseUrl::Sqlite(_) => unreachable!(),
            },
        };
        Self { folder, database }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppeltaal"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KOPPELTAAL_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .current_dir(self.path())
            .env("KOPPELTAAL_DATABASE", &self.database)
            .env("USER", "noor")
            .env_remove("SUDO_USER")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Said {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs a command that must succeed, and gives its standard output.
    #[track_caller]
    pub fn out(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {said:?}");
        said.out
    }

    #[track_caller]
    pub fn json(&self, arguments: &[&str]) -> Value {
        let out = self.out(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).expect(&out)
    }

    /// The objects of a list.
    #[track_caller]
    pub fn list(&self, arguments: &[&str]) -> Vec<Value> {
        self.json(arguments).as_array().unwrap().clone()
    }

    /// Runs a command that must leave with this code; what it said to people.
    #[track_caller]
    pub fn refused(&self, code: i32, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, code, "{arguments:?}: {said:?}");
        assert!(said.err.starts_with("error: "), "{said:?}");
        said.err
    }

    /// Applies this text.
    #[track_caller]
    pub fn apply(&self, text: &str) {
        fs::write(self.path().join("domain.toml"), text).unwrap();
        self.out(&["apply", "domain.toml"]);
    }

    /// Serves, with these variables of the environment.
    pub fn serve(&self, environment: &[(&str, &str)]) -> Running {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.envs(environment.iter().copied());
        Running::start(command, &self.path().join("log"))
    }
}

/// A running server; it ends with this value.
pub struct Running {
    pub url: String,
    /// The lines it printed when it started.
    pub lines: Vec<String>,
    log: std::path::PathBuf,
    child: Child,
}

impl Running {
    fn start(mut command: Command, log: &Path) -> Self {
        let file = fs::File::create(log).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let lines: Vec<String> = out.lines().take(5).map_while(Result::ok).collect();
        let mut running = Self { url: String::new(), lines, log: log.to_owned(), child };
        let listening = running.lines.iter().find_map(|line| line.strip_prefix("listening "));
        let listening = listening.unwrap_or_else(|| panic!("not started: {}", running.log()));
        running.url = listening.split(',').next().unwrap().trim().to_owned();
        running
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// What stands at a path: status, type and text.
    pub async fn get(&self, path: &str) -> (u16, String, String) {
        let answer = reqwest::get(format!("{}{path}", self.url)).await.unwrap();
        let content_type = answer.headers()["content-type"].to_str().unwrap().to_owned();
        (answer.status().as_u16(), content_type, answer.text().await.unwrap())
    }

    pub fn connector(&self, user: &str) -> Connector {
        let integration = Integration::new(user, format!("https://{user}.example/fhir"));
        Connector::new(&self.url, user, PASSWORD, "zon", integration).unwrap()
    }

    /// The portal sends a new care plan of a patient.
    pub async fn send_plan(&self, number: &str, of: &str) -> Sent {
        let url = patient_url(of);
        let plan =
            Resource::new(format!("{APP}/CarePlan/{number}"), CarePlanBuilder::new(&url).build());
        let person = Resource::new(&url, patient("Zwaantje", "Kleuterstaart"));
        self.connector("portal")
            .send("CreateOrUpdateCarePlan", plan, Some(&url), vec![person])
            .await
            .unwrap()
    }

    /// Tells it to stop, and gives its exit code.
    pub fn stop(&mut self, signal: &str) -> i32 {
        let pid = self.child.id().to_string();
        let killed = Command::new("kill").args([signal, &pid]).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn patient_url(name: &str) -> String {
    format!("{APP}/Patient/{name}")
}

/// The values of a key, in order.
pub fn values<'a>(objects: &'a [Value], key: &str) -> Vec<&'a str> {
    objects.iter().map(|object| object[key].as_str().unwrap_or("")).collect()
}

/// Waits until something is so, which the server does by itself.
pub async fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    while !is_so() {
        assert!(tokio::time::Instant::now() < deadline, "not in time: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
