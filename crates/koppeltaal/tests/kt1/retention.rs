//! When bodies are removed, and what remains.

use std::time::{Duration, Instant};

use koppeltaal_core::audit::Action;
use koppeltaal_core::directory::RetentionSetting;
use koppeltaal_core::event::Event;
use koppeltaal_kt1::{JobSettings, Jobs, RetentionReport, run_retention};
use koppeltaal_store::args;
use tokio::sync::watch;

use crate::support::message::{about_patient, message, patient, practitioner};
use crate::support::setup::{D, Setup};
use crate::support::{Engine, TestApp, eventually};

on_both_engines!(
    a_body_goes_when_every_recipient_has_had_it,
    a_body_stays_while_one_recipient_waits,
    a_grace_keeps_the_body_a_while,
    a_body_stays_where_the_domain_or_an_application_needs_it,
    a_body_goes_by_age,
    a_domain_may_remove_sooner,
    a_message_for_nobody_goes_at_the_next_run,
    replaced_copies_count_as_had,
    failed_copies_keep_the_body,
    the_job_runs_by_itself,
    each_transaction_records_what_it_removed,
    a_stop_in_the_middle_of_a_run_gives_the_lease_back,
    a_dry_run_removes_nothing,
    an_old_header_forgets_the_patient,
    an_expired_message_can_be_claimed_when_asked_for,
);

const DAY: Duration = Duration::from_secs(86_400);

fn only_b(setup: &mut Setup) {
    for user in ["A", "C"] {
        setup.application(&format!("App{user}")).events.clear();
    }
}

async fn no_grace(engine: Engine, change: impl FnOnce(&mut Setup)) -> TestApp {
    TestApp::build(engine)
        .setup(only_b)
        .setup(change)
        .config(|config| config.kt1.retention.grace = Duration::ZERO)
        .start()
        .await
}

/// A run, when that of the server's start is over.
async fn run(app: &TestApp, dry: bool) -> Vec<RetentionReport> {
    let limits = app.config.kt1.retention;
    let (clock, ids) = (app.clock.clone(), app.ids().await);
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let run =
            run_retention(app.store(), &ids, clock.as_ref(), &app.directory, limits, dry).await;
        if let Some(report) = run.unwrap() {
            return report;
        }
        assert!(Instant::now() < deadline, "another run does not end");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn bodies(app: &TestApp) -> i64 {
    app.number("SELECT COUNT(*) FROM kt1_body").await
}

async fn finished(app: &TestApp, user: &str) {
    let header = app.user(user).claim().await.message();
    app.user(user).put(&header.id(), header.with_status("Success")).await.expect(200);
}

// T94, T45 (around)
async fn a_body_goes_when_every_recipient_has_had_it(engine: Engine) {
    let app = no_grace(engine, |_| {}).await;
    let sent = about_patient(&patient("p1"));
    app.sent(&sent).await;
    let header = app.b().claim().await.message();
    let answer = app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
    assert!(answer.text.contains("IsExpired"));
    assert_eq!(bodies(&app).await, 0);
    assert!(app.b().browse("").await.is_empty());
    for client in [app.b(), app.b().xml()] {
        let page = client.browse("include-expired=yes").await;
        let expired = page.message();
        assert!(expired.is_expired());
        assert_eq!(expired.status(), "Success");
        assert_eq!(expired.identifier(), sent.identifier());
        assert!(expired.content()["source"]["software"].is_string());
        assert!(expired.content()["source"]["endpoint"].is_string());
        let by_id = client.by_id(&header.number().to_string()).await;
        assert_eq!(by_id.entries().len(), 1, "the header alone is left");
        assert!(by_id.message().is_expired());
    }
    // The version is still known.
    app.a().send(&sent).await.expect(409);
}

// T46 (around)
async fn a_body_stays_while_one_recipient_waits(engine: Engine) {
    let app = no_grace(engine, |setup| setup.join("d", D, Event::ALL)).await;
    app.sent_patient("p1").await;
    finished(&app, "b").await;
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 1);
    assert!(!app.b().browse("").await.is_empty());
    finished(&app, "d").await;
    assert_eq!(bodies(&app).await, 0);
}

