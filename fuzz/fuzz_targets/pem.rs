//! A public key as an administrator pastes it, or its DER.

#![no_main]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use koppeltaal_fuzz::jose::KeySet;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    // The first byte of a SEQUENCE, which no text begins with that is any good.
    let text = match data.first() {
        Some(0x30) => STANDARD.encode(data),
        _ => String::from_utf8_lossy(data).into_owned(),
    };
    let Ok(keys) = KeySet::from_pem(&text) else {
        return;
    };
    let [key] = &keys.describe()[..] else {
        panic!("a PEM is one key");
    };
    assert!(key.problem.is_none() && key.strength.is_some());
});
