//! The ground of a measurement: the server with its endpoints, the clients and their key.

use std::sync::Arc;

use anyhow::Context;
use koppeltaal_client::kt2::{
    Authorization, Discovery, KeyKind, Options, PrivateKey, Signer, jwks,
};

use super::authorization::Args;
use super::jwks_server::JwksServer;
use super::own_server::OwnServer;
use super::provision::{self, Keys};

/// The domain on a server that is started.
pub const DOMAIN: &str = "bench";

/// What is measured, and who asks.
pub struct Ground {
    /// The endpoints.
    pub discovery: Discovery,
    /// The clients.
    pub clients: Vec<String>,
    /// What they all sign with.
    pub signer: Signer,
    /// Where the server fetches their keys, if it does.
    pub jwks: Option<JwksServer>,
    /// The server, if it is one of ours.
    pub own: Option<OwnServer>,
}

impl Ground {
    /// Starts a server with clients, or takes the one that was named.
    pub fn prepare(args: &Args, database: Option<&str>) -> anyhow::Result<Ground> {
        let given = args.running.as_ref().map(|fhir_base| {
            let file = args.provision.as_deref().context("--provision FILE is missing")?;
            let key = args.key.as_deref().context("--key FILE is missing")?;
            let text = std::fs::read_to_string(file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            anyhow::Ok((fhir_base.clone(), text, provision::key(key)?))
        });
        let given = given.transpose()?;
        let key = match &given {
            Some((_, _, key)) => key,
            None => &PrivateKey::generate(KeyKind::Rsa2048)?,
        };
        let kid = key.thumbprint();
        let served = (args.keys == Keys::Url).then(|| {
            JwksServer::start(args.jwks_listen, &jwks([key.public_jwk(&kid)]).to_string())
        });
        let jwks = served.transpose()?;
        let (fhir_base, text, own) = match &given {
            Some((fhir_base, text, _)) => (fhir_base.clone(), text.clone(), None),
            None => {
                let wanted = provision::Args {
                    clients: args.clients,
                    domain: DOMAIN.to_owned(),
                    key: std::path::PathBuf::new(),
                    jwks_url: jwks.as_ref().map(|jwks| jwks.url.clone()),
                };
                let text = provision::file(&wanted, key);
                let own = OwnServer::start(&text, database)?;
                (format!("{}/api/v1/{DOMAIN}/fhir/r4", own.url), text, Some(own))
            }
        };
        let clients = provision::clients(&text, args.keys)?;
        let key = PrivateKey::from_pem(&key.private_pem()?)?;
        let signer = Signer::new(Arc::new(key)).with_kid(kid);
        let found = block_on(Authorization::discover(
            &fhir_base,
            &clients[0],
            signer.clone(),
            &Options::default(),
        ))?;
        let discovery = found.context("the domain cannot be measured")?.discovery().clone();
        Ok(Ground { discovery, clients, signer, jwks, own })
    }

    /// New access tokens of the first client.
    pub fn access_tokens(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let asked = async {
            let (base, client) = (&self.discovery.fhir_base, &self.clients[0]);
            let options = Options::default();
            let found =
                Authorization::discover(base, client, self.signer.clone(), &options).await?;
            let mut tokens = Vec::with_capacity(count);
            for _ in 0..count {
                tokens.push(found.new_token("").await?.secret().to_owned());
            }
            anyhow::Ok(tokens)
        };
        block_on(asked)?.context("there is no token")
    }
}

/// Runs this on a runtime of its own.
pub fn block_on<F: Future>(work: F) -> anyhow::Result<F::Output> {
    Ok(tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work))
}
