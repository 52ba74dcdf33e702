//! `=`, `!=`, `~`, `!~`, `in` and `contains`.

use crate::support::{check, check_errors};

#[test]
fn equal_values_are_equal() {
    check(&[
        ("1 = 1", "true"),
        ("1 = 2", "false"),
        ("1 = 1.0", "true"),
        ("1.10 = 1.1", "true"),
        ("'a' = 'a'", "true"),
        ("'a' = 'A'", "false"),
        ("'a' = 'a '", "false"),
        ("true = true", "true"),
        ("1 = '1'", "false"),
        ("true = 'true'", "false"),
        ("1 != 2", "true"),
        ("'a' != 'a'", "false"),
        ("{} = {}", "{}"),
        ("1 = {}", "{}"),
        ("{} != 1", "{}"),
        ("(1 | 2) = (1 | 2)", "true"),
        ("(1 | 2) = (2 | 1)", "false"),
        ("(1 | 2) = 1", "false"),
        ("(1 | 2) != 1", "true"),
        ("4 'mg' = 4 'mg'", "true"),
        ("4 'mg' = 4.0 'mg'", "true"),
        ("4 'mg' = 5 'mg'", "false"),
        ("4 'mg' = 4 'g'", "{}"),
        ("4 '1' = 4", "true"),
        ("1 day = 1 'd'", "true"),
        ("1 year = 1 'a'", "{}"),
        ("1 year ~ 1 'a'", "true"),
        ("2 days = 2 day", "true"),
    ]);
}

#[test]
fn elements_equal_literals_with_their_value() {
    check(&[
        ("gender = 'male'", "true"),
        ("gender != 'male'", "false"),
        ("active = true", "true"),
        ("multipleBirth = 2", "true"),
        ("multipleBirth = 2.0", "true"),
        ("birthDate = '1974-12-25'", "true"),
        ("birthDate = @1974-12-25", "true"),
        ("birthDate = @1974-12", "{}"),
        ("birthDate = @1974-12-26", "false"),
        ("gender = 1", "false"),
        ("telecom.system = 'phone'", "false"),
        ("name.family = 'Jansen'", "false"),
        ("name[2].family = 'x'", "{}"),
        ("name[2].family != 'x'", "{}"),
        ("maritalStatus = 'M'", "false"),
        ("extension[1].value = 1.8 'm'", "true"),
        ("extension[1].value = 1.8 'cm'", "{}"),
        ("meta.lastUpdated = @2024-01-02T04:04:05.006+01:00", "true"),
    ]);
}

#[test]
fn elements_equal_elements_in_depth() {
    check(&[
        ("name.first() = name.first()", "true"),
        ("name[0] = name[1]", "false"),
        ("name[0].given.first() = name[1].given", "true"),
        ("name = name", "true"),
        ("name[1].given = name[0].given", "false"),
        ("identifier[0] = identifier[1]", "false"),
        ("%resource = $this", "true"),
    ]);
}

#[test]
fn equivalence_is_looser_and_always_known() {
    check(&[
        ("{} ~ {}", "true"),
        ("1 ~ {}", "false"),
        ("'a' ~ 'A'", "true"),
        ("' a  b ' ~ 'A b'", "true"),
        ("'ab' ~ 'a b'", "false"),
        ("1.0 ~ 1", "true"),
        ("1.01 ~ 1.0", "true"),
        ("1.1 ~ 1.2", "false"),
        ("(1 | 2) ~ (2 | 1)", "true"),
        ("(1 | 2) ~ (1 | 3)", "false"),
        ("(1 | 2) ~ 1", "false"),
        ("1 !~ 2", "true"),
        ("'a' !~ 'A'", "false"),
        ("@2024 ~ @2024", "true"),
        ("@2024 ~ @2024-01", "false"),
        ("@T10:00 ~ @T10:00:00", "false"),
        ("gender ~ 'MALE'", "true"),
        ("name[2].family ~ 'x'", "false"),
        ("maritalStatus ~ maritalStatus", "true"),
        ("name ~ name.skip(1).combine(name.first())", "true"),
        ("identifier[0] ~ identifier[1]", "false"),
        ("1 ~ 'a'", "false"),
    ]);
}

#[test]
fn dates_equal_by_moment_when_the_precision_allows() {
    check(&[
        ("@2024 = @2024", "true"),
        ("@2024 = @2025", "false"),
        ("@2024 = @2024-01", "{}"),
        ("@2024-01 = @2025", "false"),
        ("@2024-01-01 = @2024-01-01T", "true"),
        ("@2024-01-01T10:00:00Z = @2024-01-01T11:00:00+01:00", "true"),
        ("@2024-01-01T10:00Z = @2024-01-01T10:00:00Z", "{}"),
        ("@2024-01-01T10:00:00Z = @2024-01-01T10:00:00.000Z", "true"),
        ("@T10:00:00 = @T10:00:00.0", "true"),
        ("@T10:00 = @T10:00:00", "{}"),
        ("@T10 = @T11", "false"),
        ("@2024 = 2024", "false"),
        ("@2024 = '2024'", "false"),
        ("@T10 = @2024", "false"),
        ("deceased = @2020-05", "true"),
        ("deceased = @2020", "{}"),
        ("deceased = @2019", "false"),
    ]);
}

#[test]
fn in_and_contains_ask_for_one_among_many() {
    check(&[
        ("1 in (1 | 2)", "true"),
        ("3 in (1 | 2)", "false"),
        ("1 in {}", "false"),
        ("{} in (1 | 2)", "{}"),
        ("(1 | 2) contains 2", "true"),
        ("(1 | 2) contains 3", "false"),
        ("(1 | 2) contains {}", "{}"),
        ("{} contains 1", "false"),
        ("gender in ('male' | 'female')", "true"),
        ("'Piet' in name.given", "true"),
        ("name.given contains 'Klaas'", "false"),
        ("name[2].family in ('a' | 'b')", "false"),
    ]);
    check_errors(&[
        ("(1 | 2) in (1 | 2)", "several values"),
        ("(1 | 2) contains (1 | 2)", "several values"),
    ]);
}
