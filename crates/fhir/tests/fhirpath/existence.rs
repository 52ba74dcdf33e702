//! Existence, filtering and projection.

use crate::support::{check, check_errors};

#[test]
fn existence_functions_answer_for_the_whole_collection() {
    check(&[
        ("name.exists()", "true"),
        ("nothing.exists()", "false"),
        ("name.empty()", "false"),
        ("nothing.empty()", "true"),
        ("{}.empty()", "true"),
        ("name.exists(use = 'old')", "true"),
        ("name.exists(use = 'temp')", "false"),
        ("nothing.exists(true)", "false"),
        ("name.all(use.exists())", "true"),
        ("name.all(family = 'Jansen')", "false"),
        ("nothing.all(false)", "true"),
        ("name.all(nothing)", "false"),
        ("name.count()", "3"),
        ("{}.count()", "0"),
        ("(true | true).count()", "1"),
        ("true.combine(true).allTrue()", "true"),
        ("true.combine(false).allTrue()", "false"),
        ("true.combine(false).anyTrue()", "true"),
        ("false.combine(false).anyTrue()", "false"),
        ("true.combine(false).allFalse()", "false"),
        ("false.allFalse()", "true"),
        ("true.combine(false).anyFalse()", "true"),
        ("{}.allTrue()", "true"),
        ("{}.anyTrue()", "false"),
        ("{}.allFalse()", "true"),
        ("{}.anyFalse()", "false"),
        ("active.allTrue()", "true"),
    ]);
    check_errors(&[("name.allTrue()", "type"), ("1.anyFalse()", "type")]);
}

#[test]
fn where_keeps_what_meets_the_criterion() {
    check(&[
        ("name.where(use = 'official').family", "\"Jansen\""),
        ("name.where(use = 'temp')", "{}"),
        ("name.where(family.hasValue()).count()", "1"),
        ("name.where($index = 1).use", "\"nickname\""),
        ("name.where($index > 0).count()", "2"),
        ("name.given.where($this = 'Jan').count()", "2"),
        ("name.where(given.where($this = 'Piet').exists()).use", "\"official\""),
        ("telecom.where(system='email').value", "\"jan@example.org\""),
        ("name.where({})", "{}"),
        ("where(active).id", "\"p1\""),
        ("where(active = false).id", "{}"),
        ("{}.where(true)", "{}"),
    ]);
}

#[test]
fn select_projects_and_flattens() {
    check(&[
        ("name.select(given)", "\"Jan\", \"Piet\", \"Jan\""),
        ("name.select(given.first())", "\"Jan\", \"Jan\""),
        ("name.select($index)", "0, 1, 2"),
        ("name.select(use & '!')", "'official!', 'nickname!', 'old!'"),
        ("name.select(nothing)", "{}"),
        ("name.select(use | given).count()", "6"),
        ("(1 | 2).select($this + 1)", "2, 3"),
        ("(1 | 2).select((10 | 20).select($this))", "10, 20, 10, 20"),
    ]);
}

#[test]
fn repeat_goes_on_until_nothing_is_new() {
    check(&[
        ("extension.repeat(extension).url", "\"a\", \"b\""),
        ("repeat(extension).count()", "5"),
        ("1.repeat(iif($this < 4, $this + 1))", "2, 3, 4"),
        ("1.repeat($this)", "1"),
        ("repeat(nothing)", "{}"),
        ("repeat(contact | relationship).count()", "2"),
    ]);
}

#[test]
fn aggregate_carries_a_total() {
    check(&[
        ("(1 | 2 | 3).aggregate($this + $total, 0)", "6"),
        (
            "(1 | 2 | 3).aggregate(iif($total.empty(), $this, iif($this < $total, $this, $total)))",
            "1",
        ),
        ("{}.aggregate($this + $total, 0)", "0"),
        ("{}.aggregate($this)", "{}"),
        ("$total", "{}"),
        ("$index", "{}"),
    ]);
}

#[test]
fn iif_has_the_input_as_focus() {
    check(&[
        ("iif(true, 1, 2)", "1"),
        ("iif(false, 1, 2)", "2"),
        ("iif({}, 1, 2)", "2"),
        ("iif(false, 1)", "{}"),
        ("iif(true, 1, name.single())", "1"),
        ("nothing.iif(empty(), 'none', 'some')", "'none'"),
        ("name.iif(empty(), 'none', count())", "3"),
        ("name.first().iif(use = 'official', family, given)", "\"Jansen\""),
        ("name.select(iif(family.hasValue(), family, use))", "\"Jansen\", \"nickname\", \"old\""),
    ]);
}

#[test]
fn trace_hands_its_input_on() {
    check(&[
        ("name.trace('x').count()", "3"),
        ("name.trace('x', given).count()", "3"),
        ("{}.trace('x')", "{}"),
    ]);
}
