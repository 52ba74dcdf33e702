//! The id of an AuditEvent that has none from outside: a UUIDv4 by its form, made
//! of the number of the row, so that it needs no storage and no index.

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The bits of a UUID that version and variant leave free.
const FREE: u128 = 122;
/// The bits of a row's number.
const KEY: u32 = 63;
const KEY_MASK: u128 = (1 << KEY) - 1;
const CHECK_MASK: u128 = (1 << (FREE - KEY as u128)) - 1;

/// The id of the AuditEvent with this number.
pub fn event_id(key: i64) -> String {
    let key = u128::from(key.unsigned_abs()) & KEY_MASK;
    let check = check(key);
    let free = (check << KEY) | (key ^ mask(check));
    // 48 bits, the version, 12 bits, the variant, 62 bits.
    let bits = (free >> 74 << 80)
        | (0x4 << 76)
        | ((free >> 62 & 0xfff) << 64)
        | (0b10 << 62)
        | (free & ((1 << 62) - 1));
    Uuid::from_u128(bits).to_string()
}

/// The number of the AuditEvent with this id; `None` for an id that this module
/// did not make.
pub fn key_of(id: &str) -> Option<i64> {
    let uuid = Uuid::try_parse(id).ok().filter(|uuid| uuid.to_string() == id)?;
    let bits = uuid.as_u128();
    let free = (bits >> 80 << 74) | ((bits >> 64 & 0xfff) << 62) | (bits & ((1 << 62) - 1));
    let stated = free >> KEY;
    let key = (free & KEY_MASK) ^ mask(stated);
    let found = check(key) == stated && event_id(i64::try_from(key).ok()?) == id;
    found.then(|| i64::try_from(key).ok())?
}

/// Tells a random UUID from one of ours.
fn check(key: u128) -> u128 {
    hashed(b"koppeltaal AuditEvent", key) & CHECK_MASK
}

/// Keeps numbers that follow each other from looking alike.
fn mask(check: u128) -> u128 {
    hashed(b"koppeltaal AuditEvent mask", check) & KEY_MASK
}

fn hashed(purpose: &[u8], value: u128) -> u128 {
    let digest = Sha256::new().chain_update(purpose).chain_update(value.to_be_bytes()).finalize();
    digest.iter().take(16).fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_uuid_that_tells_its_number() {
        for key in [0, 1, 2, 4096, 123_456_789_012_345, i64::MAX] {
            let id = event_id(key);
            let uuid = Uuid::try_parse(&id).unwrap();
            assert_eq!(uuid.get_version_num(), 4);
            assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
            assert_eq!(key_of(&id), Some(key), "{id}");
        }
        assert_ne!(event_id(1)[..8], event_id(2)[..8]);
    }

    #[test]
    fn other_ids_tell_no_number() {
        let id = event_id(77);
        let last = if id.ends_with('0') { '1' } else { '0' };
        let changed = format!("{}{last}", &id[..id.len() - 1]);
        for odd in ["", "1", &changed, &id.to_uppercase(), &Uuid::nil().to_string()] {
            assert_eq!(key_of(odd), None, "{odd}");
        }
        for _ in 0..1000 {
            assert_eq!(key_of(&Uuid::new_v4().to_string()), None);
        }
    }
}
