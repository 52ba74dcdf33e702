//! npm `signalr` 2.4.3 with jQuery in Chromium, unmodified, cross-origin: every
//! transport, with and without the generated script, through a connection that breaks.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::client::basic;
use crate::support::{Engine, TestApp};

/// The browser; it ends with this value.
struct Browser {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Browser {
    fn start(app: &TestApp, transport: &str, variant: &str) -> (Self, Value) {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/signalr/node/browser.mjs");
        for variable in ["KOPPELTAAL_TEST_NODE_MODULES", "KOPPELTAAL_TEST_CHROMIUM"] {
            assert!(std::env::var_os(variable).is_some(), "{variable}: `./test` sets it");
        }
        // Something that hangs is ended: `timeout` of coreutils is on every Linux.
        let mut child = Command::new("timeout")
            .args(["180", "node"])
            .arg(script)
            .env("SERVER", &app.server.public_url)
            .env("AUTHORIZATION", basic("b"))
            .env("TRANSPORT", transport)
            .env("VARIANT", variant)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut browser = Self { child, said };
        let first = browser.heard();
        (browser, first)
    }

    fn tell(&mut self, what: Value) -> Value {
        writeln!(self.child.stdin.as_mut().unwrap(), "{what}").unwrap();
        self.heard()
    }

    fn heard(&mut self) -> Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        assert!(!line.is_empty(), "the browser ended early; its stderr tells why");
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said.get("failure"), None, "{said}");
        said
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends with its stdin.
        drop(self.child.stdin.take());
        let _gone = self.child.wait();
    }
}

async fn is_told_before_and_after_a_break(transport: &str, variant: &str) {
    let app = TestApp::start(Engine::Sqlite).await;
    let (mut browser, first) = Browser::start(&app, transport, variant);
    assert_eq!(first["transport"], transport, "{first}");
    assert_eq!(first["protocol"], "2.1", "{first}");
    assert_eq!(first["told"], 0, "{first}");
    app.sent_patient("p1").await;
    browser.tell(json!({"until": 1}));
    while !app.b().claim().await.is_empty() {}
    let cut = browser.tell(json!({"cut": true}));
    let told = cut["told"].as_u64().unwrap();
    app.sent_patient("p2").await;
    let last = browser.tell(json!({"until": told + 1}));
    assert!(!app.b().claim().await.is_empty(), "{last}");
    browser.tell(json!({"stop": true}));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_told_over_web_sockets() {
    is_told_before_and_after_a_break("webSockets", "generated").await;
    is_told_before_and_after_a_break("webSockets", "plain").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_told_over_server_sent_events() {
    is_told_before_and_after_a_break("serverSentEvents", "generated").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_told_over_long_polling() {
    is_told_before_and_after_a_break("longPolling", "generated").await;
}
