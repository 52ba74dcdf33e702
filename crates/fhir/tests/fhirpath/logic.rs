//! The logic of three values, and single items as booleans.

use crate::support::{check, check_errors};

#[test]
fn and_or_xor_implies_know_true_false_and_nothing() {
    let values = ["true", "false", "{}"];
    // Rows: left operand true, false, nothing; columns: right operand true, false, nothing.
    let tables = [
        ("and", ["true", "false", "{}", "false", "false", "false", "{}", "false", "{}"]),
        ("or", ["true", "true", "true", "true", "false", "{}", "true", "{}", "{}"]),
        ("xor", ["false", "true", "{}", "true", "false", "{}", "{}", "{}", "{}"]),
        ("implies", ["true", "false", "{}", "true", "true", "true", "true", "{}", "{}"]),
    ];
    for (operator, results) in tables {
        for (at, expected) in results.iter().enumerate() {
            let text = format!("{} {operator} {}", values[at / 3], values[at % 3]);
            check(&[(&text, expected)]);
        }
    }
}

#[test]
fn not_turns_what_is_known() {
    check(&[("true.not()", "false"), ("false.not()", "true"), ("{}.not()", "{}")]);
    check(&[("'a'.not()", "false"), ("0.not()", "false"), ("active.not()", "false")]);
}

#[test]
fn a_single_item_of_another_type_counts_as_true() {
    check(&[
        ("'a' and true", "true"),
        ("0 and true", "true"),
        ("maritalStatus and true", "true"),
        ("gender and active", "true"),
        ("'false' or false", "true"),
        ("iif(gender, 1, 2)", "1"),
    ]);
}

#[test]
fn several_items_are_no_boolean() {
    check_errors(&[
        ("name and true", "several values"),
        ("true and name", "several values"),
        ("name.not()", "several values"),
        ("iif(name, 1, 2)", "several values"),
        ("name.where(given)", "several values"),
    ]);
}

#[test]
fn the_second_operand_waits_until_it_matters() {
    check(&[("false and name", "false"), ("true or name", "true"), ("false implies name", "true")]);
}

#[test]
fn operators_bind_as_the_standard_says() {
    check(&[
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("7 - 2 - 1", "4"),
        ("7 - (2 - 1)", "6"),
        ("8 / 2 / 2", "2"),
        ("-1 + 2", "1"),
        ("2 * -3", "-6"),
        ("- - 1", "1"),
        ("1 | 2 = 1", "false"),
        ("(1 | 2) = (1 | 2)", "true"),
        ("1 + 1 | 3", "2, 3"),
        ("1 < 2 = true", "true"),
        ("1 = 1 and 2 = 2", "true"),
        ("1 in 1 | 2 and true", "true"),
        ("true or true and false", "true"),
        ("(true or true) and false", "false"),
        ("false and true or true", "true"),
        ("false implies true and false", "true"),
        ("true implies false implies true", "true"),
        ("'a' & 'b' = 'ab'", "true"),
        ("'#' + 'x' in ('#x' | '#y')", "true"),
        ("1 is Integer = true", "true"),
        ("1 | 2 is Integer", "1, true"),
        ("true xor false or true", "true"),
        ("true or true xor true", "false"),
        ("5 mod 3 + 1", "3"),
        ("5 div 2 * 2", "4"),
    ]);
}
