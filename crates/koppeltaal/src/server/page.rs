//! The page at `/`: what runs here and where its parts are, for people.

use crate::config::Config;

/// A page without content of a domain.
#[derive(Debug, Clone)]
pub struct Page(Option<String>);

impl Page {
    /// The page of this server.
    pub fn new(config: &Config, public_url: &str) -> Self {
        let name = escape(&config.server.name);
        let banner = config
            .server
            .banner
            .as_deref()
            .map_or(String::new(), |banner| format!("<p class=banner>{}</p>", escape(banner)));
        let url = escape(public_url);
        let version = env!("CARGO_PKG_VERSION");
        Self(Some(format!(
            "<!doctype html><html lang=en><meta charset=utf-8><title>{name}</title>\
             <meta name=viewport content='width=device-width'>\
             <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}}\
             code{{background:#8882;padding:.1rem .3rem;border-radius:.2rem}}\
             .banner{{background:#fc0;color:#000;padding:.5rem 1rem}}</style>\
             {banner}<h1>{name}</h1>\
             <p>Koppeltaal Server {version} is running.</p>\
             <ul><li>Koppeltaal 1.3: <code>{url}/FHIR/Koppeltaal</code> (<a href='/FHIR/Koppeltaal/metadata'>metadata</a>)\
             <li>Koppeltaal 2.0: <code>{url}/api/v1/<i>domain</i>/fhir/r4</code>, tokens and launches at <code>{url}/api/v1/<i>domain</i>/oauth2</code>\
             <li>Health: <a href='/healthz'>healthz</a>, <a href='/readyz'>readyz</a>\
             </ul>"
        )))
    }

    /// No page: a listener for metrics only.
    pub fn none() -> Self {
        Self(None)
    }

    /// Whether this listener serves more than metrics.
    pub fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The page.
    pub fn html(&self) -> String {
        self.0.clone().unwrap_or_default()
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('\'', "&#39;")
}
