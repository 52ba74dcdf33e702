//! Import: resources of an NDJSON file, judged as if an application sent them, with
//! the ids and origins that they have. The file is read twice: nothing is stored
//! before the whole of it was looked at, and a line may refer to a later one.

mod check;
mod lines;
mod names;
mod parameter;
mod write;

use std::io::{self, BufRead};

use koppeltaal_core::Result;

use self::check::Checked;
use super::reindex::reindex_types;
use super::{Operator, Progress};

/// Problems that are told one by one.
const MOST_PROBLEMS: usize = 1_000;

/// How a file is imported.
#[derive(Debug, Clone, Copy, Default)]
pub struct Importing {
    /// Only tell what would be done.
    pub dry_run: bool,
    /// Store the lines that are good even when others are not.
    pub keep_going: bool,
    /// Tell no subscriber.
    pub no_notifications: bool,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The number of the line, from 1.
    pub line: u64,
    /// Type and id of the resource, when it has any.
    pub resource: Option<String>,
    /// The element.
    pub expression: Option<String>,
    /// What is wrong with it.
    pub told: String,
}

/// What was imported, or would be.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Imported {
    /// Resources that are new here.
    pub created: u64,
    /// Resources that have a new version.
    pub changed: u64,
    /// Resources that are here just so.
    pub unchanged: u64,
    /// Devices that follow the directory, and are what it says.
    pub kept: u64,
    /// Lines that cannot be stored.
    pub refused: u64,
    /// Why; the first thousand.
    pub problems: Vec<Problem>,
    /// Whether anything may have been stored: not in a dry run, nor when a line was
    /// refused and that is not to be passed over.
    pub is_stored: bool,
    /// Search parameters that cover every resource from now on, by URL.
    pub ready: Vec<String>,
}

/// The file, from its beginning each time.
pub type Open<'a> = &'a dyn Fn() -> io::Result<Box<dyn BufRead>>;

/// Imports a file. SearchParameters in it come first, so that all else is indexed
/// by them. What is stored is stored in transactions of some lines each: a run that
/// was broken off is repeated, and passes over what is there.
pub async fn import(
    operator: &Operator,
    open: Open<'_>,
    importing: Importing,
    progress: &mut dyn FnMut(Progress),
) -> Result<Imported> {
    let checked = check::check(operator, open, progress).await?;
    let may_store = !importing.dry_run && (checked.refused == 0 || importing.keep_going);
    if !may_store {
        return Ok(supposed(checked));
    }
    let mut imported = Imported {
        kept: checked.kept,
        refused: checked.refused,
        problems: checked.problems.clone(),
        is_stored: true,
        ..Imported::default()
    };
    let waiting = write::parameters(operator, &checked, &mut imported).await?;
    let notifies = !importing.no_notifications;
    write::lines(operator, open, &checked, notifies, &mut imported, progress).await?;
    if !waiting.is_empty() {
        imported.ready = reindex_types(operator, &waiting, 0, progress).await?.ready;
    }
    Ok(imported)
}

/// What would be done.
fn supposed(checked: Checked) -> Imported {
    let mut imported =
        Imported { kept: checked.kept, refused: checked.refused, ..Imported::default() };
    for line in &checked.lines {
        match line.fate {
            check::Fate::Create => imported.created += 1,
            check::Fate::Change => imported.changed += 1,
            check::Fate::Unchanged => imported.unchanged += 1,
            check::Fate::Keep | check::Fate::Refuse => {}
        }
    }
    imported.problems = checked.problems;
    imported
}
