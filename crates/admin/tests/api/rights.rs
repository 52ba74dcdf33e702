//! No administrator sees or changes what is not theirs: generated directories,
//! every operation, every role.

use http::Method;
use koppeltaal_admin::api::document;
use koppeltaal_core::administrator::{Rights, Role};
use koppeltaal_store::administrator::{Token, tokens};
use koppeltaal_store::{Store, test_support};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::Value;

use crate::conform;
use crate::oracle::{Plan, SECRETS, Who, application, domain, plans};
use crate::requests::{Attempt, attempts};
use crate::world::{Answer, User, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_or_changes_what_is_not_theirs_on_sqlite() {
    for plan in generated(3) {
        let test = test_support::sqlite_store().await;
        try_everything(&test.store, &plan).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_or_changes_what_is_not_theirs_on_postgres() {
    for plan in generated(1) {
        let test = test_support::postgres_store().await;
        try_everything(&test.store, &plan).await;
    }
}

/// So many directories for each role.
fn generated(cases: usize) -> Vec<Plan> {
    let mut runner = TestRunner::default();
    let mut plans_of = |role: Role| {
        let mut found = Vec::new();
        while found.len() < cases {
            let plan = plans().new_tree(&mut runner).unwrap().current();
            if plan.who.role == role {
                found.push(plan);
            }
        }
        found
    };
    Role::ALL.into_iter().flat_map(&mut plans_of).collect()
}

fn rights(who: &Who) -> Rights {
    let names = who.of.iter().map(|at| match who.role {
        Role::Application => application(*at),
        _ => domain(*at),
    });
    Rights::new(who.role, names).unwrap()
}

async fn try_everything(store: &Store, plan: &Plan) {
    let world = World::new(store, &plan.file()).await;
    let token = world.token(rights(&plan.who)).await;
    let user = world.anyone().header("authorization", &format!("Bearer {token}"));
    let (hidden, document) = (plan.hidden(), document("https://koppeltaal.example"));
    let mut served = 0;
    for attempt in attempts(plan) {
        let before = world.directory().await;
        let tokens_before = store.read(|tx| tokens(tx)).await.unwrap();
        let answer = ask(&user, &attempt).await;
        served += usize::from(answer.status < 300);
        let place =
            format!("{plan:?}: {} {} {:?}", attempt.route.method, attempt.path, attempt.body);
        check_words(&place, &attempt, &answer, &hidden);
        check_form(&place, &document, &attempt, &answer);
        check_changes(&place, plan, &before, &world.directory().await);
        let tokens_after = store.read(|tx| tokens(tx)).await.unwrap();
        check_tokens(&place, plan, &tokens_before, &tokens_after);
        if attempt.route.method == Method::GET {
            assert_eq!(before, world.directory().await, "{place}");
        }
    }
    assert!(served > 10, "{plan:?}: next to nothing was served, so nothing was tried");
}

async fn ask(user: &User, attempt: &Attempt) -> Answer {
    let body = attempt.body.as_ref().map(Value::to_string);
    user.call(attempt.route.method.clone(), &attempt.path, body).await
}

fn check_words(place: &str, attempt: &Attempt, answer: &Answer, hidden: &[String]) {
    for secret in SECRETS.into_iter().chain(["$argon2", "sealed:v1:"]) {
        assert!(!answer.text.contains(secret), "{place}: {secret} in {}", answer.text);
    }
    let asked = format!("{}{:?}", attempt.path, attempt.body);
    for word in hidden.iter().filter(|word| !asked.contains(*word)) {
        assert!(!answer.text.contains(word), "{place}: {word} in {}", answer.text);
    }
}

fn check_form(place: &str, document: &Value, attempt: &Attempt, answer: &Answer) {
    let method = attempt.route.method.as_str().to_lowercase();
    let responses = &document["paths"][attempt.route.path][&method]["responses"];
    let status = answer.status.to_string();
    let (told, content_type) = match answer.status {
        204 => return,
        200..=299 => (&responses[&status], "application/json"),
        _ => return,
    };
    let schema = &told["content"][content_type]["schema"];
    assert!(schema.is_object(), "{place}: {status} is not told");
    let problems = conform::problems(schema, &answer.json());
    assert!(problems.is_empty(), "{place}: {problems:?}");
}

fn check_changes(place: &str, plan: &Plan, before: &toml::Table, after: &toml::Table) {
    if before == after {
        return;
    }
    for kind in ["domain", "application", "role", "identity_provider", "instance"] {
        let items = |table: &toml::Table| -> Vec<toml::Table> {
            let list = table.get(kind).and_then(toml::Value::as_array).cloned();
            list.unwrap_or_default()
                .into_iter()
                .filter_map(|item| item.as_table().cloned())
                .filter(|item| !plan.may_change(kind, item))
                .collect()
        };
        assert_eq!(items(before), items(after), "{place}");
    }
}

/// A token made can do no more than who made it, and others' tokens stay.
fn check_tokens(place: &str, plan: &Plan, before: &[Token], after: &[Token]) {
    let of = rights(&plan.who);
    for token in after {
        match before.iter().find(|known| known.number == token.number) {
            Some(known) => assert!(of.is_system() || known == token, "{place}"),
            None => assert!(of.covers(&token.rights), "{place}: {}", token.rights),
        }
    }
}
