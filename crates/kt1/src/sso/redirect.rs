//! Where a code may go: to a registered URI and no other, or, where the application
//! says so, to any that can be one (around, Q5).

use koppeltaal_core::directory::{Application, ConnectedInstance, Directory, RedirectPolicy};
use url::Url;

/// The longest URI.
const MAX: usize = 2000;

/// Whether it can be a redirect URI at all: absolute, http or https, without
/// fragment.
pub(super) fn is_possible(uri: &str) -> bool {
    let plain = uri.len() <= MAX && uri.chars().all(|c| c.is_ascii_graphic());
    plain
        && !uri.contains('#')
        && Url::parse(uri)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

/// Whether a code for this instance may go there.
pub(super) fn is_allowed(uri: &str, instance: &ConnectedInstance) -> bool {
    is_possible(uri)
        && (is_of_application(uri, &instance.application)
            || instance.instance.redirect_uris.iter().any(|known| known == uri))
}

/// Whether an answer may go there at all: wherever a code for the application could
/// go, whichever instance is meant.
pub(super) fn is_known(uri: &str, application: &Application, directory: &Directory) -> bool {
    let of_instance = |instance: &ConnectedInstance| {
        instance.application.number == application.number
            && instance.instance.redirect_uris.iter().any(|known| known == uri)
    };
    is_possible(uri)
        && (is_of_application(uri, application)
            || directory.instances().iter().any(|instance| of_instance(instance)))
}

fn is_of_application(uri: &str, application: &Application) -> bool {
    application.redirect_policy == RedirectPolicy::Any
        || application.redirect_uris.iter().any(|known| known == uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_uri_is_absolute_and_without_fragment() {
        for uri in ["https://a/b?c=d", "http://127.0.0.1:8080/back"] {
            assert!(is_possible(uri), "{uri}");
        }
        for uri in [
            "",
            "a",
            "/back",
            "https://a/#x",
            "javascript:alert(1)",
            "ftp://a/b",
            "https://a/b c",
            "https://a/\r\nX: y",
        ] {
            assert!(!is_possible(uri), "{uri}");
        }
    }
}
