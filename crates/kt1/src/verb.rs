//! Which verb a method and a path ask for. Paths are matched without regard to
//! case and with duplicate slashes collapsed, as clients need it (spec 1.1).

use http::Method;
use koppeltaal_fhir::dstu1::other::{ACTIVITY_DEFINITION, STORAGE_ITEM};
use percent_encoding::percent_decode_str;

use crate::answer::Refusal;
use crate::storage_item::plain_id;

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
    SearchStorageItems,
    /// The id, and the version in the URL.
    ReadStorageItem(String, Option<String>),
    CreateStorageItem,
    UpdateStorageItem(String, Option<String>),
    DeleteStorageItem(String),
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
            Self::SearchStorageItems => "search_storage_items",
            Self::ReadStorageItem(..) => "read_storage_item",
            Self::CreateStorageItem => "create_storage_item",
            Self::UpdateStorageItem(..) => "update_storage_item",
            Self::DeleteStorageItem(_) => "delete_storage_item",
            Self::SearchDevices => "search_devices",
            Self::ReadDevice(_) => "read_device",
            Self::SearchNothing(_) => "search_nothing",
        }
    }

    /// The verb behind a path below `/FHIR/Koppeltaal`; `code` is the parameter that says what an
    /// `Other` is.
    pub(crate) fn of(method: &Method, path: &str, code: Option<&str>) -> Result<Self, Refusal> {
        let path = segments(path);
        let lower: Vec<String> = path.iter().map(|part| part.to_ascii_lowercase()).collect();
        let parts: Vec<&str> = lower.iter().map(String::as_str).collect();
        let get = method == Method::GET;
        let verb = match parts.as_slice() {
            // Nowhere else: a claim whose answer has no body would be lost.
            ["metadata"] if get || method == Method::HEAD => Self::Metadata,
            ["mailbox"] if method == Method::POST => Self::PostMessage,
            ["messageheader"] | ["messageheader", "_search"] if get => Self::SearchMessages,
            ["other", ..] => other(method, &path, code)?,
            ["device"] | ["device", "_search"] if get => Self::SearchDevices,
            ["messageheader" | "device", "_search"] => return Err(wrong_method(method)),
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
            ["patient"] | ["patient", "_search"] if get => Self::SearchNothing("Patient"),
            ["profile"] | ["profile", "_search"] if get => Self::SearchNothing("Profile"),
            ["valueset"] | ["valueset", "_search"] if get => Self::SearchNothing("ValueSet"),
            ["patient" | "profile" | "valueset", _] if get => {
                return Err(Refusal::not_found(
                    "This server keeps messages; a resource by itself is at its application.",
                ));
            }
            ["device", id] if get => Self::ReadDevice(number(id, "Device")?),
            ["metadata" | "mailbox" | "messageheader" | "device", ..] => {
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

/// The verb behind a path on `Other`: of an ActivityDefinition unless the id or the code says that
/// it is a StorageItem.
fn other(method: &Method, path: &[String], code: Option<&str>) -> Result<Verb, Refusal> {
    let (id, version) = match path {
        [_] => (None, None),
        [_, id] if id.eq_ignore_ascii_case("_search") && method == Method::GET => (None, None),
        [_, id] => (Some(id.as_str()), None),
        [_, id, history, version] if history.eq_ignore_ascii_case("_history") => {
            (Some(id.as_str()), Some(version.clone()))
        }
        _ => return Err(wrong_method(method)),
    };
    let item = id.map(plain_id);
    if code == Some(STORAGE_ITEM) || item != id {
        return match (method.as_str(), item) {
            ("GET", None) => Ok(Verb::SearchStorageItems),
            ("POST", None) => Ok(Verb::CreateStorageItem),
            ("GET", Some(id)) => Ok(Verb::ReadStorageItem(id.to_owned(), version)),
            ("PUT", Some(id)) => Ok(Verb::UpdateStorageItem(id.to_owned(), version)),
            ("DELETE", Some(id)) => Ok(Verb::DeleteStorageItem(id.to_owned())),
            _ => Err(wrong_method(method)),
        };
    }
    match code {
        None | Some(ACTIVITY_DEFINITION) => {}
        Some(_) => {
            return Err(Refusal::bad_request(
                "not-supported",
                "`Other` is served with code=ActivityDefinition and code=StorageItem.",
            ));
        }
    }
    match (method.as_str(), id.map(str::to_ascii_lowercase)) {
        ("GET", None) => Ok(Verb::SearchOther),
        ("POST", None) => Ok(Verb::CreateOther),
        ("GET" | "PUT", Some(id)) => {
            let number = number(id.strip_prefix("activitydefinition:").unwrap_or(&id), "Other")?;
            Ok(match *method {
                Method::GET => Verb::ReadOther(number),
                _ => Verb::UpdateOther(number, version),
            })
        }
        _ => Err(wrong_method(method)),
    }
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
            let verb = Verb::of(&method, &format!("{base}{path}"), None);
            assert_eq!(verb.map_err(|refusal| refusal.status), expected, "{path}");
        }
    }

    #[test]
    fn the_code_or_the_id_says_that_an_other_is_a_storage_item() {
        let code = Some("StorageItem");
        for (method, path, code, expected) in [
            (Method::GET, "Other", code, Ok(Verb::SearchStorageItems)),
            (Method::GET, "Other/_search", code, Ok(Verb::SearchStorageItems)),
            (Method::POST, "other", code, Ok(Verb::CreateStorageItem)),
            (Method::GET, "Other/a-B", code, Ok(Verb::ReadStorageItem("a-B".into(), None))),
            (
                Method::GET,
                "Other/storageitem:a-B",
                None,
                Ok(Verb::ReadStorageItem("a-B".into(), None)),
            ),
            (
                Method::PUT,
                "Other/StorageItem%3A12/_history/V1",
                code,
                Ok(Verb::UpdateStorageItem("12".into(), Some("V1".into()))),
            ),
            (
                Method::DELETE,
                "Other/StorageItem:12",
                None,
                Ok(Verb::DeleteStorageItem("12".into())),
            ),
            (Method::DELETE, "Other/12", code, Ok(Verb::DeleteStorageItem("12".into()))),
            (Method::DELETE, "Other/12", None, Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::DELETE, "Other", code, Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::POST, "Other/12", code, Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::POST, "Other/_search", code, Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Other/12/13", code, Err(StatusCode::METHOD_NOT_ALLOWED)),
            (Method::GET, "Other", Some("Nonsense"), Err(StatusCode::BAD_REQUEST)),
        ] {
            let verb = Verb::of(&method, &format!("/FHIR/Koppeltaal/{path}"), code);
            assert_eq!(verb.map_err(|refusal| refusal.status), expected, "{method} {path}");
        }
    }
}
