//! What a Subscription says, for matching and delivery.

use koppeltaal_core::directory::Directory;
use koppeltaal_core::{Result, Timestamp};
use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::search::span;
use koppeltaal_store::DomainTx;
use koppeltaal_store::resource::Stored;
use koppeltaal_store::subscription::{self, New, State};

/// The extension of a Subscription that is for deletions too: `valueBoolean`. One of
/// this server; the standard has none.
pub const ON_DELETE: &str = "urn:koppeltaal-server:subscription-on-delete";

/// What a Subscription says, before it has a key and a version.
#[derive(Debug, Clone)]
pub struct Draft(New);

impl Draft {
    /// That of a resource which comes from this Device.
    pub fn of(resource: &Node, origin: &str, directory: &Directory, domain: i64) -> Self {
        let text = |node: Option<&Node>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
        let instance = directory.instance_by_client_id(domain, origin);
        let channel = resource.get("channel");
        let headers = channel.map_or(&[][..], |channel| channel.items("header"));
        Self(New {
            key: 0,
            id: String::new(),
            version: 0,
            origin: origin.to_owned(),
            instance: instance.map_or(0, |instance| instance.instance.number),
            state: match resource.get("status").and_then(Node::as_str) {
                Some("active" | "requested") => State::Active,
                Some("error") => State::Failed,
                _ => State::Off,
            },
            failure: resource.get("error").and_then(Node::as_str).map(str::to_owned),
            ends: end(resource),
            on_delete: is_on_delete(resource),
            criteria: text(resource.get("criteria")),
            endpoint: text(channel.and_then(|channel| channel.get("endpoint"))),
            headers: headers.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
        })
    }

    /// Writes it with the version that says so.
    pub fn put(&self, tx: &mut DomainTx<'_>, stored: &Stored, now: Timestamp) -> Result<()> {
        let (key, id, version) = (stored.key, stored.id.clone(), stored.version);
        subscription::put(tx, &New { key, id, version, ..self.0.clone() }, now)
    }
}

/// When a Subscription ends.
pub fn end(resource: &Node) -> Option<Timestamp> {
    let text = resource.get("end").and_then(Node::as_str)?;
    span(text).map(|(low, _)| Timestamp(low))
}

fn is_on_delete(resource: &Node) -> bool {
    resource.items("extension").iter().any(|extension| {
        extension.get("url").and_then(Node::as_str) == Some(ON_DELETE)
            && extension.get("valueBoolean") == Some(&Node::Bool(true))
    })
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::json;

    use super::*;

    fn draft(text: &str) -> New {
        let resource = json::parse(text.as_bytes()).unwrap();
        Draft::of(&resource, "d-1", &Directory::default(), 1).0
    }

    #[test]
    fn what_a_subscription_says_is_taken_apart() {
        let new = draft(&format!(
            r#"{{"status":"active","criteria":"Task?status=ready","end":"2030-01-01T00:00:00Z",
               "extension":[{{"url":"{ON_DELETE}","valueBoolean":true}}],
               "channel":{{"type":"rest-hook","endpoint":"https://x.test/","header":["A: 1","B: 2"]}}}}"#
        ));
        assert_eq!(new.state, State::Active);
        assert_eq!(new.ends, Some(Timestamp(1_893_456_000_000_000)));
        assert!(new.on_delete);
        assert_eq!((new.origin.as_str(), new.instance), ("d-1", 0));
        assert_eq!(new.criteria, "Task?status=ready");
        assert_eq!(new.endpoint, "https://x.test/");
        assert_eq!(new.headers, ["A: 1", "B: 2"]);
    }

    #[test]
    fn deletions_are_for_those_alone_who_say_so() {
        for text in [
            "{}".to_owned(),
            format!(r#"{{"extension":[{{"url":"{ON_DELETE}","valueBoolean":false}}]}}"#),
            format!(r#"{{"extension":[{{"url":"{ON_DELETE}"}}]}}"#),
            r#"{"extension":[{"url":"urn:other","valueBoolean":true}]}"#.to_owned(),
        ] {
            assert!(!draft(&text).on_delete, "{text}");
        }
    }

    #[test]
    fn a_failure_is_kept_with_its_reason_and_off_is_all_else() {
        let failed = draft(r#"{"status":"error","error":"503"}"#);
        assert_eq!((failed.state, failed.failure.as_deref()), (State::Failed, Some("503")));
        assert_eq!(draft(r#"{"status":"off"}"#).state, State::Off);
    }
}
