//! Dates and times that exist: the calendar is looked at, not only the form (FHIR R4, date,
//! dateTime, instant, time).

/// Is it a year, month or day?
pub fn is_date(text: &str) -> bool {
    date(text.as_bytes()).is_some_and(|(rest, _)| rest.is_empty())
}

/// Is it a date, or a moment with a time zone?
pub fn is_date_time(text: &str) -> bool {
    match date(text.as_bytes()) {
        Some(([], _)) => true,
        Some((rest, Precision::Day)) => time_and_zone(rest),
        _ => false,
    }
}

/// Is it a moment with seconds and a time zone?
pub fn is_instant(text: &str) -> bool {
    matches!(date(text.as_bytes()), Some((rest, Precision::Day)) if time_and_zone(rest))
}

/// Is it a time of day with seconds?
pub fn is_time(text: &str) -> bool {
    time(text.as_bytes()).is_some_and(<[u8]>::is_empty)
}

#[derive(PartialEq, Eq)]
enum Precision {
    Year,
    Month,
    Day,
}

/// Takes a date from the front.
fn date(text: &[u8]) -> Option<(&[u8], Precision)> {
    let (year, rest) = digits(text, 4)?;
    if year == 0 {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return Some((rest, Precision::Year)) };
    let (month, rest) = digits(rest, 2)?;
    if !(1..=12).contains(&month) {
        return None;
    }
    let Some(rest) = rest.strip_prefix(b"-") else { return Some((rest, Precision::Month)) };
    let (day, rest) = digits(rest, 2)?;
    (1..=days(year, month)).contains(&day).then_some((rest, Precision::Day))
}

fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Takes `hh:mm:ss`, perhaps with a fraction, from the front. Second 60 is a leap second.
fn time(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = digits(text, 2)?;
    let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    let (second, rest) = digits(rest.strip_prefix(b":")?, 2)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let Some(fraction) = rest.strip_prefix(b".") else { return Some(rest) };
    let end = fraction.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(fraction.len());
    if end == 0 { None } else { fraction.get(end..) }
}

fn time_and_zone(text: &[u8]) -> bool {
    let Some(zone) = text.strip_prefix(b"T").and_then(time) else { return false };
    let offset = match zone {
        b"Z" => return true,
        [b'+' | b'-', offset @ ..] => offset,
        _ => return false,
    };
    let parsed = digits(offset, 2).and_then(|(hour, rest)| {
        let (minute, rest) = digits(rest.strip_prefix(b":")?, 2)?;
        rest.is_empty().then_some((hour, minute))
    });
    matches!(parsed, Some((0..=13, 0..=59) | (14, 0)))
}

/// Takes exactly so many digits from the front.
fn digits(text: &[u8], count: usize) -> Option<(u32, &[u8])> {
    let (head, rest) = text.split_at_checked(count)?;
    let mut number = 0;
    for byte in head {
        if !byte.is_ascii_digit() {
            return None;
        }
        number = number * 10 + u32::from(byte - b'0');
    }
    Some((number, rest))
}
