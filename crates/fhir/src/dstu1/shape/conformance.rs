//! The Conformance resource, which the server publishes and a connector reads.

use super::Kind::{Boolean, Complex, Integer};
use super::datatypes::{CC, CODING, CONTACT, REF};
use super::{Shape, inner, many, one, resource, text, texts};

pub(super) static CONFORMANCE: Shape = resource(
    "Conformance",
    &[
        text("identifier"),
        text("version"),
        text("name"),
        text("publisher"),
        many("telecom", Complex(&CONTACT)),
        text("description"),
        text("status"),
        one("experimental", Boolean),
        text("date"),
        one("software", Complex(&SOFTWARE)),
        one("implementation", Complex(&IMPLEMENTATION)),
        text("fhirVersion"),
        one("acceptUnknown", Boolean),
        texts("format"),
        many("profile", REF),
        many("rest", Complex(&REST)),
        many("messaging", Complex(&MESSAGING)),
        many("document", Complex(&DOCUMENT)),
    ],
);

static SOFTWARE: Shape = inner(&[text("name"), text("version"), text("releaseDate")]);

static IMPLEMENTATION: Shape = inner(&[text("description"), text("url")]);

static REST: Shape = inner(&[
    text("mode"),
    text("documentation"),
    one("security", Complex(&SECURITY)),
    many("resource", Complex(&REST_RESOURCE)),
    many("operation", Complex(&OPERATION)),
    many("query", Complex(&QUERY)),
    texts("documentMailbox"),
]);

static SECURITY: Shape = inner(&[
    one("cors", Boolean),
    many("service", CC),
    text("description"),
    many("certificate", Complex(&CERTIFICATE)),
]);

static CERTIFICATE: Shape = inner(&[text("type"), text("blob")]);

static REST_RESOURCE: Shape = inner(&[
    text("type"),
    one("profile", REF),
    many("operation", Complex(&OPERATION)),
    one("readHistory", Boolean),
    one("updateCreate", Boolean),
    texts("searchInclude"),
    many("searchParam", Complex(&SEARCH_PARAM)),
]);

static OPERATION: Shape = inner(&[text("code"), text("documentation")]);

static SEARCH_PARAM: Shape = inner(&[
    text("name"),
    text("definition"),
    text("type"),
    text("documentation"),
    texts("target"),
    texts("chain"),
]);

static QUERY: Shape = inner(&[
    text("name"),
    text("definition"),
    text("documentation"),
    many("parameter", Complex(&SEARCH_PARAM)),
]);

static MESSAGING: Shape = inner(&[
    text("endpoint"),
    one("reliableCache", Integer),
    text("documentation"),
    many("event", Complex(&MESSAGING_EVENT)),
]);

static MESSAGING_EVENT: Shape = inner(&[
    one("code", Complex(&CODING)),
    text("category"),
    text("mode"),
    many("protocol", Complex(&CODING)),
    text("focus"),
    one("request", REF),
    one("response", REF),
    text("documentation"),
]);

static DOCUMENT: Shape = inner(&[text("mode"), text("documentation"), one("profile", REF)]);
