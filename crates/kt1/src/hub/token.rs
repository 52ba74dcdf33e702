//! The connection token: the id of a connection, bound to who negotiated it by a MAC
//! under a key of the installation, so that every process verifies it, also after a
//! restart. It is no credential: every request shows one besides.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use koppeltaal_store::hub::Connection;

/// Bytes of the MAC that a token carries.
const MAC: usize = 24;

/// Why a token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unaccepted {
    /// It is none.
    Malformed,
    /// It is another caller's, or made up.
    Foreign,
}

/// Who a token is bound to: an instance, and the patient of its access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holder {
    /// The number of the instance.
    pub instance: i64,
    /// What stands for the patient.
    pub patient: Option<i64>,
}

fn mac(key: &[u8; 32], connection: Connection, holder: Holder) -> hmac::Tag {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    context.update(&connection);
    context.update(&holder.instance.to_be_bytes());
    if let Some(patient) = holder.patient {
        context.update(&patient.to_be_bytes());
    }
    context.sign()
}

/// The token of a connection.
pub(super) fn seal(key: &[u8; 32], connection: Connection, holder: Holder) -> String {
    let tag = mac(key, connection, holder);
    let bytes: Vec<u8> = connection.iter().chain(tag.as_ref().iter().take(MAC)).copied().collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The connection of a token.
pub(super) fn open(key: &[u8; 32], token: &str, holder: Holder) -> Result<Connection, Unaccepted> {
    let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| Unaccepted::Malformed)?;
    let (connection, given) = bytes.split_first_chunk::<16>().ok_or(Unaccepted::Malformed)?;
    if given.len() != MAC {
        return Err(Unaccepted::Malformed);
    }
    let tag = mac(key, *connection, holder);
    let expected = tag.as_ref().get(..MAC).unwrap_or_default();
    aws_lc_rs::constant_time::verify_slices_are_equal(expected, given)
        .map_err(|_| Unaccepted::Foreign)?;
    Ok(*connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_accepted_from_its_holder_alone() {
        let (key, holder) = ([7; 32], Holder { instance: 5, patient: None });
        let token = seal(&key, [1; 16], holder);
        assert_eq!(open(&key, &token, holder), Ok([1; 16]));
        let foreign = Err(Unaccepted::Foreign);
        assert_eq!(open(&[8; 32], &token, holder), foreign);
        assert_eq!(open(&key, &token, Holder { instance: 6, ..holder }), foreign);
        assert_eq!(open(&key, &token, Holder { patient: Some(1), ..holder }), foreign);
        let changed = token.replacen(token.chars().next().unwrap(), "B", 1);
        assert_eq!(open(&key, &changed, holder), foreign);
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        let holder = Holder { instance: 5, patient: None };
        let long = "A".repeat(100_000);
        for odd in ["", "x", "AAAA", "%", "a b", long.as_str()] {
            assert_eq!(open(&[7; 32], odd, holder), Err(Unaccepted::Malformed), "{odd:.20}");
        }
    }
}
