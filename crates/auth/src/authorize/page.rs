//! The page of a launch that failed where the module cannot be told (TOP-KT-012c):
//! friendly, in Dutch and English, with a reference and without any detail.

use http::{HeaderValue, StatusCode, header};

use crate::answer::{Answer, typed};

/// What a person can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// Start again from the portal.
    StartAgain,
    /// The application was not set up rightly: its administrator must act.
    AskForHelp,
    /// Wait and try again.
    Wait,
}

/// The page. `reference` is the id under which the log tells more.
pub fn page(status: StatusCode, advice: Advice, reference: &str) -> Answer {
    let (dutch, english) = match advice {
        Advice::StartAgain => (
            "Het openen van de applicatie is niet gelukt. Ga terug naar uw portaal en open de applicatie opnieuw.",
            "The application could not be opened. Go back to your portal and open the application again.",
        ),
        Advice::AskForHelp => (
            "Het openen van de applicatie is niet gelukt. Probeer het later opnieuw, of neem contact op met uw zorgaanbieder.",
            "The application could not be opened. Try again later, or contact your care provider.",
        ),
        Advice::Wait => (
            "Het openen van de applicatie is te vaak mislukt. Wacht een minuut en probeer het opnieuw.",
            "Opening the application failed too often. Wait a minute and try again.",
        ),
    };
    // The reference is a request id: letters, digits, `.`, `-` and `_` only.
    let reference: String = reference
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
        .collect();
    let html = format!(
        "<!doctype html><html lang=nl><meta charset=utf-8><title>Niet gelukt</title>\
         <meta name=viewport content='width=device-width'>\
         <style>body{{font:1.05rem/1.6 system-ui,sans-serif;max-width:36rem;margin:12vh auto;padding:0 1.2rem;color:#1c2733;background:#f7f9fb}}\
         main{{background:#fff;border:1px solid #d8e0e8;border-radius:.6rem;padding:1.4rem 1.8rem}}\
         h1{{font-size:1.3rem;margin:.2rem 0 .8rem}}p.en{{color:#4a5866;border-top:1px solid #e4eaf0;padding-top:.9rem}}\
         code{{background:#eef2f6;padding:.1rem .35rem;border-radius:.25rem;overflow-wrap:anywhere}}\
         @media(prefers-color-scheme:dark){{body{{background:#12181f;color:#e6edf3}}main{{background:#1a222b;border-color:#2d3947}}\
         p.en{{color:#a9b6c3;border-color:#2d3947}}code{{background:#26313d}}}}</style>\
         <main><h1>Het openen is niet gelukt</h1><p>{dutch}</p>\
         <p class=en lang=en>{english}</p>\
         <p>Referentie / <span lang=en>reference</span>: <code>{reference}</code></p></main>"
    );
    let mut answer = typed(status, "text/html; charset=utf-8", html);
    answer.headers_mut().insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ),
    );
    answer
}
