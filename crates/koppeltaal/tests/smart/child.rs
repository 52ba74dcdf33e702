//! The scripts in `node` and `python` as processes: some answer once, some stay and
//! are told things on their stdin.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use serde_json::Value;

/// A script that stays until this value goes.
pub struct Child {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
}

impl Child {
    /// Starts a script of `node`; also gives what it says first.
    pub fn start(script: &str, told: &[(&str, &str)]) -> (Self, Value) {
        let mut command = Command::new("node");
        command.arg(folder("node").join(script)).envs(told.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut child = Self { process, said };
        let first = child.heard();
        (child, first)
    }

    /// Tells it something and waits for its answer.
    pub fn tell(&mut self, what: &Value) -> Value {
        let stdin = self.process.stdin.as_mut().unwrap();
        writeln!(stdin, "{what}").unwrap();
        self.heard()
    }

    fn heard(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "a script ended early; its stderr tells why");
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It ends with its stdin; whoever hangs is killed.
        drop(self.process.stdin.take());
        let _gone = self.process.kill();
        let _gone = self.process.wait();
    }
}

/// Runs a script of `node` to its end and gives what it printed.
pub fn node(script: &str, told: &[(&str, &str)]) -> Value {
    run("node".into(), &[folder("node").join(script).into()], Path::new("."), told)
}

/// Runs `sdk.py` to its end and gives what it printed. The SDK writes a log file into
/// the folder in which it runs.
pub fn python(what: &str, at: &Path, told: &[(&str, &str)]) -> Value {
    let arguments = ["-B".into(), folder("python").join("sdk.py").into(), what.into()];
    run(named("KOPPELTAAL_TEST_PYTHON"), &arguments, at, told)
}

/// Something of the environment that `./test` sets up.
pub fn named(variable: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} must be set: `./test` installs what it names, and sets it")
    })
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/smart").join(name)
}

fn run(program: OsString, arguments: &[OsString], at: &Path, told: &[(&str, &str)]) -> Value {
    // Something that hangs is ended: `timeout` of coreutils is on every Linux.
    let mut command = Command::new("timeout");
    command.current_dir(at).arg("120").arg(program).args(arguments).envs(told.iter().copied());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let (out, err) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{arguments:?}: {}\n{out}\n{err}", output.status);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}\n{err}"))
}
