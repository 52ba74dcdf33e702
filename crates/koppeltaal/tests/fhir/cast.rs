//! Who takes part: a domain with a client for every kind of right, and another
//! domain.

use std::sync::OnceLock;

use koppeltaal_client::kt2::{KeyKind, PrivateKey, Signer, jwks};
use koppeltaal_core::directory::{Application, Domain, Instance, Permission, Phase, Role, Scope};
use uuid::Uuid;

use crate::support::setup::Setup;

/// The domain that most tests are about.
pub const ZORG: &str = "zorg";
/// Another domain, with a client of its own.
pub const ELDERS: &str = "elders";
/// Where old clients look for the FHIR base of `zorg`.
pub const ALIAS: &str = "/fhir/DEFAULT";

/// A client, its domain and its role.
pub const CLIENTS: [(&str, &str, Option<&str>); 8] = [
    // May do everything.
    ("admin", ZORG, Some("beheer")),
    // May do everything with what is its own.
    ("own", ZORG, Some("eigen")),
    ("own2", ZORG, Some("eigen")),
    // May read what is `own`'s.
    ("granted", ZORG, Some("gemachtigd")),
    // May read everything.
    ("reader", ZORG, Some("lezer")),
    ("nobody", ZORG, None),
    // May do everything, and delete what refers to it.
    ("cascade", ZORG, Some("opruimer")),
    // May do everything, elsewhere.
    ("elsewhere", ELDERS, Some("beheer")),
];

/// The key of a client.
pub fn signer(client: &str) -> Signer {
    static KEYS: OnceLock<Vec<(&str, Signer)>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let key = || PrivateKey::generate(KeyKind::P256).unwrap();
        let all = CLIENTS.iter().map(|(client, ..)| *client);
        all.map(|client| (client, Signer::new(key()).with_kid(client))).collect()
    });
    let found = keys.iter().find(|(name, _)| *name == client);
    found.unwrap_or_else(|| panic!("{client} has no key")).1.clone()
}

/// All of them.
pub fn cast() -> Setup {
    let mut setup = Setup::empty();
    for name in [ZORG, ELDERS] {
        setup.domains.push(Domain {
            name: name.to_owned(),
            phase: Phase::Test,
            ..Domain::default()
        });
    }
    setup.domain(ZORG).fhir_alias = Some(ALIAS.to_owned());
    for (client, domain, role) in CLIENTS {
        join(&mut setup, client, domain, role);
    }
    let own = setup.instance("own").client_id.clone();
    let one = |operations, scope, granted: &[&String]| vec![right("*", operations, scope, granted)];
    role(&mut setup, ZORG, "beheer", one("CRUD", Scope::All, &[]));
    role(&mut setup, ZORG, "eigen", one("CRUD", Scope::Own, &[]));
    role(&mut setup, ZORG, "gemachtigd", one("R", Scope::Granted, &[&own]));
    role(&mut setup, ZORG, "lezer", one("R", Scope::All, &[]));
    role(&mut setup, ZORG, "opruimer", one("CRUD", Scope::All, &[])).privileges =
        vec!["cascade-delete".to_owned()];
    role(&mut setup, ELDERS, "beheer", one("CRUD", Scope::All, &[]));
    setup
}

/// Adds a client with a key of its own.
fn join(setup: &mut Setup, client: &str, domain: &str, role: Option<&str>) {
    let application = format!("App-{client}");
    setup.applications.push(Application {
        id: application.clone(),
        title: Some(format!("Toepassing {client}")),
        ..Application::default()
    });
    setup.instances.push(Instance {
        domain: domain.to_owned(),
        application,
        username: Some(client.to_owned()),
        client_id: Uuid::new_v4().to_string(),
        jwks: Some(jwks([signer(client).key().public_jwk(client)]).to_string()),
        role: role.map(str::to_owned),
        ..Instance::default()
    });
}

/// Adds a role.
pub fn role<'a>(
    setup: &'a mut Setup,
    domain: &str,
    name: &str,
    permissions: Vec<Permission>,
) -> &'a mut Role {
    let (domain, name) = (domain.to_owned(), name.to_owned());
    setup.roles.push(Role { domain, name, permissions, ..Role::default() });
    setup.roles.last_mut().unwrap()
}

/// A right on resources of a type, or of all with `*`.
pub fn right(resource: &str, operations: &str, scope: Scope, granted: &[&String]) -> Permission {
    Permission {
        resource: resource.to_owned(),
        operations: operations.to_owned(),
        scope,
        granted: granted.iter().map(|&id| id.clone()).collect(),
    }
}
