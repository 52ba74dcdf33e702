//! `/signalr/negotiate`: the settings of a connection to be, and its token.

use bytes::Bytes;
use koppeltaal_store::hub::Connection;
use serde::Serialize;

use super::HubSettings;
use super::parameters::Parameters;

/// Versions of the protocol: major and minor.
type Version = (u32, u32);

const OLDEST: Version = (1, 2);
const NEWEST: Version = (2, 1);

/// How long a client may take to open a transport before it tries the next one.
const TRANSPORT_CONNECT_TIMEOUT: f64 = 5.0;

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Negotiated<'a> {
    url: &'a str,
    connection_token: &'a str,
    connection_id: String,
    keep_alive_timeout: f64,
    disconnect_timeout: f64,
    connection_timeout: f64,
    try_web_sockets: bool,
    protocol_version: String,
    transport_connect_timeout: f64,
    long_poll_delay: f64,
}

/// The answer.
pub(super) fn answer(
    settings: &HubSettings,
    parameters: &Parameters,
    url: &str,
    connection: Connection,
    token: &str,
) -> Result<Bytes, serde_json::Error> {
    let (major, minor) = version(parameters.get("clientProtocol"));
    let negotiated = Negotiated {
        url,
        connection_token: token,
        connection_id: uuid::Uuid::from_bytes(connection).to_string(),
        keep_alive_timeout: settings.keep_alive_timeout().as_secs_f64(),
        disconnect_timeout: settings.disconnect_timeout().as_secs_f64(),
        connection_timeout: settings.poll().as_secs_f64(),
        try_web_sockets: true,
        protocol_version: format!("{major}.{minor}"),
        transport_connect_timeout: TRANSPORT_CONNECT_TIMEOUT,
        long_poll_delay: 0.0,
    };
    serde_json::to_vec(&negotiated).map(Bytes::from)
}

/// The version asked for, within those that are spoken. A client that asks for none
/// speaks the oldest.
fn version(asked: Option<&str>) -> Version {
    let parsed = asked.and_then(|asked| {
        let (major, minor) = asked.trim().split_once('.')?;
        let minor = minor.split('.').next()?;
        Some((major.parse().ok()?, minor.parse().ok()?))
    });
    parsed.unwrap_or(OLDEST).clamp(OLDEST, NEWEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_asked_for_within_bounds() {
        for (asked, expected) in [
            (None, (1, 2)),
            (Some("1.2"), (1, 2)),
            (Some("1.5"), (1, 5)),
            (Some("2.0"), (2, 0)),
            (Some("2.1"), (2, 1)),
            (Some("2.2"), (2, 1)),
            (Some("99.0"), (2, 1)),
            (Some("1.0"), (1, 2)),
            (Some("0.9"), (1, 2)),
            (Some("1.5.0"), (1, 5)),
            (Some("x"), (1, 2)),
            (Some("-1.-1"), (1, 2)),
            (Some("99999999999.1"), (1, 2)),
        ] {
            assert_eq!(version(asked), expected, "{asked:?}");
        }
    }
}
