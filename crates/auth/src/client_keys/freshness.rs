//! How long a fetched key set may be used (T020: the `Cache-Control` of its
//! publisher, within bounds of our own).

use std::time::Duration;

use http::HeaderMap;
use http::header::{AGE, CACHE_CONTROL};

/// Where the publisher says nothing.
const DEFAULT: Duration = Duration::from_secs(5 * 60);

/// A key that its publisher has taken out of the set stops within this time,
/// whatever lifetime the set came with. Only while the publisher cannot be asked is
/// it used for longer: `published::KEPT`.
const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A publisher that wants no caching at all is not called for every token.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long an answer with these headers may be used from now on.
pub(super) fn lifetime(headers: &HeaderMap) -> Duration {
    let mut max_age = None;
    for value in headers.get_all(CACHE_CONTROL) {
        for directive in value.to_str().unwrap_or_default().split(',') {
            let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
            let name = name.trim();
            if name.eq_ignore_ascii_case("no-store") || name.eq_ignore_ascii_case("no-cache") {
                return SHORTEST;
            }
            if name.eq_ignore_ascii_case("max-age") {
                // The first counts; one that cannot be read allows nothing (RFC 9111, 4.2.1).
                max_age.get_or_insert_with(|| seconds(argument.trim().trim_matches('"')));
            }
        }
    }
    let Some(max_age) = max_age else {
        return DEFAULT;
    };
    // What a cache on the way has used up already.
    let age = headers.get(AGE).and_then(|value| value.to_str().ok()).map_or(0, seconds);
    Duration::from_secs(max_age.saturating_sub(age)).clamp(SHORTEST, LONGEST)
}

fn seconds(text: &str) -> u64 {
    match text.parse() {
        Ok(seconds) => seconds,
        // Too large to be read is large.
        Err(_) if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) => u64::MAX,
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn the_publisher_decides_within_a_second_and_an_hour() {
        for (cache_control, age, expected) in [
            (None, None, 300),
            (Some("public"), None, 300),
            (Some("max-age=60"), None, 60),
            (Some("public, Max-Age = 60 , must-revalidate"), None, 60),
            (Some("max-age=\"60\""), None, 60),
            (Some("max-age=60, max-age=600"), None, 60),
            (Some("max-age=60"), Some("20"), 40),
            (Some("max-age=60"), Some("90"), 1),
            (Some("max-age=60"), Some("soon"), 60),
            (Some("max-age=0"), None, 1),
            (Some("max-age=86400"), None, 3600),
            (Some("max-age=99999999999999999999999"), None, 3600),
            (Some("max-age"), None, 1),
            (Some("max-age=-5"), None, 1),
            (Some("no-store"), None, 1),
            (Some("max-age=600, no-cache"), None, 1),
            (Some("s-maxage=600"), None, 300),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(value) = cache_control {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
            }
            if let Some(value) = age {
                headers.insert(AGE, HeaderValue::from_static(value));
            }
            assert_eq!(
                lifetime(&headers),
                Duration::from_secs(expected),
                "{cache_control:?} {age:?}"
            );
        }
    }

    #[test]
    fn several_headers_are_read_as_one() {
        let mut headers = HeaderMap::new();
        headers.append(CACHE_CONTROL, HeaderValue::from_static("max-age=600"));
        headers.append(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        assert_eq!(lifetime(&headers), SHORTEST);
    }
}
