//! `reindex`: what was lost from the index is found again.

use koppeltaal_core::search::{IndexRow, Words};
use koppeltaal_store::resource::{self, Indexed};
use serde_json::json;

use crate::ground::{execute, filled, found, import, store, zon};
use crate::samples::{id, patient};
use crate::world::Engine;

on_both_engines!(
    what_was_lost_is_found_again,
    one_type_or_what_comes_after_a_key_can_be_indexed_alone,
    a_resource_that_changed_meanwhile_is_passed_over,
);

async fn what_was_lost_is_found_again(engine: Engine) {
    let world = filled(engine).await;
    let store = store(&world).await;
    assert!(execute(&store, "DELETE FROM search_index").await > 0);
    execute(&store, "DELETE FROM resource_words").await;
    assert!(found(&world, "Task?status=ready").is_empty());
    assert!(found(&world, "Patient?_content=jansen").is_empty());
    let said = world.list(&["reindex"]);
    // The resources without the AuditEvents, which are found in the trail, the Devices of two applications, and that of the server.
    assert_eq!(said[0]["domain"], "zon");
    assert_eq!((&said[0]["reindexed"], &said[0]["changed_meanwhile"]), (&json!(18), &json!(0)));
    assert_eq!(found(&world, "Task?status=ready").len(), 5);
    assert_eq!(found(&world, "Patient?_content=jansen").len(), 2);
    assert_eq!(found(&world, &format!("Task?patient=Patient/{}", id("bart"))).len(), 1);
    let rows = world.list(&["audit", "search", "--domain", "zon", "--action", "administration"]);
    let details: Vec<&str> = rows.iter().filter_map(|row| row["detail"].as_str()).collect();
    assert!(
        details.iter().any(|detail| detail.starts_with("reindex: 18 resources")),
        "{details:?}"
    );
    store.close().await;
}

async fn one_type_or_what_comes_after_a_key_can_be_indexed_alone(engine: Engine) {
    let world = filled(engine).await;
    let store = store(&world).await;
    execute(&store, "DELETE FROM search_index").await;
    let said = world.run(&["reindex", "--domain", "zon", "--type", "Patient"]);
    assert_eq!(said.code, 0, "{said:?}");
    let last = said.err.lines().last().unwrap();
    assert!(last.starts_with("zon: 2 of 2 (--after "), "{last}");
    assert_eq!(found(&world, "Patient?gender=female").len(), 2);
    assert!(found(&world, "Task?status=ready").is_empty());
    let key = last.rsplit(' ').next().unwrap().trim_end_matches(')').to_owned();
    let after = world.list(&["reindex", "--domain", "zon", "--type", "Patient", "--after", &key]);
    assert_eq!(after[0]["reindexed"], 0);
    world.refused(2, &["reindex", "--domain", "zon", "--type", "Observation"]);
    world.refused(3, &["reindex", "--domain", "maan"]);
    assert_eq!(world.run(&["reindex", "--after", "1"]).code, 2);
    store.close().await;
}

async fn a_resource_that_changed_meanwhile_is_passed_over(engine: Engine) {
    let world = filled(engine).await;
    let store = store(&world).await;
    let (scope, key) = (store.scope(&*zon(&store).await), id("zoe"));
    let old = scope.read(move |tx| resource::read(tx, "Patient", &key)).await.unwrap().unwrap();
    let mut changed = patient("zoe");
    changed["gender"] = json!("other");
    import(&world, &[changed]);
    let row = IndexRow { parameter: 1, value: "stale".to_owned(), qualifier: 0 };
    let stale = Indexed { rows: vec![row], words: Words::default() };
    let done = scope.write(move |tx| resource::reindex(tx, &old, &stale)).await.unwrap();
    assert!(!done);
    assert_eq!(crate::ground::tables_with(&store, "stale").await, Vec::<String>::new());
    assert_eq!(found(&world, "Patient?gender=other").len(), 1);
    store.close().await;
}
