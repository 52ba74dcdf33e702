//! Ids of tokens (`jti`) that work once, whichever process sees them first.

use koppeltaal_core::{Result, Timestamp};
use sha2::{Digest, Sha256};

use crate::args;
use crate::scope::DomainTx;

/// What an id was used for. Each has a list of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenUse {
    /// A client's assertion at the token endpoint.
    Assertion,
    /// A launch token of an instance that uses them once.
    Launch,
    /// A launch token that was introspected, and may be authorized with yet.
    LaunchIntrospected,
    /// A launch token that was authorized with.
    LaunchAuthorized,
}

impl TokenUse {
    /// The number in the hash; never changes.
    fn number(self) -> u8 {
        match self {
            Self::Assertion => 1,
            Self::Launch => 2,
            Self::LaunchIntrospected => 3,
            Self::LaunchAuthorized => 4,
        }
    }
}

/// Spends an id: true the first time, false when this use of (issuer, jti) was
/// spent before. Of several at once, one gets true.
///
/// `until`: when the token expires, with all leeway. From then on the id may be
/// forgotten, and works again once [`super::forget_expired`] has done so; until
/// then it stays refused.
pub fn spend(
    tx: &mut DomainTx<'_>,
    token_use: TokenUse,
    issuer: &str,
    jti: &str,
    until: Timestamp,
) -> Result<bool> {
    let digest = digest(token_use, issuer, jti);
    let inserted = tx.execute(
        "INSERT INTO spent (domain, digest, expires) VALUES ($1, $2, $3)
         ON CONFLICT (domain, digest) DO NOTHING",
        args![digest.as_slice(), until],
    )?;
    Ok(inserted == 1)
}

/// 128 bits of a hash: nobody can make two ids meet, and the key stays narrow.
fn digest(token_use: TokenUse, issuer: &str, jti: &str) -> [u8; 16] {
    let whole = Sha256::new()
        .chain_update([token_use.number()])
        // Its length keeps issuer and id apart.
        .chain_update((issuer.len() as u64).to_be_bytes())
        .chain_update(issuer)
        .chain_update(jti)
        .finalize();
    let mut first = [0_u8; 16];
    first.copy_from_slice(&whole[..16]);
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_an_id_counts() {
        let one = digest(TokenUse::Launch, "ab", "c");
        assert_eq!(one, digest(TokenUse::Launch, "ab", "c"));
        assert_ne!(one, digest(TokenUse::Launch, "a", "bc"));
        assert_ne!(one, digest(TokenUse::Assertion, "ab", "c"));
        assert_ne!(one, digest(TokenUse::Launch, "ab", "d"));
    }
}
