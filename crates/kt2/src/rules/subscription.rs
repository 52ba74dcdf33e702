//! Subscriptions: what is accepted (TOP-KT-006; decisions on hooks).

use http::StatusCode;
use koppeltaal_core::Timestamp;
use koppeltaal_core::permission::Operation;
use koppeltaal_fhir::Node;
use koppeltaal_outbound::{FIXED_HEADERS, check_url, is_registered};

use crate::access;
use crate::call::Call;
use crate::kind;
use crate::outcome::{Issue, Refusal};
use crate::query;
use crate::query_string::pairs;
use crate::rules::Ground;
use crate::subscription::{end, kind_of};

/// The most header lines of a channel, and the most bytes of one.
const MOST_HEADERS: usize = 20;
const MOST_HEADER: usize = 4096;

/// Makes what an application sent what is kept, as [`prepare`] does. Refuses a status
/// that is the server's to say, and a caller who may not read what he would be told
/// about.
pub fn accept(call: &Call, resource: &mut Node, before: Option<&Node>) -> Result<(), Refusal> {
    // Whoever switches one off need not be able to read any more.
    if !is_off(resource) {
        require_read(call, resource)?;
    }
    check_status(resource, before)?;
    prepare(resource, before, call.began);
    Ok(())
}

fn is_off(resource: &Node) -> bool {
    resource.get("status").and_then(Node::as_str) == Some("off")
}

/// That deliveries fail is known to the server; who changes something else may send
/// it back.
fn check_status(resource: &Node, before: Option<&Node>) -> Result<(), Refusal> {
    let is_failed =
        |resource: &Node| resource.get("status").and_then(Node::as_str) == Some("error");
    if !is_failed(resource) || before.is_some_and(is_failed) {
        return Ok(());
    }
    let told = "The status `error` is set by the server: send `requested`, or `off`.";
    Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "business-rule", told)
        .at("Subscription.status"))
}

/// Makes a Subscription what is kept: `requested` is `active` at once, one whose end
/// has passed is `off`, and `error` is the server's: that of the version before, unless
/// the Subscription starts anew.
pub fn prepare(resource: &mut Node, before: Option<&Node>, now: Timestamp) {
    let has_ended = end(resource).is_some_and(|end| end <= now);
    let Some(members) = resource.as_object_mut() else { return };
    let status = members.get("status").and_then(Node::as_str);
    if matches!(status, Some("requested" | "active")) {
        members.insert("status", if has_ended { "off" } else { "active" });
    }
    members.remove("error");
    let is_active = members.get("status").and_then(Node::as_str) == Some("active");
    if let (false, Some(error)) = (is_active, before.and_then(|before| before.get("error"))) {
        members.push("error", error.clone());
    }
}

/// Refuses a caller who may not read what he would be told about.
fn require_read(call: &Call, resource: &Node) -> Result<(), Refusal> {
    let criteria = resource.get("criteria").and_then(Node::as_str).unwrap_or_default();
    let name = criteria.split('?').next().unwrap_or_default();
    match kind::named(name) {
        Some(kind)
            if access::reach(call, Operation::Read, kind)
                == koppeltaal_core::permission::Reach::Nothing =>
        {
            let told = format!("Forbidden: the criteria are about {kind}, which you may not read.");
            Err(Refusal::new(StatusCode::FORBIDDEN, "forbidden", told).at("Subscription.criteria"))
        }
        _ => Ok(()),
    }
}

/// What is wrong with a Subscription beyond its profile.
pub fn check(ground: &Ground<'_>, resource: &Node) -> Vec<Issue> {
    let mut issues = Vec::new();
    // What is off asks for nothing: what it would ask for may be gone.
    if let Some(text) = resource.get("criteria").and_then(Node::as_str)
        && !is_off(resource)
    {
        issues.extend(criteria(ground, text));
    }
    let Some(channel) = resource.get("channel") else { return issues };
    issues.extend(endpoint(ground, channel.get("endpoint").and_then(Node::as_str)));
    issues.extend(headers(channel.items("header")));
    issues
}

fn criteria(ground: &Ground<'_>, text: &str) -> Vec<Issue> {
    let place = "Subscription.criteria";
    let wrong = |told: String| vec![Issue::error("value", told).at(place)];
    let Some((name, search)) = text.split_once('?') else {
        return wrong("Criteria have the form `Type?parameter=value`.".to_owned());
    };
    let Some(kind) = kind_of(name) else {
        return wrong(match kind::named(name) {
            Some(_) => format!("Nobody is told of a {name}: it comes with the definitions."),
            None => {
                format!("Criteria name a resource type of Koppeltaal, and `{name}` is none.")
            }
        });
    };
    let context = query::Context {
        catalog: ground.catalog,
        bases: ground.bases,
        now: ground.now,
        is_strict: true,
        with_unready: false,
    };
    let parsed = pairs(Some(search)).and_then(|pairs| query::parse(kind, &pairs, &context));
    match parsed {
        Ok(query) if query.page.is_some() => wrong("Criteria name no page.".to_owned()),
        Ok(_) => Vec::new(),
        Err(refusal) => refusal
            .issues
            .into_iter()
            .map(|issue| Issue { severity: "error", ..issue }.at(place))
            .collect(),
    }
}

