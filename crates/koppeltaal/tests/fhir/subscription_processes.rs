//! A subscription that was answered fires for every write that begins afterwards, in
//! every process on the same store; one that was switched off fires for none.

use futures_util::future::join_all;

use crate::client::path;
use crate::notified::{told, version};
use crate::resources::{patient, subscription};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    what_one_process_answered_is_known_to_the_other_at_once,
    of_many_at_once_none_is_missed,
);

async fn what_one_process_answered_is_known_to_the_other_at_once(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let (here, there) = (world.client("own").await, world.client_at(&second, "own").await);
    // Both have looked at what there is.
    here.create(&patient()).await;
    there.create(&patient()).await;
    for _ in 0..10 {
        let mut kept = here.create(&subscription("Patient?gender=female")).await;
        let first = there.create(&patient()).await;
        assert_eq!(told(world.app.store(), &kept).await, [version(&first)]);
        kept["criteria"] = "Patient?gender=male".into();
        let mut kept = there.update(&kept).await;
        here.create(&patient()).await;
        assert_eq!(told(world.app.store(), &kept).await.len(), 1, "it looks for others now");
        kept["criteria"] = "Patient?gender=female".into();
        let mut kept = here.update(&kept).await;
        there.create(&patient()).await;
        kept["status"] = "off".into();
        let kept = here.update(&kept).await;
        there.create(&patient()).await;
        assert_eq!(told(world.app.store(), &kept).await.len(), 2);
        there.delete(&path(&kept)).await.expect(200);
        here.create(&patient()).await;
        assert_eq!(told(world.app.store(), &kept).await.len(), 2);
    }
    second.shutdown().await;
}

async fn of_many_at_once_none_is_missed(engine: Engine) {
    let world = World::start(engine).await;
    let second = world.app.second_server().await;
    let servers = [world.client("own").await, world.client_at(&second, "own").await];
    // Writers at both, while subscriptions come at both.
    let lives = (0..8).map(|at| {
        let (one, other) = (servers[at % 2].clone(), servers[(at + 1) % 2].clone());
        async move {
            let mut seen = Vec::new();
            for _ in 0..6 {
                let kept = one.create(&subscription("Patient?active=true")).await;
                let made = other.create(&patient()).await;
                seen.push((kept, version(&made)));
            }
            seen
        }
    });
    for (kept, version) in join_all(lives).await.into_iter().flatten() {
        let told = told(world.app.store(), &kept).await;
        let times = told.iter().filter(|one| **one == version).count();
        assert_eq!(times, 1, "{} of {}", version, path(&kept));
    }
    second.shutdown().await;
}
