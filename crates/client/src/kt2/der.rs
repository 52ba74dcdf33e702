//! The two numbers of an RSA public key from its DER encoding (RFC 8017 §A.1.1), which a JWK
//! wants one by one.

/// Modulus and exponent, without leading zeros. The bytes come from the library that holds the
/// key; `None` only if they are no `RSAPublicKey`.
pub(super) fn rsa_public_key(der: &[u8]) -> Option<(&[u8], &[u8])> {
    const SEQUENCE: u8 = 0x30;
    const INTEGER: u8 = 0x02;
    let (numbers, rest) = element(der, SEQUENCE)?;
    let (modulus, numbers) = element(numbers, INTEGER)?;
    let (exponent, numbers) = element(numbers, INTEGER)?;
    (rest.is_empty() && numbers.is_empty()).then(|| (trimmed(modulus), trimmed(exponent)))
}

/// The content of the element at the beginning, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (&[first, length], rest) = der.split_first_chunk::<2>()?;
    if first != tag {
        return None;
    }
    let (length, rest) = match length {
        0..=0x7f => (usize::from(length), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(length - 0x80))?;
            let length = digits.iter().fold(0, |sum, &digit| sum << 8 | u64::from(digit));
            (usize::try_from(length).ok()?, rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|&&digit| digit == 0).count();
    &number[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_numbers_are_found_and_a_sign_byte_is_dropped() {
        let der = [0x30, 0x09, 0x02, 0x02, 0x00, 0x80, 0x02, 0x03, 1, 0, 1];
        assert_eq!(rsa_public_key(&der), Some(([0x80].as_slice(), [1, 0, 1].as_slice())));
        let mut long = vec![0x30, 0x81, 0x09];
        long.extend(&der[2..]);
        assert!(rsa_public_key(&long).is_some());
    }

    #[test]
    fn what_is_cut_off_or_something_else_is_refused() {
        let der = [0x30, 0x09, 0x02, 0x02, 0x00, 0x80, 0x02, 0x03, 1, 0, 1];
        for end in 0..der.len() {
            assert_eq!(rsa_public_key(&der[..end]), None, "{end}");
        }
        assert_eq!(rsa_public_key(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0]), None);
        assert_eq!(rsa_public_key(&[0x31, 0]), None);
    }
}
