//! What a webhook request says (Koppeltaal 1.3, since 1.3.8), made from the
//! directory of the moment: a corrected URL counts from the next attempt on.

use std::sync::Arc;
use std::time::Duration;

use koppeltaal_core::Timestamp;
use koppeltaal_core::directory::{ConnectedInstance, Directory, Webhook};
use koppeltaal_outbound::check_url;
use koppeltaal_store::outbox::Due;
use reqwest::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, USER_AGENT,
};
use url::Url;

use crate::OpenSecret;
use crate::call::{Plan, Request};

/// How far the directory of a process may lag behind the store, generously.
pub(crate) const LAG: Duration = Duration::from_secs(5);

/// Headers that a custom one cannot replace: those of the connection, and those
/// that the standard describes. Provisioning refuses them; what an older file
/// left behind is not sent.
const FIXED: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "accept",
    "content-type",
    "category",
    "koppeltaalmessageidentifier",
];

/// Decides what is to be done.
pub(crate) fn plan(
    due: &Due,
    directory: &Directory,
    open: &OpenSecret,
    now: Timestamp,
    timeout: Duration,
) -> Plan {
    let (instance, webhook) = match endpoint(due, directory) {
        Ok(found) => found,
        Err(_) if now.since(due.next_attempt) < LAG => return Plan::Wait,
        Err(reason) => return Plan::GiveUp(reason),
    };
    match request(due, instance, webhook, open, timeout) {
        Ok(request) => Plan::Send(request),
        Err(reason) => Plan::Fail(shown(&webhook.url), reason),
    }
}

fn endpoint<'a>(
    due: &Due,
    directory: &'a Directory,
) -> Result<(&'a Arc<ConnectedInstance>, &'a Webhook), &'static str> {
    let instance = directory
        .instance(due.instance)
        .filter(|instance| instance.domain.number == due.domain)
        .ok_or("the instance is not in the directory")?;
    if !instance.takes_part() {
        return Err("the instance, its application or its domain is switched off");
    }
    match &instance.instance.webhook {
        Some(webhook) => Ok((instance, webhook)),
        None => Err("the instance has no webhook"),
    }
}

fn request(
    due: &Due,
    instance: &ConnectedInstance,
    webhook: &Webhook,
    open: &OpenSecret,
    timeout: Duration,
) -> Result<Request, String> {
    let (url, reach) = check_url(&webhook.url, &instance.domain)?;
    let mut headers = HeaderMap::new();
    headers.insert(USER_AGENT, agent());
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    for (name, secret) in &webhook.headers {
        let odd = || format!("the custom header `{name}` is not a valid header");
        let key = HeaderName::from_bytes(name.as_bytes()).map_err(|_| odd())?;
        if FIXED.contains(&key.as_str()) {
            continue;
        }
        let value = open(secret).map_err(|_| {
            format!("the custom header `{name}` cannot be opened with this seal_key")
        })?;
        let mut value = HeaderValue::from_bytes(value.as_bytes()).map_err(|_| odd())?;
        value.set_sensitive(true);
        headers.insert(key, value);
    }
    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    headers.insert(HeaderName::from_static("category"), category(&instance.domain.name));
    headers.insert(
        HeaderName::from_static("koppeltaalmessageidentifier"),
        header_value(&due.identifier),
    );
    Ok(Request { url, reach, headers, timeout })
}

pub(crate) fn agent() -> HeaderValue {
    HeaderValue::from_static(concat!("koppeltaal/", env!("CARGO_PKG_VERSION")))
}

/// The domain tag as the documentation prints it: the label lacks its
/// separator, and recipients may have learnt to read it that way.
fn category(domain: &str) -> HeaderValue {
    header_value(&format!(
        "http://ggz.koppeltaal.nl/fhir/Koppeltaal/Domain#{domain}; scheme=\"\"; \
         label=\"http://hl7.org/fhir/tag/security{domain}\""
    ))
}

/// A text of a sender as a header value; control characters become spaces.
fn header_value(text: &str) -> HeaderValue {
    let clean: Vec<u8> =
        text.bytes().map(|byte| if byte.is_ascii_control() { b' ' } else { byte }).collect();
    HeaderValue::from_bytes(&clean).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// A URL as it is recorded and shown: without a name and password in it.
pub(crate) fn shown(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut parsed) if !parsed.username().is_empty() || parsed.password().is_some() => {
            // Only URLs without a host refuse this, and those have no password.
            let _ = parsed.set_username("");
            let _ = parsed.set_password(None);
            parsed.into()
        }
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use koppeltaal_core::directory::{Application, Domain, Instance, Secret};
    use koppeltaal_store::outbox::{Generation, Trigger};

    use super::*;

    #[test]
    fn custom_headers_are_sent_along_and_replace_none_of_the_standard() {
        let custom = ["Accept", "content-TYPE", "CATEGORY", "KoppeltaalMessageIdentifier", "X-Own"];
        let webhook = Webhook {
            url: "https://h.example/x".to_owned(),
            headers: custom.map(|name| (name.to_owned(), Secret("mine".to_owned()))).into(),
        };
        let instance = ConnectedInstance {
            instance: Instance::default(),
            application: Arc::new(Application::default()),
            domain: Arc::new(Domain::default()),
        };
        let due = Due {
            domain: 1,
            id: 1,
            generation: Generation::Kt1,
            instance: 1,
            identifier: "m-1".to_owned(),
            failed: 0,
            next_attempt: Timestamp(0),
            trigger: Trigger::Automatic,
            lease: Timestamp(0),
        };
        let open: OpenSecret = Arc::new(|secret: &Secret| Ok(secret.0.clone()));
        let headers = request(&due, &instance, &webhook, &open, LAG).unwrap().headers;
        assert_eq!(headers[ACCEPT], "application/json");
        assert_eq!(headers[CONTENT_TYPE], "application/json");
        assert_eq!(headers["koppeltaalmessageidentifier"], "m-1");
        let mine: Vec<_> = headers.iter().filter(|(_, value)| *value == "mine").collect();
        assert_eq!(mine.len(), 1);
        assert_eq!(headers["x-own"], "mine");
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        for (url, expected) in [
            ("https://u:p@h.example/x?y=1", "https://h.example/x?y=1"),
            ("https://h.example/x", "https://h.example/x"),
            ("no url", "no url"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }

    #[test]
    fn an_identifier_with_control_characters_still_makes_a_header() {
        assert_eq!(header_value("a\r\nb").as_bytes(), b"a  b");
        assert_eq!(header_value("caf\u{e9}").as_bytes(), "caf\u{e9}".as_bytes());
    }
}
