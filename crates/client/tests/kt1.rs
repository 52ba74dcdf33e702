//! The connector against a server that answers as the standard says, and against one that does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on ends")]

mod support;

use koppeltaal_client::kt1::{
    Connector, Error, Filter, Format, Integration, Options, Outcome, Resource, Status, resource,
};
use support::{Reply, Server};

const BUNDLE: &str = r#"{"resourceType":"Bundle","id":"urn:uuid:f","entry":[]}"#;

fn connector(server: &Server) -> Connector {
    Connector::new(
        &server.url,
        "game@demo",
        "se:cret",
        "demo",
        Integration::new("Game", "https://game"),
    )
    .unwrap()
}

/// A delivered header as the server renders it.
fn header(id: u32, status: &str) -> String {
    let kt = "http://ggz.koppeltaal.nl/fhir/Koppeltaal";
    format!(
        r##"{{"resourceType":"MessageHeader","extension":[
          {{"url":"{kt}/MessageHeader#Patient","valueResource":{{"reference":"https://a/Patient/1"}}}},
          {{"url":"{kt}/MessageHeader#ProcessingStatus","extension":[
            {{"url":"{kt}/MessageHeader#ProcessingStatusStatus","valueCode":"{status}"}},
            {{"url":"{kt}/MessageHeader#ProcessingStatusStatusLastChanged","valueInstant":"2024-01-05T10:00:00+00:00"}}]}},
          {{"url":"{kt}/MessageHeader#IsExpired","valueBoolean":false}}],
        "identifier":"m{id}","timestamp":"2024-01-05T10:00:00+00:00",
        "event":{{"system":"{kt}/MessageEvents","code":"CreateOrUpdatePatient"}},
        "source":{{"software":"s","endpoint":"https://a"}},"data":[{{"reference":"https://a/Patient/1/_history/v1"}}]}}"##
    )
}

fn message(id: u32, status: &str) -> String {
    let base = "https://other.example/FHIR/Koppeltaal/MessageHeader";
    format!(
        r#"{{"resourceType":"Bundle","id":"urn:uuid:f","entry":[
          {{"id":"{base}/{id}","link":[{{"rel":"self","href":"{base}/{id}/_history/w"}}],"content":{}}},
          {{"id":"https://a/Patient/1","link":[{{"rel":"self","href":"https://a/Patient/1/_history/v1"}}],
            "content":{{"resourceType":"Patient","active":true}}}}]}}"#,
        header(id, status)
    )
}

#[tokio::test]
async fn sending_tells_the_new_versions() {
    let server = Server::start(|asked| {
        let identifier = asked.body.split(r#""identifier":""#).nth(1).unwrap().split('"').next().unwrap();
        Reply::ok(format!(
            r#"{{"resourceType":"Bundle","entry":[{{"content":{{"resourceType":"MessageHeader","identifier":"r",
              "response":{{"identifier":"{identifier}","code":"ok"}},
              "data":[{{"reference":"https://a/CarePlan/1/_history/v"}},{{"reference":"https://a/Patient/1/_history/v"}}]}}}}]}}"#
        ))
    })
    .await;
    let patient = Resource::new("https://a/Patient/1", resource::patient("A", "B"));
    let plan = resource::CarePlanBuilder::new("https://a/Patient/1").build();
    let sent = connector(&server)
        .send(
            "CreateOrUpdateCarePlan",
            Resource::new("https://a/CarePlan/1", plan),
            Some("https://a/Patient/1"),
            [patient],
        )
        .await
        .unwrap();
    assert_eq!(sent.focal(), "https://a/CarePlan/1/_history/v");
    assert_eq!(sent.version_of("https://a/Patient/1").as_deref(), Some("v"));
    assert_eq!(sent.version_of("https://a/Patient/2"), None);
    let asked = &server.asked()[0];
    assert_eq!(asked.line, "POST /FHIR/Koppeltaal/Mailbox");
    assert_eq!(asked.header("authorization"), Some("Basic Z2FtZUBkZW1vOnNlOmNyZXQ="));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    assert_eq!(asked.header("accept"), Some("application/json"));
    assert!(asked.body.contains("Koppeltaal/Domain#demo"));
}

#[tokio::test]
async fn an_answer_to_another_message_is_not_taken_for_a_yes() {
    let server = Server::start(|_| {
        Reply::ok(
            r#"{"resourceType":"Bundle","entry":[{"content":{"resourceType":"MessageHeader",
               "response":{"identifier":"other","code":"ok"},"data":[]}}]}"#,
        )
    })
    .await;
    let patient = Resource::new("https://a/Patient/1", resource::patient("A", "B"));
    let sent = connector(&server).send("CreateOrUpdatePatient", patient, None, []).await;
    assert!(matches!(sent, Err(Error::Unexpected { status: 200, .. })), "{sent:?}");
}

