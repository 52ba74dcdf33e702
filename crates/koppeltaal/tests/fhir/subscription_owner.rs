//! Subscriptions (TOP-KT-006; decisions on acceptance and hooks): whose they are,
//! what their hooks may be, and what is said of their secrets.

use serde_json::json;

use crate::client::path;
use crate::resources::subscription;
use crate::support::Engine;
use crate::world::World;

on_both_engines!(
    header_lines_are_those_of_http_and_none_of_the_servers,
    a_subscription_is_its_owners_alone,
    an_endpoint_is_one_that_was_registered_when_any_was,
    the_error_is_the_servers,
);

async fn header_lines_are_those_of_http_and_none_of_the_servers(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let with = |lines: Vec<String>| {
        let mut new = subscription("Task?status=ready");
        new["channel"]["header"] = lines.into();
        new
    };
    let long = |length: usize| format!("X: {}", "a".repeat(length - 3));
    let many = |count: usize| (0..count).map(|at| format!("X-{at}: {at}")).collect::<Vec<_>>();
    for lines in [
        vec!["X-KTSubscription: TaskReady".to_owned()],
        vec!["Authorization: Bearer s3cret:with:colons".to_owned()],
        vec![long(4096)],
        many(20),
    ] {
        let kept = own.create(&with(lines.clone())).await;
        assert_eq!(kept["channel"]["header"], json!(lines), "its owner sees it");
    }
    for lines in [
        vec!["no colon, s3cret".to_owned()],
        vec![": s3cret".to_owned()],
        vec!["a b: s3cret".to_owned()],
        vec!["X: s3cret\r\nY: z".to_owned()],
        vec!["X: s3cret\u{7}".to_owned()],
        vec!["Host: s3cret".to_owned()],
        vec!["content-length: 3".to_owned()],
        vec!["CONTENT-TYPE: text/plain".to_owned()],
        vec!["Transfer-Encoding: chunked".to_owned()],
        vec!["Connection: close".to_owned()],
        vec!["X-Request-Id: s3cret".to_owned()],
        vec!["X-Correlation-Id: s3cret".to_owned()],
        vec!["X-Trace-ID : s3cret".to_owned()],
        vec!["X-Fine: 1".to_owned(), "Host: s3cret".to_owned()],
        vec![long(4097)],
        many(21),
    ] {
        let refused = own.try_create(&with(lines.clone())).await;
        assert_eq!(refused.status, 422, "{lines:?}");
        assert!(refused.text().contains("header"), "{}", refused.text());
        assert!(!refused.text().contains("s3cret"), "{}", refused.text());
    }
}

async fn a_subscription_is_its_owners_alone(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["channel"]["header"] = json!(["Authorization: Bearer s3cret"]);
    let kept = own.create(&new).await;
    let path = path(&kept);
    for client in ["admin", "cascade", "reader", "granted", "own2", "nobody"] {
        let other = world.client(client).await;
        let tag = [("if-match", "1")];
        for reply in [
            other.get(&path).await,
            other.get(&format!("{path}/_history")).await,
            other.get(&format!("{path}/_history/1")).await,
            other.put_with(&path, &tag, &kept).await,
            other.delete(&path).await,
            other.post(&format!("{path}/$validate"), &kept).await,
        ] {
            assert_eq!(reply.status, 403, "{client}: {}", reply.what);
        }
        for query in ["Subscription", "Subscription/_history", "Subscription?_content=Bearer"] {
            let reply = other.get(query).await;
            match reply.status {
                200 => assert_eq!(reply.json()["total"], 0, "{client}: {query}"),
                status => assert_eq!(status, 403, "{client}: {query}"),
            }
            assert!(!reply.text().contains("s3cret"));
        }
    }
    assert_eq!(own.search("Subscription").await["total"], 1);
    // A right on everything makes one's own, and no more.
    let admin = world.client("admin").await;
    let mine = admin.create(&subscription("Task?status=ready")).await;
    let found = admin.search("Subscription").await;
    assert_eq!((&found["total"], &found["entry"][0]["resource"]), (&json!(1), &mine));
    own.get(&crate::client::path(&mine)).await.expect(403);
    own.delete(&path).await.expect(200);
    admin.get(&path).await.expect(403);
}

async fn an_endpoint_is_one_that_was_registered_when_any_was(engine: Engine) {
    let plan = World::build(engine).setup(|setup| {
        setup.instance("own2").hook_hosts = vec!["hooks.own2.test".to_owned()];
    });
    let world = plan.start().await;
    let client = world.client("own2").await;
    let to = |endpoint: &str| {
        let mut new = subscription("Task?status=ready");
        new["channel"]["endpoint"] = endpoint.into();
        new
    };
    for good in ["https://hooks.own2.test/a", "https://HOOKS.own2.test:8443/b"] {
        client.create(&to(good)).await;
    }
    for bad in [
        "https://hooks.example.test/",
        "https://hooks.own2.test.evil.test/",
        "https://x.hooks.own2.test/",
    ] {
        let refused = client.try_create(&to(bad)).await.refused(422, "business-rule");
        refused.about("Subscription.channel.endpoint");
    }
    for bad in ["https://hooks.own2.test@evil.test/", "https://u:p@hooks.own2.test/"] {
        let refused = client.try_create(&to(bad)).await.refused(422, "value");
        refused.about("Subscription.channel.endpoint");
    }
    world.client("own").await.create(&to("https://hooks.example.test/")).await;
}

async fn the_error_is_the_servers(engine: Engine) {
    let world = World::start(engine).await;
    let own = world.client("own").await;
    let mut new = subscription("Task?status=ready");
    new["error"] = "mine".into();
    let mut kept = own.create(&new).await;
    assert!(kept.get("error").is_none(), "{kept}");
    kept["error"] = "mine".into();
    let kept = own.update(&kept).await;
    assert!(kept.get("error").is_none());
    assert_eq!(kept["meta"]["versionId"], "1", "nothing has changed");
}
