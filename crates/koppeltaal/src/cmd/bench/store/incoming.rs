//! Messages prepared for the store as the server prepares them, but rendered once: for each message
//! only the tokens are written into the texts.

use anyhow::{Context, Result};
use koppeltaal_core::audit::{Action, Entry as AuditEntry};
use koppeltaal_core::event::Event;
use koppeltaal_core::versioning::Rules;
use koppeltaal_fhir::dstu1::{Bundle, Entry};
use koppeltaal_fhir::{Members, Node, json};
use koppeltaal_store::mailbox::{Incoming, Part, Recipient, Resource, Template as StoredTemplate};

use super::ground::{Ground, now};
use crate::cmd::bench::template::{Template, Token};

/// A message and where its token goes.
pub struct Form {
    event: Event,
    domain_sender: (i64, String),
    resources: Vec<ResourceForm>,
    header: Vec<Piece>,
    feed: Template,
    entries: Vec<Piece>,
    bytes: usize,
}

struct ResourceForm {
    url: Template,
    kind: String,
    patient: bool,
}

enum Piece {
    Text(Template),
    Version(usize),
}

impl Form {
    /// The form of a bundle of this project's own making.
    pub fn of(ground: &Ground, event: &str, bundle: &Bundle) -> Result<Form> {
        let entries = bundle.entry.get(1..).unwrap_or_default();
        let header = bundle.entry.first().and_then(|entry| entry.content.as_ref());
        let resources = entries.iter().map(ResourceForm::of).collect::<Option<Vec<_>>>();
        Ok(Form {
            event: event.parse()?,
            domain_sender: ground.sender.clone(),
            header: header_pieces(header.context("no header")?, &entries[0])?,
            feed: Template::new(&feed(bundle)),
            entries: entry_pieces(entries)?,
            resources: resources.context("an entry has no URL")?,
            bytes: json::render(&bundle.to_node()).len(),
        })
    }

    /// How long the message is when it is sent.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The message with this token for these recipients.
    pub fn incoming(&self, token: Token, recipient: i64) -> Incoming {
        let patient = format!("https://bench.example/fhir/Patient/{}", token.as_str());
        let focal = self.resources[0].url.text(token);
        let (sender, agent) = &self.domain_sender;
        Incoming {
            identifier: format!("bench-{}", token.as_str()),
            event: self.event,
            sender: *sender,
            patient: Some(patient.clone()),
            rules: Rules { all_resources: true, check_non_focal: true, adopt_unknown: true },
            resources: self
                .resources
                .iter()
                .enumerate()
                .map(|(index, form)| Resource {
                    url: form.url.text(token),
                    kind: form.kind.clone(),
                    version: None,
                    digest: digest(token, index),
                    patient: form.patient.then(|| patient.clone()),
                })
                .collect(),
            focal: 0,
            header: fill(&self.header, token),
            feed: self.feed.text(token),
            entries: fill(&self.entries, token),
            recipients: vec![Recipient { instance: recipient, announce: false }],
            validate_only: false,
            audit: AuditEntry {
                instance: Some(*sender),
                event: Some(self.event),
                patient: Some(patient),
                focal: Some(focal),
                request_id: Some(uuid::Uuid::new_v4().to_string()),
                ..AuditEntry::new(Action::Accept, now(), agent.clone())
            },
        }
    }
}

impl ResourceForm {
    fn of(entry: &Entry) -> Option<ResourceForm> {
        let kind = entry.resource_type()?.to_owned();
        Some(ResourceForm {
            url: Template::new(entry.id.as_deref()?),
            patient: matches!(kind.as_str(), "Patient" | "CarePlan"),
            kind,
        })
    }
}

/// As long and as random as the digest of a resource.
fn digest(token: Token, index: usize) -> [u8; 32] {
    let mut digest = [0; 32];
    for (slot, byte) in digest.iter_mut().zip(token.as_str().bytes().cycle()) {
        *slot = byte ^ index as u8;
    }
    digest
}

fn fill(pieces: &[Piece], token: Token) -> StoredTemplate {
    let parts = pieces.iter().map(|piece| match piece {
        Piece::Text(template) => Part::Text(template.text(token)),
        Piece::Version(index) => Part::Version(*index),
    });
    StoredTemplate(parts.collect())
}

/// The header as it is stored: U+0001 stands for the status.
fn header_pieces(header: &Node, focal: &Entry) -> Result<Vec<Piece>> {
    let members = header.as_object().context("the header is no object")?;
    let mut text = String::from("{\"resourceType\":\"MessageHeader\",\"extension\":[");
    for extension in header.items("extension") {
        json::render_into(extension, &mut text);
        text.push(',');
    }
    text.push_str("\u{1}]");
    for (name, value) in
        members.iter().filter(|(name, _)| !matches!(*name, "resourceType" | "extension" | "data"))
    {
        text.push_str(&format!(",\"{name}\":"));
        json::render_into(value, &mut text);
    }
    text.push_str(",\"data\":[{\"reference\":\"");
    text.push_str(focal.id.as_deref().context("the focal resource has no URL")?);
    Ok(vec![
        Piece::Text(Template::new(&text)),
        Piece::Version(0),
        Piece::Text(Template::new("\"}]}")),
    ])
}

fn feed(bundle: &Bundle) -> String {
    let mut node = Bundle { entry: Vec::new(), ..bundle.clone() }.into_node();
    if let Some(members) = node.as_object_mut() {
        members.remove("resourceType");
        members.remove("entry");
    }
    without_braces(&node)
}

fn entry_pieces(entries: &[Entry]) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    for (index, entry) in entries.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str("{\"link\":[{\"rel\":\"self\",\"href\":\"");
        text.push_str(entry.id.as_deref().context("an entry has no URL")?);
        pieces.push(Piece::Text(Template::new(&text)));
        pieces.push(Piece::Version(index));
        let rest = Entry { link: Vec::new(), ..entry.clone() }.into_node();
        text = format!("\"}}],{}}}", without_braces(&rest));
    }
    pieces.push(Piece::Text(Template::new(&text)));
    Ok(pieces)
}

fn without_braces(node: &Node) -> String {
    let empty = Members::new();
    let members = node.as_object().unwrap_or(&empty).clone();
    let text = json::render(&Node::Object(members));
    text.trim_start_matches('{').strip_suffix('}').unwrap_or_default().to_owned()
}
