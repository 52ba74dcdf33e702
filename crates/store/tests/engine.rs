//! What a closure may rely on, the same on both engines.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use koppeltaal_core::{Error, Result};
use koppeltaal_store::tx::{ColumnType, OnConflict, Table};
use koppeltaal_store::{Dialect, Row, Store, Tx, Value, args, both, row};

const THING: Table = Table {
    name: "t_thing",
    columns: &[("id", ColumnType::Int), ("name", ColumnType::Text), ("body", ColumnType::Bytes)],
    key: &["id"],
    on_conflict: OnConflict::Retry,
};

/// Creates the table that the tests write to.
async fn create(store: &Store) {
    store
        .write(|tx| {
            let bytes = match tx.dialect() {
                Dialect::Sqlite => "BLOB",
                Dialect::Postgres => "BYTEA",
            };
            let sql = format!(
                "CREATE TABLE t_thing (id BIGINT PRIMARY KEY, name TEXT UNIQUE, body {bytes})"
            );
            tx.execute(&sql, &[])
        })
        .await
        .unwrap();
}

fn add(tx: &mut dyn Tx, id: i64) -> Result<()> {
    tx.later("INSERT INTO t_thing (id) VALUES ($1)", args![id])
}

async fn ids(store: &Store) -> Vec<i64> {
    store
        .read(|tx| {
            let rows = tx.query("SELECT id FROM t_thing ORDER BY id", &[])?;
            rows.iter().map(|row| row.int(0)).collect()
        })
        .await
        .unwrap()
}

both!(a_write_is_seen_by_the_next_read, |store| async {
    create(&store).await;
    for id in 1..=20 {
        store.write(move |tx| add(tx, id)).await.unwrap();
        assert_eq!(ids(&store).await.last(), Some(&id));
    }
});

both!(an_error_undoes_its_own_closure_only, |store| async {
    create(&store).await;
    let writes = (0..40).map(|id| {
        let store = store.clone();
        tokio::spawn(async move {
            let refuse = id % 2 == 1;
            let closure = move |tx: &mut dyn Tx| {
                add(tx, id)?;
                if refuse { Err(Error::Forbidden("odd".to_owned())) } else { Ok(id) }
            };
            store.write(closure).await
        })
    });
    for (id, write) in writes.collect::<Vec<_>>().into_iter().enumerate() {
        let expected =
            if id % 2 == 1 { Err(Error::Forbidden("odd".to_owned())) } else { Ok(id as i64) };
        assert_eq!(write.await.unwrap(), expected);
    }
    assert_eq!(ids(&store).await, (0..40).step_by(2).collect::<Vec<_>>());
});

both!(a_panic_undoes_its_own_closure_and_the_store_lives_on, |store| async {
    create(&store).await;
    let panicked = store
        .write(|tx| -> Result<()> {
            add(tx, 1)?;
            panic!("a defect");
        })
        .await;
    assert!(matches!(panicked, Err(Error::Internal(text)) if text.contains("a defect")));
    let panicked = store.read(|_| -> Result<()> { panic!("another") }).await;
    assert!(matches!(panicked, Err(Error::Internal(_))));
    store.write(|tx| add(tx, 2)).await.unwrap();
    assert_eq!(ids(&store).await, [2]);
});

both!(parameters_are_taken_by_their_number, |store| async {
    let row = store
        .read(|tx| {
            let sql = "SELECT CAST($2 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS TEXT) || '$1'";
            tx.query_one(sql, args![7_i64, "seven"])
        })
        .await
        .unwrap();
    assert_eq!(row, Some(row!["seven", 7_i64, "seven$1"]));
});

