//! Programs of other languages, as `./test` installs them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program printed, and whether it said that all went well.
pub struct Ended {
    pub well: bool,
    pub out: String,
    pub err: String,
}

/// Something of the environment that `./test` sets up.
pub fn named(variable: &str) -> OsString {
    std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} must be set: `./test` installs what it names, and sets it")
    })
}

/// A file of these tests.
pub fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(path)
}

/// A class of the Java project, with all that it needs.
pub fn java(arguments: &[&str]) -> Command {
    let classes = Path::new(&named("KOPPELTAAL_TEST_JAVA")).join("*");
    let mut command = Command::new("java");
    // It runs for seconds: what makes it fast in the long run costs more than it brings.
    command.args(["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx1g", "-cp"]);
    command.arg(classes).arg("koppeltaal.Main").args(arguments);
    command
}

/// Runs a program to its end; one that hangs is ended.
pub fn run(command: &Command, told: &[(&str, &str)]) -> Ended {
    // `timeout` of coreutils is on every Linux.
    let mut bounded = Command::new("timeout");
    bounded.arg("480").arg(command.get_program()).args(command.get_args());
    bounded.envs(told.iter().copied()).stdin(Stdio::null());
    if let Some(folder) = command.get_current_dir() {
        bounded.current_dir(folder);
    }
    let output = bounded.output().unwrap();
    Ended {
        well: output.status.success(),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
