//! ActivityDefinitions: published by REST on `Other`, announced by message.

use serde_json::{Value, json};

use crate::support::client::{Answer, extension, kt, link, to_xml};
use crate::support::setup::{D, E};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_definition_is_created_with_a_location,
    the_server_fills_in_what_it_knows,
    a_definition_may_come_as_xml_and_go_as_json,
    the_list_gives_the_links_that_were_given,
    an_archived_definition_leaves_the_list,
    an_inactive_definition_stays_in_the_list,
    a_stale_version_is_refused,
    an_update_replaces_the_sub_activities,
    only_the_owner_updates,
    one_definition_can_be_read,
    subscribers_hear_of_every_change,
    an_identifier_is_unique_in_a_domain,
    a_definition_is_offered_where_its_application_is,
    what_is_no_definition_is_refused,
    the_list_is_paged,
    another_use_of_other_is_not_served,
    a_newer_announcement_replaces_the_older,
);

fn definition(identifier: &str) -> Value {
    json!({
        "resourceType": "Other",
        "extension": [
            { "url": kt("ActivityDefinition#ActivityName"), "valueString": format!("Name of {identifier}") },
            { "url": kt("ActivityDefinition#ActivityDefinitionIdentifier"), "valueString": identifier },
            { "url": kt("ActivityDefinition#ActivityKind"), "valueCoding": { "system": kt("ActivityKind"), "code": "Game" } },
        ],
        "code": { "coding": [{ "system": kt("OtherResourceUsage"), "code": "ActivityDefinition" }] },
    })
}

fn with(mut definition: Value, name: &str, value: &str, content: Value) -> Value {
    let extension = json!({ "url": kt(&format!("ActivityDefinition#{name}")), value: content });
    definition["extension"].as_array_mut().unwrap().push(extension);
    definition
}

async fn created(app: &TestApp, user: &str, definition: &Value) -> String {
    location(&app.user(user).post("Other", definition.to_string()).await.expect(201))
}

fn location(answer: &Answer) -> String {
    let location = answer.header("content-location").unwrap().to_owned();
    assert_eq!(answer.header("location"), Some(location.as_str()));
    location
}

async fn list(app: &TestApp, user: &str, more: &str) -> Vec<Value> {
    let path = format!("Other/_search?code=ActivityDefinition{more}");
    app.user(user).get(&path).await.expect(200).entries()
}

fn identifiers(entries: &[Value]) -> Vec<String> {
    let identifier = |entry: &Value| {
        let found = extension(&entry["content"], "ActivityDefinition#ActivityDefinitionIdentifier");
        found.unwrap()["valueString"].as_str().unwrap().to_owned()
    };
    entries.iter().map(identifier).collect()
}

// T78
async fn a_definition_is_created_with_a_location(engine: Engine) {
    let app = TestApp::start(engine).await;
    let answer = app.a().post("Other", definition("d1").to_string()).await.expect(201);
    let location = location(&answer);
    let (url, version) = location.split_once("/_history/").unwrap();
    let number = url.strip_prefix(&app.url("Other/ActivityDefinition:")).unwrap();
    assert!(number.parse::<i64>().unwrap() > 0, "{location}");
    assert!(version.len() == 28, "{version}");
    assert_eq!(answer.json()["id"], number);
    app.a().get(&location).await.expect(200);
    app.a().get(url).await.expect(200);
    let second = created(&app, "a", &definition("d2")).await;
    assert!(second != location);
}

// T80 (what the server sets)
async fn the_server_fills_in_what_it_knows(engine: Engine) {
    let app = TestApp::start(engine).await;
    let claim = json!({ "reference": "https://x/Device/9", "display": "SomebodyElse" });
    let sent = with(definition("d1"), "Application", "valueResource", claim);
    created(&app, "a", &sent).await;
    let entry = list(&app, "b", "").await.remove(0);
    let content = &entry["content"];
    let application =
        &extension(content, "ActivityDefinition#Application").unwrap()["valueResource"];
    assert_eq!(application["display"], "AppA");
    let device = app.a().get(application["reference"].as_str().unwrap()).await.expect(200).json();
    assert_eq!(device["identifier"][0]["value"], "AppA");
    for (name, value, expected) in [
        ("IsActive", "valueBoolean", json!(true)),
        ("IsDomainSpecific", "valueBoolean", json!(false)),
        ("LaunchType", "valueCode", json!("Web")),
        ("IsArchived", "valueBoolean", json!(false)),
    ] {
        let found = extension(content, &format!("ActivityDefinition#{name}")).unwrap();
        assert_eq!(found[value], expected, "{name}");
    }
    let order: Vec<_> =
        content["extension"].as_array().unwrap().iter().map(|e| e["url"].clone()).collect();
    let expected = [
        "Application",
        "ActivityName",
        "ActivityDefinitionIdentifier",
        "ActivityKind",
        "IsActive",
        "IsDomainSpecific",
        "LaunchType",
        "IsArchived",
    ];
    assert_eq!(order, expected.map(|name| json!(kt(&format!("ActivityDefinition#{name}")))));
    assert_eq!(
        content["identifier"][0],
        json!({ "system": kt("Profile/ActivityDefinition#ActivityDefinitionIdentifier"), "value": "d1" })
    );
    assert!(content["text"]["div"].as_str().unwrap().contains("Name of d1"));
    let number = content["id"].as_str().unwrap();
    let title = format!("Other resource with subtype=ActivityDefinition and IID={number}");
    assert_eq!(entry["title"], title);
    assert_eq!(entry["category"][0]["term"], app.url("Profile/ActivityDefinition"));
}

