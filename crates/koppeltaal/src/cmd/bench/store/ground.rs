//! The ground a benchmark stands on: an open store with a domain, an instance that sends and the
//! mailboxes.

use std::sync::Arc;

use anyhow::{Result, bail};
use koppeltaal_core::directory::{Application, Directory, Domain, Instance};
use koppeltaal_core::{Clock, Timestamp};
use koppeltaal_store::directory::{Author, Change, Item, change, load};
use koppeltaal_store::{DatabaseUrl, Ids, Options, Scope, Store, migrate};

use crate::clock::SystemClock;
use crate::cmd::bench::credentials::{MAILBOX, SENDER};

/// An open store with a domain for measuring.
pub struct Ground {
    pub store: Store,
    pub ids: Arc<Ids>,
    pub scope: Scope,
    pub domain: Arc<Domain>,
    /// The number of the instance that sends, and its name.
    pub sender: (i64, String),
    /// The numbers of those that receive.
    pub mailboxes: Vec<i64>,
}

impl Ground {
    /// Opens the store, brings it to the present schema, and finds the domain or makes it.
    pub async fn open(
        database: &DatabaseUrl,
        options: &Options,
        domain: &str,
        mailboxes: usize,
    ) -> Result<Ground> {
        let store = Store::open(database, options).await?;
        migrate::run(&store).await?;
        let ids = Arc::new(Ids::take(&store).await?);
        let mut directory = store.read(|tx| load(tx)).await?;
        if directory.domain(domain).is_none() {
            make(&store, &ids, &directory, domain, mailboxes).await?;
            directory = store.read(|tx| load(tx)).await?;
        }
        let Some(found) = directory.domain(domain).cloned() else {
            bail!("the domain {domain} cannot be made");
        };
        let of = |application: &str| {
            let instances = directory.instances_of(found.number);
            let mut numbers: Vec<(i64, String)> = instances
                .filter(|instance| instance.application.id == application)
                .map(|instance| (instance.instance.number, instance.name().to_owned()))
                .collect();
            numbers.sort();
            numbers
        };
        let (senders, mailboxes) = (of(SENDER), of(MAILBOX));
        let Some(sender) = senders.into_iter().next() else {
            bail!("the domain {domain} was not made by `bench provision`: it has no {SENDER}");
        };
        if mailboxes.is_empty() {
            bail!("the domain {domain} was not made by `bench provision`: it has no {MAILBOX}");
        }
        Ok(Ground {
            scope: store.scope(&found),
            store,
            ids,
            domain: found,
            sender,
            mailboxes: mailboxes.into_iter().map(|(number, _)| number).collect(),
        })
    }
}

/// The present moment.
pub fn now() -> Timestamp {
    SystemClock.now()
}

async fn make(
    store: &Store,
    ids: &Arc<Ids>,
    directory: &Directory,
    domain: &str,
    mailboxes: usize,
) -> Result<()> {
    let mut items = vec![Item::Domain(Domain { name: domain.to_owned(), ..Domain::default() })];
    for application in [SENDER, MAILBOX] {
        if directory.application(application).is_none() {
            let application = Application { id: application.to_owned(), ..Application::default() };
            items.push(Item::Application(application));
        }
    }
    let instance = |application: &str, username: String| {
        Item::Instance(Instance {
            domain: domain.to_owned(),
            application: application.to_owned(),
            username: Some(username),
            client_id: uuid::Uuid::new_v4().to_string(),
            ..Instance::default()
        })
    };
    items.push(instance(SENDER, format!("bench-sender@{domain}")));
    items.extend((1..=mailboxes.max(1)).map(|n| instance(MAILBOX, format!("bench-{n}@{domain}"))));
    let changes: Vec<Change> = items
        .into_iter()
        .map(|item| Change { item, summary: "made for measuring".into() })
        .collect();
    let (ids, based_on) = (ids.clone(), directory.version);
    let author = Author { agent: "koppeltaal bench".into(), recorded: now(), request_id: None };
    let catalogs = koppeltaal_kt2::Catalogs::default();
    let made =
        store.write(move |tx| change(tx, &ids, &catalogs, based_on, &changes, &author)).await?;
    if made.is_none() {
        bail!("the directory changed meanwhile; try again");
    }
    Ok(())
}
