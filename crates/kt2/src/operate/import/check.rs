//! The first reading of a file: every line is judged, and nothing is stored.

use std::collections::{HashMap, HashSet};

use koppeltaal_core::directory::Directory;
use koppeltaal_core::resource::Body;
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_core::{Error, Result};
use koppeltaal_fhir::{Node, json};
use koppeltaal_store::resource::{self, Stored};

use super::lines::{Lines, Text};
use super::names::Names;
use super::parameter::{Known, New};
use super::{MOST_PROBLEMS, Open, Problem};
use crate::catalog::Catalog;
use crate::content::{body, judge_on, local, strip};
use crate::kept;
use crate::kind;
use crate::localize::localize;
use crate::operate::confidential::is_masked;
use crate::operate::{Operator, PAGE, Progress};
use crate::origin;
use crate::rules::{Ground, subscription};

/// Lines that are judged at a time.
const AT_ONCE: usize = 200;

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A new resource.
    Create,
    /// A new version.
    Change,
    /// It is there just so.
    Unchanged,
    /// The directory says what it is.
    Keep,
    /// It cannot be stored.
    Refuse,
}

/// A line that was judged.
#[derive(Debug)]
pub struct Line {
    /// Its number in the file.
    pub number: u64,
    /// [`Text::digest`].
    pub digest: u64,
    /// What becomes of it.
    pub fate: Fate,
    /// The resource in it.
    name: Option<u32>,
    /// What it refers to.
    pub references: Box<[u32]>,
}

/// A file that was read.
pub struct Checked {
    /// Its lines, without those that are empty.
    pub lines: Vec<Line>,
    /// What they speak of.
    pub names: Names,
    /// The SearchParameters among them that can be stored.
    pub parameters: Vec<New>,
    /// The version of the definitions that they were judged by.
    pub definitions: i64,
    /// Lines with Devices that follow the directory.
    pub kept: u64,
    /// Lines that cannot be stored.
    pub refused: u64,
    /// Why.
    pub problems: Vec<Problem>,
}

/// A resource of a line, as it is kept.
pub struct Content {
    /// Its type.
    pub kind: &'static str,
    /// Its id.
    pub id: String,
    /// The Device it comes from; of definitions the server's own.
    pub origin: String,
    /// The resource without id and version.
    pub node: Node,
    /// The text that is kept.
    pub body: Body,
}

/// What a line says; otherwise what is wrong with it, and where.
pub fn content(operator: &Operator, text: &Text) -> Result<Content, (Option<String>, String)> {
    let plain = |told: &str| (None, told.to_owned());
    let bytes = text.bytes.as_deref().ok_or_else(|| plain("it is longer than 16 MiB"))?;
    let mut node = json::parse(bytes).map_err(|error| (None, error.to_string()))?;
    let name = node.resource_type().ok_or_else(|| plain("it names no resourceType"))?;
    let kind =
        kind::named(name).ok_or_else(|| (None, format!("{name} is no type that is kept here")))?;
    if kind::is_conformance(kind) && kind != "SearchParameter" {
        return Err((None, format!("a {kind} comes with a package: `koppeltaal ig install`")));
    }
    let at = |place: &str, told: &str| (Some(format!("{kind}.{place}")), told.to_owned());
    let id = node.get("id").and_then(Node::as_str).ok_or_else(|| at("id", "it has no id"))?;
    if !is_fhir_id(id) {
        return Err(at("id", "an id has 1 to 64 letters, digits, `-` and `.`"));
    }
    let id = id.to_owned();
    strip(&mut node);
    localize(&mut node, &operator.bases);
    if kind == "Subscription" {
        if is_masked(&node) {
            let told = "its values are masked: export it with --reveal-secrets";
            return Err(at("channel.header", told));
        }
        let before = node.clone();
        subscription::prepare(&mut node, Some(&before), operator.clock.now());
    }
    let origin = match kind {
        "SearchParameter" => operator.domain.server_device.clone(),
        _ => origin::only(&node).map(str::to_owned).ok_or_else(|| {
            at("extension", "it has no resource-origin that is a reference to a Device")
        })?,
    };
    let body = body(&node);
    Ok(Content { kind, id, origin, node, body })
}