// T79
async fn a_definition_may_come_as_xml_and_go_as_json(engine: Engine) {
    let app = TestApp::start(engine).await;
    let xml = to_xml(&definition("d1").to_string());
    let client = app.a().content_type("application/fhir+xml");
    let answer = client.post("Other?code=ActivityDefinition", xml).await.expect(201);
    assert!(answer.text.starts_with('{'));
    let as_xml = app.a().xml().get(&location(&answer)).await.expect(200);
    assert!(as_xml.text.starts_with("<Other"), "{}", as_xml.text);
    assert_eq!(as_xml.json(), answer.json());
    let feed = app.a().xml().get("Other?code=ActivityDefinition").await.expect(200);
    assert!(feed.text.starts_with("<feed"));
    assert_eq!(feed.entries()[0]["content"], answer.json());
}

// T80
async fn the_list_gives_the_links_that_were_given(engine: Engine) {
    let app = TestApp::start(engine).await;
    let location = created(&app, "a", &definition("d1")).await;
    for path in ["Other/_search?code=ActivityDefinition", "Other?code=ActivityDefinition", "Other"]
    {
        let entries = app.b().get(path).await.expect(200).entries();
        assert_eq!(entries.len(), 1, "{path}");
        assert_eq!(link(&entries[0], "self"), Some(location.clone()));
        assert_eq!(entries[0]["id"], location.split_once("/_history/").unwrap().0);
    }
}

// T81
async fn an_archived_definition_leaves_the_list(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    let archived = with(definition("d1"), "IsArchived", "valueBoolean", true.into());
    let archived = with(archived, "IsActive", "valueBoolean", false.into());
    let second = location(&app.a().put(&first, archived.to_string()).await.expect(200));
    assert!(second > first, "{first} {second}");
    assert!(list(&app, "b", "").await.is_empty());
    assert!(list(&app, "b", "&includearchived=no").await.is_empty());
    assert!(list(&app, "b", "&includearchived=true").await.is_empty());
    let all = list(&app, "b", "&includearchived=yes").await;
    assert_eq!(link(&all[0], "self"), Some(second.clone()));
    // It can come back.
    app.a().put(&second, definition("d1").to_string()).await.expect(200);
    assert_eq!(list(&app, "b", "").await.len(), 1);
}

// T82
async fn an_inactive_definition_stays_in_the_list(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    let inactive = with(definition("d1"), "IsActive", "valueBoolean", false.into());
    app.a().put(&first, inactive.to_string()).await.expect(200);
    let content = &list(&app, "b", "").await[0]["content"];
    assert_eq!(extension(content, "ActivityDefinition#IsActive").unwrap()["valueBoolean"], false);
}

// T83
async fn a_stale_version_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    let url = first.split_once("/_history/").unwrap().0;
    let second = location(&app.a().put(&first, definition("d1").to_string()).await.expect(200));
    let answer = app.a().put(&first, definition("d1").to_string()).await.expect(409);
    let issue = &answer.issues()[0];
    assert_eq!(issue["type"]["code"], "conflict");
    assert_eq!(issue["details"], "The specified resource version is not correct");
    let resource = extension(issue, "OperationOutcome#IssueResource").unwrap();
    assert_eq!(resource["valueResource"]["reference"], url);
    assert_eq!(issue["location"][0], second);
    // With an encoded version, and without any.
    let encoded = second
        .replace("_history/", "_history/#")
        .split('#')
        .collect::<Vec<_>>()
        .iter()
        .enumerate()
        .map(|(i, part)| if i == 1 { part.replace(':', "%3A") } else { (*part).to_owned() })
        .collect::<String>();
    app.a().put(&encoded, definition("d1").to_string()).await.expect(200);
    app.a().put(url, definition("d1").to_string()).await.expect(200);
    app.a()
        .put(&app.url("Other/ActivityDefinition:999"), definition("d9").to_string())
        .await
        .expect(404);
}

