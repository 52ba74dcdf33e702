//! Versions: who is told which, and which message is refused.

use crate::support::client::{Answer, link};
use crate::support::message::{
    Resource, about_patient, about_plan, care_plan, care_team, message, patient, practitioner,
    related_person, user_message,
};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_known_resource_is_updated_by_its_version_only,
    every_kind_of_focal_resource_is_versioned,
    a_version_is_a_padded_time,
    only_what_changed_gets_a_new_version,
    a_known_resource_may_come_without_its_version_beside_the_focal_one,
    renumbered_ids_and_other_order_are_no_change,
    every_resource_with_a_wrong_version_is_named_and_nothing_is_stored,
    a_domain_may_leave_the_other_resources_unchecked,
    a_version_from_elsewhere_is_adopted_unless_the_domain_refuses,
    a_sender_of_1_3_3_versions_the_focal_resource_only,
    a_receiver_of_1_3_3_sees_the_focal_version_only,
    two_applications_may_send_the_same_resource,
    a_resource_may_occur_twice_when_it_is_the_same,
    versions_are_compared_decoded,
);

const NOT_CORRECT: &str = "The specified resource version is not correct";
const MISSING: &str = "No version specified for the focal resource, message is rejected.";
const OLD: &str = "2000-01-01T00:00:00:000.0000";

fn conflicts(answer: &Answer) -> Vec<(String, String)> {
    let issues = answer.issues();
    issues
        .iter()
        .map(|issue| {
            assert_eq!(issue["severity"], "error");
            assert_eq!(issue["type"]["code"], "conflict");
            assert_eq!(issue["type"]["system"], "http://hl7.org/fhir/issue-type");
            let resource =
                crate::support::client::extension(issue, "OperationOutcome#IssueResource").unwrap();
            (
                resource["valueResource"]["reference"].as_str().unwrap().to_owned(),
                issue["details"].as_str().unwrap().to_owned(),
            )
        })
        .collect()
}

async fn walk(
    app: &TestApp,
    send: impl Fn(&Resource) -> crate::support::message::Message,
    new: Resource,
) {
    let first = new.now(&app.sent(&send(&new)).await);
    let missing = app.a().send(&send(&new)).await.expect(409);
    assert_eq!(conflicts(&missing), [(new.url.clone(), MISSING.to_owned())]);
    let second = first.now(&app.sent(&send(&first)).await);
    assert!(second.version > first.version, "identical content is a new version all the same");
    let stale = app.a().send(&send(&first)).await.expect(409);
    assert_eq!(conflicts(&stale), [(new.url.clone(), NOT_CORRECT.to_owned())]);
    assert_eq!(stale.issues()[0]["location"][0], second.link(), "the right version is told");
    let third = second.now(&app.sent(&send(&second)).await);
    assert!(third.version > second.version);
}

// T13, T14, T15, T16
async fn a_known_resource_is_updated_by_its_version_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    walk(&app, about_patient, patient("p1")).await;
}

// T17
async fn every_kind_of_focal_resource_is_versioned(engine: Engine) {
    let app = TestApp::start(engine).await;
    let p = patient("p1");
    walk(
        &app,
        |plan| message("CreateOrUpdateCarePlan", plan, &[]).about(&p.url),
        care_plan("c1", &p),
    )
    .await;
    let person = related_person("r1", &p);
    walk(&app, |r| message("CreateOrUpdateRelatedPerson", r, &[]).about(&p.url), person).await;
    walk(&app, |r| message("CreateOrUpdatePractitioner", r, &[]), practitioner("d1")).await;
    let words = user_message("u1", "hello");
    walk(&app, |u| message("CreateOrUpdateUserMessage", u, &[]).about(&p.url), words).await;
}

// T19
async fn a_version_is_a_padded_time(engine: Engine) {
    let app = TestApp::start(engine).await;
    let version = app.sent_patient("p1").await.version.unwrap();
    let shape: String = version.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert_eq!(shape, "0000-00-00T00:00:00:000.0000");
    assert!(version.as_str() > "2024" && version.as_str() < "2124");
}

struct Team {
    plan: Resource,
    patient: Resource,
    first: Resource,
    second: Resource,
}

impl Team {
    async fn sent(app: &TestApp) -> Self {
        let patient = patient("p1");
        let new = Self {
            plan: care_plan("c1", &patient),
            first: practitioner("one"),
            second: practitioner("two"),
            patient,
        };
        let answer = new.send(app).await.expect(200);
        new.now(&answer)
    }

    async fn send(&self, app: &TestApp) -> Answer {
        app.a().send(&about_plan(&self.plan, &self.patient, &[&self.first, &self.second])).await
    }