#[tokio::test]
async fn a_refusal_carries_its_issues() {
    let outcome = r#"{"resourceType":"OperationOutcome","issue":[{"severity":"error",
        "type":{"system":"http://hl7.org/fhir/issue-type","code":"conflict"},"details":"no"}]}"#;
    let server = Server::start(move |_| Reply(409, vec![], outcome.to_owned())).await;
    let patient = Resource::new("https://a/Patient/1", resource::patient("A", "B"));
    let error =
        connector(&server).send("CreateOrUpdatePatient", patient, None, []).await.unwrap_err();
    assert!(error.is_conflict());
    let Error::Refused { outcome, .. } = error else { panic!("{error:?}") };
    assert_eq!(outcome.issues[0].type_code.as_deref(), Some("conflict"));
}

#[tokio::test]
async fn what_is_no_fhir_and_no_server_are_told_apart() {
    let server = Server::start(|_| Reply(502, vec![], "<html>bad gateway".into())).await;
    let error = connector(&server).claim(&Filter::default()).await.unwrap_err();
    assert!(
        matches!(error, Error::Unexpected { status: 502, .. }) && error.is_transient(),
        "{error:?}"
    );

    let server = Server::start(|_| Reply::ok(r#"{"resourceType":"Patient"}"#)).await;
    let error = connector(&server).metadata().await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 200, .. }), "{error:?}");

    let nobody =
        Connector::new("http://127.0.0.1:1", "u", "p", "d", Integration::new("n", "e")).unwrap();
    let error = nobody.metadata().await.unwrap_err();
    assert!(matches!(error, Error::Transport(_)) && error.is_transient(), "{error:?}");
}

#[tokio::test]
async fn a_claimed_message_gives_its_header_and_resources() {
    let server = Server::start(|_| Reply::ok(message(7, "Claimed"))).await;
    let message =
        connector(&server).claim(&Filter::event("CreateOrUpdatePatient")).await.unwrap().unwrap();
    let header = message.header();
    assert_eq!((header.id(), header.identifier(), header.status()), ("7", "m7", "Claimed"));
    assert_eq!(header.event(), "CreateOrUpdatePatient");
    assert_eq!(header.last_changed(), Some("2024-01-05T10:00:00+00:00"));
    assert_eq!(message.focal().unwrap().resource_type(), Some("Patient"));
    assert_eq!(message.resources().count(), 1);
    assert_eq!(
        server.asked()[0].line,
        "GET /FHIR/Koppeltaal/MessageHeader/_search?_query=MessageHeader.GetNextNewAndClaim&event=CreateOrUpdatePatient"
    );
}

#[tokio::test]
async fn an_empty_mailbox_claims_nothing() {
    let server = Server::start(|_| Reply::ok(BUNDLE)).await;
    assert_eq!(connector(&server).claim(&Filter::default()).await.unwrap(), None);
    assert_eq!(connector(&server).message("9").await.unwrap(), None);
}

/// Hands out the messages of `ids` one after the other, and echoes headers that are put.
async fn mailbox(ids: &'static [u32]) -> Server {
    let next = std::sync::atomic::AtomicUsize::new(0);
    Server::start(move |asked| {
        if asked.line.starts_with("PUT") {
            return Reply::ok(asked.body.clone());
        }
        let at = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        Reply::ok(ids.get(at).map_or(BUNDLE.to_owned(), |id| message(*id, "Claimed")))
    })
    .await
}

