//! What may be shown and what may not.

use super::*;

fn div(inner: &str) -> String {
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>")
}

#[test]
fn what_r4_allows_is_safe() {
    for inner in [
        "text",
        "<p style=\"color: red\" class='a'>x <b>y</b><br/></p>",
        "<table><tbody><tr><td colspan=\"2\">1</td></tr></tbody></table>",
        "<a href=\"https://example.org\">x</a> <a href='#b' name='c'>d</a>",
        "<a href=\"Patient/1\">relative</a>",
        "<img src=\"#i1\" alt=\"picture\"/>",
        "<img src=\"data:image/png;base64,AA==\" alt=\"picture\"/>",
        "<!-- comment --> x &amp; &#160;",
        "<span xml:lang=\"nl\" lang=\"nl\">x</span>",
    ] {
        assert_eq!(check_narrative(&div(inner)), Ok(()), "{inner}");
    }
}

#[test]
fn active_content_is_refused() {
    for inner in [
        "<script>1</script>",
        "<form>x</form>",
        "<iframe src='x'>y</iframe>",
        "<object>x</object>",
        "<input value='x'/>",
        "<style>p {}</style>",
        "<svg>x</svg>",
        "<head>x</head>",
        "<body>x</body>",
        "<P>x</P>",
    ] {
        let fault = check_narrative(&div(inner)).unwrap_err();
        assert!(matches!(fault, NarrativeFault::Element(_)), "{inner}: {fault}");
    }
    for inner in [
        "<p onclick=\"x()\">x</p>",
        "<img src='a' onerror='x'/>",
        "<p style=\"background: url(http://x)\">x</p>",
        "<a target='_top'>x</a>",
    ] {
        let fault = check_narrative(&div(inner)).unwrap_err();
        assert!(matches!(fault, NarrativeFault::Attribute(_)), "{inner}: {fault}");
    }
    for link in [
        "javascript:x",
        " java&#10;script:x",
        "JAVASCRIPT:x",
        "vbscript:x",
        "data:text/html,x",
        "file:///x",
    ] {
        let inner = format!("<a href=\"{link}\">x</a>");
        let fault = check_narrative(&div(&inner)).unwrap_err();
        assert!(matches!(fault, NarrativeFault::Link(_)), "{inner}: {fault}");
    }
}

#[test]
fn broken_and_empty_narratives_are_refused() {
    for bad in [
        String::new(),
        "text".to_owned(),
        "<div>no namespace</div>".to_owned(),
        "<p xmlns=\"http://www.w3.org/1999/xhtml\">x</p>".to_owned(),
        div("<p>x"),
        div("&nbsp;"),
        div("x") + "x",
        div("x") + &div("y"),
    ] {
        assert!(check_narrative(&bad).is_err(), "{bad}");
    }
    for empty in ["", "  \n ", "<p> </p>", "<!-- x -->"] {
        assert_eq!(check_narrative(&div(empty)), Err(NarrativeFault::Empty), "{empty}");
    }
}
