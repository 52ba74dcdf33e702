//! Launches that succeed: SMART-HTI on FHIR (TOP-KT-007) as fhirclient does it, with
//! nothing configured but its client_id, its key and its redirect URI.

use crate::world::{DOMAIN, Launch, MODULE, Options, World, text};

#[test]
fn a_module_is_launched_from_discovery_alone() {
    let world = World::start();
    let report = world.launch(&Launch::default());
    let shown = report.shown();
    let token = &shown["token"];
    assert_eq!(token["access_token"], "NOOP", "{token}");
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 300);
    assert_eq!(token["scope"], "launch openid fhirUser");
    assert_eq!(token["sub"], "Patient/robin");
    assert_eq!(token["resource"], "Task/sleep");
    // What the launch does not say is there all the same, as clients need it.
    for empty in ["definition", "patient", "intent"] {
        assert_eq!(token[empty], "", "{empty}");
    }
    assert!(token["refresh_token"].is_null());

    let claims = &shown["id_token"];
    assert_eq!(claims["iss"], world.base().as_str());
    assert_eq!(claims["aud"], MODULE);
    assert_eq!(claims["sub"], "Patient/robin");
    assert_eq!(claims["fhirUser"], format!("{}/Patient/robin", world.fhir_base()).as_str());
    assert_eq!(shown["user"], "Patient/robin");
    assert_eq!(shown["user_id"], "robin");
    // The access token of a launch opens nothing, and a page may read the refusal.
    assert_eq!(shown["read_with_noop"], 401);

    let visited = report.visited();
    let on = |what: &str| visited.iter().position(|url| url.ends_with(what)).unwrap();
    assert!(on("/oauth2/authorize") < on("/oauth2/idp/callback"), "{visited:?}");
    assert_eq!(visited.last().unwrap(), &text(&world.module["redirect_uri"]));
    // fhirclient takes the code out of the address; nothing secret is left in it.
    assert_eq!(report.0["last"]["url"], world.module["redirect_uri"]);
}

#[test]
fn the_cookie_of_a_launch_is_for_the_callback_alone_and_out_of_reach_of_scripts() {
    let world = World::start();
    let cookies = world.launch(&Launch::default()).set_cookies();
    let [cookie, gone] = cookies.as_slice() else { panic!("set and taken away: {cookies:?}") };
    let name = cookie.split('=').next().unwrap();
    assert!(gone.starts_with(&format!("{name}=; ")) && gone.contains("Max-Age=0"), "{gone}");
    let flags: Vec<&str> = cookie.split("; ").skip(1).collect();
    let path = format!("Path=/api/v1/{DOMAIN}/oauth2/idp/callback");
    for flag in ["Secure", "HttpOnly", "SameSite=Lax", &path] {
        assert!(flags.contains(&flag), "{flag}: {cookie}");
    }
    assert!(!cookie.contains("Domain="), "{cookie}");
}

#[test]
fn the_context_of_the_launch_is_in_the_token_response() {
    let world = World::start();
    let launch = Launch::default()
        .claim("definition", "https://module.example/ActivityDefinition/sleep|1")
        .claim("patient", "Patient/robin")
        .claim("intent", "plan");
    let report = world.launch(&launch);
    let token = &report.shown()["token"];
    for name in ["sub", "resource", "definition", "patient", "intent"] {
        assert_eq!(token[name], launch.claims[name], "{name}");
    }
}

#[test]
fn a_name_that_only_the_userinfo_endpoint_tells_is_found() {
    let world = World::with(&Options { only_userinfo: true, ..Options::default() });
    let report = world.launch(&Launch::default());
    assert_eq!(report.shown()["token"]["sub"], "Patient/robin", "{:#}", report.0);
}

#[test]
fn an_identity_provider_that_is_not_there_gives_way_to_the_first() {
    let world = World::start();
    let report = world.launch(&Launch::default().claim("idp_hint", "nobody-knows-it"));
    assert_eq!(report.shown()["token"]["sub"], "Patient/robin", "{:#}", report.0);
}

#[test]
fn every_step_of_a_launch_is_in_the_trail_under_the_trace_of_the_launch() {
    let world = World::start();
    let launch = Launch::default().claim("jti", "launch-4711");
    world.launch(&launch).shown();
    let steps =
        ["110114 110122 0 authorize", "110114 110122 0 idp call", "110114 110122 0 idp login"];
    assert_eq!(world.trail("launch-4711"), steps);
}
