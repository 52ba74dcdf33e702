//! `signalr-client-threads` of PyPI, unmodified: over WebSockets and Server-Sent Events.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::setup::PASSWORD;
use crate::support::{Engine, TestApp};

async fn is_told(transport: &str) {
    let app = TestApp::start(Engine::Sqlite).await;
    let python = std::env::var_os("KOPPELTAAL_TEST_PYTHON")
        .expect("KOPPELTAAL_TEST_PYTHON names the Python with the clients: `./test` sets it");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signalr/python/client.py");
    // Something that hangs is ended: `timeout` of coreutils is on every Linux.
    let mut child = Command::new("timeout")
        .arg("60")
        .arg(python)
        .arg("-B")
        .arg(script)
        .args([app.server.public_url.as_str(), "b", PASSWORD, transport])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut said = || lines.next().expect("it ended early; its stderr tells why").unwrap();
    assert_eq!(said(), "\"started\"");
    app.sent_patient("p1").await;
    assert_eq!(said(), "\"told\"");
    while !app.b().claim().await.is_empty() {}
    app.sent_patient("p2").await;
    assert_eq!(said(), "\"told\"");
    drop(child.stdin.take());
    // What it is told besides is none of this test's business.
    while said() != "\"closed\"" {}
    assert!(child.wait().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_is_told_over_web_sockets() {
    is_told("webSockets").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_python_client_is_told_over_server_sent_events() {
    is_told("serverSentEvents").await;
}
