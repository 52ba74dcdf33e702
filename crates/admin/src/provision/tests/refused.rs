//! What is refused: at which line, at which key, with which exit code.

use super::*;

/// Applies `text` to a store with [`BASE`] and expects exactly one problem that
/// begins like this.
pub(super) async fn check(world: &World, text: &str, expected: &str, code: u8) {
    let (problems, found) = world.refusal(text).await;
    assert_eq!(problems.len(), 1, "{text}: {problems:?}");
    assert!(problems[0].starts_with(expected), "{text}: {problems:?}");
    assert_eq!(found, code, "{text}");
}

#[tokio::test]
async fn every_problem_is_named_and_nothing_is_changed() {
    let world = World::new().await;
    let text = "[[domain]]\nname = 'd'\nphaze = 'test'\n\n[[aplication]]\nid = 'a'\n\n\
                [[instance]]\nusername = 'u'\napplication = 'a'\nactive = 'yes'\n";
    let (problems, code) = world.refusal(text).await;
    assert_eq!(code, 2);
    assert_eq!(problems.len(), 4, "{problems:?}");
    for (problem, expected) in problems.iter().zip([
        "3: phaze: unknown key",
        "5: aplication: unknown table",
        "8: domain: is missing",
        "11: active: is string, write true or false",
    ]) {
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[tokio::test]
async fn what_is_no_toml_is_named_by_its_line() {
    let world = World::new().await;
    check(&world, "[[domain]]\nname = \n", "2: syntax: ", 2).await;
    check(&world, "domain = 3", "1: domain: is not a list of tables", 2).await;
    check(&world, "[domain]\nname = 'd'", "1: domain: is not a list of tables", 2).await;
}

#[tokio::test]
async fn domains() {
    let mut world = World::with_base().await;
    let table: &[(&str, &str)] = &[
        ("phase = 'live'", "3: phase: unknown variant `live`"),
        ("claim_timeout = '15'", "3: claim_timeout: `15` is not a duration"),
        ("claim_timeout = 15", "3: claim_timeout: is integer, write a text"),
        ("phase = 'acceptance'\nallow_http_loopback = true", "4: allow_http_loopback: is for"),
        ("phase = 'production'\naudit_deletable = true", "4: audit_deletable: is never"),
        ("retention = [{ event = 'X' }]", "3: retention: `X` is not a message event"),
        (
            "retention = [\n{ event = 'CreateOrUpdatePatient', max_age = '60d' }]",
            "4: retention.max_age: 60d is more than this server allows (56d",
        ),
        (
            "retention = [{ event = 'CreateOrUpdatePatient', age = '6d' }]",
            "3: retention[0].age: unknown key",
        ),
        (
            "retention = [{ event = 'CreateOrUpdatePatient' },\n{ event = 'CreateOrUpdatePatient' }]",
            "4: retention: CreateOrUpdatePatient is set twice",
        ),
        ("storage = { kind = 'proxy' }", "3: storage: a proxy needs url"),
        (
            "storage = { kind = 'proxy', url = 'https://x.example', quota = '1GiB' }",
            "3: storage.quota: is for items in this server",
        ),
        (
            "storage = { kind = 'proxy', url = 'https://x.example', username = 'a:b' }",
            "3: storage.username: no colon",
        ),
        ("storage = { kind = 'built-in', quota = '10MB' }", "3: storage: `10MB` is not a size"),
        ("storage = { kind = 'cloud' }", "3: storage: unknown variant"),
        ("storage = { kind = 'proxy', url = 'ftp://x.example' }", "3: storage.url: "),
        ("fhir_alias = 'fhir'", "3: fhir_alias: `fhir` is not a path"),
        ("cors_origins = ['https://a.example/x']", "3: cors_origins: "),
        ("name = 'e'", "3: syntax: "),
    ];
    for (keys, expected) in table {
        check(&world, &format!("[[domain]]\nname = 'd'\n{keys}"), expected, 2).await;
    }
    check(&world, "[[domain]]\nname = 'a/b'", "2: name: `a/b` is not a domain name", 2).await;
    check(&world, "[[domain]]\nname = 'd'\n[[domain]]\nname = 'd'", "3: domain: the file", 2).await;
    world.rules.phases = vec![Phase::Production];
    check(&world, "[[domain]]\nname = 'e'\nphase = 'test'", "3: phase: this environment", 2).await;
}

#[tokio::test]
async fn switches_that_turn_one_way_only() {
    let world = World::with_base().await;
    let domain = |keys: &str| format!("[[domain]]\nname = 'd'\n{keys}");
    check(&world, &domain("versions_135 = false"), "3: versions_135: ", 4).await;
    world.apply(&domain("check_non_focal_versions = false")).await.unwrap();
    let again = domain("check_non_focal_versions = true");
    check(&world, &again, "3: check_non_focal_versions: ", 4).await;
    world.apply("[[domain]]\nname = 'old'\nversions_135 = false").await.unwrap();
    world.apply("[[domain]]\nname = 'old'\nversions_135 = true").await.unwrap();
}

#[tokio::test]
async fn what_an_instance_never_changes() {
    let world = World::with_base().await;
    let other = BASE.replace("2b01", "2b02");
    check(&world, &other, "14: client_id: never changes", 4).await;
    let moved =
        format!("{}\n[[domain]]\nname = 'e'", BASE.replace("domain = \"d\"", "domain = 'e'"));
    check(&world, &moved, "10: domain: never changes", 4).await;
    let raised = format!("{BASE}api_version = '1.3.9'");
    assert_eq!(world.apply(&raised).await.unwrap().len(), 1);
    let lowered = raised.replace("1.3.9", "1.3.8");
    check(&world, &lowered, "15: api_version: cannot be lowered: it is 1.3.9", 4).await;
    assert!(world.apply(BASE).await.unwrap().is_empty(), "left out is left alone");
}

#[tokio::test]
async fn instances() {
    let world = World::with_base().await;
    let table: &[(&str, &str)] = &[
        ("usrname = 'x'", "5: usrname: unknown key"),
        ("api_version = 1.3", "5: api_version: is float, write a text"),
        ("api_version = 'new'", "5: api_version: `new` is not a version"),
        ("events = ['CarePlan']", "5: events: `CarePlan` is not a message event"),
        ("webhook = { url = 'http://a.example' }", "5: webhook.url: "),
        ("webhook = { url = 'https://a.example', header = 1 }", "5: webhook.header: unknown key"),
        ("webhook = { headers = { A = 'x' } }", "5: webhook: missing field `url`"),
        (
            "webhook = { url = 'https://a.example', headers = { 'A B' = 'x' } }",
            "5: webhook.headers.A B: ",
        ),
        ("sso_url = 'https://u:p@a.example'", "5: sso_url: a URL must not hold credentials"),
        ("jwks = '{}'", "5: jwks: has no array `keys`"),
        (
            "jwks_url = 'https://a.example'\npublic_key_pem = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw=='",
            "6: public_key_pem: give only one of",
        ),
        ("public_key_pem = 'x'", "5: public_key_pem: is not base64"),
        ("assertion_max_lifetime = '4h'", "5: assertion_max_lifetime: is more than 3h"),
        ("pkce = 'no'", "5: pkce: unknown variant"),
        ("identity_providers = { Nurse = [] }", "5: identity_providers.Nurse: "),
        ("identity_providers = { Patient = ['x'] }", "5: identity_providers.Patient: `x` exists"),
        ("hook_hosts = ['https://a.example']", "5: hook_hosts[0]: "),
        ("role = 'r'", "5: role: `r` exists neither in this file nor in the store"),
        ("status = 'new'", "5: status: unknown variant"),
        ("password = ''", "5: password: must not be empty"),
        ("password = 'x'\npassword_hash = 'y'", "6: password_hash: give only one of"),
        ("password_hash = 'x'", "5: password_hash: the password hash is not of the form"),
        ("password_file = 'none'", "5: password_file: none cannot be read"),
        ("password = 'x'\npassword_file = 'y'", "6: password_file: give either"),
        ("previous_password_until = 'soon'", "5: previous_password_until: `soon` is not a time"),
    ];
    for (keys, expected) in table {
        let text =
            format!("[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = 'u@d'\n{keys}");
        check(&world, &text, expected, 2).await;
    }
}

#[tokio::test]
async fn names_and_references_of_instances() {
    let world = World::with_base().await;
    let new = |name: &str, keys: &str| {
        format!("[[instance]]\ndomain = 'd'\napplication = 'a'\nusername = '{name}'\n{keys}")
    };
    check(&world, &new(&"x".repeat(51), ""), "4: username: ", 2).await;
    check(&world, &new("a:b", ""), "4: username: ", 2).await;
    check(&world, &new("v", "client_id = 'x'"), "5: client_id: `x` is not a UUID", 2).await;
    let version_1 = "client_id = '6d1f5a0e-5c1f-1f0f-9a53-6f1c7d3a2b01'";
    check(&world, &new("v", version_1), "5: client_id: ", 2).await;
    let taken = "client_id = '6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b02'";
    let two = format!("{}\n{}", new("v", taken), new("v", ""));
    check(&world, &two, "6: instance: the file has this item twice", 2).await;
    let unknown = "[[instance]]\ndomain = 'x'\napplication = 'y'\nusername = 'z'";
    let (problems, code) = world.refusal(unknown).await;
    assert_eq!((problems.len(), code), (2, 2), "{problems:?}");
    world.apply(&new("v@d", "")).await.unwrap();
    let stolen = new("u@d", "client_id = '6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b03'");
    check(&world, &stolen, "5: client_id: never changes", 4).await;
    let first = "client_id = '6d1f5a0e-5c1f-4f0f-9a53-6f1c7d3a2b01'";
    check(&world, &new("v@d", first), "4: username: `v@d` belongs to another", 2).await;
    let which = "[[instance]]\ndomain = 'd'\napplication = 'a'";
    check(&world, which, "1: instance: d has several instances of a", 2).await;
}

#[tokio::test]
async fn urls_by_phase() {
    let world = World::with_base().await;
    let file = |domain: &str, url: &str| {
        format!(
            "[[domain]]\nname = 'd'\n{domain}\n[[instance]]\ndomain = 'd'\napplication = 'a'\n\
             sso_url = '{url}'"
        )
    };
    let loopback = "http://127.0.0.1:9100/x";
    check(&world, &file("", loopback), "7: sso_url: ", 2).await;
    world.apply(&file("allow_http_loopback = true", loopback)).await.unwrap();
    check(&world, "[[domain]]\nname = 'd'\nallow_http_loopback = false", "3: sso_url: ", 2).await;
    let strict = "phase = 'acceptance'\nallow_http_loopback = false";
    for private in [
        "10.0.0.1",
        "192.168.1.1",
        "169.254.1.1",
        "127.0.0.1",
        "[::1]",
        "[fe80::1]",
        "[fd00::1]",
        "localhost",
    ] {
        let text = file(strict, &format!("https://{private}/x"));
        check(&world, &text, "8: sso_url: ", 2).await;
    }
    world.apply(&file("", "https://10.0.0.1/x")).await.unwrap();
    world.apply(&file(strict, "https://a.example/x")).await.unwrap();
    let launch = "[[application]]\nid = 'a'\nlaunch_url = 'http://localhost:1/x'";
    check(&world, launch, "3: launch_url: ", 2).await;
}

#[tokio::test]
async fn redirects_anywhere_stay_out_of_production() {
    let world = World::with_base().await;
    let any = "[[application]]\nid = 'a'\nredirect_policy = 'any'";
    world.apply(any).await.unwrap();
    let production = "[[domain]]\nname = 'd'\nphase = 'production'";
    check(&world, production, "3: redirect_policy: any is refused", 4).await;
    world.apply("[[application]]\nid = 'a'\nredirect_policy = 'registered'").await.unwrap();
    world.apply(production).await.unwrap();
    check(&world, any, "3: redirect_policy: any is refused", 4).await;
}

#[tokio::test]
async fn applications_roles_and_identity_providers() {
    let world = World::with_base().await;
    let role = "[[role]]\ndomain = 'd'\nname = 'r'\n";
    let provider = "[[identity_provider]]\ndomain = 'd'\nname = 'p'\nclient_id = 'c'\n";
    let url = "discovery_url = 'https://i.example/x'\n";
    let permission = |text: &str| format!("{role}permissions = [{{ {text} }}]");
    let table = [
        ("[[application]]\nid = 'a:b'".to_owned(), "2: id: "),
        (
            "[[application]]\nid = 'a'\nlaunch_kinds = ['web', 'fax']".to_owned(),
            "3: launch_kinds[1]: `fax`",
        ),
        (
            "[[application]]\nid = 'a'\nredirect_uris = ['x']".to_owned(),
            "3: redirect_uris[0]: `x` is not a URL",
        ),
        ("[[role]]\ndomain = 'x'\nname = 'r'".to_owned(), "2: domain: `x` exists neither"),
        (format!("{role}privileges = ['root']"), "4: privileges[0]: `root`"),
        (
            permission("resource = 'patient', operations = 'R', scope = 'ALL'"),
            "4: permissions[0]: `patient`",
        ),
        (
            permission("resource = 'Task', operations = 'RX', scope = 'ALL'"),
            "4: permissions[0]: operations `RX`",
        ),
        (
            permission("resource = 'Task', operations = 'RR', scope = 'ALL'"),
            "4: permissions[0]: operations `RR`",
        ),
        (
            permission("resource = 'Task', operations = 'R', scope = 'MINE'"),
            "4: permissions: unknown variant",
        ),
        (
            permission("resource = 'Task', operations = 'R'"),
            "4: permissions: missing field `scope`",
        ),
        (
            permission("resource = 'Task', operations = 'R', scope = 'OWN', granted = ['x']"),
            "4: permissions[0]: granted is for",
        ),
        (
            format!(
                "{role}permissions = [{{ resource = 'Task', operations = 'RU', scope = 'OWN' }},\n{{ resource = 'Task', operations = 'R', scope = 'ALL' }}]"
            ),
            "5: permissions[1]: R on Task is permitted twice",
        ),
        (provider.to_owned(), "1: discovery_url: is missing"),
        (
            format!(
                "{provider}{url}default = true\n{}{url}default = true",
                provider.replace("'p'", "'q'")
            ),
            "12: default: p is the default",
        ),
    ];
    for (text, expected) in table {
        check(&world, &text, expected, 2).await;
    }
}

#[tokio::test]
async fn the_limit_of_the_server_bounds_retention() {
    let mut world = World::with_base().await;
    world.rules.retention_max = Duration::from_secs(86_400);
    let text =
        "[[domain]]\nname = 'd'\nretention = [{ event = 'CreateOrUpdatePatient', max_age = '2d' }]";
    check(&world, text, "3: retention.max_age: 2d is more than this server allows (1d", 2).await;
}