    fn now(&self, answer: &Answer) -> Self {
        Self {
            plan: self.plan.now(answer),
            patient: self.patient.now(answer),
            first: self.first.now(answer),
            second: self.second.now(answer),
        }
    }
}

// T20, T21, T22
async fn only_what_changed_gets_a_new_version(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut team = Team::sent(&app).await;
    let kept = team.patient.version.clone();
    let answer = team.send(&app).await.expect(200);
    assert_eq!(answer.data().len(), 1, "the focal resource only: {:?}", answer.data());
    team = team.now(&answer);
    assert_eq!(answer.data(), [team.plan.link()]);
    assert_eq!(team.patient.version, kept);
    team.second = team.second.with("name", serde_json::json!({ "family": ["changed"] }));
    let answer = team.send(&app).await.expect(200);
    team = team.now(&answer);
    assert_eq!(answer.data(), [team.plan.link(), team.second.link()]);
    // What is delivered carries the versions of the moment.
    let last = loop {
        let claimed = app.b().claim().await;
        if claimed.is_empty() {
            break None;
        }
        if claimed.message().data() == [team.plan.link()] {
            break Some(claimed);
        }
    };
    let links: Vec<_> =
        last.unwrap().entries()[1..].iter().map(|entry| link(entry, "self").unwrap()).collect();
    let expected = [&team.plan, &team.patient, &team.first, &team.second].map(Resource::link);
    assert_eq!(links, expected);
}

// T23
async fn a_known_resource_may_come_without_its_version_beside_the_focal_one(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut team = Team::sent(&app).await;
    let version = team.patient.version.take();
    let answer = team.send(&app).await.expect(200);
    assert_eq!(answer.data().len(), 1);
    team = team.now(&answer);
    team.patient = team.patient.with("active", false.into());
    let answer = team.send(&app).await.expect(200);
    assert_eq!(answer.data().len(), 2);
    assert!(team.now(&answer).patient.version > version);
}

async fn renumbered_ids_and_other_order_are_no_change(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut team = Team::sent(&app).await;
    let mut reordered = serde_json::Map::new();
    for (name, value) in team.patient.content.as_object().unwrap().iter().rev() {
        reordered.insert(name.clone(), value.clone());
    }
    reordered.insert("id".into(), "ref017".into());
    reordered.insert("text".into(), serde_json::json!({ "status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>" }));
    team.patient.content = reordered.into();
    let answer = team.send(&app).await.expect(200);
    assert_eq!(answer.data().len(), 1, "{:?}", answer.data());
    // Nor is the other format.
    let team = team.now(&answer);
    let message = about_plan(&team.plan, &team.patient, &[&team.first, &team.second]);
    let answer = app.a().content_type("application/xml").send(&message).await.expect(200);
    assert_eq!(answer.data().len(), 1, "{:?}", answer.data());
}

// T24, T25
async fn every_resource_with_a_wrong_version_is_named_and_nothing_is_stored(engine: Engine) {
    let app = TestApp::start(engine).await;
    let team = Team::sent(&app).await;
    while !app.b().claim().await.is_empty() {}
    let before = app.stored().await;
    let stale = Team {
        plan: team.plan.clone(),
        patient: team.patient.at(OLD),
        first: team.first.at(OLD),
        second: team.second.clone(),
    };
    let answer = stale.send(&app).await.expect(409);
    let wrong = |r: &Resource| (r.url.clone(), NOT_CORRECT.to_owned());
    assert_eq!(conflicts(&answer), [wrong(&team.patient), wrong(&team.first)]);
    let stale = Team { plan: team.plan.at(OLD), patient: team.patient.at(OLD), ..stale };
    let stale = Team { first: team.first.clone(), ..stale };
    let answer = stale.send(&app).await.expect(409);
    assert_eq!(conflicts(&answer), [wrong(&team.plan), wrong(&team.patient)]);
    let stale = Team { plan: team.plan.unversioned(), patient: team.patient.at(OLD), ..stale };
    let answer = stale.send(&app).await.expect(409);
    let missing = (team.plan.url.clone(), MISSING.to_owned());
    assert_eq!(conflicts(&answer), [missing, wrong(&team.patient)]);
    assert_eq!(app.stored().await, before);
    assert!(app.b().claim().await.is_empty());
    team.send(&app).await.expect(200);
}

