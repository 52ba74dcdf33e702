//! The URLs of a domain (`contract.md`): its issuer, its FHIR base and the
//! alias of that, the endpoints of its authorization service; and the way back
//! from a path to the domain.

use std::sync::Arc;

use koppeltaal_core::directory::{Directory, Domain};
use percent_encoding::percent_decode_str;

/// The URLs of one domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urls {
    public: String,
    /// The name of the domain as it stands in URLs.
    domain: String,
    alias: Option<String>,
}

impl Urls {
    /// The URLs under `public_url`, which has no slash at its end.
    pub fn of(public_url: &str, domain: &Domain) -> Self {
        Self {
            public: public_url.to_owned(),
            domain: encoded(&domain.name),
            alias: domain.fhir_alias.clone(),
        }
    }

    /// The issuer of tokens, without a slash at its end.
    pub fn issuer(&self) -> String {
        format!("{}/api/v1/{}", self.public, self.domain)
    }

    /// The FHIR base.
    pub fn fhir_base(&self) -> String {
        format!("{}/fhir/r4", self.issuer())
    }

    /// The FHIR base and its alias.
    pub fn fhir_bases(&self) -> Vec<String> {
        let alias = self.alias.as_ref().map(|alias| format!("{}{alias}", self.public));
        std::iter::once(self.fhir_base()).chain(alias).collect()
    }

    /// Whether a URL is the FHIR base or its alias; clients write a slash at the
    /// end or leave it out.
    pub fn is_fhir_base(&self, url: &str) -> bool {
        let url = url.strip_suffix('/').unwrap_or(url);
        self.fhir_bases().iter().any(|base| base == url)
    }

    /// The token endpoint.
    pub fn token(&self) -> String {
        self.oauth2("token")
    }

    /// The authorization endpoint.
    pub fn authorize(&self) -> String {
        self.oauth2("authorize")
    }

    /// The introspection endpoint.
    pub fn introspect(&self) -> String {
        self.oauth2("introspect")
    }

    /// The revocation endpoint, which no document names.
    pub fn revoke(&self) -> String {
        self.oauth2("revoke")
    }

    /// Where identity providers send the browser back to.
    pub fn callback(&self) -> String {
        self.oauth2("idp/callback")
    }

    /// The path of the callback, for the cookie that binds a browser to a login.
    pub fn callback_path(&self) -> String {
        url::Url::parse(&self.callback()).map_or_else(|_| "/".to_owned(), |u| u.path().to_owned())
    }

    /// The public keys of the domain.
    pub fn jwks(&self) -> String {
        format!("{}/.well-known/jwks.json", self.issuer())
    }

    /// The administration of the domain.
    pub fn management(&self) -> String {
        format!("{}/admin/domains/{}", self.public, self.domain)
    }

    fn oauth2(&self, endpoint: &str) -> String {
        format!("{}/oauth2/{endpoint}", self.issuer())
    }
}

/// What a path below a domain is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Area {
    /// The FHIR service: the segments below its base.
    Fhir(Vec<String>),
    /// The authorization service: the path below `oauth2`, with single slashes.
    Oauth2(String),
    /// A document below the issuer's `.well-known`.
    WellKnown(String),
    /// Nothing that is served.
    Nothing,
}

/// A domain and what is asked of it.
#[derive(Debug, Clone)]
pub struct Place {
    /// The domain, switched on.
    pub domain: Arc<Domain>,
    /// What is asked.
    pub area: Area,
}

/// Whether a path belongs to Koppeltaal 2.0: whether [`place`] is to be asked.
pub fn is_kt2_path(directory: &Directory, path: &str) -> bool {
    let segments = segments(path);
    matches!(segments.as_slice(), ["api", "v1", ..]) || by_alias(directory, &segments).is_some()
}

