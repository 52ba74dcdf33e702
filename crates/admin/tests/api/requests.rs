//! Requests for every operation, about everything that there is and about what is
//! not there.

use http::Method;
use koppeltaal_admin::api::{ROUTES, Route};
use serde_json::{Value, json};

use crate::oracle::{Plan, application, domain, instance};

pub struct Attempt {
    pub route: &'static Route,
    pub path: String,
    pub body: Option<Value>,
}

/// Every operation with every value for what varies in its path.
pub fn attempts(plan: &Plan) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for route in ROUTES {
        let mut paths = vec![route.path.to_owned()];
        for name in route.parameters() {
            let values = values(plan, name);
            paths = paths
                .iter()
                .flat_map(|path| {
                    let wanted = format!("{{{name}}}");
                    values.iter().map(move |value| path.replace(&wanted, value))
                })
                .collect();
        }
        for path in paths {
            for query in queries(plan, route) {
                let path = format!("{path}{query}");
                for body in bodies(plan, route) {
                    attempts.push(Attempt { route, path: path.clone(), body });
                }
            }
        }
    }
    // What changes most comes last, so that it spoils little for the rest.
    attempts.sort_by_key(|attempt| attempt.route.method != Method::GET);
    attempts
}

fn values(plan: &Plan, name: &str) -> Vec<String> {
    let mut values: Vec<String> = match name {
        "domain" => (0..plan.domains).map(domain).collect(),
        "application" => (0..plan.applications).map(application).collect(),
        "instance" => plan.connected.iter().map(|(d, a)| instance(*d, *a)).collect(),
        "role" => (0..plan.domains).map(|d| format!("rol-d{d}-")).collect(),
        "identity_provider" => (0..plan.domains).map(|d| format!("idp-d{d}-")).collect(),
        "login" => vec!["anna".to_owned()],
        _ => vec!["1".to_owned()],
    };
    values.push("nergens".to_owned());
    values
}

fn queries(plan: &Plan, route: &Route) -> Vec<String> {
    let has = |name: &str| route.query.iter().any(|(known, _)| *known == name);
    let mut queries = vec![String::new()];
    if has("domain") {
        queries.extend((0..plan.domains).map(|d| format!("?domain={}", domain(d))));
        queries.push("?domain=server".to_owned());
    }
    if has("application") {
        queries.extend((0..plan.applications).map(|a| format!("?application={}", application(a))));
    }
    if has("instance") {
        let all = plan.connected.iter();
        queries.extend(all.map(|(d, a)| format!("?instance={}", instance(*d, *a))));
    }
    if has("request") {
        queries = vec!["?request=GET%20Task".to_owned()];
    }
    queries
}

fn bodies(plan: &Plan, route: &Route) -> Vec<Option<Value>> {
    let bodies = match route.name {
        "sign_in" => vec![json!({ "username": "anna", "password": "x", "totp": "1" })],
        "set_password" => vec![json!({ "link": "x", "password": "een lang wachtwoord" })],
        "apply" => vec![json!({ "domain": [{ "name": domain(0), "title": "anders" }] })],
        "put_domain" => vec![
            json!({ "title": "anders" }),
            json!({ "phase": "development" }),
            json!({ "fhir_alias": "/fhir/anders", "title": "anders2" }),
        ],
        "put_application" => vec![
            json!({ "title": "anders" }),
            json!({ "oauth_secret": "nieuw-geheim", "active": false }),
        ],
        "put_role" => {
            vec![
                json!({ "permissions": [{ "resource": "Task", "operations": "R", "scope": "ALL" }] }),
            ]
        }
        "put_identity_provider" => vec![
            json!({ "title": "anders" }),
            json!({ "discovery_url": "https://anders.example", "client_id": "anders" }),
        ],
        "put_instance" => {
            let mut bodies = vec![
                json!({ "active": false }),
                json!({ "webhook": { "url": "https://anders.example" } }),
                json!({ "api_version": "1.3.6" }),
                json!({ "username": "gekaapt" }),
            ];
            // Taking over what is somebody else's.
            for (d, a) in &plan.connected {
                bodies.push(
                    json!({ "domain": domain(*d), "application": application(*a), "active": true }),
                );
            }
            bodies
        }
        "requeue_message" | "fail_message" | "resend_notification" => {
            vec![json!({ "reason": "test" })]
        }
        "erase_patient" => vec![json!({ "patient": "Patient/1" })],
        "create_user" => {
            vec![json!({ "login": "nieuw", "email": "nieuw@ggz.example", "role": "system" })]
        }
        "change_user" => vec![json!({ "name": "Anders" }), json!({ "role": "system" })],
        "create_token" => {
            let mut bodies = vec![json!({ "name": "t", "role": "system" })];
            for d in 0..plan.domains {
                bodies.push(json!({ "name": "t", "role": "domain", "domains": [domain(d)] }));
            }
            for a in 0..plan.applications {
                let ids = [application(a)];
                bodies.push(json!({ "name": "t", "role": "application", "applications": ids }));
            }
            bodies
        }
        _ => return vec![None],
    };
    bodies.into_iter().map(Some).collect()
}
