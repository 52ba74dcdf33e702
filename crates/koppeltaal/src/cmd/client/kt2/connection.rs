//! Who one is, and at which domain: the flags that several commands share.

use std::path::{Path, PathBuf};

use anyhow::Result;
use koppeltaal_client::kt2::{Algorithm, Authorization, Options, PrivateKey, Signer};
use koppeltaal_core::Error;

use super::failure;

/// The application.
#[derive(Debug, clap::Args)]
pub struct Identity {
    /// Its client_id
    #[arg(long, value_name = "ID", env = "KOPPELTAAL_CLIENT_ID")]
    pub client_id: String,
    #[command(flatten)]
    pub key: Key,
}

/// The private key of the application.
#[derive(Debug, clap::Args)]
pub struct Key {
    /// A file with its private key (PEM)
    #[arg(long, value_name = "FILE", env = "KOPPELTAAL_CLIENT_KEY")]
    key: PathBuf,
    /// The kid of the key [default: its thumbprint, as `keys generate` names it]
    #[arg(long, env = "KOPPELTAAL_CLIENT_KID")]
    kid: Option<String>,
    /// Sign with RS256, RS384, RS512, ES256, ES384 or ES512 [default: RS512, or what the curve of
    /// the key has]
    #[arg(long, value_name = "NAME", value_parser = algorithm)]
    algorithm: Option<Algorithm>,
}

/// The domain, and the application there.
#[derive(Debug, clap::Args)]
pub struct Connection {
    /// The FHIR base of the domain: https://HOST/api/v1/DOMAIN/fhir/r4
    #[arg(long, value_name = "URL", env = "KOPPELTAAL_CLIENT_FHIR_BASE")]
    pub fhir_base: String,
    #[command(flatten)]
    pub identity: Identity,
    /// The aud of assertions [default: the endpoint that is called]
    #[arg(long, value_name = "URL")]
    audience: Option<String>,
    /// Certificates to trust besides those of the system (PEM)
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,
}

impl Key {
    /// What signs.
    pub fn signer(&self) -> Result<Signer> {
        let key = read_key(&self.key)?;
        let kid = self.kid.clone().unwrap_or_else(|| key.thumbprint());
        let signer = Signer::new(key).with_kid(kid);
        match self.algorithm {
            Some(algorithm) => Ok(signer.with_algorithm(algorithm).map_err(failure)?),
            None => Ok(signer),
        }
    }
}

impl Connection {
    /// Finds the authorization service of the domain.
    pub async fn open(&self) -> Result<Authorization> {
        let options = Options {
            trust: self.ca_file.as_deref().map(read).transpose()?.unwrap_or_default(),
            audience: self.audience.clone(),
            ..Options::default()
        };
        let signer = self.identity.key.signer()?;
        let client_id = &self.identity.client_id;
        let found = Authorization::discover(&self.fhir_base, client_id, signer, &options).await;
        Ok(found.map_err(failure)?)
    }
}

fn read_key(file: &Path) -> Result<PrivateKey> {
    let text = String::from_utf8(read(file)?).unwrap_or_default();
    PrivateKey::from_pem(&text)
        .map_err(|why| Error::Invalid(format!("{}: {why}", file.display())).into())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    std::fs::read(file)
        .map_err(|why| Error::Invalid(format!("{} cannot be read: {why}", file.display())).into())
}

fn algorithm(text: &str) -> Result<Algorithm, String> {
    text.parse().map_err(|why: koppeltaal_client::kt2::Error| why.to_string())
}
