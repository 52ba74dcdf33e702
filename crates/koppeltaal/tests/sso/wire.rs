//! What browsers and programs need of every answer.

use koppeltaal_fhir::dstu1;
use reqwest::Method;

use crate::cast::{BACK, Browser, PATIENT, start};
use crate::support::{Engine, TestApp};

on_both_engines!(
    a_browser_may_ask_from_anywhere,
    the_conformance_names_the_endpoints,
    a_person_sees_a_page_in_dutch,
    a_program_that_reads_xml_gets_xml,
    other_methods_and_urls_are_refused,
);

// T36
async fn a_browser_may_ask_from_anywhere(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    for endpoint in ["Launch", "MobileLaunch", "Authorize", "Token"] {
        let ask = browser.ask(Method::OPTIONS, endpoint, &[]);
        let ask = ask
            .header("origin", "https://game.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "authorization,content-type");
        preflighted(ask).await;
    }
    let preflight = app.anyone().header("origin", "https://game.example");
    let answer = preflight.call(Method::OPTIONS, "metadata", None).await.expect(204);
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    // Errors can be read as well, wherever they come from.
    let seen = browser.token_of_b("x").header("origin", "https://game.example").seen().await;
    assert_eq!(seen.expect(400).error().0, "invalid_grant");
}

async fn preflighted(ask: crate::cast::Ask) {
    let answer = ask.plain().await;
    assert_eq!((answer.status, answer.text.as_str()), (204, ""));
    assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    let methods = answer.header("access-control-allow-methods").unwrap();
    assert!(methods.contains("GET") && methods.contains("POST"), "{methods}");
    let headers = answer.header("access-control-allow-headers").unwrap().to_lowercase();
    assert!(headers.contains("authorization") && headers.contains("content-type"), "{headers}");
}

// T37
async fn the_conformance_names_the_endpoints(engine: Engine) {
    let app = TestApp::start(engine).await;
    let conformance = app.anyone().get("metadata").await.expect(200).json();
    assert_eq!(conformance["name"], "Koppeltaal");
    assert_eq!(conformance["fhirVersion"], "0.0.82");
    assert!(conformance["version"].as_str().unwrap() >= "v1.0");
    let security = &conformance["rest"].as_array().expect("an array")[0]["security"];
    assert_eq!(security["cors"], true);
    let uri = |url: &str| {
        let extensions = security["extension"].as_array().unwrap();
        let found = extensions.iter().find(|e| e["url"] == url);
        found.unwrap_or_else(|| panic!("no {url}"))["valueUri"].as_str().unwrap().to_owned()
    };
    let base = format!("{}/OAuth2/Koppeltaal", app.server.public_url);
    for host in ["smartplatforms.org", "smarthealthit.org"] {
        let profile = format!("http://fhir-registry.{host}/Profile/oauth-uris");
        assert_eq!(uri(&format!("{profile}#authorize")), format!("{base}/Authorize"));
        assert_eq!(uri(&format!("{profile}#token")), format!("{base}/Token"));
    }
    let launch = uri("http://fhir.vitalhealthsoftware.com/Profile/Conformance#Launch");
    assert_eq!(launch, format!("{base}/Launch"));
}

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn a_person_sees_a_page_in_dutch(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    let unknown = browser.launch("Nonsense").header("accept", BROWSER);
    let foreign =
        browser.authorize("AppB", "L1", "https://evil.example/").header("accept", BROWSER);
    let nobody = browser.get("Launch", &[("client_id", "AppB"), ("patient", PATIENT)]);
    let nobody = nobody.header("accept", BROWSER);
    for (ask, status) in [(unknown, 404), (foreign, 400), (nobody, 401)] {
        let seen = ask.header("x-request-id", "ref-7").seen().await.expect(status);
        assert!(seen.header("content-type").unwrap().starts_with("text/html"), "{seen:?}");
        assert!(seen.text.contains("Het openen van de applicatie is niet gelukt"));
        assert!(seen.text.contains("ref-7") && !seen.text.contains("Nonsense"), "{}", seen.text);
        assert!(seen.header("content-security-policy").is_some());
        assert_eq!(seen.header("www-authenticate").is_some(), status == 401);
    }
    // Where it goes well there is nothing to see.
    browser.launch("AppB").header("accept", BROWSER).seen().await.expect(302);
    // The token endpoint is for programs.
    let seen = browser.token_of_b("x").header("accept", BROWSER).seen().await.expect(400);
    assert_eq!(seen.error().0, "invalid_grant");
}

async fn a_program_that_reads_xml_gets_xml(engine: Engine) {
    let app = start(engine).await;
    let ask = Browser::new(&app).launch("Nonsense").header("accept", "application/xml");
    let seen = ask.seen().await.expect(404);
    let node = dstu1::parse_xml(seen.text.as_bytes()).unwrap();
    assert!(dstu1::OperationOutcome::from_node(&node).is_some(), "{}", seen.text);
}

async fn other_methods_and_urls_are_refused(engine: Engine) {
    let app = start(engine).await;
    let browser = Browser::new(&app);
    for method in [Method::PUT, Method::DELETE] {
        browser.ask(method, "Launch", &[]).seen().await.expect(405);
    }
    let launch = browser.launched("AppB").await;
    let scope = format!("launch:{launch} patient/*.read");
    let query = [
        ("client_id", "AppB"),
        ("redirect_uri", BACK),
        ("response_type", "code"),
        ("scope", &scope),
    ];
    // What HEAD makes would be lost.
    let head = browser.ask(Method::HEAD, "Authorize", &query).plain().await;
    assert_eq!(head.status, 405);
    browser.get("Authorize", &query).seen().await.expect(302).sent("code").unwrap();
    for path in ["", "Nonsense", "Token/1"] {
        browser.get(path, &[]).seen().await.expect(404);
    }
}
