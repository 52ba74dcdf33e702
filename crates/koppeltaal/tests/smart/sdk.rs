//! The Koppeltaal 2.0 SDK of PyPI, with configured URLs: as a backend service, and as
//! a module that is launched.

use serde_json::Value;

use crate::child::python;
use crate::world::{Launch, Options, SDK, SignIn, World, text};

/// A clock ahead of UTC; needs no database of time zones.
const AHEAD: (&str, &str) = ("TZ", "CET-1CEST");
const UTC: (&str, &str) = ("TZ", "UTC0");

#[test]
fn the_sdk_gets_a_token_and_verifies_it() {
    let world = World::start();
    let report = run(&world, "backend", &[UTC]);
    assert_eq!(report["configuration"]["issuer"], world.base().as_str(), "{report}");
    assert_eq!(report["token"]["token_type"], "Bearer", "{report}");
    assert_eq!(report["verified"], true);
    assert_eq!(report["claims"]["azp"], SDK);
}

/// It reads local time as if it were UTC, so its assertions expire hours from now.
#[test]
fn the_sdk_ahead_of_utc_needs_a_longer_assertion_lifetime() {
    let world = World::start();
    let report = run(&world, "backend", &[AHEAD]);
    assert_eq!(report["token"], serde_json::json!({ "error": "invalid_client" }));

    let world =
        World::with(&Options { sdk: "assertion_max_lifetime = \"3h\"", ..Options::default() });
    let report = run(&world, "backend", &[AHEAD]);
    assert_eq!(report["verified"], true, "{report}");
}

#[test]
fn the_sdk_is_launched_and_redeems_its_code_once() {
    let world = World::start();
    let launch = Launch::default().claim("aud", &format!("Device/{SDK}"));
    let token = world.launch_token(&launch.claims);
    let url = run(&world, "authorize", &[UTC, ("KT2_LAUNCH", &token)]);
    let report = world.browse(&text(&url["url"]), SignIn::As("robin"), "plain", "sdk");
    assert_eq!(report.shown()["state"], "state-of-the-sdk", "{:#}", report.0);
    let code = text(&report.shown()["code"]);
    let redeemed = run(&world, "redeem", &[UTC, ("KT2_CODE", &code)]);
    let token = &redeemed["token"];
    assert_eq!(token["access_token"], "NOOP", "{redeemed}");
    assert_eq!(token["sub"], "Patient/robin");
    assert_eq!(token["resource"], "Task/sleep");
    let again = run(&world, "redeem", &[UTC, ("KT2_CODE", &code)]);
    assert_eq!(again["refused"]["error"], "invalid_grant", "{again}");
}

fn run(world: &World, what: &str, more: &[(&str, &str)]) -> Value {
    let redirect_uri = text(&world.module["sdk_redirect_uri"]);
    let base = world.base();
    let mut told = vec![
        ("KT2_BASE", base.as_str()),
        ("KT2_FOLDER", world.folder().to_str().unwrap()),
        ("KT2_CLIENT_ID", SDK),
        ("KT2_REDIRECT_URI", &redirect_uri),
        ("KEYS", world.keys()),
    ];
    told.extend(more);
    python(what, world.folder(), &told)
}
