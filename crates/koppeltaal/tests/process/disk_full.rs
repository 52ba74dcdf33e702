//! A full disk: writes are refused with 503, reads go on, and when there is room
//! again writes work by themselves; nothing that was accepted is lost.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::world::{Engine, Reply, Server, World, bundle, exchange, get, post, until};

/// How the disk is filled and freed again.
enum Disk {
    /// A small file system that only the server's process sees, and what fills it.
    Small(PathBuf),
    /// Where no file system can be mounted: files that may not grow any more.
    Limited,
}

const SCRIPT: &str = "mkdir -p small && mount -t tmpfs -o size=24m,mode=700 tmpfs small && \
                      \"$0\" apply apply.toml >/dev/null && \
                      exec \"$0\" serve --listen 127.0.0.1:0";

impl Disk {
    /// Starts a server whose disk can be filled.
    fn serve(world: &World) -> (Self, Server) {
        let koppeltaal = env!("CARGO_BIN_EXE_koppeltaal");
        let mountable = |own: &str| {
            let mut probe = Command::new("unshare");
            probe.args([own, "--mount", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]);
            probe.output().is_ok_and(|output| output.status.success())
        };
        let user = ["--mount", "--map-root-user"].into_iter().find(|own| mountable(own));
        if let Some(user) = user {
            let mut command = world.program("unshare");
            command.args([user, "--mount", "sh", "-c", SCRIPT, koppeltaal]);
            command.env("KOPPELTAAL_DATABASE", "sqlite:small/koppeltaal.db");
            let server = Server::start(&mut command, world.folder());
            // The file system as the process sees it.
            let folder = format!("/proc/{}/cwd/small", server.process());
            return (Self::Small(folder.into()), server);
        }
        let mut command = world.program("sh");
        let ignoring = "trap '' XFSZ; exec \"$0\" serve --listen 127.0.0.1:0";
        command.args(["-c", ignoring, koppeltaal]);
        (Self::Limited, Server::start(&mut command, world.folder()))
    }

    fn fill(&self, world: &World, server: &Server) {
        match self {
            Self::Small(folder) => {
                let mut ballast = fs::File::create(folder.join("ballast")).unwrap();
                let mut chunk = vec![1; 1 << 20];
                while !chunk.is_empty() {
                    if ballast.write_all(&chunk).is_err() {
                        chunk.truncate(chunk.len() / 2);
                    }
                }
            }
            Self::Limited => {
                let log = world.folder().join("koppeltaal.db-wal");
                limit(server, Some(fs::metadata(log).unwrap().len()));
            }
        }
    }

    fn free(&self, server: &Server) {
        match self {
            Self::Small(folder) => fs::remove_file(folder.join("ballast")).unwrap(),
            Self::Limited => limit(server, None),
        }
    }
}

/// The largest file that the server's process may write.
fn limit(server: &Server, current: Option<u64>) {
    let process = i32::try_from(server.process()).ok().and_then(Pid::from_raw);
    prlimit(process, Resource::Fsize, Rlimit { current, maximum: None }).unwrap();
}

async fn send(server: &Server, identifier: &str) -> Reply {
    exchange(server, &post("portal", &bundle(identifier))).await
}

async fn read(server: &Server, query: &str) -> Reply {
    exchange(server, &get("module", &format!("MessageHeader/_search?{query}"))).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_writes_alone_and_they_begin_again_by_themselves() {
    let world = World::with(Engine::Sqlite, "").await;
    let (disk, server) = Disk::serve(&world);
    let mut accepted = Vec::new();
    for number in 0..20 {
        let identifier = format!("before-{number}");
        assert_eq!(send(&server, &identifier).await.status, 200);
        accepted.push(identifier);
    }
    for turn in 0..2 {
        disk.fill(&world, &server);
        let mut refused = 0;
        for number in 0..300 {
            // What was written is in a log that is used again, so some writes fit.
            let identifier = format!("full-{turn}-{number}");
            let reply = send(&server, &identifier).await;
            match reply.status {
                200 => accepted.push(identifier),
                503 => {
                    refused += 1;
                    assert!(reply.body.contains("OperationOutcome"), "{}", reply.body);
                    assert!(reply.body.contains("\"transient\""), "{}", reply.body);
                    assert!(reply.head.to_lowercase().contains("retry-after"), "{}", reply.head);
                    assert!(!reply.body.contains("SQLite"), "details stay inside: {}", reply.body);
                }
                other => panic!("{other}: {}", reply.body),
            }
            if refused >= 10 {
                break;
            }
        }
        assert!(refused >= 10, "the disk is full");
        let claim = read(&server, "_query=MessageHeader.GetNextNewAndClaim").await;
        assert_eq!(claim.status, 503, "a claim is a write: {}", claim.body);

        let page = read(&server, "_summary=true&_count=500").await;
        assert_eq!(page.status, 200, "{}", page.body);
        for identifier in &accepted {
            assert!(page.body.contains(&format!("\"{identifier}\"")), "{identifier} is lost");
        }
        let one = read(&server, "_id=before-0").await;
        assert_eq!(one.status, 200, "{}", one.body);
        assert!(one.body.contains("Sleep eight hours"), "{}", one.body);
        let ready = exchange(&server, "GET /readyz HTTP/1.1\r\nHost: h\r\n\r\n").await;
        assert_eq!(ready.status, 200, "it can serve reads");

        disk.free(&server);
        let identifier = format!("after-{turn}");
        until("writes work again", Duration::from_secs(10), async || {
            send(&server, &identifier).await.status == 200
        })
        .await;
        accepted.push(identifier);
    }
    let page = read(&server, "_summary=true&_count=500").await;
    for identifier in &accepted {
        let found = page.body.matches(&format!("\"{identifier}\"")).count();
        assert_eq!(found, 1, "{identifier}");
    }
    let listed = page.body.matches("#ProcessingStatusStatus\"").count();
    assert_eq!(listed, accepted.len(), "and nothing else");
}