/// Finds the domain of a path. `None`: there is no such domain, or it is
/// switched off.
pub fn place(directory: &Directory, path: &str) -> Option<Place> {
    let segments = segments(path);
    let owned = |rest: &[&str]| rest.iter().map(|&segment| segment.to_owned()).collect();
    let (domain, area) = match segments.as_slice() {
        ["api", "v1", name, rest @ ..] => {
            let name = percent_decode_str(name).decode_utf8().ok()?;
            let area = match rest {
                ["fhir", "r4", rest @ ..] => Area::Fhir(owned(rest)),
                ["oauth2", rest @ ..] => Area::Oauth2(rest.join("/")),
                [".well-known", document] => Area::WellKnown((*document).to_owned()),
                _ => Area::Nothing,
            };
            (directory.domain(&name)?, area)
        }
        segments => {
            let (domain, rest) = by_alias(directory, segments)?;
            (domain, Area::Fhir(owned(rest)))
        }
    };
    domain.active.then(|| Place { domain: domain.clone(), area })
}

/// A name may hold a space.
fn encoded(name: &str) -> String {
    name.replace(' ', "%20")
}

/// Several slashes count as one: clients join a base that ends with one to a
/// path that begins with one.
fn segments(path: &str) -> Vec<&str> {
    path.split('/').filter(|segment| !segment.is_empty()).collect()
}

fn by_alias<'d, 's, 'p>(
    directory: &'d Directory,
    path: &'s [&'p str],
) -> Option<(&'d Arc<Domain>, &'s [&'p str])> {
    directory.domains().iter().find_map(|domain| {
        let alias = segments(domain.fhir_alias.as_deref()?);
        path.starts_with(&alias).then_some((domain, path.get(alias.len()..)?))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> Directory {
        let demo = Domain {
            number: 1,
            name: "demo".into(),
            fhir_alias: Some("/fhir/DEFAULT".into()),
            ..Domain::default()
        };
        let spaced = Domain { number: 3, name: "Zorg Noord".into(), ..Domain::default() };
        let off = Domain { number: 2, name: "off".into(), active: false, ..Domain::default() };
        Directory::new(1, vec![demo, off, spaced], vec![], vec![], vec![], vec![])
    }

    #[test]
    fn a_path_leads_to_a_domain_and_an_area() {
        let directory = directory();
        let fhir = |rest: &[&str]| Area::Fhir(rest.iter().map(|s| (*s).to_owned()).collect());
        for (path, area) in [
            ("/api/v1/demo/fhir/r4", Some(fhir(&[]))),
            ("/api/v1/demo/fhir/r4//Patient/1", Some(fhir(&["Patient", "1"]))),
            ("/fhir/DEFAULT/metadata", Some(fhir(&["metadata"]))),
            ("/api/v1/demo/oauth2/token", Some(Area::Oauth2("token".into()))),
            (
                "/api/v1/demo/oauth2/token/introspection",
                Some(Area::Oauth2("token/introspection".into())),
            ),
            ("/api/v1/demo/.well-known/jwks.json", Some(Area::WellKnown("jwks.json".into()))),
            ("/api/v1/Zorg%20Noord/oauth2/token", Some(Area::Oauth2("token".into()))),
            ("/api/v1/demo", Some(Area::Nothing)),
            ("/api/v1/off/oauth2/token", None),
            ("/api/v1/other/oauth2/token", None),
            ("/fhir/OTHER/metadata", None),
            ("/FHIR/Koppeltaal/metadata", None),
        ] {
            assert_eq!(place(&directory, path).map(|place| place.area), area, "{path}");
        }
        assert!(is_kt2_path(&directory, "/api/v1/other/x"));
        assert!(is_kt2_path(&directory, "/fhir/DEFAULT"));
        assert!(!is_kt2_path(&directory, "/FHIR/Koppeltaal/metadata"));
    }

    #[test]
    fn the_fhir_base_is_known_with_and_without_a_final_slash_and_by_its_alias() {
        let directory = directory();
        let urls = Urls::of("https://k.example", directory.domain("demo").unwrap());
        for url in [
            "https://k.example/api/v1/demo/fhir/r4",
            "https://k.example/api/v1/demo/fhir/r4/",
            "https://k.example/fhir/DEFAULT",
        ] {
            assert!(urls.is_fhir_base(url), "{url}");
        }
        for url in [
            "https://k.example/api/v1/other/fhir/r4",
            "https://k.example/fhir/DEFAULT/Patient",
            "http://k.example/fhir/DEFAULT",
            "",
        ] {
            assert!(!urls.is_fhir_base(url), "{url}");
        }
    }
}