fn sub_activities(content: &Value) -> Vec<String> {
    let is = |e: &&Value| e["url"] == kt("ActivityDefinition#SubActivity");
    let parts = content["extension"].as_array().unwrap().iter().filter(is);
    parts.map(|e| e["extension"][1]["valueString"].as_str().unwrap().to_owned()).collect()
}

fn with_parts(identifiers: &[&str]) -> Value {
    let mut all = definition("d1");
    for identifier in identifiers {
        let part = json!({ "url": kt("ActivityDefinition#SubActivity"), "extension": [
            { "url": kt("ActivityDefinition#SubActivityName"), "valueString": "n" },
            { "url": kt("ActivityDefinition#SubActivityIdentifier"), "valueString": identifier },
        ] });
        all["extension"].as_array_mut().unwrap().push(part);
    }
    all
}

// T84
async fn an_update_replaces_the_sub_activities(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut location = created(&app, "a", &with_parts(&["1", "2", "3"])).await;
    for order in [&["3", "1"][..], &["2"], &[], &["9", "8", "7"]] {
        let answer = app.a().put(&location, with_parts(order).to_string()).await.expect(200);
        location = self::location(&answer);
        assert_eq!(sub_activities(&answer.json()), order);
        assert_eq!(sub_activities(&list(&app, "b", "").await[0]["content"]), order);
    }
}

// T85
async fn only_the_owner_updates(engine: Engine) {
    let app = TestApp::start(engine).await;
    let location = created(&app, "a", &definition("d1")).await;
    let answer = app.b().put(&location, definition("d1").to_string()).await.expect(403);
    assert_eq!(answer.code(), "forbidden");
    app.user("x").put(&location, definition("d1").to_string()).await.expect(404);
    assert_eq!(link(&list(&app, "b", "").await[0], "self"), Some(location));
}

// T86
async fn one_definition_can_be_read(engine: Engine) {
    let app = TestApp::start(engine).await;
    let location = created(&app, "a", &definition("d1")).await;
    let url = location.split_once("/_history/").unwrap().0;
    let number = url.rsplit(':').next().unwrap();
    for path in [
        format!("Other/{number}?code=ActivityDefinition"),
        format!("Other/ActivityDefinition:{number}"),
        format!("Other/ActivityDefinition%3A{number}"),
        location.clone(),
    ] {
        let answer = app.b().get(&path).await.expect(200);
        assert_eq!(answer.json()["resourceType"], "Other", "{path}");
        assert_eq!(answer.json()["id"], number);
        assert_eq!(answer.header("content-location"), Some(location.as_str()));
    }
    for path in ["Other/999", "Other/abc", "Other/ActivityDefinition:"] {
        app.b().get(path).await.expect(404);
    }
    app.user("x").get(&format!("Other/{number}")).await.expect(404);
}

// T87
async fn subscribers_hear_of_every_change(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    let url = first.split_once("/_history/").unwrap().0.to_owned();
    for user in ["a", "b", "c"] {
        let claimed = app.user(user).claim().await;
        let header = claimed.message();
        assert_eq!(header.event(), "CreateOrUpdateActivityDefinition");
        assert_eq!(extension(header.content(), "MessageHeader#Patient"), None);
        let source = &header.content()["source"];
        assert_eq!(source["name"], "Koppeltaal");
        assert_eq!(source["software"], "Koppeltaal");
        assert!(source["version"].as_str().unwrap().starts_with("v1.3."));
        assert_eq!(source["endpoint"], "not used");
        assert_eq!(header.data(), [first.as_str()]);
        assert_eq!(claimed.json()["category"][0]["label"], D);
        let entry = &claimed.entries()[1];
        assert_eq!(link(entry, "self"), Some(first.clone()));
        assert_eq!(entry["id"], url);
        let archived = extension(&entry["content"], "ActivityDefinition#IsArchived").unwrap();
        assert_eq!(archived["valueBoolean"], false);
        assert!(claimed.json()["id"].as_str().unwrap().starts_with("urn:uuid:"));
    }
    let archived = with(definition("d1"), "IsArchived", "valueBoolean", true.into());
    let second = location(&app.a().put(&first, archived.to_string()).await.expect(200));
    let claimed = app.b().claim().await;
    assert_eq!(claimed.message().data(), [second]);
    let flag =
        extension(&claimed.entries()[1]["content"], "ActivityDefinition#IsArchived").unwrap();
    assert_eq!(flag["valueBoolean"], true);
    assert!(app.user("n").claim().await.is_empty());
    assert!(app.user("x").claim().await.is_empty());
}