both!(values_come_back_as_they_were_given, |store| async {
    create(&store).await;
    let rows = [
        row![1_i64, None::<&str>, None::<Vec<u8>>],
        row![i64::MAX, "", Vec::<u8>::new()],
        row![i64::MIN, "naïef ‘日本’ 🙂 \\ ' \"", vec![0_u8, 255, 39, 92]],
    ];
    let given = rows.clone();
    store.write(move |tx| tx.insert_many(&THING, &given)).await.unwrap();
    store
        .write(|tx| {
            let sql = "INSERT INTO t_thing (id, name, body) VALUES ($1, $2, $3)";
            tx.execute(sql, args![2_i64, "two", &[1_u8, 0][..]])
        })
        .await
        .unwrap();
    let found = store
        .read(|tx| tx.query("SELECT id, name, body FROM t_thing ORDER BY id", &[]))
        .await
        .unwrap();
    let [one, most, least] = rows;
    assert_eq!(found, [least, one, row![2_i64, "two", vec![1_u8, 0]], most]);
    let found = store
        .read(|tx| {
            let sql = "SELECT id FROM t_thing WHERE body = $1 AND name = $2 \
                       AND CAST($3 AS BIGINT) IS NULL";
            tx.query(sql, args![&[1_u8, 0][..], "two", None::<i64>])
        })
        .await
        .unwrap();
    assert_eq!(found, [row![2_i64]]);
});

both!(a_text_with_a_nul_character_is_refused, |store| async {
    create(&store).await;
    let refused = store
        .write(|tx| tx.execute("INSERT INTO t_thing (id, name) VALUES (1, $1)", args!["a\0b"]))
        .await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
    let refused =
        store.write(|tx| tx.insert_many(&THING, &[row![1_i64, "a\0b", None::<Vec<u8>>]])).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
});

both!(counts_tell_how_many_rows_were_touched, |store| async {
    create(&store).await;
    let counts = store
        .write(|tx| {
            for id in 1..=3 {
                add(tx, id)?;
            }
            let updated =
                tx.execute("UPDATE t_thing SET name = NULL WHERE id > $1", args![1_i64])?;
            let none = tx.execute("DELETE FROM t_thing WHERE id = $1", args![9_i64])?;
            let sql = "INSERT INTO t_thing (id) VALUES ($1) ON CONFLICT DO NOTHING";
            Ok((updated, none, tx.execute(sql, args![1_i64])?))
        })
        .await;
    assert_eq!(counts, Ok((2, 0, 0)));
});

both!(returning_gives_rows_of_a_write, |store| async {
    create(&store).await;
    let made = store
        .write(|tx| {
            let sql = "INSERT INTO t_thing (id, name) VALUES ($1, $2) \
                       ON CONFLICT (id) DO UPDATE SET name = excluded.name RETURNING id, name";
            tx.query(sql, args![5_i64, "five"])
        })
        .await;
    assert_eq!(made, Ok(vec![row![5_i64, "five"]]));
    assert_eq!(ids(&store).await, [5]);
});

async fn insert(store: &Store, on_conflict: OnConflict, rows: Vec<Row>) -> Result<()> {
    store.write(move |tx| tx.insert_many(&Table { on_conflict, ..THING }, &rows)).await
}

fn named(id: i64, name: &str) -> Row {
    row![id, name, vec![u8::try_from(id % 256).unwrap()]]
}

async fn names(store: &Store) -> Vec<(i64, String)> {
    store
        .read(|tx| {
            let rows = tx.query("SELECT id, name FROM t_thing ORDER BY id", &[])?;
            rows.into_iter().map(|mut row| Ok((row.int(0)?, row.text(1)?))).collect()
        })
        .await
        .unwrap()
}

both!(many_rows_are_inserted_at_once, |store| async {
    create(&store).await;
    use OnConflict::{Ignore, Refuse, Replace, Retry};
    for on_conflict in [Retry, Refuse, Ignore, Replace] {
        insert(&store, on_conflict, vec![]).await.unwrap();
    }
    assert!(ids(&store).await.is_empty());
    let rows = (0..1000).map(|id| named(id, &format!("n{id}"))).collect();
    insert(&store, OnConflict::Retry, rows).await.unwrap();
    assert_eq!(ids(&store).await, (0..1000).collect::<Vec<_>>());
});

