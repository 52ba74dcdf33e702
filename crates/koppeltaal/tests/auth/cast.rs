//! Who takes part: two domains that both work, one that is switched off, and an
//! application for every state that a client can be in.

use std::sync::OnceLock;
use std::time::Duration;

use koppeltaal_client::kt2::{KeyKind, PrivateKey, Signer, jwks};
use koppeltaal_core::directory::{
    Application, Domain, Instance, InstanceStatus, LaunchTokenUse, Permission, Phase, Role, Scope,
};
use serde_json::Value;
use uuid::Uuid;

use crate::support::setup::Setup;

/// The domain that most tests are about.
pub const ZORG: &str = "zorg";
/// Another domain, with clients of its own.
pub const ELDERS: &str = "elders";
/// A domain that is switched off.
pub const DICHT: &str = "dicht";
/// Where old clients look for the FHIR base of `zorg`.
pub const ALIAS: &str = "/fhir/DEFAULT";
/// The origin whose pages may call `zorg`.
pub const ORIGIN: &str = "https://app.example";
/// The client whose key is too small; the id stands in a signed token.
pub const SMALL: &str = "0f0f0f0f-0f0f-4f0f-8f0f-0f0f0f0f1024";

/// A client, its domain and its role.
const CLIENTS: &[(&str, &str, Option<&str>)] = &[
    ("portal", ZORG, Some("portaal")),
    ("module", ZORG, Some("module")),
    ("other", ZORG, Some("module")),
    // May do everything.
    ("admin", ZORG, Some("beheer")),
    // May read every Device.
    ("reader", ZORG, Some("lezer")),
    ("naked", ZORG, None),
    ("pending", ZORG, Some("lezer")),
    ("rejected", ZORG, Some("lezer")),
    ("off", ZORG, Some("lezer")),
    // Its application is switched off.
    ("retired", ZORG, Some("lezer")),
    // Has registered a PEM.
    ("pem", ZORG, Some("lezer")),
    // Its clock is off by hours.
    ("late", ZORG, Some("lezer")),
    // Introspects, then authorizes.
    ("relaxed", ZORG, Some("module")),
    ("small", ZORG, Some("lezer")),
    ("stranger", ELDERS, Some("lezer")),
    ("resident", ELDERS, Some("lezer")),
    ("locked", DICHT, None),
];

/// The keys of a client: one on P-256, named after it, and for `module` one of
/// every kind.
pub fn signer(client: &str) -> Signer {
    static KEYS: OnceLock<Vec<(&str, Signer)>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let on = |kind, kid| (kid, Signer::new(PrivateKey::generate(kind).unwrap()).with_kid(kid));
        let more = [
            on(KeyKind::Rsa2048, "module-rsa"),
            on(KeyKind::P384, "module-p384"),
            on(KeyKind::P521, "module-p521"),
        ];
        CLIENTS.iter().map(|(client, ..)| on(KeyKind::P256, client)).chain(more).collect()
    });
    let found = keys.iter().find(|(name, _)| *name == client);
    found.unwrap_or_else(|| panic!("{client} has no key")).1.clone()
}

/// The key set that a client has registered.
pub fn key_set(client: &str) -> String {
    let mut keys = vec![client];
    if client == "module" {
        keys.extend(["module-rsa", "module-p384", "module-p521"]);
    }
    let public = keys.into_iter().map(|kid| {
        let mut jwk = signer(kid).key().public_jwk(kid);
        // A key of RSA is for every algorithm of RSA.
        jwk.shift_remove("alg");
        jwk
    });
    jwks(public).to_string()
}

/// All of them.
pub fn cast() -> Setup {
    let mut setup = Setup::empty();
    for name in [ZORG, ELDERS, DICHT] {
        setup.domains.push(Domain {
            name: name.to_owned(),
            phase: Phase::Test,
            allow_http_loopback: true,
            active: name != DICHT,
            ..Domain::default()
        });
    }
    let zorg = setup.domain(ZORG);
    zorg.fhir_alias = Some(ALIAS.to_owned());
    zorg.cors_origins = vec![ORIGIN.to_owned()];
    for (client, domain, role) in CLIENTS {
        join(&mut setup, client, domain, *role);
    }
    setup.application("App-retired").active = false;
    setup.instance("pending").status = InstanceStatus::Pending;
    setup.instance("rejected").status = InstanceStatus::Rejected;
    setup.instance("off").active = Some(false);
    setup.instance("late").assertion_max_lifetime = Some(Duration::from_secs(3 * 3600));
    setup.instance("relaxed").launch_token_use = LaunchTokenUse::IntrospectThenAuthorize;
    let pem = setup.instance("pem");
    pem.jwks = None;
    pem.public_key_pem = Some(signer("pem").key().public_pem().unwrap());
    let small = setup.instance("small");
    small.client_id = SMALL.to_owned();
    small.jwks = Some(format!(r#"{{"keys":[{}]}}"#, crate::jws::SMALL_JWK));
    roles(&mut setup);
    setup
}

/// Adds a client with a key of its own.
fn join(setup: &mut Setup, client: &str, domain: &str, role: Option<&str>) {
    let application = format!("App-{client}");
    setup.applications.push(Application {
        id: application.clone(),
        title: Some(format!("Toepassing {client}")),
        redirect_uris: vec![format!("https://{client}.example/return")],
        ..Application::default()
    });
    setup.instances.push(Instance {
        domain: domain.to_owned(),
        application,
        username: Some(client.to_owned()),
        client_id: Uuid::new_v4().to_string(),
        jwks: Some(key_set(client)),
        role: role.map(str::to_owned),
        ..Instance::default()
    });
}

fn roles(setup: &mut Setup) {
    let module = setup.instance("module").client_id.clone();
    let other = setup.instance("other").client_id.clone();
    let of = |resource, operations, scope| permission(resource, operations, scope, &[]);
    let all: [(&str, &str, Vec<Permission>); 5] = [
        (ZORG, "beheer", vec![of("*", "CRUD", Scope::All)]),
        (ZORG, "lezer", vec![of("Device", "R", Scope::All)]),
        (
            ZORG,
            "portaal",
            vec![
                of("Patient", "R", Scope::All),
                of("RelatedPerson", "CRU", Scope::Own),
                of("Task", "C", Scope::Own),
                permission("Task", "RU", Scope::Granted, &[&module, &other]),
                permission("CareTeam", "R", Scope::Granted, &[]),
            ],
        ),
        (ZORG, "module", vec![of("Device", "R", Scope::Own), of("Organization", "D", Scope::All)]),
        (ELDERS, "lezer", vec![of("Device", "R", Scope::All)]),
    ];
    setup.roles.extend(all.into_iter().map(|(domain, name, permissions)| Role {
        domain: domain.to_owned(),
        name: name.to_owned(),
        permissions,
        ..Role::default()
    }));
}

/// A right.
pub fn permission(
    resource: &str,
    operations: &str,
    scope: Scope,
    granted: &[&String],
) -> Permission {
    Permission {
        resource: resource.to_owned(),
        operations: operations.to_owned(),
        scope,
        granted: granted.iter().map(|&id| id.clone()).collect(),
    }
}

/// The members of a key set, for tests that change one.
pub fn members(key_set: &str) -> Value {
    serde_json::from_str(key_set).unwrap()
}