async fn a_grace_keeps_the_body_a_while(engine: Engine) {
    let app = TestApp::build(engine).setup(only_b).start().await;
    app.sent_patient("p1").await;
    finished(&app, "b").await;
    run(&app, false).await;
    assert_eq!(app.b().browse("").await.message().status(), "Success");
    app.advance(23 * DAY / 24);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 1);
    app.advance(DAY / 24 + Duration::from_secs(1));
    let report = run(&app, false).await;
    assert_eq!((report.len(), report[0].retrieved, report[0].too_old), (1, 1, 0));
    assert_eq!(report[0].event, "CreateOrUpdatePatient");
    assert_eq!(report[0].domain, D);
    assert_eq!(bodies(&app).await, 0);
    let row = app.audited(Action::Retention).await;
    assert_eq!(row.agent, "server");
    assert_eq!(row.event, Some("CreateOrUpdatePatient"));
    assert!(run(&app, false).await.is_empty());
}

// T47 (around)
async fn a_body_stays_where_the_domain_or_an_application_needs_it(engine: Engine) {
    let app = no_grace(engine, |setup| {
        setup.domain(D).retention.push(RetentionSetting {
            event: Event::CreateOrUpdatePatient,
            max_age: None,
            retain_on_success: true,
        });
        setup.application("AppN").retain_events = vec![Event::CreateOrUpdatePractitioner];
    })
    .await;
    app.sent_patient("p1").await;
    app.sent(&message("CreateOrUpdatePractitioner", &practitioner("d1"), &[])).await;
    finished(&app, "b").await;
    finished(&app, "b").await;
    app.advance(DAY);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 2);
    app.advance(56 * DAY);
    run(&app, false).await;
    let left = app.b().browse("").await;
    assert_eq!(left.entries().len(), 1);
    assert_eq!(left.message().event(), "CreateOrUpdatePractitioner", "required for ever");
}

// T95, T49 (around)
async fn a_body_goes_by_age(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.sent_patient("p2").await;
    app.b().claim().await;
    app.advance(55 * DAY);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 2);
    app.advance(DAY);
    let report = run(&app, false).await;
    assert_eq!((report[0].retrieved, report[0].too_old), (0, 2));
    assert_eq!(bodies(&app).await, 0);
    for user in ["a", "b", "c"] {
        assert!(app.user(user).claim().await.is_empty());
        assert!(app.user(user).browse("").await.is_empty());
        assert_eq!(app.user(user).browse("include-expired=yes").await.entries().len(), 2);
    }
}

async fn a_domain_may_remove_sooner(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(|setup| {
            setup.domain(D).retention.push(RetentionSetting {
                event: Event::CreateOrUpdatePatient,
                max_age: Some(7 * DAY),
                retain_on_success: false,
            });
        })
        .start()
        .await;
    app.sent_patient("p1").await;
    app.sent(&message("CreateOrUpdatePractitioner", &practitioner("d1"), &[])).await;
    app.advance(7 * DAY);
    run(&app, false).await;
    let left = app.b().browse("").await;
    assert_eq!(left.entries().len(), 1);
    assert_eq!(left.message().event(), "CreateOrUpdatePractitioner");
}

async fn a_message_for_nobody_goes_at_the_next_run(engine: Engine) {
    let app = TestApp::build(engine)
        .setup(only_b)
        .setup(|setup| setup.application("AppB").events.clear())
        .start()
        .await;
    let current = app.sent_patient("p1").await;
    assert_eq!(bodies(&app).await, 1);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 0);
    app.sent(&about_patient(&current)).await;
}

async fn replaced_copies_count_as_had(engine: Engine) {
    let app = no_grace(engine, |_| {}).await;
    let current = app.sent_patient("p1").await;
    app.sent(&about_patient(&current)).await;
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 1);
    assert_eq!(app.b().browse("").await.message().status(), "New");
}

async fn failed_copies_keep_the_body(engine: Engine) {
    let app = no_grace(engine, |_| {}).await;
    app.sent_patient("p1").await;
    let header = app.b().claim().await.message();
    app.b().put(&header.id(), header.with_status("Failed")).await.expect(200);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 1);
    app.b().put(&header.id(), header.with_status("Success")).await.expect(200);
    assert_eq!(bodies(&app).await, 0);
}

