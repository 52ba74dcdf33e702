//! What the authorization service counts.

use reqwest::header;

use crate::cast::{ZORG, signer};
use crate::support::Engine;
use crate::world::World;

on_both_engines!(requests_are_counted_by_endpoint_and_status);

async fn requests_are_counted_by_endpoint_and_status(engine: Engine) {
    let world = World::start(engine).await;
    let assertion = world.assertion("module").sign(&signer("module")).unwrap();
    world.ask(&assertion).await.expect(200);
    world.ask(&assertion).await.expect(401);
    let url = format!("http://{}/metrics", world.app.server.address);
    let answer = reqwest::Client::new().get(url).header(header::ACCEPT, "*/*").send().await;
    let text = answer.unwrap().text().await.unwrap();
    for status in [200, 401] {
        let line = format!(
            "koppeltaal_authorization_requests_total{{domain=\"{ZORG}\",endpoint=\"token\",status=\"{status}\"}} 1"
        );
        assert!(text.contains(&line), "{line} is not in {text}");
    }
}
