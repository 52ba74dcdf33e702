//! A provisioning file against a store: read the directory, work out the plan
//! outside of any transaction (passwords are hashed), write it if the directory
//! is still the same, else begin again.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use koppeltaal_auth::SealKey;
use koppeltaal_core::directory::Directory;
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::directory::{self, Author};
use koppeltaal_store::{Ids, Store};

use super::file::File;
use super::plan::{Line, Plan, Rules, plan};

/// How often a directory may change under our hands.
const ATTEMPTS: usize = 10;

/// What was done, or would be.
#[derive(Debug, Clone)]
pub struct Applied {
    /// One line per change.
    pub lines: Vec<Line>,
}

/// Makes the directory what `text` says, all of it or nothing. `name` is what
/// messages call the file; paths in it are relative to the folder of `name`.
#[expect(clippy::too_many_arguments, reason = "each is a different thing of the caller's")]
pub async fn apply(
    store: &Store,
    seal: Arc<SealKey>,
    rules: Rules,
    name: &str,
    text: &str,
    author: Author,
    now: Timestamp,
    dry_run: bool,
) -> Result<Applied> {
    let began = Instant::now();
    for _ in 0..ATTEMPTS {
        let stored = store.read(|tx| directory::load(tx)).await?;
        let catalogs = koppeltaal_kt2::Catalogs::of_all(store, &stored).await?;
        let plan = planned(stored, &seal, &rules, name, text, now).await?;
        if plan.changes.is_empty() {
            return Ok(Applied { lines: Vec::new() });
        }
        if dry_run {
            let changes = plan.changes;
            store.read(move |tx| directory::refuse(tx, &changes)).await?;
            return Ok(supposed(plan.lines));
        }
        let ids = Ids::take(store).await?;
        // Hashing passwords takes its time, and the trail is numbered by the present.
        ids.not_before(now.plus(began.elapsed()));
        let (changes, author) = (plan.changes, author.clone());
        let written = store
            .write(move |tx| {
                directory::change(tx, &ids, &catalogs, plan.based_on, &changes, &author)
            })
            .await?;
        if written.is_some() {
            return Ok(Applied { lines: plan.lines });
        }
    }
    Err(Error::Unavailable(
        "the directory is being changed by others all the time: try again".to_owned(),
    ))
}

/// What [`apply`] would do to a store that is not there yet.
pub async fn preview(
    seal: Arc<SealKey>,
    rules: Rules,
    name: &str,
    text: &str,
    now: Timestamp,
) -> Result<Applied> {
    let plan = planned(Directory::default(), &seal, &rules, name, text, now).await?;
    Ok(supposed(plan.lines))
}

async fn planned(
    stored: Directory,
    seal: &Arc<SealKey>,
    rules: &Rules,
    name: &str,
    text: &str,
    now: Timestamp,
) -> Result<Plan> {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let (file, problems) = File::read(text, folder);
    let (seal, rules) = (Arc::clone(seal), rules.clone());
    let planned =
        tokio::task::spawn_blocking(move || plan(&file, problems, &stored, &seal, &rules, now));
    let planned = planned.await.map_err(Error::internal)??;
    planned.map_err(|problems| problems.into_error(name))
}

/// A password made up in a dry run is nobody's.
fn supposed(mut lines: Vec<Line>) -> Applied {
    for line in &mut lines {
        line.generated_password = None;
    }
    Applied { lines }
}
