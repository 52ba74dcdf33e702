//! `koppeltaal demo`: what it prints works, and it leaves nothing behind.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::world::{Engine, World};

struct Demo {
    child: Child,
    /// Everything it printed.
    lines: Vec<String>,
}

impl Demo {
    fn start(world: &World, temporary: &Path, arguments: &[&str]) -> Self {
        let mut command =
            world.command(&[&["demo", "--listen", "127.0.0.1:0"], arguments].concat());
        command.env_remove("KOPPELTAAL_DATABASE").env("TMPDIR", temporary);
        let log = std::fs::File::create(world.path().join("log")).unwrap();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let mut demo = Self { child, lines: Vec::new() };
        for line in out.lines().map_while(Result::ok) {
            let is_last = line == "Ctrl-C ends it.";
            demo.lines.push(line);
            if is_last {
                return demo;
            }
        }
        let log = std::fs::read_to_string(world.path().join("log")).unwrap();
        panic!("{:?}: {log}", demo.lines);
    }

    /// The commands that it proposes.
    fn commands(&self) -> Vec<&str> {
        let indented = self.lines.iter().filter_map(|line| line.strip_prefix("  "));
        indented.filter(|line| !line.starts_with("REQUESTS_CA_BUNDLE")).collect()
    }

    fn stop(mut self, world: &World) {
        Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        let began = std::time::Instant::now();
        assert_eq!(self.child.wait().unwrap().code(), Some(0));
        assert!(began.elapsed().as_secs() < 10);
        let log = std::fs::read_to_string(world.path().join("log")).unwrap();
        assert_eq!(log, "", "the demo warns of nothing");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a command as a reader of the demo does, from the root of the project.
fn shell(command: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(root)
        .env("NO_PROXY", "*")
        .output()
        .unwrap();
    assert!(output.status.success(), "{command}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn every_printed_command_works(arguments: &[&str], scheme: &str) {
    let world = World::empty(Engine::Sqlite).await;
    let temporary = tempfile::tempdir().unwrap();
    let demo = Demo::start(&world, temporary.path(), arguments);
    assert!(demo.lines[0].starts_with("koppeltaal "), "{:?}", demo.lines);
    assert!(demo.lines[2].starts_with(&format!("listening {scheme}://127.0.0.1:")));
    let commands = demo.commands();
    assert_eq!(commands.len(), 7);
    let answers: Vec<String> = commands.iter().map(|command| shell(command)).collect();
    let program = env!("CARGO_BIN_EXE_koppeltaal");
    assert!(commands[1].starts_with(program), "{}", commands[1]);
    assert_eq!(
        answers[0].matches("\"resourceType\":\"MessageHeader\"").count(),
        2,
        "{}",
        answers[0]
    );
    assert!(answers[1].contains("Success") && answers[1].contains("New"), "{}", answers[1]);
    assert!(answers[2].starts_with("accepted as "), "{}", answers[2]);
    assert!(answers[3].contains("\"valueCode\":\"Claimed\""), "{}", answers[3]);
    assert!(answers[4].contains("CreateOrUpdateCarePlan"), "{}", answers[4]);
    assert!(answers[5].contains("portal@demo"), "{}", answers[5]);
    assert!(answers[6].starts_with("eyJ"), "an access token: {}", answers[6]);
    demo.stop(&world);
    assert_eq!(std::fs::read_dir(temporary.path()).unwrap().count(), 0, "nothing is left");
}

#[tokio::test]
async fn it_shows_the_server_and_leaves_nothing_behind() {
    every_printed_command_works(&[], "http").await;
}

#[tokio::test]
async fn it_serves_https_with_a_throw_away_certificate() {
    every_printed_command_works(&["--tls"], "https").await;
}

#[tokio::test]
async fn it_keeps_its_store_where_it_is_told_to() {
    let world = World::empty(Engine::Sqlite).await;
    let temporary = tempfile::tempdir().unwrap();
    Demo::start(&world, temporary.path(), &["--data-dir", "kept"]).stop(&world);
    let kept = format!("sqlite:{}/kept/koppeltaal.db", world.path().display());
    let listed = world.list(&["messages", "list", "--database", &kept]);
    assert_eq!(listed.len(), 3, "an activity definition and two care plans");
    let mut again = world.command(&["demo", "--data-dir", "kept", "--listen", "127.0.0.1:0"]);
    let output = again.env_remove("KOPPELTAAL_DATABASE").output().unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
}
