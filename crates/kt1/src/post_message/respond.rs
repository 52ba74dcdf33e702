//! The answer to an accepted message (spec 3.5): a bundle whose header answers
//! the sender's and names the resources that have a new version.

use koppeltaal_core::event::Event;
use koppeltaal_fhir::dstu1::{Bundle, Entry, names};
use koppeltaal_fhir::{Node, object};
use koppeltaal_store::mailbox::Versioned;

use super::check::Message;
use crate::answer::Answer;
use crate::app::App;
use crate::call::Caller;
use crate::envelope::own_tags;

/// What the answer repeats of the message.
pub(super) struct Reply {
    identifier: String,
    event: Event,
    domain: String,
    focal_only: bool,
}

impl Reply {
    /// The answer to a message.
    pub(super) fn to(message: &Message, caller: &Caller) -> Self {
        Self {
            identifier: message.identifier.clone(),
            event: message.event,
            domain: caller.domain.name.clone(),
            focal_only: !caller.instance.api_version.versions_all_resources(),
        }
    }

    /// The message would have been accepted.
    pub(super) fn valid(&self, app: &App) -> Answer {
        self.answer(app, Vec::new())
    }

    /// The message was accepted: the focal resource first, then every other one
    /// with a new version.
    pub(super) fn stored(
        &self,
        app: &App,
        urls: &[String],
        focal: usize,
        versions: &[Versioned],
    ) -> Answer {
        let link = |index: usize| {
            let version = versions.get(index).map_or("", |v| v.version.as_str());
            object! { "reference" => format!("{}/_history/{version}", urls[index]) }
        };
        let mut data = vec![link(focal)];
        if !self.focal_only {
            let others = (0..urls.len())
                .filter(|index| *index != focal && versions[*index].decision.stamps());
            data.extend(others.map(link));
        }
        self.answer(app, data)
    }

    fn answer(&self, app: &App, data: Vec<Node>) -> Answer {
        let (feed, header) = (urn(), urn());
        let event = self.event.code();
        let mut content = object! {
            "resourceType" => "MessageHeader",
            "identifier" => header.as_str(),
            "timestamp" => app.now().to_instant(),
            "event" => object! {
                "system" => names::system::MESSAGE_EVENTS,
                "code" => event,
                "display" => event,
            },
            "response" => object! { "identifier" => self.identifier.as_str(), "code" => "ok" },
            "source" => object! {
                "name" => "",
                "software" => "",
                "version" => "",
                "endpoint" => app.links.mailbox(),
            },
        };
        if let (false, Some(members)) = (data.is_empty(), content.as_object_mut()) {
            members.push("data", data);
        }
        let entry = Entry { id: Some(header), content: Some(content), ..Entry::default() };
        let bundle = Bundle {
            id: Some(feed),
            updated: Some(app.now().to_instant()),
            category: own_tags(&self.domain).into(),
            entry: vec![entry],
            ..Bundle::default()
        };
        Answer::tree(bundle.into_node())
    }
}

fn urn() -> String {
    format!("urn:uuid:{}", uuid::Uuid::new_v4())
}
