//! HAPI's instance validator judges a sample of what we serve: resources, Bundles,
//! OperationOutcomes, definitions, the CapabilityStatement; in JSON and in XML. By our
//! own definitions, as we serve them, and by the compiled ones of the standard, where
//! `KOPPELTAAL_IG_DIR` names them.

use std::path::{Path, PathBuf};

use reqwest::Method;
use serde_json::Value;

use crate::bodies;
use crate::place::{Place, reference};
use crate::receiver::{Manner, Receiver};
use crate::run::{java, run};
use crate::steps::Steps;
use crate::world::{Engine, until};

const JSON: &str = "application/fhir+json";
const XML: &str = "application/fhir+xml";
/// Breaks a rule of a profile, and shows that the validator would find something.
const BAD: &str = "bad.json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_validator_of_hapi_finds_nothing_wrong_in_what_we_serve() {
    let place = Place::open(Engine::Sqlite).await;
    let sample = Sample {
        served: place.new_folder("served"),
        definitions: place.new_folder("definitions"),
        known: place.new_folder("known"),
        place,
    };
    sample.resources().await;
    sample.bundles().await;
    sample.outcomes().await;
    sample.audit_events().await;
    sample.definitions().await;
    sample.known().await;
    let mut bad = bodies::patient();
    bad.as_object_mut().unwrap().remove("birthDate");
    std::fs::write(sample.served.join(BAD), bad.to_string()).unwrap();

    let ours = [sample.known.clone()];
    let mut wrong = judged("ours", &[&sample.served, &sample.definitions], &ours);
    if let Some(published) = std::env::var_os("KOPPELTAAL_IG_DIR").map(PathBuf::from) {
        let published = ["kt2", "deps/nictiz"].map(|name| published.join(name));
        wrong.extend(judged("published", &[&sample.served], &published));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What is wrong in these folders by these definitions.
#[track_caller]
fn judged(by: &str, folders: &[&Path], definitions: &[PathBuf]) -> Vec<String> {
    let folders = folders.iter().map(|folder| folder.to_str().unwrap());
    let definitions = definitions.iter().map(|folder| folder.to_str().unwrap());
    let arguments: Vec<&str> =
        ["validate"].into_iter().chain(folders).chain(["with"]).chain(definitions).collect();
    let steps = Steps::of(&run(&java(&arguments), &[]));
    let (bad, failed): (Vec<String>, Vec<String>) =
        steps.failed().into_iter().partition(|failure| failure.contains(BAD));
    assert!(bad.len() == 1 && bad[0].contains("birthDate"), "the validator works: {bad:?}");
    let wrong = failed.into_iter().filter(|failure| !failure.lines().all(is_demanded));
    wrong.map(|failure| format!("by {by} definitions: {failure}")).collect()
}

/// Clients of Koppeltaal read more addresses than the extension of SMART defines.
fn is_demanded(error: &str) -> bool {
    let extension = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris";
    error.contains("Sub-extension url") && error.contains(extension)
}

/// What is judged, and what it is judged by.
struct Sample {
    place: Place,
    served: PathBuf,
    definitions: PathBuf,
    known: PathBuf,
}

impl Sample {
    async fn resources(&self) {
        let place = &self.place;
        let patient = reference(&self.made(&bodies::patient()).await);
        let practitioner = reference(&self.made(&bodies::practitioner()).await);
        self.made(&bodies::organization()).await;
        self.made(&bodies::related_person(&patient)).await;
        self.made(&bodies::care_team(&patient, &practitioner)).await;
        let endpoint = reference(&self.made(&bodies::endpoint()).await);
        let mut activity = bodies::activity();
        activity["extension"][0]["valueReference"]["reference"] = endpoint.into();
        let activity = reference(&self.made(&activity).await);
        let mut task = bodies::task();
        task["extension"][0]["valueReference"]["reference"] = activity.into();
        task["for"]["reference"] = patient.clone().into();
        task["owner"]["reference"] = practitioner.into();
        self.made(&task).await;
        self.made(&bodies::subscription()).await;
        // One that is deleted, for the histories.
        let gone = reference(&place.created(&bodies::patient()).await);
        let answer = place.ask(Method::DELETE, &gone, JSON, None).await;
        self.keep("outcome-of-a-delete.json", answer).await;
        for path in ["Device", "AuditEvent"] {
            self.get(path, path, 200).await;
        }
    }

    async fn bundles(&self) {
        for (name, path) in [
            ("search", "Patient"),
            ("search-page", "Patient?_count=1&_sort=birthdate"),
            ("search-nothing", "Patient?name=nobody"),
            ("search-count", "Patient?_summary=count"),
            ("search-summary", "Endpoint?_summary=true"),
            ("search-include", "Task?_include=Task:patient&_include=Task:owner"),
            ("search-revinclude", "Patient?_revinclude=Task:patient"),
            ("search-unknown", "Patient?shoe-size=43"),
            ("history-of-type", "Patient/_history"),
        ] {
            self.get(name, path, 200).await;
        }
        let found = self.place.ask(Method::GET, "Patient/_history", JSON, None).await;
        let found: Value = serde_json::from_str(&found.text().await.unwrap()).unwrap();
        let deleted = found["entry"][0]["fullUrl"].as_str().unwrap();
        self.get("history-of-deleted", &format!("{deleted}/_history"), 200).await;
        self.get("gone", deleted, 410).await;
    }

    async fn outcomes(&self) {
        let place = &self.place;
        self.get("unknown", "Patient/2f4d8f7c-5f1b-4f8e-9d2a-000000000000", 404).await;
        let mut patient = bodies::patient();
        patient["birthDate"] = "yesterday".into();
        patient["shoeSize"] = 43.into();
        for (name, accept) in [("invalid.json", JSON), ("invalid.xml", XML)] {
            let answer = place.ask(Method::POST, "Patient", accept, Some(&patient)).await;
            assert_eq!(answer.status(), 422);
            self.keep(name, answer).await;
            let answer = place.ask(Method::POST, "Patient/$validate", accept, Some(&patient)).await;
            assert_eq!(answer.status(), 200);
            self.keep(&format!("validate-{name}"), answer).await;
        }
    }

    /// What the trail says of all this, and of what it takes to have every kind of event.
    async fn audit_events(&self) {
        let (place, receiver) = (&self.place, Receiver::start().await);
        let mut subscription = bodies::subscription();
        subscription["criteria"] = "Patient?".into();
        subscription["channel"]["endpoint"] = receiver.url().into();
        place.created(&subscription).await;
        receiver.next([Manner::Answer(500)]);
        let mut patient = place.created(&bodies::patient()).await;
        patient["active"] = false.into();
        place.updated(&patient).await;
        let path = reference(&patient);
        for path in
            [format!("{path}/_history/1"), format!("{path}/_history"), "metadata".to_owned()]
        {
            assert_eq!(place.ask(Method::GET, &path, JSON, None).await.status(), 200, "{path}");
        }
        let refused = place.ask(Method::PUT, &path, JSON, Some(&patient)).await;
        assert_eq!(refused.status(), 400, "without If-Match");
        receiver.heard(3).await;
        let total = async |query: &str| {
            let path = format!("AuditEvent?{query}&_summary=count");
            let found = place.ask(Method::GET, &path, JSON, None).await.text().await.unwrap();
            serde_json::from_str::<Value>(&found).unwrap()["total"].as_u64().unwrap()
        };
        for query in [
            "subtype=create&outcome=0",
            "subtype=create&outcome=4",
            "subtype=read&outcome=0",
            "subtype=read&outcome=4",
            "subtype=search-type&outcome=0",
            "subtype=update&outcome=0",
            "subtype=update&outcome=4",
            "subtype=delete&outcome=0",
            "subtype=capabilities&outcome=0",
            "type=transmit&outcome=0",
            "type=transmit&outcome=4",
        ] {
            let limit = std::time::Duration::from_secs(10);
            until(query, limit, async || total(query).await > 0).await;
        }
        self.get("audit-events", "AuditEvent?_count=200&_sort=-date", 200).await;
        self.get("audit-events-first", "AuditEvent?_count=200&_sort=date", 200).await;
    }

    async fn definitions(&self) {
        self.get("metadata", "metadata", 200).await;
        for kind in ["CodeSystem", "SearchParameter", "NamingSystem", "ImplementationGuide"] {
            self.get(kind, &format!("{kind}?_count=200"), 200).await;
        }
        // A few: the validator takes long over each, and does not get through value sets with
        // code systems that it does not know.
        for path in [
            "StructureDefinition/KT2Patient",
            "StructureDefinition/KT2Task",
            "StructureDefinition/KT2PublisherId",
            "ValueSet/koppeltaal-task-code",
            "ValueSet/koppeltaal-definition-topic",
            "ValueSet/koppeltaal-relatedperson-role",
        ] {
            let answer = self.place.ask(Method::GET, path, JSON, None).await;
            assert_eq!(answer.status(), 200, "{path}");
            let name = format!("{}.json", path.replace('/', "-"));
            std::fs::write(self.definitions.join(name), answer.bytes().await.unwrap()).unwrap();
        }
    }

    /// What the validator is to know: all our definitions.
    async fn known(&self) {
        for kind in ["StructureDefinition", "ValueSet", "CodeSystem"] {
            let path = format!("{kind}?_count=200");
            let found = self.place.ask(Method::GET, &path, JSON, None).await.text().await.unwrap();
            let found: Value = serde_json::from_str(&found).unwrap();
            let entries = found["entry"].as_array().unwrap();
            assert_eq!(found["total"], entries.len(), "{kind}");
            for (number, entry) in entries.iter().enumerate() {
                let file = self.known.join(format!("{kind}-{number}.json"));
                std::fs::write(file, entry["resource"].to_string()).unwrap();
            }
        }
    }

    /// Creates a resource and keeps what is served of it.
    async fn made(&self, body: &Value) -> Value {
        let made = self.place.created(body).await;
        self.get(body["resourceType"].as_str().unwrap(), &reference(&made), 200).await;
        made
    }

    /// Keeps what is served at a path, in JSON and in XML.
    async fn get(&self, name: &str, path: &str, status: u16) {
        for (extension, accept) in [("json", JSON), ("xml", XML)] {
            let answer = self.place.ask(Method::GET, path, accept, None).await;
            assert_eq!(answer.status(), status, "{path}: {}", answer.text().await.unwrap());
            self.keep(&format!("{name}.{extension}"), answer).await;
        }
    }

    async fn keep(&self, name: &str, answer: reqwest::Response) {
        std::fs::write(self.served.join(name), answer.bytes().await.unwrap()).unwrap();
    }
}
