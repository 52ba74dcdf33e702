//! Messages and resources as applications send them.

use serde_json::{Value, json};

use super::client::{Answer, kt};
use super::setup::D;

/// A resource with its URL and, once known, its version.
#[derive(Debug, Clone)]
pub struct Resource {
    pub url: String,
    pub version: Option<String>,
    pub content: Value,
    /// Whether it is sent with a self link.
    pub linked: bool,
}

impl Resource {
    pub fn new(kind: &str, name: &str, content: Value) -> Self {
        let url = format!("https://app.example/fhir/{kind}/{name}");
        Self { url, version: None, content, linked: true }
    }

    /// Sent with its id alone.
    pub fn unlinked(mut self) -> Self {
        self.linked = false;
        self
    }

    /// The URL with the version, when there is one.
    pub fn link(&self) -> String {
        match &self.version {
            Some(version) => format!("{}/_history/{version}", self.url),
            None => self.url.clone(),
        }
    }

    /// The same in the version that an answer gives it, if it gives one.
    pub fn now(&self, answer: &Answer) -> Self {
        let mut now = self.clone();
        for reference in answer.data() {
            if let Some(version) = reference.strip_prefix(&format!("{}/_history/", self.url)) {
                now.version = Some(version.to_owned());
            }
        }
        now
    }

    pub fn at(&self, version: &str) -> Self {
        Self { version: Some(version.to_owned()), ..self.clone() }
    }

    pub fn unversioned(&self) -> Self {
        Self { version: None, ..self.clone() }
    }

    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.content[name] = value;
        self
    }

    fn entry(&self) -> Value {
        let mut entry = json!({ "id": self.url, "content": self.content });
        if self.linked {
            entry["link"] = json!([{ "rel": "self", "href": self.link() }]);
        }
        entry
    }
}

pub fn patient(name: &str) -> Resource {
    let content = json!({
        "resourceType": "Patient",
        "identifier": [{ "use": "official", "value": name }],
        "name": [{ "family": ["Vries"], "given": ["Claes"] }],
        "birthDate": "1983-02-18T00:00:00",
        "active": true,
    });
    Resource::new("Patient", name, content)
}

pub fn practitioner(name: &str) -> Resource {
    let content = json!({
        "resourceType": "Practitioner",
        "name": { "family": [name], "given": ["Jo"] },
    });
    Resource::new("Practitioner", name, content)
}

pub fn related_person(name: &str, patient: &Resource) -> Resource {
    let content = json!({
        "resourceType": "RelatedPerson",
        "patient": { "reference": patient.url },
        "name": { "family": [name] },
    });
    Resource::new("RelatedPerson", name, content)
}

pub fn care_plan(name: &str, patient: &Resource) -> Resource {
    let content = json!({
        "resourceType": "CarePlan",
        "patient": { "reference": patient.url },
        "status": "active",
        "activity": [{ "id": "act1", "prohibited": false, "simple": { "category": "other" } }],
    });
    Resource::new("CarePlan", name, content)
}

/// An `Other` with this use.
pub fn other(usage: &str, name: &str, extensions: Value) -> Resource {
    let content = json!({
        "resourceType": "Other",
        "extension": extensions,
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": usage }] },
    });
    Resource::new("Other", name, content)
}

pub fn user_message(name: &str, text: &str) -> Resource {
    let extensions = json!([{ "url": kt("UserMessage#Content"), "valueString": text }]);
    other("UserMessage", name, extensions)
}

pub fn care_team(name: &str) -> Resource {
    let extensions = json!([{ "url": kt("CareTeam#Name"), "valueString": name }]);
    other("CareTeam", name, extensions)
}

/// A message as a bundle in JSON, to be changed as a test likes.
#[derive(Debug, Clone)]
pub struct Message(pub Value);

/// A message of domain D.
pub fn message(event: &str, focal: &Resource, others: &[&Resource]) -> Message {
    let header = json!({
        "resourceType": "MessageHeader",
        "identifier": format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "timestamp": "2024-01-05T10:00:00+01:00",
        "event": { "system": kt("MessageEvents"), "code": event, "display": event },
        "source": {
            "name": "app", "software": "adapter; app", "version": "1",
            "endpoint": "https://app.example/fhir",
        },
        "data": [{ "reference": focal.link() }],
    });
    let mut entries =
        vec![json!({ "id": format!("urn:uuid:{}", uuid::Uuid::new_v4()), "content": header })];
    entries.extend([focal].into_iter().chain(others.iter().copied()).map(Resource::entry));
    Message(json!({
        "resourceType": "Bundle",
        "id": format!("urn:uuid:{}", uuid::Uuid::new_v4()),
        "updated": "2024-01-05T10:00:00+01:00",
        "category": [
            { "term": format!("{}{D}", kt("Domain#")), "label": D, "scheme": "http://hl7.org/fhir/tag/security" },
            { "term": "http://hl7.org/fhir/tag/message", "scheme": "http://hl7.org/fhir/tag" },
        ],
        "entry": entries,
    }))
}

impl Message {
    pub fn json(&self) -> &Value {
        &self.0
    }

    pub fn header(&mut self) -> &mut Value {
        &mut self.0["entry"][0]["content"]
    }

    pub fn identifier(&self) -> String {
        self.0["entry"][0]["content"]["identifier"].as_str().unwrap().to_owned()
    }

    pub fn id(&self) -> String {
        self.0["id"].as_str().unwrap().to_owned()
    }

    /// Names the patient in the header.
    pub fn about(mut self, url: &str) -> Self {
        self.header()["extension"] = json!([
            { "url": kt("MessageHeader#Patient"), "valueResource": { "reference": url } },
        ]);
        self
    }

    /// Names the domain in the tag.
    pub fn in_domain(mut self, domain: &str) -> Self {
        self.0["category"][0]["term"] = format!("{}{domain}", kt("Domain#")).into();
        self.0["category"][0]["label"] = domain.into();
        self
    }

    pub fn tagged(mut self, term: &str) -> Self {
        let tag = json!({ "term": term, "scheme": "http://hl7.org/fhir/tag" });
        self.0["category"].as_array_mut().unwrap().push(tag);
        self
    }

    pub fn identified(mut self, identifier: &str) -> Self {
        self.header()["identifier"] = identifier.into();
        self
    }
}

/// CreateOrUpdatePatient.
pub fn about_patient(patient: &Resource) -> Message {
    message("CreateOrUpdatePatient", patient, &[]).about(&patient.url)
}

/// CreateOrUpdateCarePlan with more resources.
pub fn about_plan(plan: &Resource, patient: &Resource, others: &[&Resource]) -> Message {
    let mut all = vec![patient];
    all.extend(others);
    message("CreateOrUpdateCarePlan", plan, &all).about(&patient.url)
}
