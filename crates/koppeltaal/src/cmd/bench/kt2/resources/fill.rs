//! Fills a domain with resources, through the store and without a server in between.

use std::collections::VecDeque;
use std::time::Instant;

use anyhow::{Context, Result};
use koppeltaal_core::Clock;
use koppeltaal_core::directory::Domain;
use koppeltaal_store::resource::{self, New};
use koppeltaal_store::{DomainTx, Ids, Store};
use serde_json::json;
use std::sync::Arc;

use super::sample::{self, Ready};
use crate::clock::SystemClock;
use crate::output;

/// Resources in one transaction.
const BATCH: usize = 500;
/// Transactions at the same time.
const IN_FLIGHT: usize = 4;

/// What is in the domain afterwards.
#[derive(Debug, Clone)]
pub struct Filled {
    /// How many resources there are.
    pub resources: u64,
    /// How many of them are patients, numbered from 0.
    pub patients: u64,
    /// How many are activities, numbered from 0.
    pub activities: u64,
    /// Some practitioners, who own tasks.
    pub owners: Vec<String>,
    /// Some patients, to be read.
    pub readable: Vec<String>,
    /// The bytes of their JSON, all together.
    pub json_bytes: u64,
}

/// An open store and the domain.
pub struct Ground {
    pub store: Store,
    pub ids: Arc<Ids>,
    pub domain: Arc<Domain>,
    /// The Device that everything comes from.
    pub origin: String,
}

/// Writes about `count` resources: patients and tasks in equal parts, a practitioner for every 50
/// tasks and an activity for every ten.
pub async fn fill(ground: &Ground, count: u64) -> Result<Filled> {
    let tasks = (count * 10 / 22).max(10);
    let (patients, activities, owners) = (tasks, (tasks / 10).max(1), (tasks / 50).max(1));
    let mut writer = Writer {
        ground,
        running: VecDeque::new(),
        batch: Vec::new(),
        bytes: 0,
        count: 0,
        began: Instant::now(),
    };
    let endpoint = writer.add("Endpoint", endpoint()).await?;
    let mut owner_ids = Vec::new();
    for number in 0..owners {
        owner_ids.push(writer.add("Practitioner", sample::practitioner(number)).await?);
    }
    let mut activity_ids = Vec::new();
    for number in 0..activities {
        activity_ids
            .push(writer.add("ActivityDefinition", sample::activity(number, &endpoint)).await?);
    }
    let mut readable = Vec::new();
    for number in 0..patients {
        let patient = writer.add("Patient", sample::patient(number)).await?;
        let activity = pick(&activity_ids, number)?;
        // Some of a practitioner's tasks are ready, whatever their numbers have in common.
        let owner = pick(&owner_ids, number / 7)?;
        writer.add("Task", sample::task(number, &patient, owner, activity)).await?;
        if readable.len() < 10_000 {
            readable.push(patient);
        }
    }
    writer.finish().await?;
    owner_ids.truncate(10_000);
    Ok(Filled {
        resources: writer.count,
        patients,
        activities,
        owners: owner_ids,
        readable,
        json_bytes: writer.bytes,
    })
}

fn pick(from: &[String], number: u64) -> Result<&String> {
    let at = usize::try_from(number)? % from.len().max(1);
    from.get(at).context("nothing to refer to")
}

fn endpoint() -> serde_json::Value {
    json!({
        "resourceType": "Endpoint",
        "meta": { "profile": ["http://koppeltaal.nl/fhir/StructureDefinition/KT2Endpoint"] },
        "status": "active",
        "connectionType": { "system": "http://vzvz.nl/fhir/CodeSystem/koppeltaal-endpoint-connection-type", "code": "hti-smart-on-fhir" },
        "payloadType": [{ "coding": [{ "system": "http://terminology.hl7.org/CodeSystem/endpoint-payload-type", "code": "any" }] }],
        "address": "https://module.example.nl/launch",
    })
}

struct Writer<'a> {
    ground: &'a Ground,
    running: VecDeque<tokio::task::JoinHandle<koppeltaal_core::Result<()>>>,
    batch: Vec<Ready>,
    bytes: u64,
    count: u64,
    began: Instant,
}

impl Writer<'_> {
    async fn add(&mut self, kind: &'static str, resource: serde_json::Value) -> Result<String> {
        let ready = sample::ready(kind, resource, &self.ground.origin)?;
        let id = ready.id.clone();
        self.bytes += ready.body.tail().len() as u64;
        self.count += 1;
        self.batch.push(ready);
        if self.batch.len() >= BATCH {
            self.send().await?;
        }
        if self.count.is_multiple_of(100_000) {
            let seconds = self.began.elapsed().as_secs_f64();
            output::remark(format_args!("{} resources, {seconds:.0} s", self.count));
        }
        Ok(id)
    }

    async fn send(&mut self) -> Result<()> {
        let batch = std::mem::take(&mut self.batch);
        let (ids, origin) = (self.ground.ids.clone(), self.ground.origin.clone());
        let scope = self.ground.store.scope(&self.ground.domain);
        self.running.push_back(tokio::spawn(async move {
            scope.write(move |tx| store(tx, &ids, &origin, &batch)).await
        }));
        while self.running.len() >= IN_FLIGHT {
            self.oldest().await?;
        }
        Ok(())
    }

    async fn oldest(&mut self) -> Result<()> {
        if let Some(running) = self.running.pop_front() {
            running.await??;
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        self.send().await?;
        while !self.running.is_empty() {
            self.oldest().await?;
        }
        Ok(())
    }
}

/// Creates resources with their rows, as the server does it, in one transaction.
pub fn store(
    tx: &mut DomainTx<'_>,
    ids: &Ids,
    origin: &str,
    batch: &[Ready],
) -> koppeltaal_core::Result<()> {
    for ready in batch {
        let new = New {
            resource_type: ready.resource_type,
            id: &ready.id,
            origin,
            body: &ready.body,
            indexed: &ready.indexed,
        };
        resource::create(tx, ids, &new, SystemClock.now())?;
    }
    Ok(())
}
