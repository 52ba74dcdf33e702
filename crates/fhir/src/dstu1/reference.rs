//! Resource URLs: `{identity}/_history/{version}`. The identity is opaque and compared byte by
//! byte; hosts belong to the applications and are never rewritten.

use std::borrow::Cow;

const HISTORY: &str = "/_history/";

/// Identity and version, split at the last `/_history/`. In the version `%3A` becomes the colon it
/// stands for; an empty version is none.
pub fn split_version(url: &str) -> (&str, Option<Cow<'_, str>>) {
    match url.rfind(HISTORY) {
        None => (url, None),
        Some(at) => {
            let version = &url[at + HISTORY.len()..];
            (&url[..at], (!version.is_empty()).then(|| with_colons(version)))
        }
    }
}

/// The URL without its version.
pub fn identity(url: &str) -> &str {
    split_version(url).0
}

/// The URL of one version.
pub fn versioned(identity: &str, version: &str) -> String {
    format!("{identity}{HISTORY}{version}")
}

/// Clients that encode path segments send `%3A` for the colons of a version or of an id.
pub fn with_colons(text: &str) -> Cow<'_, str> {
    if text.contains("%3A") || text.contains("%3a") {
        Cow::Owned(text.replace("%3A", ":").replace("%3a", ":"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_split_at_the_last_history() {
        let check = |url: &str, identity: &str, version: Option<&str>| {
            let (found, found_version) = split_version(url);
            assert_eq!((found, found_version.as_deref()), (identity, version), "{url}");
        };
        check("https://a/Patient/1", "https://a/Patient/1", None);
        check("https://a/Patient/1/_history/v1", "https://a/Patient/1", Some("v1"));
        check("a/_history/1/_history/2", "a/_history/1", Some("2"));
        check("a/_history/", "a", None);
        check("a/_history", "a/_history", None);
        check("/_history/1", "", Some("1"));
        check(
            "a/_history/2019-03-19T08%3A41%3a05:117.0342",
            "a",
            Some("2019-03-19T08:41:05:117.0342"),
        );
    }

    #[test]
    fn only_the_version_is_decoded() {
        assert_eq!(identity("https://a/x%3Ay/_history/1"), "https://a/x%3Ay");
        assert_eq!(versioned("a", "1"), "a/_history/1");
    }
}
