//! The page with which a portal hands a launch to a module (HTI 2.0, topic 007): a form that
//! submits itself.

/// An HTML page that posts `launch` (the token) and `iss` (the FHIR base URL) to the module's
/// `endpoint`. Without scripting the user presses a button.
pub fn launch_form(endpoint: &str, launch: &str, fhir_base: &str) -> String {
    let (endpoint, launch, iss) = (escaped(endpoint), escaped(launch), escaped(fhir_base));
    format!(
        r#"<!DOCTYPE html>
<html lang="nl">
<head><meta charset="utf-8"><title>Koppeltaal</title></head>
<body onload="document.forms[0].submit()">
<form method="post" action="{endpoint}">
<input type="hidden" name="launch" value="{launch}">
<input type="hidden" name="iss" value="{iss}">
<noscript><button type="submit">Verder / Continue</button></noscript>
</form>
</body>
</html>
"#
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_carries_both_fields_and_nothing_breaks_out_of_an_attribute() {
        let page = launch_form("https://m/l?a=1&b=2", "a.b.c", r#""><script>"#);
        assert!(page.contains(r#"action="https://m/l?a=1&amp;b=2""#));
        assert!(page.contains(r#"name="launch" value="a.b.c""#));
        assert!(page.contains(r#"name="iss" value="&quot;&gt;&lt;script&gt;""#));
    }
}
