//! What a rest-hook of Koppeltaal 2.0 may be like (TOP-KT-006; decisions on hooks): asked when a
//! Subscription is kept, and again when it is called.

use url::Url;

/// Headers that a line of `channel.header` cannot set, in small letters. A Subscription
/// with such a line is refused; what came into the store another way is not sent.
pub const FIXED_HEADERS: [&str; 13] = [
    "host",
    "content-length",
    "content-type",
    "transfer-encoding",
    "connection",
    "proxy-connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "x-request-id",
    "x-correlation-id",
    "x-trace-id",
];

/// Whether an endpoint is at one of the hosts that an application registered (K006-3); all are
/// while it registered none.
pub fn is_registered(url: &Url, hosts: &[String]) -> bool {
    let is = |host: &str| hosts.iter().any(|own| own.eq_ignore_ascii_case(host));
    hosts.is_empty() || url.host_str().is_some_and(is)
}
