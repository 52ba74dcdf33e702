//! From given values to the configuration; every wrong value is named with the
//! place where it was given.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use koppeltaal_auth::seal::{DEVELOPMENT_KEY, SealKey};
use koppeltaal_core::directory::Phase;
use koppeltaal_core::network::Network;
use koppeltaal_core::{Error, Result, duration, retention, size};
use koppeltaal_kt1::Keep;
use koppeltaal_store::store::Checkpoint;
use koppeltaal_store::{DatabaseUrl, Options};

use super::keys::{self, Kind};
use super::values::Values;
use super::{Admin, Config, Kt1, Kt2, Limits, Log, LogFormat, Mail, Server, Tls};

impl Config {
    /// Interprets values; all that is wrong is told at once.
    pub fn from_values(values: &Values) -> Result<Self> {
        let mut reader = Reader { values, problems: Vec::new() };
        let config = reader.config();
        if reader.problems.is_empty() {
            return Ok(config);
        }
        Err(Error::Invalid(reader.problems.join("\n")))
    }
}

/// Reads single keys; a wrong one becomes a problem and a stand-in value.
struct Reader<'a> {
    values: &'a Values,
    problems: Vec<String>,
}

impl Reader<'_> {
    fn store(&mut self) -> Options {
        let connections = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
        Options {
            checkpoint: match self.number("store.checkpoint") {
                0 => Checkpoint::Background,
                pages => Checkpoint::Pages(pages),
            },
            postgres_write_connections: connections(self.at_least_one("store.write_connections")),
            postgres_read_connections: connections(self.at_least_one("store.read_connections")),
            ..Options::default()
        }
    }

    fn config(&mut self) -> Config {
        let listen = self.address("listen");
        let data_dir = PathBuf::from(self.text("data_dir").unwrap_or_default());
        let rate = self.number("limits.requests_per_second");
        Config {
            listen: listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 8080))),
            public_url: self.url("public_url"),
            database: self.database(&data_dir),
            data_dir,
            store: self.store(),
            seal_key: self.seal_key(),
            tls: self.tls(),
            server: Server {
                name: self.text("server.name").unwrap_or_default(),
                banner: self.text("server.banner"),
                phases: self.list("server.phases", |text| {
                    Phase::ALL.into_iter().find(|phase| phase.code() == text).ok_or_else(|| {
                        let all = Phase::ALL.map(Phase::code).join(", ");
                        format!("`{text}` is not a phase: {all}")
                    })
                }),
            },
            admin: Admin {
                listen: self.address("admin.listen"),
                allow_from: self.networks("admin.allow_from"),
            },
            metrics_listen: self.address("metrics.listen"),
            support_api_allow_from: self.networks("support_api.allow_from"),
            request_log: match self.text("support_api.request_log").as_deref() {
                Some("off") => Keep::Off,
                Some("failures") => Keep::Failures,
                _ => Keep::All,
            },
            log: Log {
                format: match self.text("log.format").as_deref() {
                    Some("json") => LogFormat::Json,
                    _ => LogFormat::Human,
                },
                level: self.text("log.level").unwrap_or_default(),
            },
            limits: Limits {
                body: self.size("limits.body"),
                requests_per_second: rate,
                burst: match self.text("limits.burst") {
                    Some(_) => self.number("limits.burst"),
                    None => rate.saturating_mul(2),
                },
            },
            audit_retention: self.duration("audit.retention"),
            outbound_ca_file: self.text("outbound.ca_file").map(PathBuf::from),
            kt1: Kt1 {
                claim_timeout: self.duration("kt1.claim_timeout"),
                retention: retention::Limits {
                    grace: self.duration("kt1.retention_grace"),
                    max: self.duration("kt1.retention_max"),
                },
                retention_interval: self.duration("kt1.retention_interval"),
                webhook_attempts: self.at_least_one("kt1.webhook_attempts"),
                webhook_first_retry: self.duration("kt1.webhook_first_retry"),
                // Nothing pauses for no time at all.
                signalr_keep_alive: self
                    .duration("kt1.signalr_keep_alive")
                    .max(Duration::from_millis(100)),
                signalr_connections: self.at_least_one("kt1.signalr_connections") as usize,
                storage_timeout: self.duration("kt1.storage_timeout"),
                launch_lifetime: self.duration("kt1.launch_lifetime"),
                code_lifetime: self.duration("kt1.code_lifetime"),
                access_token_lifetime: self.duration("kt1.access_token_lifetime"),
                activation_code_lifetime: self.duration("kt1.activation_code_lifetime"),
            },
            kt2: Kt2 {
                access_token_lifetime: self.duration("kt2.access_token_lifetime"),
                signing_key_max_age: self.duration("kt2.signing_key_max_age"),
                hook_first_retry: self.pause("kt2.hook_first_retry"),
                hook_max_interval: self.pause("kt2.hook_max_interval"),
                hook_give_up_after: self.duration("kt2.hook_give_up_after"),
                hook_timeout: self.pause("kt2.hook_timeout"),
                hook_coalesce: self.text("kt2.hook_coalesce").as_deref() == Some("true"),
            },
            mail: Mail { url: self.text("mail.url"), from: self.text("mail.from") },
        }
    }

    fn problem(&mut self, name: &str, why: impl std::fmt::Display) {
        let place = match self.values.get(name) {
            Some(given) => format!("{}: {name}", given.origin),
            None => name.to_owned(),
        };
        self.problems.push(format!("{place}: {why}"));
    }

    /// The value's text or its default; an empty text counts as left out.
    fn text(&mut self, name: &str) -> Option<String> {
        let key = keys::find(name)?;
        let given = self.values.get(name).map(|given| given.texts.join(","));
        let text = given.filter(|text| !text.is_empty()).or(key.default.map(str::to_owned))?;
        let words = match key.kind {
            Kind::Word(words) => words,
            Kind::Switch => &["true", "false"],
            _ => return Some(text),
        };
        if !words.contains(&text.as_str()) {
            self.problem(name, format!("`{text}` is not one of {}", words.join(", ")));
        }
        Some(text)
    }

    fn parsed<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(name)?;
        match parse(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.problem(name, why);
                None
            }
        }
    }

    fn list<T>(&mut self, name: &str, parse: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let given = self.values.get(name).map(|given| given.texts.clone());
        // A list in the file may be empty; texts elsewhere are split at commas.
        let texts = match given {
            Some(texts) => texts,
            None => keys::find(name)
                .and_then(|key| key.default)
                .map(str::to_owned)
                .into_iter()
                .collect(),
        };
        let parts = texts.iter().flat_map(|text| text.split(',')).map(str::trim);
        let mut values = Vec::new();
        for part in parts.filter(|part| !part.is_empty()) {
            match parse(part) {
                Ok(value) => values.push(value),
                Err(why) => self.problem(name, why),
            }
        }
        values
    }

    fn networks(&mut self, name: &str) -> Vec<Network> {
        self.list(name, str::parse)
    }

    fn duration(&mut self, name: &str) -> Duration {
        self.parsed(name, |text| duration::parse(text).map_err(|error| error.to_string()))
            .unwrap_or_default()
    }

    /// A duration that takes some time.
    fn pause(&mut self, name: &str) -> Duration {
        let pause = self.duration(name);
        if pause.is_zero() && self.problems.is_empty() {
            self.problem(name, "must be longer than 0s");
        }
        pause
    }

    fn number(&mut self, name: &str) -> u32 {
        self.parsed(name, |text| {
            text.parse().map_err(|_| format!("`{text}` is not a whole number"))
        })
        .unwrap_or_default()
    }

    fn at_least_one(&mut self, name: &str) -> u32 {
        let number = self.number(name);
        if number == 0 && self.problems.is_empty() {
            self.problem(name, "must be at least 1");
        }
        number
    }

    fn size(&mut self, name: &str) -> usize {
        self.parsed(name, |text| {
            let bytes = size::parse(text).map_err(|error| error.to_string())?;
            usize::try_from(bytes).map_err(|_| format!("`{text}` is more than this machine has"))
        })
        .unwrap_or_default()
    }

    fn address(&mut self, name: &str) -> Option<SocketAddr> {
        self.parsed(name, |text| {
            let text = text.replacen("localhost:", "127.0.0.1:", 1);
            text.parse()
                .map_err(|_| format!("`{text}` is not an address and port like 127.0.0.1:8080"))
        })
    }

    fn url(&mut self, name: &str) -> Option<String> {
        self.parsed(name, |text| {
            let parsed = url::Url::parse(text).map_err(|cause| format!("`{text}`: {cause}"))?;
            if !matches!(parsed.scheme(), "http" | "https") || parsed.host_str().is_none() {
                return Err(format!("`{text}` is not a URL like https://koppeltaal.example"));
            }
            if parsed.query().is_some() || parsed.fragment().is_some() {
                return Err(format!("`{text}` must have no `?` and no `#`"));
            }
            Ok(text.trim_end_matches('/').to_owned())
        })
    }

    fn database(&mut self, data_dir: &std::path::Path) -> DatabaseUrl {
        let default = DatabaseUrl::Sqlite(data_dir.join("koppeltaal.db"));
        self.parsed("database", |text| text.parse().map_err(|error: Error| error.to_string()))
            .unwrap_or(default)
    }

    fn seal_key(&mut self) -> String {
        self.parsed("seal_key", |text| match SealKey::parse(text) {
            Ok(_) => Ok(text.trim().to_owned()),
            Err(error) => Err(error.to_string()),
        })
        .unwrap_or_else(|| DEVELOPMENT_KEY.to_owned())
    }

    fn tls(&mut self) -> Option<Tls> {
        match (self.text("tls.certificate"), self.text("tls.key")) {
            (Some(certificate), Some(key)) => {
                Some(Tls { certificate: certificate.into(), key: key.into() })
            }
            (None, None) => None,
            (Some(_), None) => {
                self.problem("tls.certificate", "needs tls.key beside it");
                None
            }
            (None, Some(_)) => {
                self.problem("tls.key", "needs tls.certificate beside it");
                None
            }
        }
    }
}
