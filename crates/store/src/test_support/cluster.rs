//! A PostgreSQL of one's own: initialised in a temporary folder, run by a user
//! without privileges, reached over a unix socket, and gone with the process that
//! started it, however that process ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    child: Child,
    /// The server ends when this pipe is closed.
    alive: Option<ChildStdin>,
}

/// Prepares and runs the server, waits until the test process is gone, cleans up.
const SCRIPT: &str = r#"
set -eu
folder=$(mktemp -d /tmp/koppeltaal-test-XXXXXX)
trap 'cd / && rm -rf "$folder"' EXIT
cd "$folder"
"$BIN/initdb" -D data -U postgres -A trust -E UTF8 --locale=C -N >initdb.log 2>&1 ||
    { cat initdb.log >&2; exit 1; }
@FILES@
"$BIN/postgres" -D data -k "$folder" -c listen_addresses= -c max_connections=300 "$@" \
    >server.log 2>&1 </dev/null &
server=$!
echo "$folder"
read -r _ || true
kill -QUIT "$server" || true
wait "$server" || true
"#;

impl Cluster {
    /// Starts a server with these settings (`name=value`) and these files, readable
    /// by the server alone, in its data folder.
    pub fn start(settings: &[&str], files: &[(&str, &str)]) -> Self {
        let mut command = unprivileged();
        let placed: String = files
            .iter()
            .enumerate()
            .map(|(number, (name, content))| {
                command.env(format!("FILE_{number}"), content);
                format!("printf %s \"$FILE_{number}\" >data/{name}; chmod 600 data/{name}\n")
            })
            .collect();
        command.args(["sh", "-c", &SCRIPT.replace("@FILES@", &placed), "sh"]);
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        command.env("BIN", binaries()).current_dir("/");
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        // An interrupt from the keyboard is for the tests; the server follows.
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn().expect("a shell to start PostgreSQL from");
        let alive = child.stdin.take();
        let output = child.stdout.take().expect("the output is a pipe");
        let mut folder = String::new();
        BufReader::new(output).read_line(&mut folder).expect("the folder of the server");
        let folder = PathBuf::from(folder.trim_end());
        assert!(folder.is_absolute(), "initdb failed, see above");
        let cluster = Self { folder, child, alive };
        cluster.wait_until_ready();
        cluster
    }

    /// The URL of its superuser, over the unix socket.
    pub fn url(&self) -> String {
        format!("postgres://postgres@/postgres?host={}", self.folder.display())
    }

    /// The folder with the socket, the log and the data.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The server's process, for tests that stop it.
    pub fn process(&self) -> u32 {
        self.pid_file().and_then(|line| line.parse().ok()).expect("the server's process id")
    }

    fn pid_file(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.join("data/postmaster.pid")).ok()?;
        text.lines().next().map(str::to_owned)
    }

    fn wait_until_ready(&self) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let log = || fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
        while !log().contains("ready to accept connections") {
            assert!(Instant::now() < deadline, "PostgreSQL does not start:\n{}", log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.alive.take());
        drop(self.child.wait());
    }
}

/// The folder of initdb and postgres.
fn binaries() -> PathBuf {
    let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    // The newest first, as numbers: 9 comes before 15.
    versions.sort_by_key(|bin| {
        let version = bin.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        std::cmp::Reverse(version.and_then(|name| name.parse::<u32>().ok()))
    });
    let path = std::env::var_os("PATH").unwrap_or_default();
    versions
        .into_iter()
        .chain(std::env::split_paths(&path))
        .find(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .expect(
            "the tests need a PostgreSQL server: install it (on Debian and Ubuntu the package \
             `postgresql`), or name a running one in KOPPELTAAL_TEST_POSTGRES",
        )
}

/// A command that runs what follows without privileges: PostgreSQL refuses root.
fn unprivileged() -> Command {
    let mut command;
    let root =
        fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    if root {
        let users = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let known = users.lines().any(|line| line.starts_with("postgres:"));
        let user = if known { "postgres" } else { "nobody" };
        command = Command::new("setpriv");
        command.args(["--reuid", user, "--clear-groups", "--"]);
    } else {
        command = Command::new("env");
    }
    command
}
