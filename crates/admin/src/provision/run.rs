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
use super::problem::Problems;

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
    let source = Source { folder: Some(folder(name)), text };
    let applied = apply_source(store, &seal, &rules, source, author, now, dry_run).await?;
    applied.map_err(|problems| problems.into_error(name))
}

/// As [`apply`], of a text that came with a request: it may name no files. The
/// inner error is what is wrong with it.
pub async fn apply_request(
    store: &Store,
    seal: &Arc<SealKey>,
    rules: &Rules,
    text: &str,
    author: Author,
    now: Timestamp,
    dry_run: bool,
) -> Result<Result<Applied, Problems>> {
    let source = Source { folder: None, text };
    apply_source(store, seal, rules, source, author, now, dry_run).await
}

#[derive(Clone, Copy)]
struct Source<'a> {
    folder: Option<&'a Path>,
    text: &'a str,
}

fn folder(name: &str) -> &Path {
    Path::new(name).parent().unwrap_or(Path::new(""))
}

async fn apply_source(
    store: &Store,
    seal: &Arc<SealKey>,
    rules: &Rules,
    source: Source<'_>,
    author: Author,
    now: Timestamp,
    dry_run: bool,
) -> Result<Result<Applied, Problems>> {
    let began = Instant::now();
    for _ in 0..ATTEMPTS {
        let stored = store.read(|tx| directory::load(tx)).await?;
        let catalogs = koppeltaal_kt2::Catalogs::of_all(store, &stored).await?;
        let plan = match planned(stored, seal, rules, source, now).await? {
            Ok(plan) => plan,
            Err(problems) => return Ok(Err(problems)),
        };
        if plan.changes.is_empty() {
            return Ok(Ok(Applied { lines: Vec::new() }));
        }
        if dry_run {
            let changes = plan.changes;
            store.read(move |tx| directory::refuse(tx, &changes)).await?;
            return Ok(Ok(supposed(plan.lines)));
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
            return Ok(Ok(Applied { lines: plan.lines }));
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
    let source = Source { folder: Some(folder(name)), text };
    let plan = planned(Directory::default(), &seal, &rules, source, now).await?;
    plan.map(|plan| supposed(plan.lines)).map_err(|problems| problems.into_error(name))
}

async fn planned(
    stored: Directory,
    seal: &Arc<SealKey>,
    rules: &Rules,
    source: Source<'_>,
    now: Timestamp,
) -> Result<Result<Plan, Problems>> {
    let (file, problems) = File::read(source.text, source.folder);
    let (seal, rules) = (Arc::clone(seal), rules.clone());
    let planned =
        tokio::task::spawn_blocking(move || plan(&file, problems, &stored, &seal, &rules, now));
    planned.await.map_err(Error::internal)?
}

/// A password made up in a dry run is nobody's.
fn supposed(mut lines: Vec<Line>) -> Applied {
    for line in &mut lines {
        line.generated_password = None;
    }
    Applied { lines }
}
