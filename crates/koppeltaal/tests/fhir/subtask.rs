//! The subtask rule (spec 7): a Task with the code `view` is part of another one.

use serde_json::{Value, json};

use crate::client::path;
use crate::resources::{Ground, TASK_CODE};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(a_view_is_part_of_a_task, any_status_follows_any_other);

async fn a_view_is_part_of_a_task(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let parent = path(&own.create(&ground.resource("Task")).await);
    let other = json!({ "system": "https://example.test/codes", "code": "x" });
    let view = json!({ "system": TASK_CODE, "code": "view" });
    let with = |codings: &[&Value], is_part: bool| {
        let mut task = ground.resource("Task");
        task["code"] = json!({ "coding": codings });
        if is_part {
            task["partOf"] = json!([{ "reference": parent }]);
        }
        task
    };
    let told = "Task with code 'view' should have a 'partOf' reference";
    for codings in [&[&view] as &[_], &[&other, &view], &[&view, &other]] {
        let refused = own.try_create(&with(codings, false)).await.refused(422, "business-rule");
        assert!(refused.about("Task.partOf").diagnostics().contains(told));
        own.create(&with(codings, true)).await;
    }
    // The binding is preferred: other codes are welcome, and codes without a system.
    let exercise = json!({ "system": TASK_CODE, "code": "exercise" });
    let bare = json!({ "code": "view" });
    for coding in [&exercise, &bare, &other] {
        own.create(&with(&[coding], false)).await;
    }
    // An update is held to it too.
    let kept = own.create(&with(&[&view], true)).await;
    let mut loose = kept.clone();
    loose.as_object_mut().unwrap().remove("partOf");
    own.try_update(&loose).await.refused(422, "business-rule");
    let mut plain = own.create(&ground.resource("Task")).await;
    plain["code"] = json!({ "coding": [view] });
    own.try_update(&plain).await.refused(422, "business-rule");
}

async fn any_status_follows_any_other(engine: Engine) {
    let world = World::start(engine).await;
    let ground = Ground::of(&world, "own").await;
    let own = world.client("own").await;
    let mut task = own.create(&ground.resource("Task")).await;
    for status in [
        "completed",
        "draft",
        "cancelled",
        "in-progress",
        "entered-in-error",
        "requested",
        "failed",
        "received",
        "on-hold",
        "accepted",
        "rejected",
        "ready",
    ] {
        task["status"] = status.into();
        task = own.update(&task).await;
    }
    task["status"] = "done".into();
    own.try_update(&task).await.expect(422);
}
