//! Properties over generated expressions and data: nothing panics, what is shown reads back, and
//! the laws of the language hold.

use koppeltaal_fhir::Node;
use koppeltaal_fhir::r4::definition::Definitions;
use koppeltaal_fhir::r4::fhirpath::{Context, Decimal, Expression};
use proptest::prelude::*;

use crate::data::patient;
use crate::support::show;

const WORDS: &[&str] = &[
    "Patient",
    "name",
    "given",
    "family",
    "value",
    "extension",
    "$this",
    "$index",
    "%resource",
    "%ucum",
    ".",
    ".",
    ".",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    "'a'",
    "'",
    "1",
    "1.5",
    "0",
    "@2024",
    "@T10:00",
    "4 'mg'",
    "2 days",
    "true",
    "false",
    "=",
    "!=",
    "~",
    "<",
    ">=",
    "+",
    "-",
    "*",
    "/",
    "|",
    "&",
    " and ",
    " or ",
    " xor ",
    " implies ",
    " is ",
    " as ",
    " in ",
    " contains ",
    " div ",
    " mod ",
    "where(",
    "select(",
    "exists()",
    "empty()",
    "first()",
    "all(",
    "repeat(",
    "descendants()",
    "children()",
    "matches('a')",
    "substring(1)",
    "ofType(string)",
    "toString()",
    "resolve()",
    "iif(",
    "//",
    "/*",
    "*/",
    "`",
    "\\",
    "é",
    " ",
];

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(WORDS.to_vec())
}

/// Expressions that are well-formed.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-2",
        "1.50",
        "'a'",
        "''",
        "true",
        "false",
        "{}",
        "@2024-05",
        "@T10:30",
        "4 'mg'",
        "3 days",
        "name",
        "name.given",
        "birthDate",
        "deceased",
        "active",
        "multipleBirth",
        "extension.value",
        "$this",
        "%resource.id",
        "contact.name.family",
        "Patient.identifier",
        "telecom.rank",
        "name[1]",
        "nothing",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operator = prop::sample::select(vec![
            "+", "-", "*", "/", "div", "mod", "&", "|", "=", "!=", "~", "!~", "<", "<=", ">", ">=",
            "and", "or", "xor", "implies", "in", "contains",
        ]);
        let plain = prop::sample::select(vec![
            "exists()",
            "empty()",
            "count()",
            "first()",
            "last()",
            "tail()",
            "not()",
            "distinct()",
            "isDistinct()",
            "children()",
            "descendants()",
            "toString()",
            "toInteger()",
            "toDecimal()",
            "toDate()",
            "toQuantity()",
            "hasValue()",
            "abs()",
            "round()",
            "sqrt()",
            "length()",
            "upper()",
            "toChars()",
            "trim()",
            "resolve()",
            "allTrue()",
            "single()",
            "as(string)",
            "ofType(HumanName)",
            "is(date)",
            "convertsToInteger()",
            "join(',')",
            "matches('^a+$')",
            "replaceMatches('a', '$0$0')",
            "extension('u')",
            "now()",
        ]);
        let nested = prop::sample::select(vec![
            "where",
            "select",
            "exists",
            "all",
            "repeat",
            "union",
            "combine",
            "intersect",
            "exclude",
            "subsetOf",
            "supersetOf",
            "skip",
            "take",
            "startsWith",
            "contains",
            "indexOf",
            "power",
            "log",
            "split",
        ]);
        prop_oneof![
            (inner.clone(), operator, inner.clone())
                .prop_map(|(l, o, r)| format!("({l}) {o} ({r})")),
            (inner.clone(), plain).prop_map(|(of, f)| format!("({of}).{f}")),
            (inner.clone(), nested, inner.clone())
                .prop_map(|(of, f, a)| format!("({of}).{f}({a})")),
            (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("iif({a}, {b}, {c})")),
            inner.prop_map(|of| format!("-({of})")),
        ]
    })
}

fn evaluate(text: &str, node: &Node) -> Option<String> {
    let expression = Expression::parse(text).ok()?;
    let context = Context::new(node, Definitions::core());
    expression.evaluate(&context).ok().map(|found| show(&found))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn reading_never_panics(text in any::<String>()) {
        let _ = Expression::parse(&text);
    }

    #[test]
    fn words_in_any_order_never_panic(words in prop::collection::vec(word(), 0..24)) {
        let text = words.concat();
        if let Ok(expression) = Expression::parse(&text) {
            prop_assert_eq!(expression.to_string(), text);
            let node = patient();
            let _ = expression.evaluate(&Context::new(&node, Definitions::core()));
            let _ = expression.is_true(&Context::new(&node, Definitions::core()));
        }
    }

    #[test]
    fn well_formed_expressions_are_read_and_read_back(text in expression()) {
        let node = patient();
        let first = Expression::parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let again = Expression::parse(&first.to_string()).unwrap_or_else(|error| panic!("{error}"));
        prop_assert_eq!(first.functions(), again.functions());
        let context = Context::new(&node, Definitions::core());
        let (one, other) = (first.evaluate(&context), again.evaluate(&context));
        prop_assert_eq!(one.map(|found| show(&found)), other.map(|found| show(&found)));
    }

    #[test]
    fn brackets_and_blanks_change_nothing(text in expression()) {
        let node = patient();
        prop_assert_eq!(evaluate(&text, &node), evaluate(&format!(" ( {text} ) "), &node));
    }

    #[test]
    fn where_and_its_opposite_share_the_items(text in expression()) {
        let node = patient();
        let count = |criterion: String| {
            let found = evaluate(&format!("name.where({criterion}).count()"), &node)?;
            found.parse::<usize>().ok()
        };
        let yes = count(format!("({text}) = true"));
        let no = count(format!("(({text}) = true) = false"));
        if let (Some(yes), Some(no)) = (yes, no) {
            prop_assert!(yes + no <= 3);
        }
    }

    #[test]
    fn sums_agree_with_whole_numbers(left in -1_000_000_i64..1_000_000, right in -1_000_000_i64..1_000_000, scale in 0_u32..6) {
        let shift = 10_i64.pow(scale);
        let decimal = |value: i64| {
            let sign = if value < 0 { "-" } else { "" };
            let value = value.abs();
            if scale == 0 {
                format!("{sign}{value}")
            } else {
                format!("{sign}{}.{:0width$}", value / shift, value % shift, width = scale as usize)
            }
        };
        let read = |value: i64| Decimal::parse(&decimal(value)).unwrap();
        prop_assert_eq!(read(left).plus(read(right)), Some(read(left + right)));
        prop_assert_eq!(read(left).cmp(&read(right)), left.cmp(&right));
        prop_assert_eq!(read(left).to_string(), decimal(left));
        let product = read(left).multiply(read(right)).map(|product| product.to_string());
        let expected = i128::from(left) * i128::from(right);
        let digits = product.unwrap_or_default().replace('.', "");
        prop_assert_eq!(digits.parse::<i128>().ok(), Some(expected));
    }
}
