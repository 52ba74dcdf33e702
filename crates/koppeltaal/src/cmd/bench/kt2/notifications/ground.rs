//! A server with a domain, an application that writes and subscribes, and what it writes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bytes::Bytes;
use http::Method;
use koppeltaal_client::kt2::{Authorization, KeyKind, Options, PrivateKey, Signer};
use serde_json::{Value, json};

use crate::cmd::bench::kt2::ground::{DOMAIN, block_on};
use crate::cmd::bench::kt2::own_server::OwnServer;
use crate::cmd::bench::kt2::provision::{self, Keys};
use crate::cmd::bench::kt2::resources::sample;
use crate::cmd::bench::kt2::resources::work::{self, Asker};
use crate::cmd::bench::load::Plan;

/// The system of the identifiers that subscriptions ask for.
const GROUPS: &str = "http://example.nl/dossiers";
/// How long deleting what is left of a run may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is measured, and who writes.
pub struct Ground {
    /// The server.
    pub server: OwnServer,
    /// The application, which is the id of its Device, too.
    pub client: String,
    signer: Signer,
    base: String,
}

impl Ground {
    /// Starts a server on a fresh store. `database` may name an empty PostgreSQL.
    pub fn start(database: Option<&str>) -> Result<Ground> {
        let key = PrivateKey::generate(KeyKind::Rsa2048)?;
        let wanted = provision::Args {
            clients: 1,
            domain: DOMAIN.to_owned(),
            key: std::path::PathBuf::new(),
            jwks_url: None,
        };
        let text = provision::file(&wanted, &key);
        let client = provision::clients(&text, Keys::Inline)?.remove(0);
        let server = OwnServer::start(&text, database)?;
        let base = format!("{}/api/v1/{DOMAIN}/fhir/r4", server.url);
        let kid = key.thumbprint();
        let signer = Signer::new(Arc::new(key)).with_kid(kid);
        Ok(Ground { server, client, signer, base })
    }

    /// The application with a new token, which lasts for some minutes.
    pub fn asker(&self) -> Result<Asker> {
        let asked = async {
            let options = Options::default();
            let (client, signer) = (&self.client, self.signer.clone());
            let found = Authorization::discover(&self.base, client, signer, &options).await?;
            anyhow::Ok(found.new_token("").await?.secret().to_owned())
        };
        Asker::new(&self.base, &block_on(asked)??)
    }

    /// Subscribes to what is created in these groups, each to an endpoint.
    pub fn subscribe(&self, wanted: impl Iterator<Item = (String, String)>) -> Result<()> {
        let body = |(group, endpoint): (String, String)| {
            Bytes::from(subscription(&group, &endpoint).to_string())
        };
        let bodies: Vec<Bytes> = wanted.map(body).collect();
        let plan = all_of(bodies.len());
        let line = work::posts(&plan, &self.asker()?, "subscribe", "/Subscription", bodies)?;
        ensure!(line.errors.is_empty(), "subscriptions were refused: {:?}", line.errors);
        Ok(())
    }

    /// Deletes all subscriptions.
    pub fn unsubscribe(&self) -> Result<()> {
        let (asker, began) = (self.asker()?, Instant::now());
        loop {
            let ids = work::ids(&asker, "/Subscription?_count=200&_elements=id")?;
            if ids.is_empty() {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the subscriptions cannot be deleted");
            let paths: Vec<String> = ids.iter().map(|id| format!("/Subscription/{id}")).collect();
            let line = work::each(&asker, "delete", Method::DELETE, &paths)?;
            ensure!(line.errors.is_empty(), "subscriptions stay: {:?}", line.errors);
        }
    }
}

/// A plan that ends when so many were sent.
pub fn all_of(count: usize) -> Plan {
    Plan {
        connections: 16,
        duration: Duration::ZERO,
        warm_up: Duration::ZERO,
        count: Some(count as u64),
    }
}

/// The creation of a Patient in a group.
pub fn patient(number: u64, group: &str) -> Bytes {
    let mut patient = sample::patient(number);
    if let Some(value) = patient.pointer_mut("/identifier/1/value") {
        *value = group.into();
    }
    Bytes::from(patient.to_string())
}

fn subscription(group: &str, endpoint: &str) -> Value {
    json!({
        "resourceType": "Subscription",
        "meta": { "profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Subscription"] },
        "status": "requested",
        "reason": "measuring",
        "criteria": format!("Patient?identifier={GROUPS}%7C{group}"),
        "channel": {
            "type": "rest-hook",
            "endpoint": endpoint,
            "header": [format!("X-KTSubscription: {group}")],
        },
    })
}
