//! The second reading of a file: what was found good is stored, some lines in a
//! transaction.

use std::collections::BTreeSet;
use std::sync::Arc;

use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::{Error, Result, Timestamp};
use koppeltaal_store::resource::{self, Indexed, New, Stored, Updated};
use koppeltaal_store::{DomainTx, Ids, audit, definitions, directory};

use super::check::{Checked, Content, Fate, Line, content, fate};
use super::lines::{Lines, Text};
use super::{Imported, Open};
use crate::audit_event::{self, KIND};
use crate::call::{ATTEMPTS, overtaken, when_current};
use crate::catalog::Catalog;
use crate::content::body;
use crate::operate::reindex::served_types;
use crate::operate::{Operator, Progress};
use crate::subscription::{Looked, Subscriptions, Told, Watcher};

/// Lines that are stored in one transaction.
const AT_ONCE: usize = 200;

/// What became of the lines of a transaction.
#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    created: u64,
    changed: u64,
    unchanged: u64,
}

impl Counts {
    fn add(&mut self, fate: Fate) {
        match fate {
            Fate::Create => self.created += 1,
            Fate::Change => self.changed += 1,
            _ => self.unchanged += 1,
        }
    }

    fn add_to(self, imported: &mut Imported) {
        imported.created += self.created;
        imported.changed += self.changed;
        imported.unchanged += self.unchanged;
    }
}

/// A line, ready for the store.
struct Ready {
    number: u64,
    content: Content,
    indexed: Indexed,
    /// What it refers to and must be there when the transaction ends.
    references: Vec<(String, String)>,
    /// The subscriptions that it may match.
    looked: Looked,
}

/// What a transaction works with.
struct Work {
    ids: Arc<Ids>,
    now: Timestamp,
    entry: Entry,
}

impl Work {
    fn of(operator: &Operator) -> Self {
        Self {
            ids: operator.ids.clone(),
            now: operator.clock.now(),
            entry: operator.entry(Action::Administration),
        }
    }

    /// Stores a resource, which the caller holds.
    fn put(&self, tx: &mut DomainTx<'_>, ready: &Ready) -> Result<(Fate, Option<Stored>)> {
        let content = &ready.content;
        let known = match content.kind {
            KIND => audit_event::read(tx, &content.id)?,
            kind => resource::locked(tx, kind, &content.id)?,
        };
        let fate = fate(content, known.as_ref()).map_err(|(_, told)| {
            Error::Conflict(format!("line {}: {told}; import the file again", ready.number))
        })?;
        let stored = match fate {
            Fate::Create if content.kind == KIND => {
                let entry = Entry { action: Action::Report, ..self.entry.clone() };
                let entry = audit_event::entry_of(&content.node, Some(content.id.clone()), entry);
                audit::append(tx, &self.ids, &[entry])?;
                audit_event::read(tx, &content.id)?
            }
            Fate::Create => {
                let new = New {
                    resource_type: content.kind,
                    id: &content.id,
                    origin: &content.origin,
                    body: &content.body,
                    indexed: &ready.indexed,
                };
                Some(resource::create(tx, &self.ids, &new, self.now)?)
            }
            Fate::Change => {
                let updated = resource::update(
                    tx,
                    &self.ids,
                    content.kind,
                    &content.id,
                    None,
                    &content.body,
                    &ready.indexed,
                    self.now,
                )?;
                debug_assert!(matches!(updated, Updated::Done(_)), "it was locked and differs");
                match updated {
                    Updated::Done(stored) => Some(stored),
                    _ => None,
                }
            }
            _ => None,
        };
        Ok((fate, stored))
    }

    fn record(&self, tx: &mut DomainTx<'_>, counts: Counts) -> Result<()> {
        let detail = format!("import: {} created, {} changed", counts.created, counts.changed);
        let entry = Entry { detail: Some(detail), ..self.entry.clone() };
        audit::append(tx, &self.ids, &[entry]).map(drop)
    }
}

/// Stores the SearchParameters, and gives the types whose resources are to be
/// indexed by them.
pub async fn parameters(
    operator: &Operator,
    checked: &Checked,
    imported: &mut Imported,
) -> Result<Vec<&'static str>> {
    if checked.parameters.is_empty() {
        return Ok(Vec::new());
    }
    let catalog = operator.catalog().await?;
    let mut ready = Vec::new();
    for one in &checked.parameters {
        let known = catalog.definitions().search_parameter_by_url(&one.definition.url);
        let bases = one.definition.base.iter().map(String::as_str);
        let types = if known == Some(&one.definition) { Vec::new() } else { served_types(bases) };
        let content = Content {
            kind: "SearchParameter",
            id: one.id.clone(),
            origin: operator.domain.server_device.clone(),
            node: one.node.clone(),
            body: body(&one.node),
        };
        let number = checked.lines.get(one.line as usize).map_or(0, |line| line.number);
        let indexed = catalog.index(&with_id(&content), Some(&operator.base));
        let (references, looked) = (Vec::new(), Looked::default());
        let line = Ready { number, content, indexed, references, looked };
        ready.push((line, one.definition.url.clone(), types));
    }
    let types: BTreeSet<&'static str> =
        ready.iter().flat_map(|(_, _, types)| types.clone()).collect();
    let (work, version) = (Work::of(operator), checked.definitions);
    let counts = operator
        .scope()
        .write(move |tx| {
            definitions::hold(tx, version)?;
            let mut counts = Counts::default();
            for (line, url, types) in &ready {
                counts.add(work.put(tx, line)?.0);
                if !types.is_empty() {
                    definitions::begin(tx, url)?;
                }
            }
            work.record(tx, counts)?;
            definitions::changed(tx)?;
            Ok(counts)
        })
        .await?;
    counts.add_to(imported);
    Ok(types.into_iter().collect())
}