async fn the_job_runs_by_itself(engine: Engine) {
    let app = TestApp::build(engine)
        .config(|config| config.kt1.retention_interval = Duration::from_millis(100))
        .start()
        .await;
    app.sent_patient("p1").await;
    app.advance(57 * DAY);
    eventually("the body goes", async || bodies(&app).await == 0).await;
}

async fn each_transaction_records_what_it_removed(engine: Engine) {
    let app = TestApp::start(engine).await;
    many_old(&app).await;
    let report = run(&app, false).await;
    assert_eq!(report.iter().map(|r| r.too_old).sum::<u64>(), OLD as u64);
    let rows = app.audit(Action::Retention).await;
    let details: Vec<_> = rows.iter().filter_map(|row| row.detail.as_deref()).collect();
    let full = "0 bodies after retrieval, 50 by age";
    assert_eq!(details, [full, full, "0 bodies after retrieval, 20 by age"]);
}

const OLD: i64 = 120;

/// Messages whose time is over, more than one transaction removes.
async fn many_old(app: &TestApp) {
    app.sent_patient("p1").await;
    let series = format!(
        "WITH RECURSIVE s (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {})",
        OLD - 1
    );
    for sql in [
        "INSERT INTO kt1_body (domain, message, feed, entries) {series}
         SELECT domain, message + n, feed, entries FROM kt1_body, s",
        "INSERT INTO kt1_message (domain, id, identifier, event, focal, focal_version, created, header)
         {series} SELECT domain, id + n, identifier, event, focal, focal_version, created, header
         FROM kt1_message, s",
    ] {
        let sql = sql.replace("{series}", &series);
        app.store().write(move |tx| tx.execute(&sql, args![])).await.unwrap();
    }
    app.advance(57 * DAY);
}

async fn a_stop_in_the_middle_of_a_run_gives_the_lease_back(engine: Engine) {
    let app = TestApp::start(engine).await;
    // The run of the server's start is over.
    run(&app, false).await;
    many_old(&app).await;
    let (_directory, directory) = watch::channel(app.directory.clone());
    let jobs = Jobs::start(JobSettings {
        store: app.store().clone(),
        ids: app.ids().await,
        directory,
        clock: app.clock.clone(),
        retention: app.config.kt1.retention,
        retention_interval: DAY,
    });
    eventually("the first bodies go", async || bodies(&app).await < OLD).await;
    jobs.shutdown().await;
    assert_eq!(app.number("SELECT lease_until FROM job WHERE name = 'kt1-retention'").await, 0);
    // What is gone by then was recorded.
    let recorded: i64 = app
        .audit(Action::Retention)
        .await
        .iter()
        .filter_map(|row| row.detail.as_deref()?.split(' ').nth(4)?.parse::<i64>().ok())
        .sum();
    assert_eq!(recorded + bodies(&app).await, OLD);
    run(&app, false).await;
    assert_eq!(bodies(&app).await, 0);
}

async fn a_dry_run_removes_nothing(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.advance(57 * DAY);
    let would = run(&app, true).await;
    assert_eq!(bodies(&app).await, 1);
    assert!(app.audit(Action::Retention).await.is_empty());
    assert_eq!(run(&app, false).await, would);
    assert_eq!(bodies(&app).await, 0);
}

async fn an_old_header_forgets_the_patient(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.advance(57 * DAY);
    run(&app, false).await;
    assert!(app.tables_with("Patient/p1").await.contains(&"kt1_message"));
    app.advance(310 * DAY);
    run(&app, false).await;
    assert!(!app.tables_with("Patient/p1").await.contains(&"kt1_message"));
    for client in [app.b(), app.b().xml()] {
        let header = client.browse("include-expired=yes").await.message();
        assert!(header.is_expired());
        assert_eq!(header.event(), "CreateOrUpdatePatient");
        assert_eq!(header.data(), [""; 0]);
    }
}

async fn an_expired_message_can_be_claimed_when_asked_for(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.sent_patient("p1").await;
    app.advance(57 * DAY);
    run(&app, false).await;
    assert!(app.b().claim().await.is_empty());
    let claimed = app.b().claim_with("&include-expired=yes").await;
    assert!(claimed.message().is_expired());
    assert_eq!(claimed.message().status(), "Claimed");
    assert_eq!(claimed.entries().len(), 1);
    assert!(app.b().claim_with("&include-expired=yes").await.is_empty());
}
