//! A change of the directory: worked out by the rules of `apply` against the stored
//! directory, and written if that is still the same, else worked out again. The
//! version that the caller knows is compared on the way.

use std::sync::Arc;

use http::StatusCode;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::version::Stamp;
use koppeltaal_core::{Error, Result as StoreResult};
use koppeltaal_store::Tx;
use koppeltaal_store::directory;

use super::ask::Ask;
use super::failure::{Failure, Fault};
use super::provision::{Planned, Problem, Table};

/// How often the directory may change under our hands.
const ATTEMPTS: usize = 10;

/// What is written in the same transaction.
pub type Beside = Arc<dyn Fn(&mut dyn Tx, &Planned) -> StoreResult<()> + Send + Sync>;

/// Names of attributes by key of the provisioning file, for errors.
pub type Names = &'static [(&'static str, &'static str)];

/// Makes the change that `work` makes of the stored directory.
pub async fn change(
    ask: &Ask<'_>,
    names: Names,
    work: impl Fn(&Directory) -> Result<Vec<Table>, Failure>,
    beside: Option<Beside>,
) -> Result<Planned, Failure> {
    let inner = ask.inner();
    for _ in 0..ATTEMPTS {
        let known = Arc::new(inner.store().read(directory::load).await?);
        let tables = work(&known)?;
        let (provision, now) = (inner.parts.provision.clone(), inner.now());
        let planned =
            tokio::task::spawn_blocking(move || provision.plan(tables, &known, now)).await;
        let planned = planned.map_err(Error::internal)??;
        let planned = planned.map_err(|problems| of_problems(problems, names))?;
        if planned.changes.is_empty() && beside.is_none() {
            return Ok(planned);
        }
        let (ids, author) = (inner.parts.kt1.parts.ids.clone(), ask.author());
        let (provision, beside) = (inner.parts.provision.clone(), beside.clone());
        let writing = planned.clone();
        let written = inner
            .store()
            .write(move |tx| {
                let index = provision.indexer();
                let changes = &writing.changes;
                let version =
                    directory::change(tx, &ids, index, writing.based_on, changes, &author)?;
                if let (Some(_), Some(beside)) = (version, &beside) {
                    beside(tx, &writing)?;
                }
                Ok(version)
            })
            .await?;
        if written.is_some() {
            return Ok(planned);
        }
    }
    Err(Failure::from(Error::Unavailable(
        "the directory is being changed by others all the time".to_owned(),
    )))
}

/// Refuses a change of another version than the current one.
pub fn check_version(known: Option<&str>, current: Option<i64>) -> Result<(), Failure> {
    let current = current.map(|stamp| Stamp(stamp).to_string());
    match known {
        Some(known) if Some(known) != current.as_deref() => Err(stale()),
        _ => Ok(()),
    }
}

/// The error for a version that is not the current one.
pub fn stale() -> Failure {
    Failure::conflict("meta.version is not the current version: read the resource again.")
}

fn of_problems(problems: Vec<Problem>, names: Names) -> Failure {
    let faults = problems.into_iter().map(|problem| {
        let status = if problem.forbidden { StatusCode::CONFLICT } else { StatusCode::BAD_REQUEST };
        let top = problem.key.split(['.', '[']).next().unwrap_or(&problem.key);
        match names.iter().find(|(key, _)| *key == top) {
            Some((_, name)) => Fault::attribute(status, name, problem.text),
            None => {
                Fault { status, title: format!("{}: {}", problem.key, problem.text), source: None }
            }
        }
    });
    Failure::of(faults.collect())
}
