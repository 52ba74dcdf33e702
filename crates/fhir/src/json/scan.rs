//! Finds the next byte of a string that means something, eight bytes at a time: most of a document
//! is plain text in strings.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// How many bytes at the start are neither quotation mark, backslash nor control character.
#[inline]
pub(super) fn plain_length(bytes: &[u8]) -> usize {
    let (words, rest) = bytes.as_chunks::<8>();
    for (at, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The lowest bit set in each of these is exact; bits above it may be carries.
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special = control | zero_bytes(word ^ (ONES * 0x22)) | zero_bytes(word ^ (ONES * 0x5C));
        if special != 0 {
            return at * 8 + special.trailing_zeros() as usize / 8;
        }
    }
    let plain =
        rest.iter().take_while(|byte| **byte >= 0x20 && **byte != b'"' && **byte != b'\\').count();
    words.len() * 8 + plain
}

fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_byte_is_found_at_every_place() {
        for special in 0..=255u8 {
            let is_special = special < 0x20 || special == b'"' || special == b'\\';
            for at in 0..20 {
                for filler in [b'a', b' ', b'!', 0x80, 0xFF, b'#', b']'] {
                    let mut bytes = [filler; 20];
                    bytes[at] = special;
                    let expected = if is_special { at } else { 20 };
                    assert_eq!(plain_length(&bytes), expected, "{special} at {at}");
                }
            }
        }
        assert_eq!(plain_length(b""), 0);
    }
}
