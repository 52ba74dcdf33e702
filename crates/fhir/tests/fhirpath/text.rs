//! Functions on text.

use crate::support::{check, check_errors};

#[test]
fn texts_are_searched_and_cut_by_characters() {
    check(&[
        ("'abcdefg'.indexOf('bc')", "1"),
        ("'abcdefg'.indexOf('x')", "-1"),
        ("'abcdefg'.indexOf('')", "0"),
        ("'éa'.indexOf('a')", "1"),
        ("{}.indexOf('a')", "{}"),
        ("'a'.indexOf({})", "{}"),
        ("'abcabc'.lastIndexOf('b')", "4"),
        ("'abcdefg'.substring(3)", "'defg'"),
        ("'abcdefg'.substring(1, 2)", "'bc'"),
        ("'abcdefg'.substring(6, 9)", "'g'"),
        ("'abcdefg'.substring(7)", "{}"),
        ("'abcdefg'.substring(-1)", "{}"),
        ("'abcdefg'.substring(0, 0)", "''"),
        ("'abcdefg'.substring(0, -1)", "''"),
        ("'abcdefg'.substring(1, {})", "'bcdefg'"),
        ("'abcdefg'.substring({})", "{}"),
        ("'éèê'.substring(1, 1)", "'è'"),
        ("''.substring(0)", "{}"),
        ("{}.substring(0)", "{}"),
        ("'abc'.startsWith('ab')", "true"),
        ("'abc'.startsWith('bc')", "false"),
        ("'abc'.startsWith('')", "true"),
        ("{}.startsWith('a')", "{}"),
        ("'abc'.startsWith({})", "{}"),
        ("'abc'.endsWith('bc')", "true"),
        ("'abc'.endsWith('ab')", "false"),
        ("'abc'.contains('b')", "true"),
        ("'abc'.contains('x')", "false"),
        ("'abc'.contains('')", "true"),
        ("gender.contains('al')", "true"),
        ("birthDate.startsWith('1974')", "true"),
        ("'abc'.length()", "3"),
        ("'é😀'.length()", "2"),
        ("''.length()", "0"),
        ("{}.length()", "{}"),
    ]);
}

#[test]
fn texts_are_changed() {
    check(&[
        ("'abc'.upper()", "'ABC'"),
        ("'ÀBC'.lower()", "'àbc'"),
        ("'abab'.replace('a', 'x')", "'xbxb'"),
        ("'abc'.replace('x', 'y')", "'abc'"),
        ("'abc'.replace('b', '')", "'ac'"),
        ("'abc'.replace('', 'x')", "'xaxbxcx'"),
        ("'abc'.replace('b', {})", "{}"),
        ("'abc'.toChars()", "'a', 'b', 'c'"),
        ("''.toChars()", "{}"),
        ("' a b '.trim()", "'a b'"),
        ("'a,b,,c'.split(',')", "'a', 'b', '', 'c'"),
        ("'abc'.split('x')", "'abc'"),
        ("('a' | 'b' | 'c').join(',')", "'a,b,c'"),
        ("('a' | 'b').join()", "'ab'"),
        ("name.given.join(' ')", "'Jan Piet Jan'"),
        ("{}.join(',')", "''"),
        ("'a' + 'b'", "'ab'"),
        ("'a' + {}", "{}"),
        ("'a' & {}", "'a'"),
        ("{} & {}", "''"),
        ("gender & '-' & id", "'male-p1'"),
        ("'#' + id", "'#p1'"),
    ]);
}

#[test]
fn regular_expressions_are_found_anywhere_and_replace() {
    check(&[
        ("'abc'.matches('b')", "true"),
        ("'abc'.matches('^b')", "false"),
        ("'abc'.matches('^abc$')", "true"),
        ("'abc'.matches('B')", "false"),
        ("'a\\nb'.matches('a.b')", "true"),
        ("'12'.matches('^\\\\d+$')", "true"),
        ("'é'.matches('^\\\\w$')", "true"),
        ("{}.matches('a')", "{}"),
        ("'abc'.matches({})", "{}"),
        ("'abc'.matches('a' + 'b')", "true"),
        ("'abc'.matchesFull('b')", "false"),
        ("'abc'.matchesFull('a.c')", "true"),
        ("'abc'.matchesFull('a|abc')", "true"),
        ("'Patient.name'.replaceMatches('\\\\..*', '')", "'Patient'"),
        ("'2024-05-06'.replaceMatches('(\\\\d+)-(\\\\d+)-(\\\\d+)', '$3x$2/$1')", "'06x05/2024'"),
        ("'abc'.replaceMatches('b', '$')", "'a$c'"),
        ("'abc'.replaceMatches('x', 'y')", "'abc'"),
        ("'abc'.replaceMatches('(?<m>b)', '[${m}]')", "'a[b]c'"),
        ("'abc'.replaceMatches('b' + '', 'x')", "'axc'"),
        ("{}.replaceMatches('b', 'x')", "{}"),
        ("'abc'.replaceMatches('b', {})", "{}"),
    ]);
    check_errors(&[
        ("'a'.matches('(' + '')", "regular expression"),
        ("'a'.matches('(a{1000}){1000}')", "regular expression"),
    ]);
}

#[test]
fn only_texts_are_texts() {
    check_errors(&[
        ("1.length()", "type"),
        ("true.startsWith('t')", "type"),
        ("'a'.startsWith(1)", "type"),
        ("name.given.length()", "several values"),
        ("'a' & 1", "type"),
        ("name[0].contains('a')", "type"),
        ("(1 | 2).join(',')", "type"),
        ("multipleBirth.matches('a')", "type"),
    ]);
}
