//! What does not need a server to be seen.

use super::*;
use crate::interaction::Interaction;

fn text(in_url: Option<&str>, in_form: &[(&str, &str)], masks: bool) -> String {
    let form: Vec<(String, String)> =
        in_form.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    Query::of("Task", in_url, &form, masks).text
}

#[test]
fn a_search_is_told_as_the_client_wrote_it() {
    for (url, form, expected) in [
        (None, &[][..], "/Task"),
        (Some(""), &[], "/Task"),
        (Some("&&"), &[], "/Task"),
        (Some("status=in-progress&_count=1"), &[], "/Task?status=in-progress&_count=1"),
        (Some("patient.name=J%C3%A9+x&a"), &[], "/Task?patient.name=J%C3%A9+x&a"),
        (
            Some("_count=1"),
            &[("status", "ready&x"), ("a", "")],
            "/Task?_count=1&status=ready%26x&a=",
        ),
        (None, &[("_id", "1")], "/Task?_id=1"),
    ] {
        assert_eq!(text(url, form, false), expected);
    }
}

#[test]
fn a_secret_is_never_told() {
    assert_eq!(text(Some("access_token=abc&_id=1"), &[], false), "/Task?access_token=***&_id=1");
    assert_eq!(text(None, &[("id_token", "abc")], false), "/Task?id_token=***");
    assert_eq!(text(Some("access%5Ftoken=abc"), &[], false), "/Task?access%5Ftoken=***");
}

#[test]
fn values_that_name_people_are_masked_where_a_domain_wants_it() {
    for (pair, masked) in [
        ("identifier=urn:x%7C1", "identifier=***"),
        ("identifier:of-type=a%7Cb%7Cc", "identifier:of-type=***"),
        ("patient.identifier=1", "patient.identifier=***"),
        ("patient:identifier=1", "patient:identifier=***"),
        ("patient:Patient.name:exact=Jan", "patient:Patient.name:exact=***"),
        ("_has:Task:patient:identifier=1", "_has:Task:patient:identifier=***"),
        ("n%61me=Jan", "n%61me=***"),
        ("family=Jan", "family=***"),
        ("_content=Jan", "_content=***"),
        ("_page=AbC", "_page=***"),
        ("status=ready", "status=ready"),
        ("patient=Patient/1", "patient=Patient/1"),
        ("names=x", "names=x"),
        ("identifier=", "identifier="),
    ] {
        assert_eq!(text(Some(pair), &[], true), format!("/Task?{masked}"));
        assert_eq!(text(Some(pair), &[], false), format!("/Task?{pair}"));
    }
}

#[test]
fn words_about_a_search_do_not_name_what_is_masked() {
    let told = "`Jan é` is no value for `name`: give a text.".to_owned();
    let query = Query::of("Patient", Some("name=Jan+%C3%A9&status=text"), &[], true);
    assert_eq!(query.masked(told.clone()), "`***` is no value for `name`: give a text.");
    let query = Query::of("Patient", Some("name=Jan+%C3%A9"), &[], false);
    assert_eq!(query.masked(told.clone()), told);
    let long = "é".repeat(61);
    let query = Query::of("Patient", Some(&format!("name={long}")), &[], true);
    assert_eq!(query.masked(format!("`{}…`", "é".repeat(60))), "`***…`");
    let query = Query::of("Patient", Some("identifier=urn:x%7C1%7C2,y"), &[], true);
    assert_eq!(query.masked("`urn:x|1|2` is odd".to_owned()), "`***` is odd");
    let late = format!("status={}&name=Jan", "x".repeat(5000));
    let query = Query::of("Patient", Some(&late), &[], true);
    assert_eq!(query.masked("`Jan` is odd".to_owned()), "`***` is odd");
    let query = Query::of("Patient", Some("name=+"), &[], true);
    assert_eq!(query.masked("a b".to_owned()), "a b");
}

#[test]
fn a_long_search_is_cut() {
    let pairs: Vec<String> = (0..2000).map(|number| format!("é=%C3%A9{number}")).collect();
    let told = text(Some(&pairs.join("&")), &[], false);
    assert!(told.len() < 5_000 && told.ends_with('…'), "{}", told.len());
    assert_eq!(text(Some(&"a".repeat(60_000)), &[], true).len(), 4 * 1024 + '…'.len_utf8());
}

#[test]
fn kinds_have_the_codes_of_the_standard() {
    for (method, path, code, action) in [
        ("GET", &["a"][..], "read", 'R'),
        ("HEAD", &["a"], "read", 'R'),
        ("GET", &["a", "_history", "1"], "read", 'R'),
        ("GET", &["a", "_history"], "read", 'R'),
        ("GET", &["_history"], "history-type", 'R'),
        ("GET", &[], "search-type", 'E'),
        ("POST", &["_search"], "search-type", 'E'),
        ("POST", &[], "create", 'C'),
        ("PUT", &["a"], "update", 'U'),
        ("DELETE", &["a"], "delete", 'D'),
        ("POST", &["$validate"], "operation", 'E'),
        ("POST", &["a", "$validate"], "operation", 'E'),
    ] {
        let kind = Kind::of(Interaction::asked(method, path).unwrap());
        assert_eq!((kind.code(), kind.action()), (code, action), "{method} {path:?}");
    }
    for (method, code) in [
        ("GET", "read"),
        ("HEAD", "read"),
        ("POST", "create"),
        ("PUT", "update"),
        ("PATCH", "patch"),
        ("DELETE", "delete"),
        ("PURGE", "read"),
    ] {
        assert_eq!(Kind::of_method(method).code(), code);
    }
}
