//! Matchers for the primitive types that are texts (FHIR R4, Data Types, 2.24.0.1).

/// Has it something in it, and no control characters but tab and line ends?
pub fn is_string(text: &str) -> bool {
    !text.is_empty() && !text.bytes().any(|b| b < b' ' && !matches!(b, b'\t' | b'\n' | b'\r'))
}

/// No space at the ends, and only single ones between.
pub fn is_code(text: &str) -> bool {
    let mut was_space = true;
    for c in text.chars() {
        let is_space = c.is_whitespace();
        if (is_space && was_space) || c.is_control() {
            return false;
        }
        was_space = is_space;
    }
    !was_space
}

/// 1 to 64 letters, digits, hyphens and dots.
pub fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
}

/// Not empty, and without spaces and control characters.
pub fn is_uri(text: &str) -> bool {
    !text.is_empty()
        && text.bytes().all(|b| b > b' ' && b != 0x7f)
        && (text.is_ascii() || !text.contains(char::is_whitespace))
}

/// `urn:oid:` and an OID.
pub fn is_oid(text: &str) -> bool {
    let Some(arcs) = text.strip_prefix("urn:oid:") else { return false };
    let mut parts = arcs.split('.');
    let root = parts.next();
    let mut count = 0;
    let is_good = parts.all(|arc| {
        count += 1;
        let is_number = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
        is_number && (arc == "0" || !arc.starts_with('0'))
    });
    matches!(root, Some("0" | "1" | "2")) && is_good && count > 0
}

/// `urn:uuid:` and a UUID in lower case.
pub fn is_uuid(text: &str) -> bool {
    let Some(uuid) = text.strip_prefix("urn:uuid:") else { return false };
    uuid.len() == 36
        && uuid.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => matches!(b, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// Base64 in groups of four, padded at the end; white space is allowed anywhere.
pub fn is_base64(text: &str) -> bool {
    let (mut count, mut padding) = (0_usize, 0_usize);
    for b in text.bytes() {
        match b {
            b' ' | b'\t' | b'\n' | b'\r' => continue,
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => {}
            _ => return false,
        }
        count += 1;
    }
    count > 0 && count.is_multiple_of(4) && padding <= 2
}
