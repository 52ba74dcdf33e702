//! Before client and redirect URI are known to be good: a page, for the person in
//! front of the browser, that tells nothing and sends nobody anywhere (spec 3.6).

use crate::authorize_request::{Request, Response};
use crate::authorize_world::*;
use crate::provider_sign_in::SignIn;
use crate::support::Engine;

on_both_engines!(
    without_a_client_that_takes_part_there_is_a_page,
    without_a_registered_redirect_uri_there_is_a_page,
    the_page_has_headers_that_keep_it_harmless,
    the_page_tells_a_person_what_to_do_and_nothing_else,
    the_page_has_the_callers_request_id,
    what_cannot_be_read_is_answered_with_a_page,
    no_input_comes_back_in_a_page,
    no_input_chooses_where_a_browser_goes,
    other_methods_are_refused,
);

async fn without_a_client_that_takes_part_there_is_a_page(engine: Engine) {
    let world = World::start(engine).await;
    let unknown = uuid::Uuid::new_v4().to_string();
    let id = world.id("module");
    let (pending, rejected) = (world.id("pending"), world.id("rejected"));
    let (off, foreign) = (world.id("off"), world.id("foreign"));
    let device = format!("Device/{id}");
    for (client, uri) in [
        (None, BACK),
        (Some(""), BACK),
        (Some("module"), BACK),
        (Some(unknown.as_str()), BACK),
        (Some(device.as_str()), BACK),
        (Some(pending.as_str()), "https://pending.example/terug"),
        (Some(rejected.as_str()), "https://rejected.example/terug"),
        (Some(off.as_str()), "https://off.example/terug"),
        (Some(foreign.as_str()), "https://foreign.example/terug"),
    ] {
        let request = world.request(&world.launched(PATIENT)).set("redirect_uri", uri);
        let request = match client {
            Some(client) => request.set("client_id", client),
            None => request.without("client_id"),
        };
        let answer = world.authorize(&request).await;
        answer.page(400);
        says_nothing(&answer, &request);
        world.pause();
    }
}

async fn without_a_registered_redirect_uri_there_is_a_page(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT)).without("redirect_uri");
    world.authorize(&request).await.page(400);
    for uri in [
        "",
        "https://module.example/",
        "https://module.example/terug/",
        "https://module.example/terug/verder",
        "https://module.example/terug?",
        "https://module.example/terug?x=y",
        "https://module.example/terug#",
        "https://module.example/terug#x",
        "https://module.example/Terug",
        "https://MODULE.example/terug",
        "https://module.example:443/terug",
        "https://module.example/x/../terug",
        "https://module.example/%74erug",
        "https://module.example.evil.example/terug",
        "https://module.example@evil.example/terug",
        "https://evil.example/https://module.example/terug",
        "https://other.example/terug",
        "http://module.example/terug",
        "//module.example/terug",
        "/terug",
        "javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        " https://module.example/terug",
        "https://module.example/terug ",
        "https://module.example/terug\0",
        "https://module.example/terug\r\nX: y",
    ] {
        let request = world.request(&world.launched(PATIENT)).set("redirect_uri", uri);
        let answer = world.authorize(&request).await;
        answer.page(400);
        says_nothing(&answer, &request);
        world.pause();
    }
}

/// Nothing of the request, and nothing of what is wrong.
#[track_caller]
fn says_nothing(answer: &Response, request: &Request) {
    for name in ["client_id", "redirect_uri", "launch", "state", "code_challenge"] {
        let value = request.get(name).trim();
        assert!(value.len() < 2 || !answer.text.contains(value), "{name}: {}", answer.text);
    }
    let (_, main) = answer.text.split_once("<main>").expect("what a person reads");
    let text = main.to_lowercase();
    for word in [
        "redirect",
        "client",
        "device",
        "launch",
        "pkce",
        "oauth",
        "openid",
        "token",
        "pending",
        "rejected",
        "approved",
        "registered",
        "geregistreerd",
        "module",
        "zorg.example",
        "task",
    ] {
        assert!(!text.contains(word), "{word}: {text}");
    }
}

async fn a_page(world: &World) -> Response {
    world.authorize(&Request::default()).await
}

async fn the_page_has_headers_that_keep_it_harmless(engine: Engine) {
    let world = World::start(engine).await;
    let page = a_page(&world).await;
    page.page(400);
    let policy = page.header("content-security-policy");
    for rule in ["default-src 'none'", "frame-ancestors 'none'", "form-action 'none'"] {
        assert!(policy.contains(rule), "{policy}");
    }
    assert!(!policy.contains("script-src"), "{policy}");
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
    ] {
        assert_eq!(page.header(name), value, "{name}");
    }
    assert!(page.header("strict-transport-security").starts_with("max-age="));
    assert!(page.header("access-control-allow-origin").is_empty());
}

