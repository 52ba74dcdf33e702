//! Launches that are refused, in a real browser: what the module is told, and what
//! the person sees (TOP-KT-012c).

use crate::world::{Launch, MODULE, SignIn, World, text};

#[test]
fn somebody_else_is_not_let_in_and_that_is_recorded() {
    let world = World::start();
    let launch = Launch::default().claim("jti", "launch-4712");
    let report = world.launch(&Launch { sign_in: SignIn::As("kim"), ..launch });
    assert_eq!(report.error(), "access_denied");
    let trail = world.trail("launch-4712");
    let steps =
        ["110114 110122 0 authorize", "110114 110122 0 idp call", "110114 110122 8 idp login"];
    assert_eq!(trail[..3], steps);
    assert_eq!(trail[3..], ["110100 110120 4"], "the launch itself failed");
}

#[test]
fn who_cancels_at_the_identity_provider_is_taken_back_to_the_module() {
    let world = World::start();
    let report = world.launch(&Launch { sign_in: SignIn::Cancel, ..Launch::default() });
    assert_eq!(report.error(), "access_denied");
}

#[test]
fn a_changed_launch_token_is_refused() {
    let world = World::start();
    let report = world.launch(&Launch { tampered: true, ..Launch::default() });
    assert_eq!(report.error(), "invalid_request");
    let visited = report.visited();
    assert!(!visited.iter().any(|url| url.contains("127.0.0.3")), "nobody signs in: {visited:?}");
}

#[test]
fn a_callback_in_another_browser_is_refused_and_spoils_nothing() {
    let world = World::start();
    let report = world.launch(&Launch { variant: "other-browser", ..Launch::default() });
    let other = &report.0["other_browser"];
    assert_eq!(other["status"], 400, "{other}");
    assert_eq!(other["url"], report.0["stolen"], "it stays where it is");
    // The browser that began it goes on.
    assert_eq!(report.shown()["token"]["sub"], "Patient/robin", "{:#}", report.0);
}

#[test]
fn nothing_of_a_launch_works_twice() {
    let world = World::start();
    let report = world.launch(&Launch { variant: "replay", ..Launch::default() });
    assert_eq!(report.shown()["token"]["sub"], "Patient/robin");
    let callback = &report.0["callback_again"];
    assert_eq!(callback["status"], 400, "{callback}");
    // The launch token was used: the module is told, with the state it once had.
    let authorize = &report.0["authorize_again"];
    let url = url::Url::parse(&text(&authorize["url"])).unwrap();
    let error = url.query_pairs().find(|(name, _)| name == "error");
    assert_eq!(error.unwrap().1, "invalid_request", "{authorize}");
    // The same assertion again.
    assert_eq!(report.0["token_again"]["error"], "invalid_client", "{:#}", report.0);
}

#[test]
fn an_unknown_redirect_uri_gets_a_friendly_page_in_two_languages_that_tells_nothing() {
    let world = World::start();
    let token = world.launch_token(&Launch::default().claims);
    let elsewhere = "http://127.0.0.9/steal";
    let url = url::Url::parse_with_params(
        &format!("{}/oauth2/authorize", world.base()),
        [
            ("response_type", "code"),
            ("client_id", MODULE),
            ("redirect_uri", elsewhere),
            ("scope", "launch openid fhirUser"),
            ("state", "some-state"),
            ("aud", &world.fhir_base()),
            ("launch", &token),
        ],
    )
    .unwrap();
    let report = world.browse(url.as_str(), SignIn::Cancel, "plain", "error-page");
    let last = &report.0["last"];
    assert_eq!(last["status"], 400, "{last}");
    assert_eq!(last["language"], "nl");
    let said = text(&last["text"]);
    assert!(said.contains("niet gelukt") && said.contains("could not be opened"), "{said}");
    assert!(said.contains("reference"), "{said}");
    let html = text(&last["html"]);
    for secret in [elsewhere, MODULE, "redirect", &token, "<script"] {
        assert!(!html.contains(secret), "{secret}: {html}");
    }
    // The policy of the page does not stop its own style.
    assert_eq!(report.0["errors"].as_array().unwrap().len(), 1, "{}", report.0["errors"]);
    assert_eq!(report.set_cookies(), Vec::<String>::new());
}