// T26
async fn a_domain_may_leave_the_other_resources_unchecked(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| setup.domain(crate::support::setup::D).check_non_focal_versions = false)
        .start()
        .await;
    let mut team = Team::sent(&app).await;
    team.patient = team.patient.at(OLD);
    let answer = team.send(&app).await.expect(200);
    assert_eq!(answer.data().len(), 1);
    team = team.now(&answer);
    team.patient = team.patient.with("active", false.into());
    assert_eq!(team.send(&app).await.expect(200).data().len(), 2);
    team.plan = team.plan.at(OLD);
    team.send(&app).await.expect(409);
}

async fn a_version_from_elsewhere_is_adopted_unless_the_domain_refuses(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| {
            let refuse = koppeltaal_core::directory::UnknownVersions::Refuse;
            setup.domain(crate::support::setup::E).unknown_versions = refuse;
        })
        .start()
        .await;
    let known = patient("p1").at(OLD);
    let adopted = known.now(&app.sent(&about_patient(&known)).await);
    assert!(adopted.version.as_deref() > Some(OLD));
    app.sent(&about_patient(&adopted)).await;
    let refused = about_patient(&known).in_domain(crate::support::setup::E);
    app.user("x").send(&refused).await.expect(409);
    let new = about_patient(&patient("p1")).in_domain(crate::support::setup::E);
    app.user("x").send(&new).await.expect(200);
}

// T27
async fn a_sender_of_1_3_3_versions_the_focal_resource_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1").at(OLD);
    let plan = care_plan("c1", &patient);
    let answer = app.c().send(&about_plan(&plan, &patient, &[])).await.expect(200);
    let current = plan.now(&answer);
    assert_eq!(answer.data(), [current.link()]);
    assert_eq!(app.number("SELECT COUNT(*) FROM kt1_resource").await, 1);
    // Others get what was sent.
    let delivered = app.b().claim().await;
    assert_eq!(link(&delivered.entries()[2], "self").unwrap(), patient.link());
    // A stale version is refused in the words of its time.
    let answer = app.c().send(&about_plan(&plan.at(OLD), &patient, &[])).await.expect(409);
    let (_, details) = &conflicts(&answer)[0];
    assert!(details.starts_with("Message Version mismatch: Please retrieve"), "{details}");
    let answer = app.c().send(&about_plan(&plan, &patient, &[])).await.expect(409);
    assert_eq!(conflicts(&answer)[0].1, MISSING);
    app.c().send(&about_plan(&current, &patient, &[])).await.expect(200);
}

// T28
async fn a_receiver_of_1_3_3_sees_the_focal_version_only(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1");
    let plan = care_plan("c1", &patient);
    let others = [practitioner("one"), care_team("team")];
    let answer = app.sent(&about_plan(&plan, &patient, &[&others[0], &others[1]])).await;
    let delivered = app.c().claim().await;
    let links: Vec<_> =
        delivered.entries()[1..].iter().map(|entry| link(entry, "self").unwrap()).collect();
    let expected = [
        plan.now(&answer).link(),
        patient.url.clone(),
        others[0].url.clone(),
        others[1].url.clone(),
    ];
    assert_eq!(links, expected);
    assert_eq!(delivered.entries()[4]["content"], others[1].content);
    assert_eq!(delivered.message().data(), [plan.now(&answer).link()]);
    let as_xml = app.c().xml().by_id(&delivered.message().number().to_string()).await;
    assert_eq!(as_xml.entries()[1..], delivered.entries()[1..]);
}

async fn two_applications_may_send_the_same_resource(engine: Engine) {
    let app = TestApp::start(engine).await;
    let current = app.sent_patient("p1").await;
    let answer = app.b().send(&about_patient(&current)).await.expect(200);
    app.a().send(&about_patient(&current)).await.expect(409);
    app.a().send(&about_patient(&current.now(&answer))).await.expect(200);
}

async fn a_resource_may_occur_twice_when_it_is_the_same(engine: Engine) {
    let app = TestApp::start(engine).await;
    let patient = patient("p1");
    let plan = care_plan("c1", &patient);
    let answer = app.sent(&about_plan(&plan, &patient, &[&patient])).await;
    assert_eq!(answer.data().len(), 2);
    let other = patient.clone().with("active", false.into());
    let twice = about_plan(&care_plan("c2", &patient), &patient.now(&answer), &[&other]);
    let refused = app.a().send(&twice).await.expect(400);
    assert_eq!(refused.code(), "duplicate");
}

async fn versions_are_compared_decoded(engine: Engine) {
    let app = TestApp::start(engine).await;
    let current = app.sent_patient("p1").await;
    let encoded = current.at(&current.version.clone().unwrap().replace(':', "%3A"));
    app.sent(&about_patient(&encoded)).await;
}
