//! StorageItems with an access token: those of its patient, and no others.

use crate::cast::{Browser, PATIENT, build, with_token};
use crate::storage::{built_in, item, keys, location, patient_url};
use crate::support::Engine;
use crate::support::setup::D;

on_both_engines!(a_token_reaches_the_items_of_its_patient_alone);

const ALL: &str = "Other?code=StorageItem";

async fn a_token_reaches_the_items_of_its_patient_alone(engine: Engine) {
    let app = build(engine).setup(|setup| setup.domain(D).storage = built_in(None)).start().await;
    assert_eq!(patient_url("p1"), PATIENT);
    let client = with_token(&app, &Browser::new(&app).access_for(PATIENT).await);
    // The application itself, with its own credentials.
    let own = app.b();
    let create = async |patient, key| {
        let answer = own.post(ALL, item(patient, key, "x").to_string()).await.expect(201);
        location(&answer)
    };
    let (hers, theirs) = (create("p1", "hers").await, create("p2", "theirs").await);
    let mine = client.post(ALL, item("p1", "mine", "x").to_string()).await.expect(201);
    client.get(&location(&mine)).await.expect(200);
    client.get(&hers).await.expect(200);
    client.put(&hers, item("p1", "hers", "y").to_string()).await.expect(200);

    let about_another = item("p2", "new", "x").to_string();
    assert_eq!(client.post(ALL, about_another.clone()).await.expect(403).code(), "forbidden");
    client.get(&theirs).await.expect(404);
    client.put(&theirs, about_another).await.expect(403);
    client.put(&theirs, item("p1", "theirs", "x").to_string()).await.expect(404);
    client.delete(&theirs).await.expect(404);
    let mut found = keys(&client.get(ALL).await.expect(200));
    found.sort();
    assert_eq!(found, ["hers", "mine"]);
    assert!(client.get(&format!("{ALL}&objectKey=theirs")).await.expect(200).is_empty());
    client.get(&format!("{ALL}&patient={PATIENT}/_history/3")).await.expect(200);
    let other = format!("{ALL}&patient={}", patient_url("p2"));
    assert_eq!(client.get(&other).await.expect(403).code(), "forbidden");
    assert_eq!(client.delete(&location(&mine)).await.status, 204);
    let mut left = keys(&own.get(ALL).await.expect(200));
    left.sort();
    assert_eq!(left, ["hers", "theirs"]);
}
