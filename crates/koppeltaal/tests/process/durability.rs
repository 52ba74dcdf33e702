//! A success answer means that the data is on disk: proven by the trace of the
//! system calls of a server on SQLite. (That sessions on PostgreSQL commit
//! synchronously is proven where they are made, in the store's own tests.)

use std::time::Duration;

use koppeltaal_store::test_support::answers_after_sync;

use crate::world::{Engine, Server, World, bundle, exchange, post};

const MESSAGES: usize = 50;

/// The identifier of a message, found again in pages and in answers.
fn identifier(number: usize) -> String {
    format!("message-{number:06}-end")
}

/// The numbers of the messages whose identifiers stand in a text.
fn named(text: &str) -> Vec<usize> {
    text.split("message-").skip(1).filter_map(|rest| rest.get(..6)?.parse().ok()).collect()
}

/// The message that a system call answers, if it writes an answer to a client.
fn answered(call: &str) -> Option<usize> {
    let name = call.split('(').next()?;
    let to_client = ["sendto", "write", "writev", "sendmsg"].contains(&name)
        && call.contains("<TCP:")
        && call.contains("HTTP/1.1 200 OK");
    to_client.then(|| named(call).first().copied())?
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_message_is_answered_before_the_disk_has_it() {
    let world = World::with(Engine::Sqlite, "").await;
    let trace = world.folder().join("trace");
    let mut command = world.program("strace");
    command.args(["-f", "-yy", "-s", "6000", "-e", "signal=none", "-o"]).arg(&trace);
    command.args(["-e", "trace=fdatasync,fsync,sendto,sendmsg,write,writev,pwrite64"]);
    command.arg(env!("CARGO_BIN_EXE_koppeltaal"));
    command.args(["serve", "--listen", "127.0.0.1:0"]);
    let mut server = Server::start(&mut command, world.folder());
    for number in 0..MESSAGES {
        let reply = exchange(&server, &post("portal", &bundle(&identifier(number)))).await;
        assert_eq!(reply.status, 200, "{}", reply.body);
    }
    // The tracer passes the signal on by ending with its child.
    stop_child(&server);
    let (status, _) = server.wait(Duration::from_secs(20));
    assert_eq!(status.code(), Some(0));
    let trace = std::fs::read_to_string(trace).unwrap();
    assert_eq!(answers_after_sync(&trace, named, answered), Ok(MESSAGES));
}

/// Asks the traced process to stop, which is the child of the tracer.
fn stop_child(server: &Server) {
    let tracer = server.process();
    let children = std::fs::read_to_string(format!("/proc/{tracer}/task/{tracer}/children"));
    let child = children.unwrap().trim().parse().ok().and_then(rustix::process::Pid::from_raw);
    rustix::process::kill_process(child.unwrap(), rustix::process::Signal::TERM).unwrap();
}
