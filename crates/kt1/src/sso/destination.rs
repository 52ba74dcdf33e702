//! Where a web launch sends the browser: the URL of the instance or else of the
//! application, with the parameters that the application reads (around, 1.2).

use koppeltaal_core::directory::{ConnectedInstance, LaunchMode};

/// The URL of a launch; `None` where the application has none.
pub(super) fn launch_url(instance: &ConnectedInstance) -> Option<&str> {
    let own = instance.instance.sso_url.as_deref();
    own.or(instance.application.launch_url.as_deref()).filter(|url| !url.is_empty())
}

/// The URL with what the application needs to go on.
pub(super) fn destination(
    url: &str,
    mode: LaunchMode,
    iss: &str,
    launch: &str,
    client_id: &str,
) -> String {
    let parameters: &[(&str, &str)] = match mode {
        LaunchMode::All => &[
            ("iss", iss),
            ("launch", launch),
            ("application_id", client_id),
            ("launch_id", launch),
        ],
        LaunchMode::Smart => &[("iss", iss), ("launch", launch)],
        LaunchMode::Named => &[("iss", iss), ("application_id", client_id), ("launch_id", launch)],
    };
    with_parameters(url, parameters)
}

/// A URL with more parameters; its own query and fragment stay as they are.
pub(super) fn with_parameters(url: &str, parameters: &[(&str, &str)]) -> String {
    let (url, fragment) = match url.split_once('#') {
        Some((url, fragment)) => (url, Some(fragment)),
        None => (url, None),
    };
    let mut text = url.to_owned();
    for (name, value) in parameters {
        text.push(match text.contains('?') {
            false => '?',
            true if text.ends_with(['?', '&']) => {
                text.push_str(&pair(name, value));
                continue;
            }
            true => '&',
        });
        text.push_str(&pair(name, value));
    }
    if let Some(fragment) = fragment {
        text.push('#');
        text.push_str(fragment);
    }
    text
}

/// Everything but what may stand in a value as it is.
const RESERVED: percent_encoding::AsciiSet =
    percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn pair(name: &str, value: &str) -> String {
    format!("{name}={}", percent_encoding::utf8_percent_encode(value, &RESERVED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_and_fragment_of_a_url_stay() {
        for (url, expected) in [
            ("https://a/x", "https://a/x?iss=i%20j&b=2"),
            ("https://a/x?a=1", "https://a/x?a=1&iss=i%20j&b=2"),
            ("https://a/x?", "https://a/x?iss=i%20j&b=2"),
            ("https://a/x?a&", "https://a/x?a&iss=i%20j&b=2"),
            ("https://a/x?a=1#/go?x", "https://a/x?a=1&iss=i%20j&b=2#/go?x"),
        ] {
            assert_eq!(with_parameters(url, &[("iss", "i j"), ("b", "2")]), expected);
        }
    }

    #[test]
    fn an_application_is_sent_the_names_that_it_reads() {
        for (mode, expected) in [
            (
                LaunchMode::All,
                "https://a?iss=http%3A%2F%2Fh&launch=L1&application_id=App&launch_id=L1",
            ),
            (LaunchMode::Smart, "https://a?iss=http%3A%2F%2Fh&launch=L1"),
            (LaunchMode::Named, "https://a?iss=http%3A%2F%2Fh&application_id=App&launch_id=L1"),
        ] {
            assert_eq!(destination("https://a", mode, "http://h", "L1", "App"), expected);
        }
    }
}
