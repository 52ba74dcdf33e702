//! fhir-kit-client: discovery, tokens of a backend service, a resource read with one.

use serde_json::Value;

use crate::child::node;
use crate::world::{PORTAL, World};

#[test]
fn a_fhir_client_discovers_gets_tokens_and_reads() {
    let world = World::start();
    let told = [
        ("FHIR_BASE", world.fhir_base()),
        ("PORTAL_CLIENT_ID", PORTAL.to_owned()),
        ("KEYS", world.keys().to_owned()),
    ];
    let told: Vec<(&str, &str)> =
        told.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let report = node("kit.mjs", &told);
    let base = world.base();
    assert_eq!(report["authorize"], format!("{base}/oauth2/authorize").as_str());
    assert_eq!(report["token"], format!("{base}/oauth2/token").as_str());
    assert_eq!(report["capability"]["resourceType"], "CapabilityStatement");
    assert_eq!(report["configuration"]["issuer"], base.as_str());
    for alg in ["RS512", "ES256"] {
        let token = &report["tokens"][alg];
        assert_eq!(token["status"], 200, "{alg}: {token}");
        let claims = &token["claims"];
        assert_eq!(claims["iss"], base.as_str(), "{alg}");
        assert_eq!(claims["aud"], "fhir-server", "{alg}");
        assert_eq!(claims["azp"], PORTAL, "{alg}");
        assert_eq!(claims["type"], "access", "{alg}");
        assert_eq!(token["header"]["alg"], "RS512", "{alg}");
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 300);
        assert_eq!(scopes(&token["body"]["scope"]), scopes(&claims["scope"]), "{alg}");
        assert!(scopes(&claims["scope"]).contains(&"system/Device.rs"), "{claims}");
    }
    assert_eq!(report["device"]["id"], PORTAL, "{}", report["device"]);
    assert_eq!(report["noop"]["status"], 401, "{}", report["noop"]);
}

fn scopes(text: &Value) -> Vec<&str> {
    text.as_str().unwrap().split(' ').collect()
}
