//! Hostile expressions and hostile data end early, with an error and without harm. Everything runs
//! on a thread with a small stack.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{
    Context, EvaluateError, Expression, MAX_LENGTH, MAX_NESTING, ParseError,
};

use crate::support::parse;

fn on_a_small_stack(run: impl FnOnce() + Send + 'static) {
    std::thread::Builder::new().stack_size(1 << 20).spawn(run).unwrap().join().unwrap();
}

fn evaluate(text: &str, node: &Node) -> Result<usize, EvaluateError> {
    let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    expression.evaluate(&Context::new(node, Definitions::core())).map(|found| found.len())
}

fn parse_error(text: &str) -> Option<ParseError> {
    Expression::parse(text).err()
}

#[test]
fn nesting_is_limited_in_every_way_it_can_be_written() {
    on_a_small_stack(|| {
        let n = MAX_LENGTH / 12;
        for (open, core, close) in [
            ("(", "1", ")"),
            ("not(", "1", ")"),
            ("where(", "true", ")"),
            ("a[", "1", "]"),
            ("iif(true,", "1", ")"),
            ("1+(", "1", ")"),
            ("a=1 and (", "1", ")"),
            ("-(", "1", ")"),
            ("(-", "1", ")"),
            ("1 implies (", "1", ")"),
        ] {
            let text = format!("{}{core}{}", open.repeat(n), close.repeat(n));
            let error = parse_error(&text);
            let arity = matches!(error, Some(ParseError::Arguments { .. }));
            assert!(arity || error == Some(ParseError::TooDeep), "{open}: {error:?}");
        }
        let after = format!("{}1{}", "(".repeat(n), ")+1*2 is Integer".repeat(n / 2));
        assert_eq!(parse_error(&after), Some(ParseError::TooDeep));
        let types = format!("1{}", " is A".repeat(n));
        assert_eq!(parse_error(&types), Some(ParseError::TooDeep));
        let mixed = format!("1{}", " is A + 1".repeat(n));
        assert_eq!(parse_error(&mixed), Some(ParseError::TooDeep));
    });
}

#[test]
fn long_chains_do_not_nest() {
    on_a_small_stack(|| {
        let node = parse(r#"{"resourceType": "Patient", "name": [{"family": "x"}]}"#);
        for (first, more, count) in [
            ("1", " | 1", 4000),
            ("1", " + 1", 4000),
            ("true", " and true", 2000),
            ("name", ".first()", 2000),
            ("name", "[0]", 4000),
            ("name", ".skip(0)", 2000),
        ] {
            let text = format!("{first}{}", more.repeat(count));
            assert_eq!(evaluate(&text, &node), Ok(1), "{first}{more}");
        }
        let signs = format!("{}1", "-".repeat(MAX_LENGTH - 1));
        assert_eq!(evaluate(&signs, &node), Ok(1));
        let namespaces = "FHIR.".repeat(MAX_LENGTH / 5 - 1) + "x";
        assert_eq!(evaluate(&namespaces, &node), Ok(0));
    });
}

#[test]
fn what_may_nest_evaluates_on_a_small_stack() {
    on_a_small_stack(|| {
        let node = parse(r#"{"resourceType": "Patient", "name": [{"family": "x"}]}"#);
        let mut deepest = 0;
        for n in 1..=MAX_NESTING {
            let text = format!("{}true{}", "name.where(1=1 and ".repeat(n), ")".repeat(n));
            match Expression::parse(&text) {
                Ok(expression) => {
                    deepest = n;
                    let context = Context::new(&node, Definitions::core());
                    assert!(expression.evaluate(&context).is_ok());
                }
                Err(error) => assert_eq!(error, ParseError::TooDeep),
            }
        }
        assert!(deepest >= 15, "only {deepest}");
    });
}

#[test]
fn the_length_of_an_expression_is_limited() {
    let longest = format!("1{}", " ".repeat(MAX_LENGTH - 1));
    assert!(Expression::parse(&longest).is_ok());
    assert_eq!(parse_error(&format!("{longest} ")), Some(ParseError::TooLong));
}

fn wide(count: usize) -> Node {
    let names: Vec<String> = (0..count)
        .map(|at| {
            format!("{{\"use\":\"usual\",\"text\":\"{at}\",\"period\":{{\"start\":\"2024\"}}}}")
        })
        .collect();
    parse(&format!("{{\"resourceType\":\"Patient\",\"name\":[{}]}}", names.join(",")))
}

#[test]
fn work_is_limited_whatever_the_data() {
    let node = wide(5_000);
    for text in [
        "name.where(%resource.name.where(text = 'x').exists())",
        "name.select(%resource.name)",
        "name.isDistinct()",
        "name.all(%resource.children().descendants().exists())",
        "name.combine(name).select($this.combine(%resource.descendants()))",
        "name.select(%resource.name.text.join(','))",
        "name ~ name.skip(1).combine(name.first())",
        "name.text.select(('a' + '') | 'b').select(%resource.name.text.matches('x' + $this))",
    ] {
        let error = evaluate(text, &node);
        let is_refused =
            matches!(error, Err(EvaluateError::TooMuch | EvaluateError::NotSingle { .. }));
        assert!(is_refused, "{text}: {error:?}");
    }
}

#[test]
fn ordinary_work_on_much_data_is_done() {
    let node = wide(5_000);
    for text in [
        "name.all(text.exists())",
        "name.text.isDistinct()",
        "name.where(use = 'usual').count() = 5000",
        "descendants().count() > 5000",
        "name.select(text & use).isDistinct()",
        "name.text | name.use",
    ] {
        assert!(evaluate(text, &node).is_ok(), "{text}");
    }
}

#[test]
fn texts_do_not_grow_without_limit() {
    let node = wide(1);
    let mut text = "'aaaaaaaaaa'".to_owned();
    for _ in 0..9 {
        text.push_str(".replace('a', 'aaaaaaaaaa')");
    }
    assert_eq!(evaluate(&text, &node), Err(EvaluateError::TooMuch));
    let mut text = "'aaaaaaaaaa'".to_owned();
    for _ in 0..9 {
        text.push_str(".replaceMatches('a', 'aaaaaaaaaa')");
    }
    assert_eq!(evaluate(&text, &node), Err(EvaluateError::TooMuch));
    let mut text = "'a'".to_owned();
    for _ in 0..25 {
        text.push_str(".select($this + $this)");
    }
    assert_eq!(evaluate(&text, &node), Err(EvaluateError::TooMuch));
    let endless = "'a'.repeat($this + 'a')";
    assert_eq!(evaluate(endless, &node), Err(EvaluateError::TooMuch));
}

#[test]
fn deep_data_is_walked_without_recursion() {
    on_a_small_stack(|| {
        let deep =
            || (0..20_000).fold(Node::from("x"), |node, _| Node::object().with("extension", node));
        let twice = Node::object().with("a", deep()).with("b", deep());
        assert_eq!(evaluate("descendants().count()", &twice), Ok(1));
        assert_eq!(evaluate("a = b", &twice), Err(EvaluateError::TooMuch));
        assert_eq!(evaluate("a ~ b", &twice), Err(EvaluateError::TooMuch));
        // Dropping so deep a tree would overflow the stack by itself.
        std::mem::forget(twice);
    });
}

#[test]
fn regular_expressions_take_linear_time() {
    let node = wide(1);
    let text = format!("'{}b'.matches('^(a+)+$')", "a".repeat(10_000));
    assert_eq!(evaluate(&text, &node), Ok(1));
}
