//! A request of Koppeltaal 2.0 as an operator writes it (`GET Task/1`), and the
//! operation that it is. What our FHIR service refuses is refused here too.

use koppeltaal_core::permission::Operation;
use koppeltaal_core::trace::is_fhir_id;
use koppeltaal_core::{Error, Result, resource_type};
use koppeltaal_kt2::serves;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A document that needs no token: `metadata`, the SMART configuration.
    Public,
    /// A type: a search, a history, a creation.
    Type(&'static str),
    /// One resource: its type and id.
    Resource(&'static str, String),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What it does.
    pub operation: Operation,
    /// To what.
    pub target: Target,
    /// Whether our FHIR service has the interaction on this type.
    pub is_served: bool,
}

impl Request {
    /// Reads a method and a path; what precedes `fhir/r4/` in a URL and what
    /// follows a `?` is left out. Fails with [`Error::Invalid`].
    pub fn parse(text: &str) -> Result<Self> {
        let mut words = text.split_whitespace();
        let (Some(method), Some(path), None) = (words.next(), words.next(), words.next()) else {
            return Err(invalid(text, "write a method and a path"));
        };
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let path = path.split_once("/fhir/r4").map_or(path, |(_, path)| path);
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let method = method.to_ascii_uppercase();
        let is_served = match segments.as_slice() {
            [name, rest @ ..] => serves(&method, name, rest),
            [] => false,
        };
        let request = |operation, target| Ok(Self { operation, target, is_served });
        let (create, read) = (Operation::Create, Operation::Read);
        match (method.as_str(), segments.as_slice()) {
            ("PATCH", _) => Err(invalid(text, "PATCH is not supported, PUT is")),
            (_, []) => Err(invalid(text, "requests on the whole system are not supported")),
            ("GET" | "HEAD", ["metadata"] | [".well-known", "smart-configuration"]) => {
                Ok(Self { operation: read, target: Target::Public, is_served: true })
            }
            ("GET" | "HEAD", [name] | [name, "_history"]) => request(read, of_type(text, name)?),
            ("POST", [name, "_search"]) => request(read, of_type(text, name)?),
            ("POST", [name]) => request(create, of_type(text, name)?),
            // Nothing is stored; the token must permit what is tried out.
            ("POST", [name, "$validate"]) => request(create, of_type(text, name)?),
            ("POST", [name, id, "$validate"]) => request(read, resource(text, name, id)?),
            ("GET" | "HEAD", [name, id] | [name, id, "_history"] | [name, id, "_history", _]) => {
                request(read, resource(text, name, id)?)
            }
            ("PUT", [name, id]) => request(Operation::Update, resource(text, name, id)?),
            ("DELETE", [name, id]) => request(Operation::Delete, resource(text, name, id)?),
            ("PUT" | "DELETE", [name]) => {
                of_type(text, name)?;
                Err(invalid(text, "conditional requests are not supported: give an id"))
            }
            _ => Err(invalid(text, "there is no such interaction")),
        }
    }

    /// The resource type, `None` for what needs no token.
    pub fn resource_type(&self) -> Option<&'static str> {
        match self.target {
            Target::Public => None,
            Target::Type(name) | Target::Resource(name, _) => Some(name),
        }
    }
}

fn resource(text: &str, name: &str, id: &str) -> Result<Target> {
    let name = known(text, name)?;
    if !is_fhir_id(id) {
        return Err(invalid(text, &format!("`{id}` is no id: letters, digits, `-` and `.`")));
    }
    Ok(Target::Resource(name, id.to_owned()))
}

fn of_type(text: &str, name: &str) -> Result<Target> {
    known(text, name).map(Target::Type)
}

fn known(text: &str, name: &str) -> Result<&'static str> {
    let number = resource_type::number(name);
    number.and_then(resource_type::name).ok_or_else(|| {
        let similar = resource_type::ALL.iter().find(|known| known.eq_ignore_ascii_case(name));
        let hint = similar.map(|known| format!(", but {known} is")).unwrap_or_default();
        invalid(text, &format!("`{name}` is no resource type of FHIR R4{hint}"))
    })
}

fn invalid(text: &str, why: &str) -> Error {
    Error::Invalid(format!(
        "--request `{text}`: {why} (for instance \"GET Task/<id>\", \"GET Task?status=ready\", \
         \"POST Task\")"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_interaction_is_an_operation_on_something() {
        use Operation::{Create, Delete, Read, Update};
        let check = |text: &str, operation, target| {
            let request = Request::parse(text).unwrap();
            assert_eq!((request.operation, request.target), (operation, target), "{text}");
        };
        let one = || Target::Resource("Task", "a-1".to_owned());
        let all = || Target::Type("Task");
        check("GET Task/a-1", Read, one());
        check("get /Task/a-1/", Read, one());
        check("GET Task//a-1?_format=json", Read, one());
        check("GET https://k.example/api/v1/d/fhir/r4/Task/a-1", Read, one());
        check("GET Task/a-1/_history", Read, one());
        check("GET Task/a-1/_history/3", Read, one());
        check("PUT Task/a-1", Update, one());
        check("DELETE Task/a-1", Delete, one());
        check("GET Task", Read, all());
        check("GET Task?status=ready", Read, all());
        check("GET Task/_history", Read, all());
        check("POST Task/_search", Read, all());
        check("POST Task", Create, all());
        check("POST Task/$validate", Create, all());
        check("POST Task/a-1/$validate", Read, one());
        check("GET metadata", Read, Target::Public);
        check("GET /api/v1/d/fhir/r4/.well-known/smart-configuration", Read, Target::Public);
    }

    #[test]
    fn what_the_service_has_is_told_apart_from_what_it_has_not() {
        for text in [
            "GET Device",
            "HEAD Task/1",
            "GET metadata",
            "GET Device/1/_history/2",
            "POST Device/$validate",
            "PUT Device/1",
            "POST AuditEvent",
            "GET ValueSet",
        ] {
            assert!(Request::parse(text).unwrap().is_served, "{text}");
        }
        for text in ["GET Observation", "PUT AuditEvent/1", "DELETE AuditEvent/1", "POST ValueSet"]
        {
            assert!(!Request::parse(text).unwrap().is_served, "{text}");
        }
    }

    #[test]
    fn what_is_no_request_is_refused_with_a_reason() {
        for (text, expected) in [
            ("", "write a method and a path"),
            ("Task/1", "write a method and a path"),
            ("GET Task 1", "write a method and a path"),
            ("GET task/1", "`task` is no resource type of FHIR R4, but Task is"),
            ("GET Tsk", "`Tsk` is no resource type of FHIR R4"),
            ("GET .well-known/jwks.json", "`.well-known` is no resource type"),
            ("GET Task/a_b", "`a_b` is no id"),
            ("GET Task/é", "`é` is no id"),
            ("PATCH Task/1", "PATCH is not supported"),
            ("DELETE Task?status=x", "conditional requests are not supported"),
            ("POST Task/1", "there is no such interaction"),
            ("BREW Task/1", "there is no such interaction"),
            ("GET Task/1/_history/2/3", "there is no such interaction"),
            ("POST /", "requests on the whole system are not supported"),
        ] {
            let error = Request::parse(text).unwrap_err();
            assert_eq!(error.exit_code(), 2, "{text}");
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
