//! Which verb a method and a path ask for. Paths are matched without regard to
//! case and with duplicate slashes collapsed, as clients need it (spec 1.1).

use http::Method;
use percent_encoding::percent_decode_str;

use crate::answer::Refusal;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verb {
    Metadata,
    PostMessage,
    SearchMessages,
    ReadHeader(i64),
    SetStatus(i64),
    SearchOther,
    ReadOther(i64),
    CreateOther,
    UpdateOther(i64, Option<String>),
    SearchDevices,
    ReadDevice(i64),
    /// A type that travels in messages and is not kept by itself.
    SearchNothing(&'static str),
}

impl Verb {
    /// The word in metrics and in the log.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::PostMessage => "post_message",
            Self::SearchMessages => "search_messages",
            Self::ReadHeader(_) => "read_header",
            Self::SetStatus(_) => "set_status",
            Self::SearchOther => "search_other",
            Self::ReadOther(_) => "read_other",
            Self::CreateOther => "create_other",
            Self::UpdateOther(..) => "update_other",
            Self::SearchDevices => "search_devices",
            Self::ReadDevice(_) => "read_device",
            Self::SearchNothing(_) => "search_nothing",
        }
    }

    /// The verb behind a path below `/FHIR/Koppeltaal`.
    pub(crate) fn of(method: &Method, path: &str) -> Result<Self, Refusal> {
        let path = segments(path);
        let lower: Vec<String> = path.iter().map(|part| part.to_ascii_lowercase()).collect();
        let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let get = method == Method::GET;
        let verb = match parts.as_slice() {
            // Nowhere else: a claim whose answer has no body would be lost.
            ["metadata"] if get || method == Method::HEAD => Self::Metadata,
            ["mailbox"] if method == Method::POST => Self::PostMessage,
            ["messageheader"] | ["messageheader", "_search"] if get => Self::SearchMessages,
            ["other"] | ["other", "_search"] if get => Self::SearchOther,
            ["device"] | ["device", "_search"] if get => Self::SearchDevices,
            ["messageheader" | "other" | "device", "_search"] => return Err(wrong_method(method)),
            ["messageheader", id] | ["messageheader", id, "_history", _] => {
                let number = number(id, "MessageHeader")?;
                if get {
                    Self::ReadHeader(number)
                } else if method == Method::PUT {
                    Self::SetStatus(number)
                } else {
                    return Err(wrong_method(method));
                }
            }
            ["other"] if method == Method::POST => Self::CreateOther,
            ["other", id, rest @ ..] if rest.is_empty() || is_version(rest) => {
                let number = number(id.strip_prefix("activitydefinition:").unwrap_or(id), "Other")?;
                if get {
                    Self::ReadOther(number)
                } else if method == Method::PUT {
                    Self::UpdateOther(number, path.get(3).cloned())
                } else {
                    return Err(wrong_method(method));
                }
            }
            ["patient"] | ["patient", "_search"] if get => Self::SearchNothing("Patient"),
            ["profile"] | ["profile", "_search"] if get => Self::SearchNothing("Profile"),
            ["valueset"] | ["valueset", "_search"] if get => Self::SearchNothing("ValueSet"),
            ["patient" | "profile" | "valueset", _] if get => {
                return Err(Refusal::not_found(
                    "This server keeps messages; a resource by itself is at its application.",
                ));
            }
            ["device", id] if get => Self::ReadDevice(number(id, "Device")?),
            ["metadata" | "mailbox" | "messageheader" | "other" | "device", ..] => {
                return Err(wrong_method(method));
            }
            ["subscription", ..] => {
                return Err(Refusal::not_supported(
                    "Subscriptions are made by the administrator of the domain.",
                ));
            }
            _ => return Err(Refusal::not_found("There is nothing at this URL.")),
        };
        Ok(verb)
    }

    /// The copy of a message that the path names.
    pub(crate) fn item(&self) -> Option<i64> {
        match self {
            Self::ReadHeader(number) | Self::SetStatus(number) => Some(*number),
            _ => None,
        }
    }
}

fn is_version(rest: &[&str]) -> bool {
    matches!(rest, ["_history", _])
}

fn number(text: &str, kind: &str) -> Result<i64, Refusal> {
    text.parse().ok().filter(|number| *number >= 0).ok_or_else(|| {
        Refusal::not_found(format!("There is no such {kind}: its id is an integer."))
    })
}

fn wrong_method(method: &Method) -> Refusal {
    Refusal::not_supported(format!("{method} is not served at this URL."))
}

/// The path below `/FHIR/Koppeltaal`, in decoded segments.
fn segments(path: &str) -> Vec<String> {
    path.split('/')
        .filter(|part| !part.is_empty())
        .skip(2)
        .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[test]
    fn paths_lead_to_verbs_in_any_case_and_with_any_slashes() {
        let base = "//fhir//KOPPELTAAL/";
        for (method, path, expected) in [
            (Method::GET, "metadata", Ok(Verb::Metadata)),
            (Method::POST, "Mailbox", Ok(Verb::PostMessage)),
            (Method::GET, "MessageHeader", Ok(Verb::SearchMessages)),
            (Method::GET, "MessageHeader/_search", Ok(Verb::SearchMessages)),
            (Method::GET, "MessageHeader/12", Ok(Verb::ReadHeader(12))),
            (
                Method::PUT,
                "MessageHeader/12/_history/2019-03-19T08%3A41:05:1.1",
                Ok(Verb::SetStatus(12)),
            ),
            (Method::GET, "Other/_search", Ok(Verb::SearchOther)),
            (Method::POST, "other", Ok(Verb::CreateOther)),
            (Method::GET, "Other/3", Ok(Verb::ReadOther(3))),
            (Method::GET, "Other/ActivityDefinition%3A3", Ok(Verb::ReadOther(3))),
            (
                Method::PUT,
                "Other/ActivityDefinition:3/_history/V1",
                Ok(Verb::UpdateOther(3, Some("V1".into()))),
            ),
            (Method::GET, "Device/4", Ok(Verb::ReadDevice(4))),
            (Method::GET, "MessageHeader/x", Err(StatusCode::NOT_FOUND)),
            (Method::HEAD, "metadata", Ok(Verb::Metadata)),
            (Method::HEAD, "MessageHeader", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::HEAD, "MessageHeader/_search", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::POST, "Other/_search", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Device/_search", Ok(Verb::SearchDevices)),
            (Method::DELETE, "MessageHeader/1", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Mailbox", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::POST, "Subscription", Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Patient/_search", Ok(Verb::SearchNothing("Patient"))),
            (Method::GET, "ValueSet/1", Err(StatusCode::NOT_FOUND)),
            (Method::GET, "Condition", Err(StatusCode::NOT_FOUND)),
            (Method::GET, "", Err(StatusCode::NOT_FOUND)),
        ] {
            let verb = Verb::of(&method, &format!("{base}{path}"));
            assert_eq!(verb.map_err(|refusal| refusal.status), expected, "{path}");
        }
    }
}
