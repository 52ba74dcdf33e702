//! The OpenAPI 3.1 document, made of the table of operations.

use koppeltaal_core::Result;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Refusal};
use super::asked::Asked;
use super::handle::PREFIX;
use super::route::{Route, Who};
use super::schema::Schema;
use super::table::ROUTES;

pub(super) async fn show(asked: Asked) -> Result<Answer, Refusal> {
    Answer::json(&document(&asked.app.settings.public_url))
}

/// The document of a server with this URL.
pub fn document(public_url: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for route in ROUTES {
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(methods) = path.as_object_mut() {
            methods.insert(route.method.as_str().to_lowercase(), operation(route));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Koppeltaal Server: administration",
            "version": env!("CARGO_PKG_VERSION"),
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": format!("{public_url}{PREFIX}") }],
        "security": [{ "token": [] }, { "password": [] }, { "session": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An administrator token.",
                },
                "password": {
                    "type": "http",
                    "scheme": "basic",
                    "description": "User name and password of an administrator.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": koppeltaal_auth::administrator::COOKIE,
                    "description": "What changes something needs the header X-CSRF-Token, too.",
                },
            },
            "schemas": { "Problem": problem() },
        },
    })
}

fn operation(route: &Route) -> Value {
    let of_path = route.parameters().map(|name| {
        json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
    });
    let of_query = route
        .query
        .iter()
        .map(|(name, schema)| json!({ "name": name, "in": "query", "schema": schema.json() }));
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "parameters": of_path.chain(of_query).collect::<Vec<_>>(),
        "responses": responses(route),
        "x-role": match route.who {
            Who::Anyone => "anyone",
            Who::Administrator => "administrator",
            Who::Domain => "domain, system",
            Who::System => "system",
        },
    });
    if let Some(operation) = operation.as_object_mut() {
        if route.who == Who::Anyone {
            operation.insert("security".to_owned(), json!([]));
        }
        if let Some(body) = route.body {
            let content = content("application/json", body);
            operation
                .insert("requestBody".to_owned(), json!({ "required": true, "content": content }));
        }
    }
    operation
}

fn responses(route: &Route) -> Value {
    let made = matches!(route.name, "sign_in" | "create_user" | "create_token");
    let (status, answer) = match route.answer {
        None => ("204", json!({ "description": "Done." })),
        Some(schema) => {
            let content = content("application/json", schema);
            let status = if made { "201" } else { "200" };
            (status, json!({ "description": "Done.", "content": content }))
        }
    };
    let problem = json!({
        "description": "Not done.",
        "content": {
            "application/problem+json": {
                "schema": { "$ref": "#/components/schemas/Problem" },
            },
        },
    });
    json!({ status: answer, "default": problem })
}

fn content(content_type: &str, schema: Schema) -> Value {
    json!({ content_type: { "schema": schema.json() } })
}

fn problem() -> Value {
    json!({
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": { "type": "string" },
            "title": { "type": "string" },
            "status": { "type": "integer" },
            "detail": { "type": "string" },
            "errors": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "key": { "type": "string" },
                        "detail": { "type": "string" },
                    },
                },
            },
        },
    })
}
