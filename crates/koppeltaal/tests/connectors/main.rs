//! Real connectors against the real program over TLS: the Python connector as it
//! is on PyPI, unmodified: its command line, its API, and its own live test-suite
//! (Koppeltaal 1.3).
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

mod server;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use server::Server;

/// The host that an assertion of the live suite contains.
const LIVE_HOST: &str = "edgekoppeltaal.vhscloud.nl";

#[test]
fn the_command_line_of_the_python_connector_works() {
    let server = Server::start(None);
    let said = pytest(&server, &["test_command_line.py"]);
    assert!(said.contains(" passed"), "{said}");
}

#[test]
fn the_api_of_the_python_connector_works() {
    let server = Server::start(None);
    let said = pytest(&server, &["test_connector_api.py"]);
    assert!(said.contains(" passed"), "{said}");
}

#[test]
fn the_live_suite_of_the_python_connector_passes() {
    let server = Server::start(Some(LIVE_HOST));
    let suite = ["-p", "live_suite", "--pyargs", "koppeltaal.tests.test_integration"];
    let said = pytest(&server, &suite);
    assert!(said.contains("11 passed, 2 deselected"), "{said}");
}

/// The interpreter of the environment that has the connector.
fn python() -> PathBuf {
    let named = std::env::var_os("KOPPELTAAL_TEST_PYTHON").expect(
        "KOPPELTAAL_TEST_PYTHON must name the Python interpreter of an environment with \
         crates/koppeltaal/tests/connectors/requirements.txt; `./test` makes one and sets it",
    );
    PathBuf::from(named)
}

/// Runs pytest, which must succeed, and gives what it said.
fn pytest(server: &Server, arguments: &[&str]) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/connectors/python");
    let mut command = Command::new(python());
    command
        .args(["-B", "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-W", "ignore"])
        .args(arguments)
        .current_dir(&folder)
        .env("PYTHONPATH", &folder)
        .env("REQUESTS_CA_BUNDLE", server.certificate())
        .env("NO_PROXY", "*")
        .env("KOPPELTAAL_TEST_URL", &server.url)
        .env("KOPPELTAAL_TEST_PORT", server.port.to_string())
        .env("KOPPELTAAL_TEST_DOMAIN", server::DOMAIN)
        .env("KOPPELTAAL_TEST_PASSWORD", server::PASSWORD)
        .stdin(Stdio::null());
    // Something that hangs is ended: `timeout` of coreutils is on every Linux.
    let mut bounded = Command::new("timeout");
    bounded.arg("300").arg(command.get_program()).args(command.get_args()).current_dir(&folder);
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => bounded.env(name, value),
            None => bounded.env_remove(name),
        };
    }
    let output = bounded.stdin(Stdio::null()).output().expect("Python runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n--- the server:\n{}", server.log());
    said
}
