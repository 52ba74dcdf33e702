//! `/metrics`: valid by a strict parser, and true.

use std::io::Write;
use std::process::{Command, Stdio};

use koppeltaal_client::kt1::{Filter, Resource, Status, resource::CarePlanBuilder};
use serde_json::Value;

use crate::hook::Hook;
use crate::on_both_engines;
use crate::world::{APP, DOMAIN, Engine, World, eventually, patient_url};

on_both_engines!(counters_and_gauges_tell_what_happened);

const PARSER: &str = "
import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
found = []
for family in text_string_to_metric_families(sys.stdin.read()):
    assert family.documentation, family.name
    for sample in family.samples:
        found.append([family.type, sample.name, sample.labels, sample.value])
print(json.dumps(found))
";

/// Reads the text of OpenMetrics as strictly as its reference parser does.
fn parse(text: &str) -> Vec<Value> {
    let python = std::env::var_os("KOPPELTAAL_TEST_PYTHON").expect(
        "KOPPELTAAL_TEST_PYTHON must name the Python interpreter of an environment with \
         crates/koppeltaal/tests/connectors/requirements.txt; `./test` makes one and sets it",
    );
    let mut child = Command::new(python)
        .args(["-c", PARSER])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "not valid:\n{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The value of a sample with these labels.
#[track_caller]
fn value(samples: &[Value], name: &str, labels: &[(&str, &str)]) -> f64 {
    let fits = |sample: &&Value| {
        sample[1] == format!("koppeltaal_{name}")
            && labels.iter().all(|(label, value)| sample[2][*label] == *value)
    };
    let found = samples.iter().find(fits);
    found.unwrap_or_else(|| panic!("no {name} {labels:?} in {samples:#?}"))[3].as_f64().unwrap()
}

async fn counters_and_gauges_tell_what_happened(engine: Engine) {
    let world = World::new(engine).await;
    let hook = Hook::answering(500);
    world.apply(&format!("{DOMAIN}webhook = {{ url = \"{}\" }}\n", hook.url));
    let server = world.serve(&[]);
    for number in ["1", "2", "3"] {
        server.send_plan(number, "p").await;
    }
    let patient = patient_url("p");
    let stale = Resource::new(format!("{APP}/CarePlan/1"), CarePlanBuilder::new(&patient).build());
    let portal = server.connector("portal");
    portal.send("CreateOrUpdateCarePlan", stale, Some(&patient), vec![]).await.unwrap_err();
    let game = server.connector("game");
    for status in [Status::Success, Status::Failed("no".to_owned())] {
        let message = game.claim(&Filter::default()).await.unwrap().unwrap();
        game.set_status(message.header(), &status).await.unwrap();
    }
    eventually("each was tried", || hook.told() >= 3).await;

    let (status, content_type, text) = server.get("/metrics").await;
    assert_eq!(status, 200);
    assert!(
        content_type.starts_with("application/openmetrics-text; version=1.0.0"),
        "{content_type}"
    );
    let samples = parse(&text);
    for sample in &samples {
        assert!(sample[1].as_str().unwrap().starts_with("koppeltaal_"), "{sample}");
        for label in sample[2].as_object().unwrap().keys() {
            let known = ["domain", "event", "reason", "verb", "le"];
            assert!(known.contains(&label.as_str()), "{sample}");
        }
    }
    let of_plans = [("domain", "zon"), ("event", "CreateOrUpdateCarePlan")];
    assert_eq!(value(&samples, "messages_accepted_total", &of_plans), 3.0);
    assert_eq!(value(&samples, "messages_routed_total", &of_plans), 3.0);
    assert_eq!(value(&samples, "messages_claimed_total", &of_plans), 2.0);
    assert_eq!(value(&samples, "messages_succeeded_total", &of_plans), 1.0);
    assert_eq!(value(&samples, "messages_failed_total", &of_plans), 1.0);
    let rejected: Vec<_> =
        samples.iter().filter(|sample| sample[1] == "koppeltaal_messages_rejected_total").collect();
    assert_eq!(rejected.len(), 1);
    assert!(rejected[0][2]["reason"].is_string() && rejected[0][3] == 1.0, "{rejected:?}");
    let age = value(&samples, "oldest_new_seconds", &of_plans);
    assert!((0.0..60.0).contains(&age), "{age}");
    assert_eq!(value(&samples, "outbox_depth", &[("domain", "zon")]), 3.0);
    assert_eq!(value(&samples, "outbox_dead", &[("domain", "zon")]), 0.0);
    assert!(value(&samples, "notifications_failed_total", &[]) >= 3.0);
    assert!(value(&samples, "notification_duration_seconds_count", &[]) >= 3.0);
    let commits = value(&samples, "store_commits_total", &[]);
    assert!(commits > 0.0);
    assert_eq!(value(&samples, "store_commit_batch_size_count", &[]), commits);
    assert_eq!(value(&samples, "store_commit_batch_size_bucket", &[("le", "+Inf")]), commits);
    assert!(value(&samples, "store_commit_seconds_total", &[]) > 0.0);
    let posts = value(&samples, "kt1_request_duration_seconds_count", &[("verb", "post_message")]);
    assert_eq!(posts, 4.0);
}