async fn the_page_tells_a_person_what_to_do_and_nothing_else(engine: Engine) {
    let world = World::start(engine).await;
    let page = a_page(&world).await;
    assert!(page.text.starts_with("<!doctype html>"), "{}", page.text);
    assert!(page.text.contains("<html lang=nl>") && page.text.contains("lang=en"));
    assert!(page.text.contains("Het openen") && page.text.contains("could not be opened"));
    assert!(!page.text.contains("<script") && !page.text.contains("http"), "{}", page.text);
}

async fn the_page_has_the_callers_request_id(engine: Engine) {
    let world = World::start(engine).await;
    let url = world.endpoint(ZORG, "authorize");
    let page = world.get(&url, &[("X-Request-Id", "mijn-id.7")]).await;
    page.page(400);
    assert_eq!(page.header("x-request-id"), "mijn-id.7");
    let page = world.get(&url, &[("X-Request-Id", "<b>vet</b>")]).await;
    page.page(400);
    assert!(!page.text.contains("vet"), "{}", page.text);
}

async fn what_cannot_be_read_is_answered_with_a_page(engine: Engine) {
    let world = World::start(engine).await;
    let url = world.endpoint(ZORG, "authorize");
    let request = world.request(&world.launched(PATIENT));
    for name in ["client_id", "redirect_uri"] {
        let again = request.clone().also(name, request.get(name));
        world.authorize(&again).await.page(400);
        world.post(&url, &again).await.page(400);
    }
    let many = (0..100).fold(Request::default(), |many, n| many.also(&format!("p{n}"), "x"));
    world.authorize(&many).await.page(400);
    let large = Request::of(&[("client_id", &"x".repeat(100_000))]);
    world.post(&url, &large).await.page(413);
    for odd in ["%", "%zz", "&&&", "=", "client_id=%ff%fe", "client_id=%00"] {
        world.get(&format!("{url}?{odd}"), &[]).await.page(400);
    }
}

/// What would be a script, were it not escaped.
const SCRIPTS: [&str; 3] =
    ["\"><script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)//'><b>"];

async fn no_input_comes_back_in_a_page(engine: Engine) {
    let world = World::start(engine).await;
    let login = world.login(PATIENT).await;
    let names = world.request("x").names();
    for script in SCRIPTS {
        let mut answers = Vec::new();
        let all = names.iter().fold(Request::default(), |all, name| all.also(name, script));
        answers.push(world.authorize(&all).await);
        answers.push(world.authorize(&all.also(script, script)).await);
        for name in ["client_id", "redirect_uri"] {
            let request = world.request(&world.launched(PATIENT)).set(name, script);
            answers.push(world.authorize(&request).await);
        }
        for (name, cookie) in [("state", login.cookie()), ("code", ""), ("error", ""), ("iss", "")]
        {
            let state = ("state", login.state());
            let request = Request::of(&[(state.0, &state.1)]).set(name, script);
            let url = format!("{}?{}", world.endpoint(ZORG, "idp/callback"), request.encoded());
            answers.push(world.callback(&url, cookie).await);
        }
        for answer in answers {
            answer.page(400);
            for part in [script, "alert", "onerror", "<script", "<img", "<b>"] {
                assert!(!answer.text.contains(part), "{part}: {}", answer.text);
            }
        }
        world.app.advance(std::time::Duration::from_secs(60));
    }
}

async fn no_input_chooses_where_a_browser_goes(engine: Engine) {
    let world = World::start(engine).await;
    let evil = "https://evil.example/";
    let names = world.request("x").names();
    for name in names.iter().map(String::as_str).chain(["prompt", "login_hint", "iss", "next"]) {
        let request = world.request(&world.launched(PATIENT)).set(name, evil);
        let answer = world.authorize(&request).await;
        let location = answer.header("location");
        let expected = match location {
            "" => matches!(name, "client_id" | "redirect_uri"),
            location => {
                location.starts_with(&format!("{BACK}?"))
                    || location.starts_with(&format!("{}/authorize?", world.provider.issuer))
            }
        };
        assert!(expected, "{name}: {} {location}", answer.status);
        world.pause();
    }
    // Nor does what the browser brings back from the provider.
    let login = world.login(PATIENT).await;
    let url =
        world.provider.signs_in(&login.location, &SignIn::of(&email(PATIENT)), world.app.now());
    let url = format!("{url}&redirect_uri={evil}&next={evil}");
    world.callback(&url, login.cookie()).await.code();
}

async fn other_methods_are_refused(engine: Engine) {
    let world = World::start(engine).await;
    let request = world.request(&world.launched(PATIENT));
    let callback = world.endpoint(ZORG, "idp/callback");
    let answer = world.post(&callback, &request).await.expect(405);
    assert_eq!(answer.header("allow"), "GET");
}
