//! A domain of a store with resources that are found by rows of the test's own.

use std::sync::Arc;

use koppeltaal_core::directory::Domain;
use koppeltaal_core::resource::Body;
use koppeltaal_core::search::{Condition, IndexRow, Qualifier, Test, Values, Words};
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_store::resource::search::{self, Page, Search};
use koppeltaal_store::resource::{self, Deleted, Indexed, New, Stored, Updated};
use koppeltaal_store::{DomainTx, Ids, Scope, Store, args};

pub const NOW: Timestamp = Timestamp(1_717_200_000_000_000);

/// Parameters of Patients: a text, a code, a time.
pub const NAME: i64 = 11;
pub const GENDER: i64 = 12;
pub const BORN: i64 = 13;
/// The reference of a Patient to another, or to a Task.
pub const LINK: i64 = 14;
/// Parameters of Tasks: a code, the reference to a Patient, a time.
pub const STATUS: i64 = 21;
pub const OWNER: i64 = 22;
pub const DUE: i64 = 23;

/// A resource to make.
#[derive(Debug, Clone)]
pub struct Plan {
    pub resource_type: &'static str,
    pub id: String,
    pub indexed: Indexed,
}

pub fn plan(resource_type: &'static str, id: &str, rows: &[(i64, &str, i64)]) -> Plan {
    let row = |(parameter, value, qualifier): &(i64, &str, i64)| IndexRow {
        parameter: *parameter,
        value: (*value).to_owned(),
        qualifier: *qualifier,
    };
    let indexed = Indexed::sorted(rows.iter().map(row).collect(), Words::default());
    Plan { resource_type, id: id.to_owned(), indexed }
}

pub fn test(parameter: i64, value: Values) -> Test {
    Test { parameter, value, qualifier: Qualifier::Any }
}

/// It has this value.
pub fn is(parameter: i64, value: &str) -> Condition {
    Condition::AnyOf(vec![test(parameter, Values::Is(value.to_owned()))])
}

#[derive(Clone)]
pub struct World {
    pub scope: Scope,
    pub store: Store,
    pub ids: Arc<Ids>,
}

pub fn world(store: &Store, number: i64) -> World {
    let scope = store.scope(&Domain { number, ..Domain::default() });
    World { scope, store: store.clone(), ids: Arc::new(Ids::of_node(number)) }
}

impl World {
    pub async fn write<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.scope.write(work).await.unwrap()
    }

    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnMut(&mut DomainTx<'_>) -> Result<T> + Send + 'static,
    ) -> T {
        self.scope.read(work).await.unwrap()
    }

    pub async fn create(&self, plans: Vec<Plan>) -> Vec<Stored> {
        let ids = self.ids.clone();
        self.write(move |tx| plans.iter().map(|plan| create(tx, &ids, plan)).collect()).await
    }

    /// The next version, found by these values.
    pub async fn update(&self, plan: Plan) -> Stored {
        let ids = self.ids.clone();
        self.write(move |tx| {
            let Plan { resource_type, id, indexed } = &plan;
            let stamp = resource::read(tx, resource_type, id)?.map_or(0, |known| known.stamp);
            let body = Body::new("", &format!(r#""n":{stamp}"#));
            match resource::update(tx, &ids, resource_type, id, None, &body, indexed, NOW)? {
                Updated::Done(stored) => Ok(stored),
                other => panic!("{other:?}"),
            }
        })
        .await
    }

    pub async fn delete(&self, resource_type: &str, id: &str) -> Stored {
        let (ids, resource_type, id) = (self.ids.clone(), resource_type.to_owned(), id.to_owned());
        let work =
            move |tx: &mut DomainTx<'_>| resource::delete(tx, &ids, &resource_type, &id, None, NOW);
        match self.write(work).await {
            Deleted::Done(stored) => stored,
            other => panic!("{other:?}"),
        }
    }

    pub async fn page(&self, search: Search) -> Page {
        self.read(move |tx| search::page(tx, &search)).await
    }

    pub async fn count(&self, resource_type: &str, conditions: &[Condition]) -> i64 {
        let (resource_type, conditions) = (resource_type.to_owned(), conditions.to_vec());
        self.read(move |tx| search::count(tx, &resource_type, &conditions)).await
    }

    /// The ids of all that meets these conditions, newest first.
    pub async fn ids(&self, resource_type: &str, conditions: &[Condition]) -> Vec<String> {
        let search = Search { limit: 10_000, ..search(resource_type, conditions) };
        self.page(search).await.found.into_iter().map(|stored| stored.id).collect()
    }

    /// How many rows a table has.
    pub async fn rows(&self, table: &str) -> i64 {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        let count = move |tx: &mut dyn koppeltaal_store::Tx| {
            tx.query_one(&sql, args![])?.unwrap_or_default().int(0)
        };
        self.store.read(count).await.unwrap()
    }
}

pub fn create(tx: &mut DomainTx<'_>, ids: &Ids, plan: &Plan) -> Result<Stored> {
    let Plan { resource_type, id, indexed } = plan;
    let body = Body::new("", "");
    let new = New { resource_type, id, origin: &origin(id), body: &body, indexed };
    resource::create(tx, ids, &new, NOW)
}

/// The Device that a resource with this id comes from: one of four.
pub fn origin(id: &str) -> String {
    format!("d{}", id.bytes().last().unwrap_or_default() % 4)
}

/// The newest ten of these.
pub fn search(resource_type: &str, conditions: &[Condition]) -> Search {
    Search {
        resource_type: resource_type.to_owned(),
        conditions: conditions.to_vec(),
        sort: Vec::new(),
        after: None,
        limit: 10,
    }
}