both!(an_insert_ignores_or_replaces_what_is_there, |store| async {
    create(&store).await;
    let pair = |id, name: &str| (id, name.to_owned());
    insert(&store, OnConflict::Retry, vec![named(1, "a"), named(2, "b")]).await.unwrap();
    insert(&store, OnConflict::Ignore, vec![named(2, "x"), named(3, "c")]).await.unwrap();
    assert_eq!(names(&store).await, [pair(1, "a"), pair(2, "b"), pair(3, "c")]);
    insert(&store, OnConflict::Replace, vec![named(3, "C"), named(4, "d")]).await.unwrap();
    assert_eq!(names(&store).await, [pair(1, "a"), pair(2, "b"), pair(3, "C"), pair(4, "d")]);
    // Another unique column is no part of the key.
    for on_conflict in [OnConflict::Ignore, OnConflict::Replace, OnConflict::Refuse] {
        let refused = insert(&store, on_conflict, vec![named(5, "a")]).await;
        assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    }
});

both!(an_insert_that_refuses_what_is_there_writes_nothing, |store| async {
    create(&store).await;
    insert(&store, OnConflict::Refuse, vec![named(1, "a")]).await.unwrap();
    let rows = vec![named(2, "b"), named(1, "c")];
    let refused = insert(&store, OnConflict::Refuse, rows).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(names(&store).await, [(1, "a".to_owned())]);
});

both!(an_insert_of_the_wrong_shape_is_a_defect, |store| async {
    create(&store).await;
    for rows in [vec![row![1_i64]], vec![row![1_i64, 2_i64, 3_i64, 4_i64]]] {
        let refused = insert(&store, OnConflict::Retry, rows).await;
        assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    }
    let refused = store.write(|tx| tx.execute("DELETE FROM t_thing WHERE id = $1", &[])).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
});

both!(a_taken_key_is_a_conflict, |store| async {
    create(&store).await;
    store.write(|tx| add(tx, 1)).await.unwrap();
    let refused = store.write(|tx| tx.execute("INSERT INTO t_thing (id) VALUES (1)", &[])).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    let refused = store.write(|tx| add(tx, 1)).await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
});

both!(a_failed_statement_fails_the_transaction_even_when_the_closure_goes_on, |store| async {
    create(&store).await;
    store.write(|tx| add(tx, 1)).await.unwrap();
    let refused = store
        .write(|tx| {
            add(tx, 2)?;
            let taken = tx.execute("INSERT INTO t_thing (id) VALUES (1)", &[]);
            assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
            assert_eq!(tx.query("SELECT 1", &[]).unwrap_err(), taken.unwrap_err());
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    // The same with a failure that nobody waited for.
    let refused = store
        .write(|tx| {
            add(tx, 3)?;
            drop(add(tx, 1));
            drop(add(tx, 4));
            Ok(())
        })
        .await;
    assert!(matches!(refused, Err(Error::Conflict(_))), "{refused:?}");
    assert_eq!(ids(&store).await, [1]);
});

both!(a_closure_that_was_overtaken_is_run_again_a_bounded_number_of_times, |store| async {
    create(&store).await;
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let third = store
        .write(move |tx| {
            add(tx, 1)?;
            match counted.fetch_add(1, Ordering::Relaxed) {
                run @ 2 => Ok(run),
                _ => Err(Error::Retry("not yet".to_owned())),
            }
        })
        .await;
    assert_eq!(third, Ok(2));
    assert_eq!(ids(&store).await, [1]);

    let counted = Arc::clone(&runs);
    counted.store(0, Ordering::Relaxed);
    // The key is taken: every run fails.
    let given_up = store
        .write(move |tx| {
            counted.fetch_add(1, Ordering::Relaxed);
            tx.insert_many(&THING, &[row![1_i64, None::<&str>, None::<Vec<u8>>]])
        })
        .await;
    assert!(matches!(given_up, Err(Error::Unavailable(_))), "{given_up:?}");
    assert_eq!(runs.load(Ordering::Relaxed), 10);
});

both!(racing_for_a_new_key_makes_one_row_and_everybody_sees_it, |store| async {
    create(&store).await;
    for id in 0..10_i64 {
        let racers = (0..6).map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let closure = move |tx: &mut dyn Tx| {
                    if tx.query_one("SELECT id FROM t_thing WHERE id = $1", args![id])?.is_some() {
                        return Ok(false);
                    }
                    tx.insert_many(&THING, &[named(id, &id.to_string())])?;
                    Ok(true)
                };
                store.write(closure).await
            })
        });
        let mut made = 0;
        for racer in racers.collect::<Vec<_>>() {
            made += usize::from(racer.await.unwrap().unwrap());
        }
        assert_eq!(made, 1);
    }
});

