//! The version that a caller expects (`If-Match`; FHIR R4, 3.1.0.5).

use http::StatusCode;
use http::header::{self, HeaderMap};

use crate::outcome::Refusal;

/// The version in `If-Match`, absent without the header. A tag that is none of
/// this server's matches no version: 0.
pub fn expected(headers: &HeaderMap) -> Result<Option<i64>, Refusal> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim();
    if values.next().is_some() || text.contains(',') || text.is_empty() || text == "*" {
        let told = "If-Match names one version, as W/\"3\".";
        return Err(Refusal::bad_request("invalid", told).at("http.If-Match"));
    }
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let tag = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"')).unwrap_or(tag);
    Ok(Some(tag.parse().ok().filter(|version: &i64| version.to_string() == tag).unwrap_or(0)))
}

/// The version expected is not the current one.
pub fn stale(kind: &str, current: i64) -> Refusal {
    Refusal::new(
        StatusCode::PRECONDITION_FAILED,
        "conflict",
        format!("This {kind} has changed: its version is {current}. Read it and try again."),
    )
    .at("http.If-Match")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Result<Option<i64>, u16> {
        let mut headers = HeaderMap::new();
        headers.insert(header::IF_MATCH, value.parse().unwrap());
        expected(&headers).map_err(|refusal| refusal.status.as_u16())
    }

    #[test]
    fn the_forms_in_which_clients_write_a_version() {
        for form in ["W/\"3\"", "\"3\"", "3", " W/\"3\" "] {
            assert_eq!(of(form), Ok(Some(3)), "{form}");
        }
        for odd in ["W/\"x\"", "W/\"03\"", "W/\"3", "-"] {
            assert_eq!(of(odd), Ok(Some(0)), "{odd}");
        }
        for bad in ["", "*", "W/\"1\", W/\"2\""] {
            assert_eq!(of(bad), Err(400), "{bad}");
        }
        assert_eq!(expected(&HeaderMap::new()).unwrap(), None);
    }
}
