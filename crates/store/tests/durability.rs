//! A write on SQLite is answered only after the disk has it: proven by the trace of
//! the system calls of a process that writes, and says so after each answer.

use std::io::Write;
use std::process::Command;

use koppeltaal_store::test_support::answers_after_sync;
use koppeltaal_store::{DatabaseUrl, Options, Store, args};

const WRITES: usize = 200;

/// What a row of the writing process holds, found again in the pages of the log.
fn text_of(id: usize) -> String {
    format!("row-{id:06}-end")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is the process that is traced; the other test runs it"]
async fn write_and_tell_after_each_answer() {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(folder.path().join("koppeltaal.db"));
    let store = Store::open(&url, &Options::default()).await.unwrap();
    store.write(|tx| tx.execute("CREATE TABLE t (body TEXT)", &[])).await.unwrap();
    let callers = (0..8).map(|caller| {
        let store = store.clone();
        tokio::spawn(async move {
            for id in (caller..WRITES).step_by(8) {
                let text = text_of(id);
                let sql = "INSERT INTO t (body) VALUES ($1)";
                store.write(move |tx| tx.later(sql, args![&text])).await.unwrap();
                std::io::stdout().write_all(format!("answered {id}\n").as_bytes()).unwrap();
            }
        })
    });
    for caller in callers.collect::<Vec<_>>() {
        caller.await.unwrap();
    }
    let commits = store.metrics().commits;
    assert!(commits < WRITES as u64, "closures share commits");
}

#[test]
fn every_answer_comes_after_the_disk_has_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let trace = folder.path().join("trace");
    let traced = Command::new("strace")
        .args(["-f", "-y", "-s", "6000", "-e", "signal=none"])
        .args(["-e", "trace=pwrite64,write,fsync,fdatasync", "-o"])
        .arg(&trace)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "write_and_tell_after_each_answer", "--nocapture"])
        .output()
        .expect("this test needs strace: install the package `strace`");
    assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
    let trace = std::fs::read_to_string(trace).unwrap();
    assert_eq!(check(&trace), Ok(WRITES));
}

/// The rows whose texts stand in a page of the log.
fn named(call: &str) -> Vec<usize> {
    let texts = call.split("row-").skip(1);
    texts.filter_map(|rest| rest.get(..6)?.parse().ok()).collect()
}

/// The row that the process says was answered.
fn answered(call: &str) -> Option<usize> {
    let (_, rest) = call.split_once("\"answered ")?;
    rest.split('\\').next()?.parse().ok()
}

fn check(trace: &str) -> Result<usize, String> {
    answers_after_sync(trace, named, answered)
}

#[test]
fn the_check_finds_an_answer_that_came_too_early() {
    let write = "7 pwrite64(9</a/k.db-wal>, \"..row-000003-end..\", 4096, 56) = 4096\n";
    let sync = "7 fdatasync(9</a/k.db-wal>)         = 0\n";
    let other = "7 fdatasync(9</a/k.db>)             = 0\n";
    let answer = "8 write(1<pipe:[1]>, \"answered 3\\n\", 11) = 11\n";
    let begun = "7 fdatasync(9</a/k.db-wal> <unfinished ...>\n";
    let ended = "7 <... fdatasync resumed>)           = 0\n";
    let failed = "7 fdatasync(9</a/k.db-wal>)         = -1 EIO (Input/output error)\n";
    assert_eq!(check(&[write, sync, answer].concat()), Ok(1));
    assert_eq!(check(&[write, begun, ended, answer].concat()), Ok(1));
    for early in [
        &[write, answer, sync][..],
        &[sync, write, answer],
        &[write, other, answer],
        &[write, failed, answer],
        &[write, begun, answer, ended],
        &[begun, write, ended, answer],
        &[answer],
    ] {
        assert!(check(&early.concat()).is_err(), "{early:?}");
    }
}