#[tokio::test]
async fn processing_ends_with_an_empty_mailbox_and_sets_every_status() {
    let server = mailbox(&[1, 2, 3]).await;
    let done = connector(&server)
        .process(&Filter::default(), |message| async move {
            Ok::<_, String>(match message.header().id() {
                "2" => Outcome::Failed("not for me".into()),
                _ => Outcome::Success,
            })
        })
        .await
        .unwrap();
    assert_eq!((done.succeeded, done.failed, done.stopped_by), (2, 1, None));
    let puts: Vec<_> =
        server.asked().into_iter().filter(|asked| asked.line.starts_with("PUT")).collect();
    assert_eq!(puts.len(), 3);
    assert_eq!(puts[1].line, "PUT /FHIR/Koppeltaal/MessageHeader/2");
    assert!(
        puts[1].body.contains(r#""valueCode":"Failed""#)
            && puts[1].body.contains(r#""valueString":"not for me""#)
    );
    assert!(
        puts[0].body.contains(r#""valueCode":"Success""#)
            && puts[0].body.contains(r#""identifier":"m1""#)
    );
}

#[tokio::test]
async fn an_error_while_processing_puts_the_message_back_and_ends_the_run() {
    let server = mailbox(&[1, 2]).await;
    let done = connector(&server)
        .process(&Filter::default(), |_| async { Err::<Outcome, _>("the database is away") })
        .await
        .unwrap();
    assert_eq!(done.stopped_by, Some("the database is away"));
    let last = server.asked().pop().unwrap();
    assert!(last.line.starts_with("PUT") && last.body.contains(r#""valueCode":"New""#));
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn browsing_follows_next_at_the_configured_server_only() {
    let server = Server::start(|asked| {
        let (id, next) = match asked.line.contains("page=2") {
            false => (1, r#"[{"rel":"next","href":"https://elsewhere/FHIR/Koppeltaal/MessageHeader/_search?_count=1&page=2"}]"#),
            true => (2, "[]"),
        };
        Reply::ok(message(id, "New").replacen(r#""entry""#, &format!(r#""link":{next},"entry""#), 1).replace(
            r#"{"id":"https://a/Patient/1","#,
            r#"{"id":"https://a/MessageHeader/9","#,
        ).replace(r#""content":{"resourceType":"Patient","active":true}"#, &format!(r#""content":{}"#, header(9, "New"))))
    })
    .await;
    let filter = Filter { count: Some(1), ..Filter::default() };
    let headers = connector(&server).browse(&filter).collect().await.unwrap();
    let ids: Vec<_> = headers.iter().map(|header| header.identifier()).collect();
    assert_eq!(ids, ["m1", "m9", "m2", "m9"]);
    assert_eq!(
        server.asked()[1].line,
        "GET /FHIR/Koppeltaal/MessageHeader/_search?_count=1&page=2"
    );
}

#[tokio::test]
async fn xml_goes_out_and_comes_in() {
    let server = Server::start(|_| {
        Reply::ok(r#"<Conformance xmlns="http://hl7.org/fhir"><fhirVersion value="0.0.82"/></Conformance>"#)
    })
    .await;
    let options = Options { format: Format::Xml, ..Options::default() };
    let integration = Integration::new("n", "e");
    let connector =
        Connector::with_options(&server.url, "u", "p", "d", integration, &options).unwrap();
    let metadata = connector.metadata().await.unwrap();
    assert_eq!(metadata.get("fhirVersion").and_then(|v| v.text()), Some("0.0.82"));
    assert_eq!(server.asked()[0].header("accept"), Some("application/xml"));

    let patient = Resource::new("https://a/Patient/1", resource::patient("A", "B"));
    let refused = connector.send("CreateOrUpdatePatient", patient, None, []).await;
    assert!(matches!(refused, Err(Error::Unexpected { .. })));
    assert!(server.asked()[1].body.starts_with("<feed"));
}

#[tokio::test]
async fn definitions_are_published_updated_and_listed() {
    let server = Server::start(|asked| {
        let link = "https://h/FHIR/Koppeltaal/Other/ActivityDefinition:3/_history/v1";
        match asked.line.split(' ').next() {
            Some("GET") => Reply::ok(format!(
                r#"{{"resourceType":"Bundle","entry":[{{"link":[{{"rel":"self","href":"{link}"}}],"content":{}}}]}}"#,
                koppeltaal_fhir::json::render(&definition())
            )),
            Some("POST") => Reply(201, vec![format!("Content-Location: {link}")], asked.body.clone()),
            _ => Reply(200, vec![format!("Content-Location: {}", link.replace("v1", "v2"))], asked.body.clone()),
        }
    })
    .await;
    let connector = connector(&server);
    let made = connector.publish_activity_definition(&definition()).await.unwrap();
    assert_eq!(made.url(), "https://h/FHIR/Koppeltaal/Other/ActivityDefinition:3");
    let changed = connector.update_activity_definition(made.link(), made.resource()).await.unwrap();
    assert!(changed.link().ends_with("/_history/v2"));
    assert_eq!(
        server.asked()[1].line,
        "PUT /FHIR/Koppeltaal/Other/ActivityDefinition:3/_history/v1"
    );
    let listed = connector.activity_definitions(true).await.unwrap();
    assert_eq!(listed[0].view().unwrap().identifier(), Some("g1"));
    assert!(server.asked()[2].line.ends_with("?code=ActivityDefinition&includearchived=yes"));
    let refused =
        connector.update_activity_definition("https://h/Patient/1", made.resource()).await;
    assert!(matches!(refused, Err(Error::Setup(_))));
}

fn definition() -> koppeltaal_fhir::Node {
    resource::ActivityDefinitionBuilder::new("Game", "g1", "Game").build()
}

#[tokio::test]
async fn a_status_can_be_set_by_number() {
    let server = Server::start(|asked| match asked.line.starts_with("PUT") {
        true => Reply::ok(asked.body.clone()),
        false => Reply::ok(header(5, "Failed")),
    })
    .await;
    let connector = connector(&server);
    let header = connector.header("5").await.unwrap();
    assert_eq!((header.id(), header.status()), ("5", "Failed"));
    let header = connector.set_status(&header, &Status::New).await.unwrap();
    assert_eq!((header.id(), header.status(), header.exception()), ("5", "New", None));
}