// T88
async fn an_identifier_is_unique_in_a_domain(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    created(&app, "x", &definition("d1")).await;
    for user in ["a", "b"] {
        let answer = app.user(user).post("Other", definition("d1").to_string()).await.expect(409);
        assert_eq!(answer.code(), "duplicate");
    }
    let second = created(&app, "a", &definition("d2")).await;
    let answer = app.a().put(&second, definition("d1").to_string()).await.expect(409);
    assert_eq!(answer.code(), "duplicate");
    // A definition may change its identifier; the old one is free again.
    app.a().put(&first, definition("d3").to_string()).await.expect(200);
    created(&app, "b", &definition("d1")).await;
    assert_eq!(identifiers(&list(&app, "a", "").await), ["d3", "d2", "d1"]);
    assert_eq!(identifiers(&list(&app, "x", "").await), ["d1"]);
}

// T89
async fn a_definition_is_offered_where_its_application_is(engine: Engine) {
    let app =
        TestApp::build(engine).setup(|setup| setup.join_too("a-in-e", "AppA", E)).start().await;
    let local = with(definition("local"), "IsDomainSpecific", "valueBoolean", true.into());
    let local = created(&app, "a", &local).await;
    let shared = created(&app, "a", &definition("shared")).await;
    created(&app, "b", &definition("of-b")).await;
    assert_eq!(identifiers(&list(&app, "n", "").await), ["local", "shared", "of-b"]);
    assert_eq!(identifiers(&list(&app, "x", "").await), ["shared"]);
    app.user("x").get(&shared).await.expect(200);
    app.user("x").get(&local).await.expect(404);
    // Subscribers of both domains are told of the shared one, each in its own.
    let told = app.user("x").claim().await;
    assert_eq!(told.message().data(), [shared.as_str()]);
    assert_eq!(told.json()["category"][0]["label"], E);
    assert!(app.user("x").claim().await.is_empty());
    // From the other domain the owner may change what is offered there.
    app.user("a-in-e").put(&local, definition("local").to_string()).await.expect(404);
    app.user("a-in-e").put(&shared, definition("shared").to_string()).await.expect(200);
    // T88: an identifier is unique in the domain it is published in.
    app.user("a-in-e").post("Other", definition("shared").to_string()).await.expect(201);
}

async fn what_is_no_definition_is_refused(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut other_code = definition("d1");
    other_code["code"]["coding"][0]["code"] = "CareTeam".into();
    let mut unnamed = definition("d1");
    unnamed["extension"].as_array_mut().unwrap().remove(1);
    let long = definition(&"x".repeat(501));
    let zero = definition("a\u{0}b");
    for (body, code) in [
        (other_code.to_string(), "structure"),
        (r#"{"resourceType":"Patient"}"#.to_owned(), "structure"),
        (String::new(), "structure"),
        ("{".to_owned(), "structure"),
        ("<Other".to_owned(), "structure"),
        ("[]".to_owned(), "structure"),
        (unnamed.to_string(), "required"),
        (long.to_string(), "too-long"),
        (zero.to_string(), "value"),
    ] {
        let answer = app.a().post("Other", body.clone()).await.expect(400);
        assert_eq!(answer.code(), code, "{body}");
    }
    app.a()
        .post("Other", definition("d1").to_string().replace("\"Game\"", "[null]"))
        .await
        .expect(500);
    assert!(list(&app, "a", "&includearchived=yes").await.is_empty());
    assert!(app.b().claim().await.is_empty());
}

async fn the_list_is_paged(engine: Engine) {
    let app = TestApp::start(engine).await;
    for number in 0..5 {
        created(&app, "a", &definition(&format!("d{number}"))).await;
    }
    let mut found = Vec::new();
    let mut page = app.b().get("Other?code=ActivityDefinition&_count=2").await.expect(200);
    loop {
        assert_eq!(page.json()["totalResults"], "5");
        found.extend(identifiers(&page.entries()));
        let Some(next) = page.link("next") else { break };
        assert!(next.contains("code=ActivityDefinition") && next.contains("_count=2"));
        page = app.b().get(&next).await.expect(200);
    }
    assert_eq!(found, ["d0", "d1", "d2", "d3", "d4"]);
}

async fn another_use_of_other_is_not_served(engine: Engine) {
    let app = TestApp::start(engine).await;
    app.a().get("Other?code=Nonsense").await.expect(400);
    app.a().call(reqwest::Method::DELETE, "Other/1", None).await.expect(405);
}

async fn a_newer_announcement_replaces_the_older(engine: Engine) {
    let app = TestApp::start(engine).await;
    let first = created(&app, "a", &definition("d1")).await;
    let second = location(&app.a().put(&first, definition("d1").to_string()).await.expect(200));
    let claimed = app.b().claim().await.message();
    assert_eq!(claimed.data(), [second]);
    assert!(app.b().claim().await.is_empty());
    assert_eq!(app.b().browse("ProcessingStatus=ReplacedByNewVersion").await.entries().len(), 1);
}
