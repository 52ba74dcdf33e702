//! An erasure of more than fits into one transaction of usual size.

use crate::ground::{empty, found, import};
use crate::samples::{id, part, patient, practitioner, task, to};
use crate::world::Engine;

on_both_engines!(a_long_chain_of_parts_goes_whole);

async fn a_long_chain_of_parts_goes_whole(engine: Engine) {
    let world = empty(engine).await;
    let mut all = vec![patient("zoe"), patient("bart"), practitioner("sam")];
    all.push(task("t0", "zoe", to("Practitioner", "sam")));
    // Parts of a Task go with it, whomever they are for.
    for n in 1..300 {
        all.push(part(&format!("t{n}"), &format!("t{}", n - 1), "bart", to("Practitioner", "sam")));
    }
    import(&world, &all);
    let zoe = format!("Patient/{}", id("zoe"));
    let said = world.json(&["erase", &zoe, "--domain", "zon"]);
    assert_eq!(said["counts"]["Task"], 300);
    let order = said["resources"].as_array().unwrap();
    assert_eq!(order[0], format!("Task/{}", id("t299")));
    assert_eq!(order[299], format!("Task/{}", id("t0")));
    // Others write between the transactions, each of which is in the trail.
    let rows = world.list(&["audit", "search", "--action", "erase"]);
    let mut details: Vec<&str> = rows.iter().map(|row| row["detail"].as_str().unwrap()).collect();
    details.sort_unstable();
    assert_eq!(details, ["1 Patient, 100 Task", "200 Task"]);
    assert!(found(&world, "Task").is_empty());
    assert_eq!(found(&world, "Patient"), [format!("Patient/{}", id("bart"))]);
}
