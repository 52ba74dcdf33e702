//! Arithmetic and functions on numbers.

use crate::support::{check, check_errors};

#[test]
fn arithmetic_is_exact() {
    check(&[
        ("1 + 2", "3"),
        ("1 + 2.5", "3.5"),
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("5 - 7", "-2"),
        ("2 * 3", "6"),
        ("1.5 * 1.5", "2.25"),
        ("7 / 2", "3.5"),
        ("6 / 2", "3"),
        ("1 / 3", "0.333333333333333333"),
        ("1 / 0", "{}"),
        ("7 div 2", "3"),
        ("-7 div 2", "-3"),
        ("7.5 div 2", "3"),
        ("7 div 0", "{}"),
        ("7 mod 2", "1"),
        ("-7 mod 2", "-1"),
        ("7.5 mod 2", "1.5"),
        ("7 mod 0", "{}"),
        ("1 + {}", "{}"),
        ("{} * 2", "{}"),
        ("9223372036854775807 + 1", "{}"),
        ("9223372036854775807 * 2", "{}"),
        ("multipleBirth + 1", "3"),
        ("telecom.rank.first() + 0.5", "1.5"),
        ("-multipleBirth", "-2"),
        ("-{}", "{}"),
    ]);
}

#[test]
fn quantities_calculate_within_a_unit() {
    check(&[
        ("1 'm' + 2 'm'", "3 'm'"),
        ("3 'm' - 1 'm'", "2 'm'"),
        ("1 'm' + 2 's'", "{}"),
        ("2 * 3 'm'", "6 'm'"),
        ("3 'm' * 2", "6 'm'"),
        ("3 'm' / 2", "1.5 'm'"),
        ("6 'm' / 2 'm'", "3 '1'"),
        ("-(3 'm')", "-3 'm'"),
        ("(-3 'm').abs()", "3 'm'"),
    ]);
}

#[test]
fn functions_on_numbers_follow_the_standard() {
    check(&[
        ("(-5).abs()", "5"),
        ("(-5.5).abs()", "5.5"),
        ("1.ceiling()", "1"),
        ("1.1.ceiling()", "2"),
        ("(-1.1).ceiling()", "-1"),
        ("1.9.floor()", "1"),
        ("(-1.1).floor()", "-2"),
        ("1.9.truncate()", "1"),
        ("(-1.9).truncate()", "-1"),
        ("3.14159.round(3)", "3.142"),
        ("2.5.round()", "3"),
        ("(-2.5).round()", "-3"),
        ("1.round(2)", "1"),
        ("4.sqrt()", "2"),
        ("2.sqrt() > 1.414", "true"),
        ("(-1).sqrt()", "{}"),
        ("0.exp()", "1"),
        ("1.ln()", "0"),
        ("0.ln()", "{}"),
        ("16.log(2)", "4"),
        ("100.0.log(10)", "2"),
        ("2.power(3)", "8"),
        ("2.5.power(2)", "6.25"),
        ("2.power(0)", "1"),
        ("2.power(-1)", "0.5"),
        ("(-1).power(0.5)", "{}"),
        ("2.power(9999)", "{}"),
        ("{}.abs()", "{}"),
        ("1.round({})", "{}"),
        ("multipleBirth.power(10)", "1024"),
    ]);
}

#[test]
fn numbers_and_other_types_do_not_mix() {
    check_errors(&[
        ("1 + 'a'", "type"),
        ("'a' * 2", "type"),
        ("'a' - 'b'", "type"),
        ("true + 1", "type"),
        ("-'a'", "type"),
        ("+'a'", "type"),
        ("'a'.abs()", "type"),
        ("1.log('a')", "type"),
        ("name + 1", "several values"),
        ("(1 | 2) + 1", "several values"),
        ("3 'm' mod 2 'm'", "type"),
    ]);
}
