//! The record of a request that changed nothing: of what was read, searched or
//! asked, and of what was refused.

use std::sync::Arc;

use koppeltaal_core::Timestamp;
use koppeltaal_core::audit::{Action, Entry};
use koppeltaal_core::directory::{ConnectedInstance, Domain};
use koppeltaal_core::trace::{Trace, is_fhir_id};
use koppeltaal_fhir::r4::audit_event::{Entity, Outcome, query_role};

use super::Shown;
use super::author::{Author, of_type};
use super::kind::Kind;
use super::query::Query;
use crate::app::App;
use crate::outcome::Refusal;
use crate::reply::Reply;

/// Words of a refusal beyond this length, in bytes, are cut.
const MOST_WORDS: usize = 4 * 1024;

/// What becomes known of a request on its way to its answer.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Who calls; nothing is recorded while that is not known.
    pub caller: Option<Arc<ConnectedInstance>>,
    /// What is asked for.
    pub kind: Kind,
    /// The type that it is about.
    pub resource_type: Option<&'static str>,
    /// The id in its URL.
    pub id: Option<String>,
    /// What is searched.
    pub query: Option<Query>,
}

/// How a request was answered.
pub type Answered<'a> = Result<&'a Reply, &'a Refusal>;

impl Request {
    /// Records the request with its answer, unless its write has been recorded.
    pub fn record(
        self,
        app: &App,
        domain: &Arc<Domain>,
        trace: &Trace,
        began: Timestamp,
        answer: Answered<'_>,
    ) {
        let Some(caller) = &self.caller else { return };
        let author = Author::new(app, domain, Some(caller.clone()), trace, began);
        if let Some(entry) = self.entry(&author, answer) {
            app.audit_log.add(domain.number, entry);
        }
    }

    /// The row; `None` when there is none to be written.
    pub(super) fn entry(self, author: &Author, answer: Answered<'_>) -> Option<Entry> {
        let kind = self.kind;
        let reply = match answer {
            Ok(reply) => reply,
            Err(refusal) => return Some(self.refused(author, refusal)),
        };
        let is_event = self.resource_type == Some("AuditEvent");
        match kind {
            Kind::Create | Kind::Update | Kind::Patch | Kind::Delete => None,
            Kind::Read | Kind::HistoryInstance if is_event => None,
            Kind::Read => Some(author.about(kind, reply.shown.first()?.clone())),
            Kind::Operation => Some(match reply.shown.first() {
                Some(shown) => author.about(kind, shown.clone()),
                None => author.plain(kind, Outcome::Success, self.resource_type?),
            }),
            Kind::Capabilities => Some(author.plain(kind, Outcome::Success, "CapabilityStatement")),
            Kind::HistoryInstance | Kind::HistoryType => {
                let entry = author.list(kind, listed(of_type("Bundle"), &reply.shown));
                Some(Entry { focal: self.focal(), ..entry })
            }
            Kind::Search => {
                let query = self.query.map(|query| query.text);
                let searched =
                    Entity { role: Some(query_role()), query, ..of_type(self.resource_type?) };
                Some(author.list(kind, listed(searched, &reply.shown)))
            }
        }
    }

    fn refused(self, author: &Author, refusal: &Refusal) -> Entry {
        let outcome = match refusal.status.is_server_error() {
            true => Outcome::Serious,
            false => Outcome::Minor,
        };
        let words: Vec<&str> =
            refusal.issues.iter().map(|issue| issue.diagnostics.as_str()).collect();
        let mut words = words.join("\n");
        if words.len() > MOST_WORDS {
            words.truncate(words.floor_char_boundary(MOST_WORDS));
            words.push('…');
        }
        if let Some(query) = &self.query {
            words = query.masked(words);
        }
        Entry {
            action: Action::Reject,
            focal: self.focal(),
            outcome: refusal.status.as_u16().to_string(),
            detail: Some(words),
            ..author.plain(self.kind, outcome, "OperationOutcome")
        }
    }

    /// What the URL names, as far as it can be the name of something.
    fn focal(&self) -> Option<String> {
        let id = self.id.as_deref().filter(|id| is_fhir_id(id))?;
        Some(format!("{}/{id}", self.resource_type?))
    }
}

fn listed(first: Entity, shown: &[Shown]) -> Vec<Entity> {
    let rest = shown
        .iter()
        .map(|shown| Entity { what: Some(shown.reference()), ..of_type(shown.resource_type) });
    std::iter::once(first).chain(rest).collect()
}