both!(concurrent_increments_lose_none, |store| async {
    create(&store).await;
    store.write(|tx| tx.insert_many(&THING, &[row![0_i64, "0", None::<Vec<u8>>]])).await.unwrap();
    let tasks = (0..8).map(|_| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..100 {
                let closure = |tx: &mut dyn Tx| {
                    let lock = tx.dialect().for_update();
                    let sql = format!("SELECT name FROM t_thing WHERE id = 0{lock}");
                    let mut row = tx.query_one(&sql, &[])?.ok_or(Error::internal("no row"))?;
                    let next = row.text(0)?.parse::<i64>().map_err(Error::internal)? + 1;
                    let next = next.to_string();
                    tx.later("UPDATE t_thing SET name = $1 WHERE id = 0", args![&next])
                };
                store.write(closure).await.unwrap();
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(names(&store).await, [(0, "800".to_owned())]);
});

both!(a_caller_that_goes_away_leaves_the_store_usable, |store| async {
    create(&store).await;
    for id in 0..60 {
        let (store, started) = (store.clone(), Arc::new(tokio::sync::Notify::new()));
        let starts = Arc::clone(&started);
        let call = tokio::spawn(async move {
            let closure = move |tx: &mut dyn Tx| {
                add(tx, 2 * id)?;
                starts.notify_one();
                tx.query("SELECT 1", &[])?;
                add(tx, 2 * id + 1)
            };
            store.write(closure).await
        });
        if id % 2 == 0 {
            started.notified().await;
        }
        call.abort();
    }
    store.write(|tx| add(tx, 1000)).await.unwrap();
    // Whatever was run was run as a whole.
    let found = ids(&store).await;
    assert!(found.contains(&1000));
    for id in found.iter().filter(|id| **id < 1000) {
        assert!(found.contains(&(id ^ 1)), "half of a closure: {id}");
    }
});

both!(a_read_sees_one_snapshot_and_cannot_write, |store| async {
    create(&store).await;
    let runtime = tokio::runtime::Handle::current();
    let (reader, next) = (store.clone(), AtomicUsize::new(1));
    let (before, after) = store
        .read(move |tx| {
            let sql = "SELECT count(*) FROM t_thing";
            let before = tx.query(sql, &[])?;
            let id = next.fetch_add(1, Ordering::Relaxed) as i64;
            runtime.block_on(reader.write(move |tx| add(tx, id)))?;
            Ok((before, tx.query(sql, &[])?))
        })
        .await
        .unwrap();
    assert_eq!(before, after);
    assert!(!ids(&store).await.is_empty());

    let refused = store.read(|tx| tx.execute("DELETE FROM t_thing", &[])).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    let refused = store.read(|tx| add(tx, 77)).await;
    assert!(matches!(refused, Err(Error::Internal(_))), "{refused:?}");
    assert!(!ids(&store).await.is_empty());
});

both!(more_statements_than_are_kept_can_be_used, |store| async {
    for number in 0..700_i64 {
        let found = store
            .read(move |tx| {
                tx.query_one(&format!("SELECT CAST($1 AS BIGINT) + {number}"), args![1_i64])
            })
            .await;
        assert_eq!(found, Ok(Some(Row(vec![Value::Int(number + 1)]))));
    }
});

both!(a_closed_store_refuses_and_its_clones_too, |store| async {
    create(&store).await;
    let clone = store.clone();
    store.close().await;
    let refused = clone.write(|tx| add(tx, 1)).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    assert!(clone.ping().await.is_err());
});

both!(the_metrics_count_commits_and_closures, |store| async {
    create(&store).await;
    let before = store.metrics();
    store.write(|tx| add(tx, 1)).await.unwrap();
    store.ping().await.unwrap();
    let after = store.metrics();
    assert_eq!(after.commits, before.commits + 1);
    assert_eq!(after.committed_closures, before.committed_closures + 1);
    assert_eq!(after.writes, before.writes + 1);
    assert_eq!(after.reads, before.reads + 1);
    assert_eq!(after.commit_batches[0], before.commit_batches[0] + 1);
    assert_eq!((after.waiting_writes, after.waiting_reads, after.refused), (0, 0, 0));
});
