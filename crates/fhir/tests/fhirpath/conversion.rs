//! Conversions between types.

use crate::support::{check, check_errors};

#[test]
fn to_boolean() {
    check(&[
        ("'true'.toBoolean()", "true"),
        ("'T'.toBoolean()", "true"),
        ("'yes'.toBoolean()", "true"),
        ("'Y'.toBoolean()", "true"),
        ("'1'.toBoolean()", "true"),
        ("'1.0'.toBoolean()", "true"),
        ("'false'.toBoolean()", "false"),
        ("'no'.toBoolean()", "false"),
        ("'0.0'.toBoolean()", "false"),
        ("'x'.toBoolean()", "{}"),
        ("1.toBoolean()", "true"),
        ("0.toBoolean()", "false"),
        ("2.toBoolean()", "{}"),
        ("1.0.toBoolean()", "true"),
        ("active.toBoolean()", "true"),
        ("{}.toBoolean()", "{}"),
        ("'x'.convertsToBoolean()", "false"),
        ("'f'.convertsToBoolean()", "true"),
        ("{}.convertsToBoolean()", "{}"),
        ("@2024.convertsToBoolean()", "false"),
    ]);
}

#[test]
fn to_numbers() {
    check(&[
        ("'12'.toInteger()", "12"),
        ("'+12'.toInteger()", "12"),
        ("'-12'.toInteger()", "-12"),
        ("'1.5'.toInteger()", "{}"),
        ("''.toInteger()", "{}"),
        ("'*'.toInteger()", "{}"),
        ("true.toInteger()", "1"),
        ("1.5.toInteger()", "{}"),
        ("multipleBirth.toInteger()", "2"),
        ("{}.toInteger()", "{}"),
        ("'a'.convertsToInteger()", "false"),
        ("'7'.convertsToInteger()", "true"),
        ("'1.50'.toDecimal()", "1.50"),
        ("'1e3'.toDecimal()", "{}"),
        ("1.toDecimal()", "1"),
        ("1.toDecimal() is Decimal", "true"),
        ("false.toDecimal()", "0"),
        ("'x'.toDecimal()", "{}"),
        ("'.5'.convertsToDecimal()", "false"),
        ("'0.5'.convertsToDecimal()", "true"),
    ]);
}

#[test]
fn to_string_shows_what_was_written() {
    check(&[
        ("1.toString()", "'1'"),
        ("1.50.toString()", "'1.50'"),
        ("(-1.5).toString()", "'-1.5'"),
        ("true.toString()", "'true'"),
        ("'a'.toString()", "'a'"),
        ("@2024-01.toString()", "'2024-01'"),
        ("@T10:30.toString()", "'10:30'"),
        ("(4 'mg').toString()", "'4 'mg''"),
        ("(4 days).toString()", "'4 days'"),
        ("active.toString()", "'true'"),
        ("multipleBirth.toString()", "'2'"),
        ("extension[1].value.value.toString()", "'1.80'"),
        ("extension[1].value.toString()", "'1.80 'm''"),
        ("birthDate.toString()", "'1974-12-25'"),
        ("maritalStatus.toString()", "{}"),
        ("maritalStatus.convertsToString()", "false"),
        ("name[2].family.toString()", "{}"),
        ("{}.toString()", "{}"),
        ("1.convertsToString()", "true"),
    ]);
}

#[test]
fn to_dates_and_times() {
    check(&[
        ("'2024-01-02'.toDate()", "@2024-01-02"),
        ("'2024'.toDate()", "@2024"),
        ("'2024-01-02T10:00:00Z'.toDate()", "@2024-01-02"),
        ("'2024-13'.toDate()", "{}"),
        ("@2024-01-02T10:00:00Z.toDate()", "@2024-01-02"),
        ("'2024-01-02T10:00:00Z'.toDateTime()", "@2024-01-02T10:00:00Z"),
        ("@2024-01-02.toDateTime()", "@2024-01-02"),
        ("@2024-01-02.toDateTime() is DateTime", "true"),
        ("'x'.toDateTime()", "{}"),
        ("'10:30'.toTime()", "@10:30"),
        ("'T10:30'.toTime()", "@10:30"),
        ("'25:00'.toTime()", "{}"),
        ("@2024-01-02T10:00:00Z.toTime()", "@10:00:00"),
        ("birthDate.toDateTime()", "@1974-12-25"),
        ("1.toDate()", "{}"),
        ("'2024-01-02'.convertsToDate()", "true"),
        ("'x'.convertsToDate()", "false"),
        ("'2024'.convertsToDateTime()", "true"),
        ("'x'.convertsToTime()", "false"),
        ("'10'.convertsToTime()", "true"),
    ]);
}

#[test]
fn to_quantities() {
    check(&[
        ("'4'.toQuantity()", "4 '1'"),
        ("'4 \\'mg\\''.toQuantity()", "4 'mg'"),
        ("'4.5 days'.toQuantity()", "4.5 days"),
        ("'4 mg'.toQuantity()", "{}"),
        ("'x'.toQuantity()", "{}"),
        ("4.toQuantity()", "4 '1'"),
        ("4.5.toQuantity()", "4.5 '1'"),
        ("true.toQuantity()", "1 '1'"),
        ("extension[1].value.toQuantity()", "1.80 'm'"),
        ("'4 \\'mg\\''.toQuantity('mg')", "4 'mg'"),
        ("'4 \\'mg\\''.toQuantity('g')", "{}"),
        ("'4 mg'.convertsToQuantity()", "false"),
        ("'4 weeks'.convertsToQuantity()", "true"),
    ]);
}

#[test]
fn conversions_take_one_item() {
    check_errors(&[
        ("name.toString()", "several values"),
        ("(1 | 2).toInteger()", "several values"),
        ("(1 | 2).convertsToString()", "several values"),
    ]);
}
