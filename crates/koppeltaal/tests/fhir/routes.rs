//! The routes of the face, each with what is sent for it. A new route has to get its
//! case here, and then every kind of caller asks for it.

use serde_json::Value;

use crate::client::{Client, JSON};
use crate::reply::Reply;

/// An interaction of the route table and what is sent for it.
pub struct Case {
    pub name: &'static str,
    pub method: &'static str,
    /// Below the type; `*` stands for the id.
    pub place: &'static str,
    /// The right that it takes.
    pub right: char,
    pub sends: Sends,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Sends {
    Nothing,
    Resource,
    Form,
}

const fn case(
    name: &'static str,
    method: &'static str,
    place: &'static str,
    right: char,
    sends: Sends,
) -> Case {
    Case { name, method, place, right, sends }
}

/// One for each row of the table of routes.
pub const CASES: [Case; 11] = [
    case("Read", "GET", "/*", 'R', Sends::Nothing),
    case("Vread", "GET", "/*/_history/1", 'R', Sends::Nothing),
    case("Update", "PUT", "/*", 'U', Sends::Resource),
    case("Delete", "DELETE", "/*", 'D', Sends::Nothing),
    case("HistoryInstance", "GET", "/*/_history", 'R', Sends::Nothing),
    case("HistoryType", "GET", "/_history", 'R', Sends::Nothing),
    case("Create", "POST", "", 'C', Sends::Resource),
    case("Search", "GET", "", 'R', Sends::Nothing),
    case("SearchByForm", "POST", "/_search", 'R', Sends::Form),
    case("ValidateType", "POST", "/$validate", 'C', Sends::Resource),
    case("ValidateInstance", "POST", "/*/$validate", 'R', Sends::Resource),
];

/// The routes that the face has.
const TABLE: &str = include_str!("../../../kt2/src/interaction.rs");

#[test]
fn every_route_of_the_face_has_a_case() {
    let rows = TABLE.split("const ROUTES").nth(1).unwrap().split("];").next().unwrap();
    let rows = rows.lines().filter_map(|line| line.trim().strip_prefix('(')?.strip_suffix("),"));
    let mut found = Vec::new();
    for row in rows {
        let (name, rest) = row.split_once(", \"").unwrap();
        let (method, pattern) = rest.split_once("\", &[").unwrap();
        let segments = pattern.trim_end_matches(']').split(", ").filter(|one| !one.is_empty());
        let place: String = segments.map(|one| format!("/{}", one.trim_matches('"'))).collect();
        found.push(format!("{name} {method} {}", place.replace("_history/*", "_history/1")));
    }
    let cases: Vec<String> =
        CASES.iter().map(|one| format!("{} {} {}", one.name, one.method, one.place)).collect();
    assert_eq!(found, cases, "a route without a case here");
}

impl Case {
    pub fn is_of_instance(&self) -> bool {
        self.place.contains('*')
    }

    pub async fn ask(&self, client: &Client, kind: &str, id: &str, resource: &Value) -> Reply {
        let url = format!("{kind}{}", self.place.replace('*', id));
        let mut body = resource.clone();
        if self.is_of_instance() {
            body["id"] = id.into();
        }
        match self.sends {
            Sends::Nothing => client.call(self.method, &url, &[], "").await,
            Sends::Form => {
                let form = [("content-type", "application/x-www-form-urlencoded")];
                client.call(self.method, &url, &form, "_count=50").await
            }
            Sends::Resource => {
                let headers = [("content-type", JSON), ("if-match", "W/\"1\"")];
                client.call(self.method, &url, &headers, body.to_string()).await
            }
        }
    }
}
