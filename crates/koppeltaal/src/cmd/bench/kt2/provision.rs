//! `bench kt2 provision`: a provisioning file with a domain whose clients all have the same key,
//! inline or behind a JWKS URL, so that signing beforehand needs one key only.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use koppeltaal_client::kt2::{KeyKind, PrivateKey, jwks};
use serde::Deserialize;

/// The application id of clients whose key set stands in the file.
const INLINE: &str = "bench-inline";
/// The application id of clients whose key set is fetched.
const FETCHED: &str = "bench-fetched";

/// What is to be provisioned.
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// How many clients of each kind
    #[arg(long, default_value_t = 8)]
    pub clients: usize,
    /// The domain
    #[arg(long, default_value = "bench")]
    pub domain: String,
    /// The private key of all clients (PEM, RSA); made when it is not there
    #[arg(long, value_name = "FILE")]
    pub key: PathBuf,
    /// Also clients whose key set is at this URL (that of `--jwks-listen`, with /jwks.json)
    #[arg(long, value_name = "URL")]
    pub jwks_url: Option<String>,
}

/// How the server gets the keys of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Keys {
    /// They are in the directory.
    Inline,
    /// It fetches them from a URL.
    Url,
}

impl Keys {
    /// As the flag is written.
    pub fn name(self) -> &'static str {
        match self {
            Keys::Inline => "inline",
            Keys::Url => "url",
        }
    }

    fn application(self) -> &'static str {
        match self {
            Keys::Inline => INLINE,
            Keys::Url => FETCHED,
        }
    }
}

/// The file of the command.
pub fn print(args: &Args) -> anyhow::Result<String> {
    let key = key(&args.key)?;
    Ok(file(args, &key))
}

/// The key in a file; made when the file is not there.
pub fn key(path: &Path) -> anyhow::Result<PrivateKey> {
    if path.exists() {
        let text = std::fs::read_to_string(path)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        return PrivateKey::from_pem(&text).with_context(|| path.display().to_string());
    }
    let key = PrivateKey::generate(KeyKind::Rsa2048)?;
    std::fs::write(path, key.private_pem()?)
        .with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(key)
}

/// The provisioning file.
pub fn file(args: &Args, key: &PrivateKey) -> String {
    let domain = &args.domain;
    let mut file = format!(
        "# For measuring only: koppeltaal apply THIS_FILE\n\n\
         [[domain]]\nname = \"{domain}\"\nphase = \"test\"\nallow_http_loopback = true\n\n\
         [[application]]\nid = \"{INLINE}\"\n\n\
         [[application]]\nid = \"{FETCHED}\"\n\n\
         [[role]]\ndomain = \"{domain}\"\nname = \"bench\"\npermissions = [\n\
         \x20 {{ resource = \"Device\", operations = \"R\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"Patient\", operations = \"CRUD\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"Practitioner\", operations = \"CRUD\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"Task\", operations = \"CRUD\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"AuditEvent\", operations = \"CR\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"ActivityDefinition\", operations = \"CRUD\", scope = \"ALL\" }},\n\
         \x20 {{ resource = \"Subscription\", operations = \"CRUD\", scope = \"OWN\" }},\n]\n"
    );
    let inline = format!("jwks = '{}'", jwks([key.public_jwk(&key.thumbprint())]));
    let fetched = args.jwks_url.as_ref().map(|url| format!("jwks_url = \"{url}\""));
    for (application, keys) in [(INLINE, Some(inline)), (FETCHED, fetched)] {
        let Some(keys) = keys else { continue };
        for _ in 0..args.clients.max(1) {
            let client_id = uuid::Uuid::new_v4();
            // Writing to a String does not fail.
            let _ = write!(
                file,
                "\n[[instance]]\ndomain = \"{domain}\"\napplication = \"{application}\"\nclient_id = \"{client_id}\"\n{keys}\nrole = \"bench\"\nstatus = \"approved\"\n"
            );
        }
    }
    file
}

/// The client_ids in a file that have their keys like this.
pub fn clients(file: &str, keys: Keys) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct File {
        #[serde(default)]
        instance: Vec<Instance>,
    }
    #[derive(Deserialize)]
    struct Instance {
        application: String,
        client_id: String,
    }
    let file: File = toml::from_str(file).context("this is no file of `bench kt2 provision`")?;
    let of =
        file.instance.into_iter().filter(|instance| instance.application == keys.application());
    let clients: Vec<String> = of.map(|instance| instance.client_id).collect();
    if clients.is_empty() {
        bail!(
            "the provisioning file has no clients with --keys {}: see `bench kt2 provision --help`",
            keys.name()
        );
    }
    Ok(clients)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_read_back_and_the_key_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let args = Args {
            clients: 3,
            domain: "b".into(),
            key: path.clone(),
            jwks_url: Some("http://127.0.0.1:9/jwks.json".into()),
        };
        let text = print(&args).unwrap();
        assert_eq!(clients(&text, Keys::Inline).unwrap().len(), 3);
        assert_eq!(clients(&text, Keys::Url).unwrap().len(), 3);
        assert!(text.contains(&key(&path).unwrap().thumbprint()), "the key was made once");
        let inline_only = print(&Args { jwks_url: None, ..args }).unwrap();
        assert!(clients(&inline_only, Keys::Url).is_err());
    }
}
