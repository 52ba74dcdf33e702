//! The one table of configuration keys: the file, the environment, the flags,
//! `config example` and `config show` are all read from it.

/// How the text of a value is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `https://…` or `http://…`.
    Url,
    /// `IP:PORT`.
    Address,
    /// A file or folder.
    Path,
    /// `500ms`, `15m`, `56d`.
    Duration,
    /// A whole number.
    Number,
    /// A number of bytes: `4096`, `64KiB`, `10MiB`.
    Size,
    /// `true` or `false`.
    Switch,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Several texts: a list in the file, separated by commas elsewhere.
    List,
}

/// One key of the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key {
    /// Its name; a dot stands between table and key.
    pub name: &'static str,
    /// How its value is read.
    pub kind: Kind,
    /// Its default as text; `None` when there is none or it follows from others.
    pub default: Option<&'static str>,
    /// Whether it is a secret: masked when shown, and read from a file when the
    /// environment has its name followed by `_FILE`.
    pub secret: bool,
    /// What it means, one sentence a line.
    pub meaning: &'static str,
}

const fn key(
    name: &'static str,
    kind: Kind,
    default: Option<&'static str>,
    meaning: &'static str,
) -> Key {
    Key { name, kind, default, secret: false, meaning }
}

const fn secret(name: &'static str, meaning: &'static str) -> Key {
    Key { name, kind: Kind::Text, default: None, secret: true, meaning }
}

use Kind::{Address, Duration, List, Number, Path, Size, Switch, Text, Url, Word};

