//! What is no expression is refused with the place and what was expected.

use koppeltaal_fhir::r4::fhirpath::{Expression, ParseError};

fn check(rows: &[(&str, &str)]) {
    for (text, expected) in rows {
        let error = Expression::parse(text).expect_err(text).to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn broken_expressions_are_refused_where_they_break() {
    check(&[
        ("", "position 1: expected an expression"),
        ("  ", "position 3: expected an expression"),
        ("a.", "position 3: expected a name or function"),
        (".a", "position 1: expected an expression"),
        ("a..b", "position 3: expected a name or function"),
        ("a b", "position 3: expected an operator, or the end"),
        ("(a", "position 3: expected )"),
        ("a)", "position 2: expected an operator, or the end"),
        ("a[1", "position 4: expected ]"),
        ("a[]", "position 3: expected an expression"),
        ("{1}", "position 2: expected }"),
        ("a +", "position 4: expected an expression"),
        ("* a", "position 1: expected an expression"),
        ("a = = b", "position 5: expected an expression"),
        ("and", "position 1: expected an expression"),
        ("a and", "position 6: expected an expression"),
        ("'abc", "position 1: expected a closing quotation mark"),
        ("é 'abc", "position 1: expected an expression"),
        ("`abc", "position 1: expected a closing quotation mark"),
        ("'a\\xb'", "position 3: expected an escape"),
        ("'\\u12'", "position 2: expected an escape"),
        ("'\\ud800'", "position 2: expected an escape"),
        ("'\\", "position 2: expected an escape"),
        ("a /* b", "position 3: expected */"),
        ("a # b", "position 3: expected an expression"),
        ("a is", "position 5: expected the name of a type"),
        ("a as 1", "position 6: expected the name of a type"),
        ("ofType()", "position 8: expected the name of a type"),
        ("where(a,", "position 9: expected an expression"),
        ("where(a b)", "position 9: expected a comma or a closing bracket"),
        ("$that", "position 1: expected $this, $index or $total"),
        ("a.$this", "position 3: expected a name or function"),
        ("1.5.5", "position 5: expected a name or function"),
        ("'é' 1", "position 5: expected an operator, or the end"),
    ]);
}

#[test]
fn unknown_functions_and_variables_are_named() {
    check(&[
        ("frobnicate()", "function \"frobnicate\" (position 1) is not supported"),
        ("name.conformsTo('x')", "function \"conformsTo\" (position 6) is not supported"),
        ("a.elementDefinition()", "\"elementDefinition\""),
        ("slice('x', 'y')", "\"slice\""),
        ("Where(true)", "\"Where\""),
        ("where(a.b())", "\"b\""),
        ("%unknown", "variable \"%unknown\" (position 1) is not known"),
        ("a = %`us-zip`", "variable \"%us-zip\" (position 5)"),
        ("%", "variable \"%\""),
    ]);
    assert_eq!(
        Expression::parse("a.nope()").unwrap_err(),
        ParseError::UnknownFunction { name: "nope".to_owned(), position: 3 }
    );
}

#[test]
fn functions_take_so_many_arguments() {
    check(&[
        ("where()", "\"where\" (position 1) takes one argument"),
        ("exists(a, b)", "takes 0 to 1 arguments"),
        ("empty(1)", "takes no arguments"),
        ("replace('a')", "takes 2 arguments"),
        ("iif(true)", "takes 2 to 3 arguments"),
        ("extension()", "takes one argument"),
    ]);
}

#[test]
fn literals_that_are_no_values_are_refused() {
    check(&[
        ("@2024-13", "position 1 of the FHIRPath expression is not a date"),
        ("@", "is not a date"),
        ("@T", "is not a date"),
        ("@2024-02-30", "is not a date"),
        ("@T25:00", "is not a date"),
        ("1 = @2024-01-01T10:60", "position 5 of"),
        ("1234567890123456789012345678901234567", "is not a number of at most 36 digits"),
    ]);
}

#[test]
fn regular_expressions_in_literals_are_checked_at_once() {
    check(&[
        ("matches('(')", "regular expression at position 9"),
        ("a.replaceMatches('[', 'x')", "regular expression at position 18"),
        ("matchesFull('*')", "regular expression"),
        ("matches('(?=a)')", "regular expression"),
        ("matches('\\\\1')", "regular expression"),
    ]);
}

#[test]
fn the_functions_of_an_expression_are_listed_once_and_sorted() {
    let expression = Expression::parse("a.where(b is Patient).exists() and c.where(d).empty()");
    assert_eq!(expression.unwrap().functions(), ["empty", "exists", "is", "where"]);
    assert!(Expression::parse("Patient.name").unwrap().functions().is_empty());
}

#[test]
fn an_expression_is_shown_as_it_was_written() {
    let text = " a .where( b='c' ) // d";
    assert_eq!(Expression::parse(text).unwrap().to_string(), text);
}
