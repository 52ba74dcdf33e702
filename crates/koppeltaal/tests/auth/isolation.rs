//! Two domains on one server (TOP-KT-018; spec 7): whatever is good in one is worth
//! nothing in the other.

use serde_json::json;

use crate::cast::{ELDERS, ZORG, signer};
use crate::jws::taken_apart;
use crate::support::Engine;
use crate::world::{World, about, client_credentials, issuer};

on_both_engines!(
    a_client_of_one_domain_is_nobody_in_the_other,
    an_access_token_of_one_domain_is_nothing_in_the_other,
    a_launch_token_of_one_domain_is_nothing_in_the_other,
    a_key_of_one_domain_signs_nothing_in_the_other,
    a_resource_of_one_domain_is_not_in_the_other,
    what_is_used_up_in_one_domain_is_not_in_the_other,
);

/// A domain, its clients, and the other domain.
const BOTH: [(&str, &str, &str); 2] = [(ZORG, "reader", ELDERS), (ELDERS, "stranger", ZORG)];

async fn a_client_of_one_domain_is_nobody_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    for (domain, client, other) in BOTH {
        for audience in [issuer(domain), issuer(other)] {
            for endpoint in ["token", "introspect", "revoke"] {
                let assertion = || {
                    let assertion =
                        world.assertion_for(client, &format!("{audience}/oauth2/token"));
                    assertion.sign(&signer(client)).unwrap()
                };
                world.pause();
                let one = assertion();
                let mut fields = client_credentials(&one).to_vec();
                fields.push(("token", "NOOP"));
                here.form(other, endpoint, &fields).await.is_unknown_client();
                // At home it is what counts that it was made for here.
                let status = if audience == issuer(domain) { 200 } else { 401 };
                let reply = here.form(domain, endpoint, &fields).await;
                assert_eq!(reply.status, status, "{domain} {endpoint} {audience}");
            }
        }
    }
}

async fn an_access_token_of_one_domain_is_nothing_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    for ((domain, client, other), there) in BOTH.into_iter().zip(["stranger", "reader"]) {
        let token = world.token(client).await;
        let (at_home, elsewhere) = (world.client_id(client), world.client_id(there));
        here.read(domain, &token, &format!("Device/{at_home}")).await.expect(200);
        for id in [&at_home, &elsewhere] {
            here.read(other, &token, &format!("Device/{id}")).await.expect(401);
        }
        let reply = world.introspect(there, &token).await.expect(200);
        assert_eq!(reply.text, r#"{"active":false}"#, "{domain} at {other}");
        here.form(other, "revoke", &about(&token, &world.signed(there))).await.expect(200);
        here.read(domain, &token, &format!("Device/{at_home}")).await.expect(200);
    }
}

async fn a_launch_token_of_one_domain_is_nothing_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    for (portal, module) in [
        ("portal", "resident"),
        ("stranger", "module"),
        ("locked", "module"),
        ("locked", "resident"),
    ] {
        let token = world.launch(portal, module).sign(&signer(portal)).unwrap();
        world.finds_inactive(module, &token, portal).await;
    }
    // At home each of them could.
    let token = world.launch("stranger", "resident").sign(&signer("stranger")).unwrap();
    world.finds_inactive("module", &token, "it is of another domain").await;
    let reply = world.introspect("resident", &token).await.expect(200);
    assert_eq!(reply.json()["active"], true);
}

async fn a_key_of_one_domain_signs_nothing_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    let here = world.here();
    for ((domain, client, other), there) in BOTH.into_iter().zip(["stranger", "reader"]) {
        let (_, mut claims) = taken_apart(&world.token(client).await);
        // A token as the other domain makes it, with the key of this one.
        claims["iss"] = json!(issuer(other));
        claims["azp"] = json!(world.client_id(there));
        let forged = world.minted(domain, &claims).await;
        let device = format!("Device/{}", world.client_id(there));
        here.read(other, &forged, &device).await.expect(401);
        let reply = world.introspect(there, &forged).await.expect(200);
        assert_eq!(reply.text, r#"{"active":false}"#, "{domain} at {other}");
        // The same claims under the right key are good.
        let right = world.minted(other, &claims).await;
        here.read(other, &right, &device).await.expect(200);
    }
}

async fn a_resource_of_one_domain_is_not_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    for (domain, client, foreign) in
        [(ZORG, "admin", "stranger"), (ZORG, "reader", "resident"), (ELDERS, "stranger", "admin")]
    {
        let token = world.token(client).await;
        let id = world.client_id(foreign);
        world.here().read(domain, &token, &format!("Device/{id}")).await.expect(404);
    }
}

async fn what_is_used_up_in_one_domain_is_not_in_the_other(engine: Engine) {
    let world = World::start(engine).await;
    for client in ["reader", "stranger"] {
        let assertion = world.assertion(client).claim("jti", "1").sign(&signer(client)).unwrap();
        let domain = if client == "reader" { ZORG } else { ELDERS };
        let fields = client_credentials(&assertion);
        world.here().form(domain, "token", &fields).await.expect(200);
        world.here().form(domain, "token", &fields).await.is_unknown_client();
    }
}
