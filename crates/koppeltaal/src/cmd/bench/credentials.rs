//! Who the load comes from: named one by one, or taken from the provisioning file that
//! `bench provision` wrote and `apply` made true.

use std::path::PathBuf;

use anyhow::{Context, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use serde::Deserialize;

/// The application id of the instance that sends.
pub const SENDER: &str = "bench-sender";
/// The application id of the instances that receive.
pub const MAILBOX: &str = "bench-mailbox";

/// Where the credentials are.
#[derive(Debug, Clone, clap::Args)]
pub struct Credentials {
    /// The file that `bench provision` printed
    #[arg(long, value_name = "FILE")]
    pub provision: Option<PathBuf>,
    /// The domain
    #[arg(long, default_value = "bench")]
    pub domain: String,
    /// Who sends
    #[arg(long, value_name = "USER:PASSWORD", hide_env_values = true)]
    pub sender: Option<String>,
    /// Whose mailbox is read; several times for several mailboxes
    #[arg(long, value_name = "USER:PASSWORD")]
    pub mailbox: Vec<String>,
}

/// The instances of the load, as `Authorization` headers.
#[derive(Debug, Clone)]
pub struct Instances {
    /// The domain they are in.
    pub domain: String,
    sender: Option<HeaderValue>,
    mailboxes: Vec<HeaderValue>,
}

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    domain: Vec<Domain>,
    #[serde(default)]
    instance: Vec<Instance>,
}

#[derive(Deserialize)]
struct Domain {
    name: String,
}

#[derive(Deserialize)]
struct Instance {
    application: String,
    username: String,
    password: String,
}

impl Credentials {
    /// Reads them.
    pub fn read(&self) -> anyhow::Result<Instances> {
        let mut instances =
            Instances { domain: self.domain.clone(), sender: None, mailboxes: Vec::new() };
        if let Some(path) = &self.provision {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))?;
            let file: File = toml::from_str(&text)
                .with_context(|| format!("{} is no file of `bench provision`", path.display()))?;
            if let Some(domain) = file.domain.first() {
                instances.domain.clone_from(&domain.name);
            }
            for instance in &file.instance {
                let header = basic(&instance.username, &instance.password)?;
                match instance.application.as_str() {
                    SENDER => instances.sender = Some(header),
                    MAILBOX => instances.mailboxes.push(header),
                    _ => {}
                }
            }
        }
        if let Some(sender) = &self.sender {
            instances.sender = Some(pair(sender)?);
        }
        if !self.mailbox.is_empty() {
            instances.mailboxes =
                self.mailbox.iter().map(|mailbox| pair(mailbox)).collect::<Result<_, _>>()?;
        }
        Ok(instances)
    }
}

impl Instances {
    /// The one that sends.
    pub fn sender(&self) -> anyhow::Result<HeaderValue> {
        self.sender.clone().context("who sends? Give --provision FILE or --sender USER:PASSWORD")
    }

    /// Those that receive, at least one.
    pub fn mailboxes(&self) -> anyhow::Result<&[HeaderValue]> {
        if self.mailboxes.is_empty() {
            bail!("whose mailbox? Give --provision FILE or --mailbox USER:PASSWORD");
        }
        Ok(&self.mailboxes)
    }
}

fn pair(text: &str) -> anyhow::Result<HeaderValue> {
    let (username, password) =
        text.split_once(':').context("credentials have the form USER:PASSWORD")?;
    basic(username, password)
}

fn basic(username: &str, password: &str) -> anyhow::Result<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!(
        "Basic {}",
        STANDARD.encode(format!("{username}:{password}"))
    ))?;
    header.set_sensitive(true);
    Ok(header)
}
