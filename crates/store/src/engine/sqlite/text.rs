//! SQLite numbers `$1` by its first appearance in the text; `?1` means what `$1`
//! means on PostgreSQL. The rewriting leaves literals, names and comments alone.

/// The text with `$n` written as `?n`.
pub(super) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(at) = rest.find(['$', '\'', '"', '-', '/']) {
        let (before, found) = rest.split_at(at);
        out.push_str(before);
        let taken = match found.as_bytes() {
            [b'$', digit, ..] if digit.is_ascii_digit() => {
                out.push('?');
                rest = &found[1..];
                continue;
            }
            // A doubled quote inside a literal reads as two literals in a row.
            [quote @ (b'\'' | b'"'), ..] => end_of(&found[1..], char::from(*quote)) + 1,
            [b'-', b'-', ..] => end_of(found, '\n'),
            [b'/', b'*', ..] => found.find("*/").map_or(found.len(), |end| end + 2),
            _ => 1,
        };
        out.push_str(&found[..taken]);
        rest = &found[taken..];
    }
    out.push_str(rest);
    out
}

fn end_of(text: &str, last: char) -> usize {
    text.find(last).map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        assert_eq!(numbered(input), expected);
    }

    #[test]
    fn parameters_are_numbered_and_the_rest_is_left() {
        check("SELECT 1", "SELECT 1");
        check("SELECT $2, $1, $12", "SELECT ?2, ?1, ?12");
        check("a = '$1' AND b = $1", "a = '$1' AND b = ?1");
        check("a = 'it''s $1' AND b = $1", "a = 'it''s $1' AND b = ?1");
        check("\"$1\" = $1", "\"$1\" = ?1");
        check("x -- $1\n = $1", "x -- $1\n = ?1");
        check("x /* $1 ' */ = $1", "x /* $1 ' */ = ?1");
        check("a - $1 / $2", "a - ?1 / ?2");
        check("a->'$.b' = $1", "a->'$.b' = ?1");
        check("'open $1", "'open $1");
        check("é = $1", "é = ?1");
    }
}
