//! The URLs this server gives out, always built from the configured public URL
//! and never from a Host header.

use koppeltaal_core::version::Stamp;

/// The base URLs of KT1.
#[derive(Debug, Clone)]
pub struct Links {
    /// `…/FHIR/Koppeltaal`.
    pub base: String,
    /// `…/OAuth2/Koppeltaal`.
    pub oauth: String,
}

impl Links {
    /// The URLs under a public URL.
    pub fn new(public_url: &str) -> Self {
        let root = public_url.trim_end_matches('/');
        Self { base: format!("{root}/FHIR/Koppeltaal"), oauth: format!("{root}/OAuth2/Koppeltaal") }
    }

    /// The path of the hub.
    pub fn hub(&self) -> String {
        let root = self.base.strip_suffix("/FHIR/Koppeltaal").unwrap_or(&self.base);
        let host = root.split_once("://").map_or(root, |(_, host)| host);
        let path = host.find('/').and_then(|at| host.get(at..)).unwrap_or("");
        format!("{path}/signalr")
    }

    /// Where messages are posted.
    pub fn mailbox(&self) -> String {
        format!("{}/Mailbox", self.base)
    }

    /// A copy of a message.
    pub fn header(&self, item: i64) -> String {
        format!("{}/MessageHeader/{item}", self.base)
    }

    /// A version of a copy.
    pub fn header_version(&self, item: i64, stamp: Stamp) -> String {
        format!("{}/MessageHeader/{item}/_history/{stamp}", self.base)
    }

    /// An ActivityDefinition.
    pub fn definition(&self, number: i64) -> String {
        format!("{}/Other/ActivityDefinition:{number}", self.base)
    }

    /// A version of an ActivityDefinition.
    pub fn definition_version(&self, number: i64, version: &str) -> String {
        format!("{}/Other/ActivityDefinition:{number}/_history/{version}", self.base)
    }

    /// A StorageItem, or a version of it.
    pub fn storage_item(&self, id: &str, version: Option<&str>) -> String {
        let item = format!("{}/Other/StorageItem:{id}", self.base);
        match version {
            Some(version) => format!("{item}/_history/{version}"),
            None => item,
        }
    }

    /// The Device of an application.
    pub fn device(&self, application: i64) -> String {
        format!("{}/Device/{application}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_hub_is_below_that_of_the_server() {
        for (url, path) in [
            ("http://127.0.0.1:8080", "/signalr"),
            ("https://kt.example/", "/signalr"),
            ("https://kt.example/edge/1/", "/edge/1/signalr"),
        ] {
            assert_eq!(Links::new(url).hub(), path);
        }
    }
}