fn endpoint(ground: &Ground<'_>, text: Option<&str>) -> Option<Issue> {
    let place = "Subscription.channel.endpoint";
    let Some(text) = text else {
        return Some(
            Issue::error("required", "A channel has an endpoint, an https URL.").at(place),
        );
    };
    let url = match check_url(text, ground.domain) {
        Ok((url, _)) => url,
        Err(told) => {
            let told = format!(
                "Subscription.channel.endpoint must start with `https://` and name a host that can be called: {told}"
            );
            return Some(Issue::error("value", told).at(place));
        }
    };
    if !url.username().is_empty() || url.password().is_some() {
        let told = "An endpoint holds no user name or password: send a header instead.";
        return Some(Issue::error("value", told).at(place));
    }
    let is_own = is_registered(&url, ground.hook_hosts);
    let told = "The host of this endpoint is none of those registered for this application.";
    (!is_own).then(|| Issue::error("business-rule", told).at(place))
}

fn headers(lines: &[Node]) -> Vec<Issue> {
    let mut issues = Vec::new();
    if lines.len() > MOST_HEADERS {
        let told = format!("A channel has at most {MOST_HEADERS} headers.");
        issues.push(Issue::error("too-long", told).at("Subscription.channel.header"));
    }
    for (at, line) in lines.iter().enumerate().take(MOST_HEADERS) {
        let Some(line) = line.as_str() else { continue };
        if let Some(told) = header(line) {
            issues
                .push(Issue::error("value", told).at(format!("Subscription.channel.header[{at}]")));
        }
    }
    issues
}

/// What is wrong with a header line; its value is never told.
fn header(line: &str) -> Option<String> {
    if line.len() > MOST_HEADER {
        return Some(format!("A header has at most {MOST_HEADER} bytes."));
    }
    let Some((name, value)) = line.split_once(':') else {
        return Some("A header has the form `Name: value`.".to_owned());
    };
    if http::HeaderName::try_from(name).is_err() {
        return Some("The name of this header is none of HTTP.".to_owned());
    }
    if FIXED_HEADERS.contains(&name.to_ascii_lowercase().as_str()) {
        return Some(format!("The header {name} is set by the server."));
    }
    let is_told = |byte: u8| byte == b'\t' || (b' '..=b'~').contains(&byte);
    (!value.bytes().all(is_told)).then(|| {
        format!("The value of the header {name} holds characters that HTTP does not allow.")
    })
}

#[cfg(test)]
mod tests {
    use koppeltaal_fhir::object;

    use super::*;

    const NOW: Timestamp = Timestamp(1_700_000_000_000_000);

    #[test]
    fn what_has_ended_is_off() {
        for (end, status) in [
            ("2023-11-14T22:13:20Z", "off"),
            ("2023-11-14T23:13:20+01:00", "off"),
            ("2023-11-14T22:13:20.001Z", "active"),
        ] {
            for asked in ["requested", "active"] {
                let mut new = object! { "status" => asked, "end" => end };
                prepare(&mut new, None, NOW);
                assert_eq!(new, object! { "status" => status, "end" => end }, "{asked}");
            }
        }
    }

    #[test]
    fn requested_is_active_and_the_error_is_the_servers() {
        let mut new = object! { "status" => "requested", "error" => "mine" };
        prepare(&mut new, None, NOW);
        assert_eq!(new, object! { "status" => "active" });
        let before = object! { "status" => "error", "error" => "503" };
        let mut off = object! { "status" => "off" };
        prepare(&mut off, Some(&before), NOW);
        assert_eq!(off, object! { "status" => "off", "error" => "503" });
        let mut again = object! { "status" => "requested" };
        prepare(&mut again, Some(&before), NOW);
        assert_eq!(again, object! { "status" => "active" });
    }

    #[test]
    fn a_failure_is_said_by_the_server_and_may_come_back() {
        let with = |status: &str| object! { "status" => status };
        for good in ["requested", "active", "off"] {
            assert!(check_status(&with(good), None).is_ok(), "{good}");
        }
        assert_eq!(check_status(&with("error"), None).unwrap_err().status, 422);
        assert!(check_status(&with("error"), Some(&with("active"))).is_err());
        assert!(check_status(&with("error"), Some(&with("error"))).is_ok());
    }

    #[test]
    fn a_header_line_is_one_of_http_and_none_of_the_servers() {
        for good in ["X-KTSubscription: 1", "Authorization: Bearer abc", "X:"] {
            assert_eq!(header(good), None, "{good}");
        }
        for bad in [
            "no colon",
            "a b: c",
            ": x",
            "Host: x",
            "content-type:x",
            "X-Trace-Id: x",
            "X: a\r\nY: b",
        ] {
            assert!(header(bad).is_some(), "{bad}");
        }
        assert!(header(&format!("X: {}", "a".repeat(5000))).is_some());
    }
}