/// Stores all other lines.
pub async fn lines(
    operator: &Operator,
    open: Open<'_>,
    checked: &Checked,
    notifies: bool,
    imported: &mut Imported,
    progress: &mut dyn FnMut(Progress),
) -> Result<()> {
    let mut catalog = operator.catalog().await?;
    let directory = Arc::new(operator.store.read(directory::load).await?);
    let subscriptions = Subscriptions::default();
    let total = checked.lines.len();
    let mut file = Lines::open(open)?;
    let mut done = 0;
    while done < total {
        let texts = file.next(AT_ONCE)?;
        let lines = checked.lines.get(done..done + texts.len()).unwrap_or_default();
        let is_same = |(text, line): (&Text, &Line)| {
            text.number == line.number && text.digest() == line.digest
        };
        if texts.is_empty() || lines.len() < texts.len() || !texts.iter().zip(lines).all(is_same) {
            let told = "the file changed while it was read: import it again";
            return Err(Error::Conflict(told.to_owned()));
        }
        done += texts.len();
        let mut stored = None;
        for _ in 0..ATTEMPTS {
            let watcher = operator.watcher(&subscriptions, &directory, &catalog).await?;
            let watcher = if notifies { watcher } else { watcher.silent() };
            let maker = Maker { operator, catalog: &catalog, checked, watcher: &watcher };
            let ready =
                texts.iter().zip(lines).filter_map(|(text, line)| maker.one(text, line, done));
            let written = batch(operator, ready.collect(), &watcher, catalog.version()).await;
            stored = when_current(written)?;
            if stored.is_some() {
                break;
            }
            catalog = operator.catalog().await?;
        }
        stored.ok_or_else(overtaken)?.add_to(imported);
        progress(Progress { done: done as u64, total: total as u64, after: 0 });
    }
    Ok(())
}

/// What lines are made ready with.
struct Maker<'a> {
    operator: &'a Operator,
    catalog: &'a Catalog,
    checked: &'a Checked,
    watcher: &'a Watcher,
}

impl Maker<'_> {
    /// A line that is stored, with what it refers to among the lines before `end` and
    /// in the store.
    fn one(&self, text: &Text, line: &Line, end: usize) -> Option<Ready> {
        if !matches!(line.fate, Fate::Create | Fate::Change | Fate::Unchanged) {
            return None;
        }
        let content =
            content(self.operator, text).ok().filter(|one| one.kind != "SearchParameter")?;
        let references = line.references.iter().filter_map(|number| {
            let named = self.checked.names.get(*number)?;
            // What comes later refers back to nothing that can be deleted meanwhile.
            let is_later = named.line.is_some_and(|line| line as usize >= end) && !named.is_stored;
            let (kind, id) = named.name.split_once('/')?;
            (!is_later).then(|| (kind.to_owned(), id.to_owned()))
        });
        let references = references.collect();
        let resource = with_id(&content);
        let indexed = self.catalog.index(&resource, Some(&self.operator.base));
        let looked =
            self.watcher.look(content.kind, &content.id, &content.origin, &resource, &indexed);
        Some(Ready { number: text.number, content, indexed, references, looked })
    }
}

/// The resource as it is indexed.
fn with_id(content: &Content) -> koppeltaal_fhir::Node {
    let mut node = content.node.clone();
    if let Some(members) = node.as_object_mut() {
        members.insert("id", content.id.as_str());
    }
    node
}

/// Stores some lines that were indexed by this version of the definitions.
async fn batch(
    operator: &Operator,
    ready: Vec<Ready>,
    watcher: &Watcher,
    version: i64,
) -> Result<Counts> {
    if ready.is_empty() {
        return Ok(Counts::default());
    }
    let work = Work::of(operator);
    let watching = watcher.clone();
    let (counts, told) = operator
        .scope()
        .write(move |tx| {
            // Whoever locks several resources locks them in this order.
            let mut in_order: Vec<&Ready> = ready.iter().collect();
            in_order.sort_unstable_by_key(|one| (one.content.kind, one.content.id.as_str()));
            for one in in_order {
                resource::locked(tx, one.content.kind, &one.content.id)?;
            }
            let mut counts = Counts::default();
            let mut made = Vec::new();
            for one in &ready {
                let (fate, stored) = work.put(tx, one)?;
                counts.add(fate);
                made.extend(stored.map(|stored| (one, stored)));
            }
            let wanted: BTreeSet<&(String, String)> =
                ready.iter().flat_map(|one| &one.references).collect();
            let wanted: Vec<(String, String)> = wanted.into_iter().cloned().collect();
            if let Some(lost) = resource::missing(tx, &wanted)?.first() {
                let (kind, id) = wanted.get(*lost).cloned().unwrap_or_default();
                let told =
                    format!("{kind}/{id} was deleted while the file was read: import it again");
                return Err(Error::Conflict(told));
            }
            let mut told = Told::default();
            if counts.created + counts.changed > 0 {
                work.record(tx, counts)?;
                let counter = definitions::require(tx, version)?;
                for (one, stored) in &made {
                    let of_it = watching.tell(tx, &one.looked, stored, &one.indexed, counter)?;
                    told = told.and(of_it);
                }
            }
            Ok((counts, told))
        })
        .await?;
    watcher.done(&told);
    Ok(counts)
}