/// Judges the lines of a file.
pub async fn check(
    operator: &Operator,
    open: Open<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<Checked> {
    let catalog = operator.catalog().await?;
    let directory = operator.store.read(koppeltaal_store::directory::load).await?;
    let mut checking = Checking {
        operator,
        catalog: &catalog,
        hosts: hook_hosts(&directory, operator),
        known: Known::of(&catalog),
        lines: Vec::new(),
        names: Names::default(),
        problems: Vec::new(),
    };
    let mut file = Lines::open(open)?;
    loop {
        let texts = file.next(AT_ONCE)?;
        if texts.is_empty() {
            break;
        }
        checking.page(&texts).await?;
        let done = checking.lines.len() as u64;
        progress(Progress { done, total: 0, after: 0 });
    }
    for (line, told) in checking.known.take_unusable() {
        checking.refuse(line, Some("SearchParameter.expression".to_owned()), told);
    }
    checking.find_elsewhere().await?;
    checking.refuse_dangling();
    Ok(checking.checked())
}

/// The hosts that hooks of each instance may have, by its Device; those of the
/// server's own Device are any.
fn hook_hosts(directory: &Directory, operator: &Operator) -> HashMap<String, Vec<String>> {
    let instances = directory.instances().iter();
    let own = instances.filter(|one| one.domain.number == operator.domain.number);
    let mut hosts: HashMap<String, Vec<String>> =
        own.map(|one| (one.instance.client_id.clone(), one.instance.hook_hosts.clone())).collect();
    hosts.insert(operator.domain.server_device.clone(), Vec::new());
    hosts
}

struct Checking<'a> {
    operator: &'a Operator,
    catalog: &'a Catalog,
    /// By the Devices that the directory keeps.
    hosts: HashMap<String, Vec<String>>,
    known: Known<'a>,
    lines: Vec<Line>,
    names: Names,
    problems: Vec<Problem>,
}

