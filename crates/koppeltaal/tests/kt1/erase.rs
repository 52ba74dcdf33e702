//! Erasing a patient.

use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::Webhook;
use koppeltaal_kt1::erase;
use koppeltaal_store::mailbox::Erasure;

use crate::support::hook::Hook;
use crate::support::message::{
    about_patient, about_plan, care_plan, message, patient, practitioner, related_person,
    user_message,
};
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    nothing_of_an_erased_patient_is_left,
    what_a_caregiver_is_named_for_goes_with_the_patient,
    another_domain_and_a_dry_run_touch_nothing,
);

async fn erased(app: &TestApp, domain: &str, url: &str, dry: bool) -> Erasure {
    let clock = app.clock.clone();
    let ids = app.ids().await;
    erase(app.store(), &ids, clock.as_ref(), &app.domain(domain), url, "operator", dry)
        .await
        .unwrap()
}

async fn lives(app: &TestApp, name: &str) {
    let p = patient(name);
    app.sent(&about_patient(&p)).await;
    let known = app.b().browse("").await;
    let header = known.messages().pop().unwrap();
    let failed = header.with_status_and("Failed", Some(&format!("cannot read {}", p.url)));
    app.b().put(&header.id(), failed).await.expect(200);
    let d = practitioner("shared").unlinked();
    app.sent(&about_plan(&care_plan(&format!("plan-of-{name}"), &p), &p.clone().unlinked(), &[&d]))
        .await;
    let person = related_person(&format!("kin-of-{name}"), &p);
    app.sent(&message("CreateOrUpdateRelatedPerson", &person, &[]).about(&p.url)).await;
    let words = user_message(&format!("words-of-{name}"), &format!("about {name}"));
    app.sent(&message("CreateOrUpdateUserMessage", &words, &[]).about(&p.url)).await;
    // The extension is missing here; the plan itself says whose it is.
    let bare = care_plan(&format!("bare-plan-of-{name}"), &p);
    app.sent(&message("CreateOrUpdateCarePlan", &bare, &[])).await;
}

async fn nothing_of_an_erased_patient_is_left(engine: Engine) {
    let hook = Hook::answering(200).await;
    let app = TestApp::build(engine)
        .setup(|setup| {
            let url = hook.url.clone();
            setup.instance("c").webhook = Some(Webhook { url, headers: Default::default() });
        })
        .start()
        .await;
    lives(&app, "gone").await;
    lives(&app, "stays").await;
    eventually("the notifications", async || {
        app.number("SELECT COUNT(*) FROM outbox WHERE state = 1").await == 10
    })
    .await;
    let rows_before = app.number("SELECT COUNT(*) FROM attempt").await;
    let url = patient("gone").url;
    let report = erased(&app, D, &url, false).await;
    assert_eq!(
        report,
        Erasure { messages: 5, items: 15, resources: 5, launches: 0, storage_items: 0 }
    );
    assert_eq!(app.tables_with("gone").await, ["audit"], "the trail keeps that it happened");
    assert_eq!(app.number("SELECT COUNT(*) FROM outbox").await, 5);
    assert_eq!(app.number("SELECT COUNT(*) FROM attempt").await, rows_before / 2);
    for table in ["kt1_item", "kt1_body"] {
        let orphans = format!(
            "SELECT COUNT(*) FROM {table} t WHERE NOT EXISTS
               (SELECT 1 FROM kt1_message m WHERE m.domain = t.domain AND m.id = t.message)"
        );
        assert_eq!(app.number(&orphans).await, 0, "{table}");
    }
    assert_eq!(app.b().browse("").await.entries().len(), 5);
    assert!(app.tables_with("stays").await.contains(&"kt1_body"));
    // Each transaction tells what it removed.
    let rows = app.audit(Action::Erase).await;
    let details: Vec<_> = rows.iter().filter_map(|row| row.detail.as_deref()).collect();
    assert_eq!(
        details,
        [
            "5 messages, 15 copies, 0 resources, 0 launches",
            "0 messages, 0 copies, 5 resources, 0 launches"
        ]
    );
    for row in &rows {
        assert_eq!(row.agent, "operator");
        assert_eq!(row.patient.as_deref(), Some(url.as_str()));
    }
    // Nothing is left to find, and the patient may come anew.
    assert_eq!(erased(&app, D, &url, false).await, Erasure::default());
    assert_eq!(app.audit(Action::Erase).await.len(), 2);
    app.sent(&about_patient(&patient("gone"))).await;
}

// The header may name a RelatedPerson or a Practitioner instead of the patient.
async fn what_a_caregiver_is_named_for_goes_with_the_patient(engine: Engine) {
    let app = TestApp::start(engine).await;
    let (p, other) = (patient("gone"), patient("stays"));
    let kin = related_person("kin", &p);
    let plan = care_plan("plan-of-gone", &p);
    app.sent(&message("CreateOrUpdateCarePlan", &plan, &[&p, &kin]).about(&kin.url)).await;
    let theirs = care_plan("plan-of-stays", &other);
    app.sent(&message("CreateOrUpdateCarePlan", &theirs, &[&other]).about(&kin.url)).await;
    let filter = format!("Patient={}", kin.url);
    assert_eq!(app.b().browse(&filter).await.entries().len(), 2, "the header is the filter");
    let report = erased(&app, D, &p.url, false).await;
    assert_eq!(
        report,
        Erasure { messages: 1, items: 3, resources: 3, launches: 0, storage_items: 0 }
    );
    assert_eq!(app.tables_with("gone").await, ["audit"]);
    assert_eq!(app.stored().await, [1, 3, 2]);
}

async fn another_domain_and_a_dry_run_touch_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    lives(&app, "p").await;
    let url = patient("p").url;
    app.user("x").send(&about_patient(&patient("p")).in_domain(E)).await.expect(200);
    let before = app.stored().await;
    let would = erased(&app, D, &format!("{url}/_history/1"), true).await;
    assert_eq!(
        would,
        Erasure { messages: 5, items: 15, resources: 5, launches: 0, storage_items: 0 }
    );
    assert_eq!(app.stored().await, before);
    assert!(app.audit(Action::Erase).await.is_empty());
    assert_eq!(
        erased(&app, E, &url, false).await,
        Erasure { messages: 1, items: 1, resources: 1, launches: 0, storage_items: 0 }
    );
    assert_eq!(app.b().browse("").await.entries().len(), 5);
    assert_eq!(erased(&app, D, &format!("{url}/_history/1"), false).await, would);
    assert_eq!(app.stored().await, [0, 0, 0]);
}
