//! The program as its users run it: `koppeltaal apply`, then `koppeltaal serve`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The running program; it ends with this value.
pub struct Server {
    /// Where it is, without a slash at the end.
    pub url: String,
    log: std::path::PathBuf,
    child: Child,
}

impl Server {
    /// Starts the program on the store in this folder.
    pub fn start(folder: &Path) -> Self {
        let log = folder.join("log");
        let mut command = program(folder);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let mut child = command.spawn().unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut server = Self { url: String::new(), log, child };
        let listening =
            said.lines().map_while(Result::ok).find(|line| line.starts_with("listening "));
        let listening = listening.unwrap_or_else(|| panic!("not started:\n{}", server.log()));
        server.url = listening.split([' ', ',']).nth(1).unwrap().to_owned();
        server
    }

    /// What it logged.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// The address of the store in this folder.
pub fn database(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("koppeltaal.db").display())
}

/// Makes what a provisioning file says.
pub fn apply(folder: &Path, provisioning: &str) {
    fs::write(folder.join("domain.toml"), provisioning).unwrap();
    let applied = program(folder).args(["apply", "domain.toml"]).output().unwrap();
    assert!(applied.status.success(), "{}", String::from_utf8_lossy(&applied.stderr));
}

/// What a command prints as JSON.
pub fn json(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = program(folder).args(arguments).arg("--json").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn program(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_koppeltaal"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KOPPELTAAL_") {
            command.env_remove(name);
        }
    }
    command.env("KOPPELTAAL_DATABASE", database(folder));
    command.current_dir(folder).stdin(Stdio::null());
    command
}
