//! The command line as scripts see it: what is printed, and exit codes.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod configuration;
mod directory;
mod doctor;
mod keys;
mod publisher;
mod roles;
mod strict_domains;
mod validate;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// A seal key of one's own.
const SEAL_KEY: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

/// A folder with a store of its own, in which commands run.
struct Folder(tempfile::TempDir);

/// What a command said.
struct Said {
    code: i32,
    out: String,
    err: String,
}

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_koppeltaal"));
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KOPPELTAAL_") {
                command.env_remove(name);
            }
        }
        command
    }

    fn run(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).output().unwrap())
    }

    /// Runs a command with a seal key of one's own.
    fn run_sealed(&self, arguments: &[&str]) -> Said {
        said(self.command(arguments).env("KOPPELTAAL_SEAL_KEY", SEAL_KEY).output().unwrap())
    }

    /// Runs a command that must succeed, and gives its standard output.
    fn out(&self, arguments: &[&str]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, 0, "{arguments:?}: {}", said.err);
        said.out
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let out = self.out(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).expect("JSON")
    }
}

fn said(output: Output) -> Said {
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
