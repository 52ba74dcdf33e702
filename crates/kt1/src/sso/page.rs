//! The page that a person sees whose launch failed: in Dutch and English, with a
//! reference and without detail.

use http::{HeaderMap, StatusCode, header};
use koppeltaal_auth::{Advice, page};

use super::Answer;
use crate::answer::Refusal;

/// Whether a browser asks for a person to look at: it prefers HTML to JSON. What a
/// script asks for names no HTML.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let (mut html, mut data) = (0.0_f32, 0.0_f32);
    for value in headers.get_all(header::ACCEPT) {
        for range in value.to_str().unwrap_or("").split(',') {
            let mut parts = range.split(';');
            let media = parts.next().unwrap_or("").trim().to_ascii_lowercase();
            let quality = parts
                .find_map(|part| part.trim().strip_prefix("q=")?.trim().parse::<f32>().ok())
                .unwrap_or(1.0);
            if media == "text/html" {
                html = html.max(quality);
            } else if media.contains("json") || (media.contains("xml") && !media.contains("xhtml"))
            {
                data = data.max(quality);
            }
        }
    }
    html > data
}

/// The page about a refusal; what it is exactly, the log says under the reference.
pub(super) fn of(refusal: Refusal, request_id: &str) -> Answer {
    let advice = match refusal.status {
        StatusCode::TOO_MANY_REQUESTS => Advice::Wait,
        status if status.is_server_error() => Advice::AskForHelp,
        StatusCode::BAD_REQUEST => Advice::StartAgain,
        _ => Advice::AskForHelp,
    };
    tracing::info!(request_id, reason = refusal.reason, "a launch ended on a page");
    let mut answer = page(refusal.status, advice, request_id);
    if refusal.status == StatusCode::UNAUTHORIZED {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, refusal.challenge.value());
    }
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_for_browsers() {
        for (accept, wanted) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("text/html", true),
            ("application/json, text/html;q=0.5", false),
            ("application/json, text/javascript, */*; q=0.01", false),
            ("*/*", false),
            ("text/html;q=0.5, application/json;q=0.9", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, accept.parse().unwrap());
            assert_eq!(is_wanted(&headers), wanted, "{accept}");
        }
        assert!(!is_wanted(&HeaderMap::new()));
    }
}
