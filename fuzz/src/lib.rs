//! What the targets share. The parsers are taken in by their path: built as part of
//! their crate they would bring the whole server along, and instrument it.

pub mod catalog;
#[path = "../../crates/auth/src/jose/mod.rs"]
pub mod jose;
#[path = "../../crates/kt2/src/kind.rs"]
pub mod kind;
#[path = "../../crates/kt2/src/localize.rs"]
pub mod localize;
pub mod outcome;
#[path = "../../crates/kt2/src/query/mod.rs"]
pub mod query;
#[path = "../../crates/kt2/src/query_string.rs"]
pub mod query_string;

use std::sync::LazyLock;

use jose::KeySet;

/// Keys of all types. The private halves were thrown away when the corpus was made.
pub static JWKS: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::from_jwks(include_bytes!("../keys.jwks")).unwrap());

/// The RSA key among them.
pub static PEM: LazyLock<KeySet> =
    LazyLock::new(|| KeySet::from_pem(include_str!("../key.pem")).unwrap());
