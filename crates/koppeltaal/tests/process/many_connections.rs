//! Two thousand clients at the same time, also where a process may open few files
//! unless it asks for more.

use std::time::Duration;

use futures_util::future::join_all;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::world::{Engine, Server, World, bundle, get, post, read_reply};

const CLIENTS: usize = 2000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_connections_are_served_at_the_same_time() {
    let ours = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: ours.maximum, maximum: ours.maximum }).unwrap();
    let world = World::with(Engine::Sqlite, "").await;
    // As most systems start a process.
    let mut command = world.program("sh");
    command.args(["-c", "ulimit -S -n 1024; exec \"$@\"", "sh"]);
    command.arg(env!("CARGO_BIN_EXE_koppeltaal"));
    command.args(["serve", "--listen", "127.0.0.1:0"]).env("KOPPELTAAL_LOG_LEVEL", "warn");
    let server = Server::start(&mut command, world.folder());

    let connected = join_all((0..CLIENTS).map(|_| TcpStream::connect(server.address))).await;
    let streams: Vec<TcpStream> = connected.into_iter().map(Result::unwrap).collect();
    let served = streams.into_iter().enumerate().map(|(number, mut stream)| {
        tokio::spawn(async move {
            let send = post("portal", &bundle(&format!("m-{number}")));
            for request in [get("module", "MessageHeader/_search?_summary=true&_count=1"), send] {
                stream.write_all(request.as_bytes()).await.unwrap();
                let reply = read_reply(&mut stream).await.expect("an answer");
                assert_eq!(reply.status, 200, "{}", reply.body);
            }
        })
    });
    let all = join_all(served.collect::<Vec<_>>());
    for done in tokio::time::timeout(Duration::from_secs(60), all).await.expect("in time") {
        done.unwrap();
    }
    assert_eq!(world.list(&["messages", "list"]).len(), CLIENTS);
}