/// Every key, in the order of the example file.
pub const KEYS: &[Key] = &[
    key("listen", Address, Some("127.0.0.1:8080"), "Address and port of the server."),
    key(
        "public_url",
        Url,
        None,
        "The URL under which others reach the server; every absolute URL is built from it.\n\
         Left out: http (https with tls) and the listener's address.",
    ),
    key("data_dir", Path, Some("./data"), "Where the server keeps its files."),
    secret(
        "database",
        "sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME.\n\
         Left out: sqlite:<data_dir>/koppeltaal.db.",
    ),
    secret(
        "seal_key",
        "Base64 of 32 bytes (openssl rand -base64 32): seals keys and secrets in the store.\n\
         Left out: a development key that everybody knows; `serve` refuses it as soon as a\n\
         domain is in phase acceptance or production.",
    ),
    key(
        "store.checkpoint",
        Number,
        Some("2000"),
        "SQLite: after how many pages of its log they are copied into the main file; more is\n\
         faster and makes rare answers slower. 0: in the background, for a bulk import.",
    ),
    key(
        "store.write_connections",
        Number,
        Some("8"),
        "PostgreSQL: connections that write; few on a fast disk, 32 on a slow one.",
    ),
    key("store.read_connections", Number, Some("4"), "PostgreSQL: connections that read."),
    key("tls.certificate", Path, None, "PEM file with the certificate chain: serve https."),
    key("tls.key", Path, None, "PEM file with the private key."),
    key("server.name", Text, Some("Koppeltaal"), "The name of this environment."),
    key("server.banner", Text, None, "A line that every page shows, for instance TEST."),
    key(
        "server.phases",
        List,
        Some("development,test,acceptance,production"),
        "The phases this environment takes; `apply` refuses a domain of another one.",
    ),
    key("admin.listen", Address, None, "A listener of its own for the administration."),
    key(
        "admin.allow_from",
        List,
        Some("127.0.0.0/8,::1"),
        "The addresses and networks the administration answers.",
    ),
    key("metrics.listen", Address, None, "A listener of its own for /metrics."),
    key(
        "support_api.allow_from",
        List,
        Some("127.0.0.0/8,::1"),
        "The addresses and networks from which the Support API takes user name and password,\n\
         and requests of those who have no account; tokens work from everywhere.",
    ),
    key(
        "support_api.request_log",
        Word(&["off", "failures", "all"]),
        Some("all"),
        "Which KT1 requests are kept for support, sealed: successes 7 days, failures 14.",
    ),
    key("log.format", Word(&["human", "json"]), Some("human"), "human or json."),
    key(
        "log.level",
        Text,
        Some("info"),
        "error, warn, info, debug or trace; also per module: info,koppeltaal_store=debug.",
    ),
    key("limits.body", Size, Some("10MiB"), "The largest body of a request; 413 beyond."),
    key(
        "limits.requests_per_second",
        Number,
        Some("0"),
        "Requests a second of one instance; 429 beyond. 0: no limit.",
    ),
    key(
        "limits.burst",
        Number,
        None,
        "Requests of one instance at once.\nLeft out: twice requests_per_second.",
    ),
    key(
        "audit.retention",
        Duration,
        Some("0s"),
        "How long rows of the audit trail stay; they leave by whole months. 0s: for ever.\n\
         NEN 7513 asks for at least five years.",
    ),
    key(
        "outbound.ca_file",
        Path,
        None,
        "PEM file with more trust anchors for hooks, JWKS and identity providers.",
    ),
    key(
        "kt1.claim_timeout",
        Duration,
        Some("15m"),
        "How long a claimed message stays claimed; a domain may set its own.",
    ),
    key(
        "kt1.retention_grace",
        Duration,
        Some("24h"),
        "How long the body of a message stays after every recipient has it.",
    ),
    key(
        "kt1.retention_max",
        Duration,
        Some("56d"),
        "How long the body of a message stays at most.",
    ),
    key(
        "kt1.retention_interval",
        Duration,
        Some("1h"),
        "How often bodies are removed; first when the server starts.",
    ),
    key("kt1.webhook_attempts", Number, Some("5"), "Attempts to tell an instance of a message."),
    key(
        "kt1.webhook_first_retry",
        Duration,
        Some("30s"),
        "The wait before the second attempt; it doubles with each further one.",
    ),
    key(
        "kt1.signalr_keep_alive",
        Duration,
        Some("10s"),
        "How often something is sent over a silent SignalR connection. Clients doubt it after\n\
         twice that, reconnect for three times that; a poll is held eleven times that.",
    ),
    key(
        "kt1.signalr_connections",
        Number,
        Some("10000"),
        "SignalR connections of one instance at one process; 429 beyond.",
    ),
    key(
        "kt1.storage_timeout",
        Duration,
        Some("20s"),
        "How long the storage provider of a domain may take to answer.",
    ),
    key("kt1.launch_lifetime", Duration, Some("5m"), "How long a launch can be used."),
    key("kt1.code_lifetime", Duration, Some("60s"), "How long an authorization code can be used."),
    key("kt1.access_token_lifetime", Duration, Some("1h"), "How long an access token lasts."),
    key(
        "kt1.activation_code_lifetime",
        Duration,
        Some("7d"),
        "How long the activation code of a mobile launch can be used.",
    ),
    key("kt2.access_token_lifetime", Duration, Some("5m"), "How long an access token lasts."),
    key(
        "kt2.signing_key_max_age",
        Duration,
        Some("90d"),
        "How old the key gets that signs the tokens of a domain.",
    ),
    key("kt2.hook_first_retry", Duration, Some("1s"), "The wait before the second attempt."),
    key("kt2.hook_max_interval", Duration, Some("1h"), "The longest wait between two attempts."),
    key(
        "kt2.hook_give_up_after",
        Duration,
        Some("72h"),
        "How long after the first attempt the last one is; then the subscription is in error.",
    ),
    key("kt2.hook_timeout", Duration, Some("10s"), "How long a subscriber may take to answer."),
    key(
        "kt2.hook_coalesce",
        Switch,
        Some("false"),
        "Whether notifications of one subscription that wait for each other become one.\n\
         They have no content; the newest goes out, with its trace headers.",
    ),
    secret(
        "mail.url",
        "smtp://USER:PASSWORD@HOST:PORT or smtps://…\nLeft out: mails wait in the outbox.",
    ),
    key("mail.from", Text, None, "The sender of mails."),
];

/// The key with this name.
pub fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

impl Key {
    /// Its variable: `tls.key` is `KOPPELTAAL_TLS_KEY`.
    pub fn variable(&self) -> String {
        format!("KOPPELTAAL_{}", self.name.to_uppercase().replace('.', "_"))
    }
}