impl Checking<'_> {
    async fn page(&mut self, texts: &[Text]) -> Result<()> {
        let read: Vec<_> = texts.iter().map(|text| content(self.operator, text)).collect();
        let wanted: Vec<(&'static str, String)> =
            read.iter().flatten().map(|one| (one.kind, one.id.clone())).collect();
        let stored = self
            .operator
            .scope()
            .read(move |tx| {
                let mut found = HashMap::new();
                for (kind, id) in &wanted {
                    if let Some(stored) = kept::read(tx, kind, id)? {
                        found.insert((*kind, id.clone()), stored);
                    }
                }
                Ok(found)
            })
            .await?;
        for (text, content) in texts.iter().zip(read) {
            let line = u32::try_from(self.lines.len())
                .map_err(|_| Error::Unprocessable("the file has too many lines".to_owned()))?;
            self.lines.push(Line {
                number: text.number,
                digest: text.digest(),
                fate: Fate::Refuse,
                name: None,
                references: Box::default(),
            });
            match content {
                Ok(content) => {
                    let known = stored.get(&(content.kind, content.id.clone()));
                    self.line(line, &content, known);
                }
                Err((place, told)) => self.refuse(line, place, told),
            }
        }
        Ok(())
    }

    fn line(&mut self, line: u32, content: &Content, known: Option<&Stored>) {
        let name = self.names.number(&format!("{}/{}", content.kind, content.id));
        let before = self.names.get(name).and_then(|named| named.line);
        self.set(line, |own| own.name = Some(name));
        if let Some(number) =
            before.and_then(|before| Some(self.lines.get(before as usize)?.number))
        {
            return self.refuse(line, None, format!("line {number} holds the same resource"));
        }
        if let Some(named) = self.names.get_mut(name) {
            named.line = Some(line);
            named.is_stored = known.is_some_and(|known| !known.deleted);
        }
        if content.kind == "Device" && self.hosts.contains_key(&content.id) {
            return self.set(line, |own| own.fate = Fate::Keep);
        }
        let fate = match fate(content, known) {
            Ok(fate) => fate,
            Err((place, told)) => return self.refuse(line, place, told),
        };
        let is_bad = self.judge(line, content);
        if content.kind == "SearchParameter"
            && !is_bad
            && let Err(told) = self.known.take(line, &content.id, &content.node)
        {
            return self.refuse(line, Some("SearchParameter".to_owned()), told);
        }
        let mut references: Vec<u32> = local(&self.operator.base, &content.node)
            .into_iter()
            // What an AuditEvent tells of may be gone.
            .filter(|one| !one.is_past)
            .map(|one| self.names.number(&format!("{}/{}", one.resource_type, one.id)))
            .collect();
        references.sort_unstable();
        references.dedup();
        self.set(line, |own| {
            own.references = references.into();
            own.fate = if is_bad { Fate::Refuse } else { fate };
        });
    }

    /// Judges the content; true when there is something wrong with it.
    fn judge(&mut self, line: u32, content: &Content) -> bool {
        let ground = Ground {
            domain: &self.operator.domain,
            catalog: self.catalog,
            bases: &self.operator.bases,
            hook_hosts: self.hosts.get(&content.origin).map_or(&[], Vec::as_slice),
            now: self.operator.clock.now(),
        };
        let issues = judge_on(&ground, content.kind, &content.node, &[]);
        let errors = issues.into_iter().filter(|issue| issue.severity == "error");
        let mut is_bad = false;
        for issue in errors {
            is_bad = true;
            self.refuse(line, issue.expression, issue.diagnostics);
        }
        is_bad
    }

    fn set(&mut self, line: u32, change: impl FnOnce(&mut Line)) {
        if let Some(own) = self.lines.get_mut(line as usize) {
            change(own);
        }
    }

    fn refuse(&mut self, line: u32, expression: Option<String>, told: String) {
        let Some(own) = self.lines.get_mut(line as usize) else { return };
        own.fate = Fate::Refuse;
        let number = own.number;
        if self.problems.len() < MOST_PROBLEMS {
            let name = own.name.and_then(|name| self.names.get(name));
            let resource = name.map(|named| named.name.clone());
            self.problems.push(Problem { line: number, resource, expression, told });
        }
    }

    /// Looks up what the file refers to and does not hold.
    async fn find_elsewhere(&mut self) -> Result<()> {
        let wanted: Vec<(u32, String, String)> = self
            .names
            .elsewhere()
            .filter_map(|(number, named)| {
                let (kind, id) = named.name.split_once('/')?;
                Some((number, kind.to_owned(), id.to_owned()))
            })
            .collect();
        for some in wanted.chunks(usize::try_from(PAGE).unwrap_or(1)) {
            let keys: Vec<(String, String)> =
                some.iter().map(|(_, kind, id)| (kind.clone(), id.clone())).collect();
            let found = self.operator.scope().read(move |tx| resource::by_ids(tx, &keys)).await?;
            let found: HashSet<(&str, &str)> =
                found.iter().map(|one| (one.resource_type, one.id.as_str())).collect();
            for (number, kind, id) in some {
                if let Some(named) = self.names.get_mut(*number) {
                    named.is_stored = found.contains(&(kind.as_str(), id.as_str()));
                }
            }
        }
        Ok(())
    }

    /// Refuses lines that refer to what is neither here nor stored by this file,
    /// until no more fall.
    fn refuse_dangling(&mut self) {
        loop {
            let mut dangling = Vec::new();
            for (at, line) in (0_u32..).zip(&self.lines) {
                if line.fate == Fate::Refuse {
                    continue;
                }
                let lost = line.references.iter().filter_map(|number| {
                    let named = self.names.get(*number)?;
                    (!self.is_there(named.line, named.is_stored)).then(|| named.name.clone())
                });
                dangling.extend(lost.map(|name| (at, name)));
            }
            if dangling.is_empty() {
                return;
            }
            for (line, name) in dangling {
                let told =
                    format!("it refers to {name}, which is neither here nor stored with this file");
                self.refuse(line, None, told);
            }
        }
    }

    fn is_there(&self, line: Option<u32>, is_stored: bool) -> bool {
        let held = line.and_then(|line| self.lines.get(line as usize));
        is_stored || held.is_some_and(|line| line.fate != Fate::Refuse)
    }

    fn checked(mut self) -> Checked {
        self.problems.sort_by_key(|problem| problem.line);
        let count = |fate| self.lines.iter().filter(|line| line.fate == fate).count() as u64;
        let is_good = |new: &New| {
            self.lines.get(new.line as usize).is_some_and(|line| line.fate != Fate::Refuse)
        };
        let (kept, refused) = (count(Fate::Keep), count(Fate::Refuse));
        let parameters = self.known.new.into_iter().filter(is_good).collect();
        Checked {
            parameters,
            definitions: self.catalog.version(),
            kept,
            refused,
            lines: self.lines,
            names: self.names,
            problems: self.problems,
        }
    }
}

/// What becomes of a resource, given what the domain has.
pub fn fate(content: &Content, known: Option<&Stored>) -> Result<Fate, (Option<String>, String)> {
    let Some(known) = known else { return Ok(Fate::Create) };
    if known.deleted {
        return Err((None, "it was deleted here, and its id is not used again".to_owned()));
    }
    if known.origin != content.origin {
        let told = format!("it comes from Device/{} here, and that never changes", known.origin);
        return Err((Some(format!("{}.extension", content.kind)), told));
    }
    if known.body == content.body {
        return Ok(Fate::Unchanged);
    }
    match content.kind {
        "AuditEvent" => Err((None, "the domain has another AuditEvent with this id".to_owned())),
        _ => Ok(Fate::Change),
    }
}
