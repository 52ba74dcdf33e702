//! A server in a process of its own: started, asked to stop, killed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// How long a server may take to start on a busy machine.
const START: Duration = Duration::from_secs(20);

/// A running server. It is killed with the value.
pub struct Server {
    child: Child,
    /// Where it is, without a slash at the end.
    pub url: String,
    /// Where it listens.
    pub address: SocketAddr,
    log: PathBuf,
}

impl Server {
    /// Runs the command and waits for the lines that tell where it listens.
    pub fn start(command: &mut Command, folder: &Path) -> Self {
        let log = tempfile::Builder::new().prefix("log-").tempfile_in(folder).unwrap();
        let (_, log) = log.keep().unwrap();
        command.stdout(Stdio::piped()).stderr(File::create(&log).unwrap());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let lines = lines(&mut child);
        let mut address = None;
        let mut said = Vec::new();
        while !said.last().is_some_and(|line: &String| line.starts_with("limits ")) {
            let left = START.saturating_sub(began.elapsed());
            let Ok(line) = lines.recv_timeout(left) else {
                let _gone = child.kill();
                let log = std::fs::read_to_string(&log).unwrap_or_default();
                panic!("the server did not start: {said:?}\n{log}");
            };
            if let Some(rest) = line.strip_prefix("listening ") {
                let url = rest.split(',').next().unwrap_or(rest).trim().to_owned();
                let (_, at) = url.split_once("://").unwrap();
                address = Some((at.parse().unwrap(), url));
            }
            said.push(line);
        }
        let (address, url) = address.expect("a line that tells where it listens");
        Self { child, url, address, log }
    }

    /// The number of the process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Ends it without any warning, as a crash does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop.
    pub fn terminate(&self) {
        let process = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).unwrap();
        kill_process(process, Signal::TERM).unwrap();
    }

    /// Waits until it has ended by itself.
    pub fn wait(&mut self, limit: Duration) -> (ExitStatus, Duration) {
        let began = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (status, began.elapsed());
            }
            assert!(began.elapsed() < limit, "it did not end within {limit:?}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
        if std::thread::panicking() {
            let log = self.log();
            let last: Vec<&str> = log.lines().rev().take(30).collect();
            let last: Vec<&str> = last.into_iter().rev().collect();
            eprintln!("the end of the server's log:\n{}", last.join("\n"));
        }
    }
}

fn lines(child: &mut Child) -> mpsc::Receiver<String> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            // Nobody listens any more once it has started; it is read all the same.
            let _unheard = sender.send(line);
        }
    });
    receiver
}
