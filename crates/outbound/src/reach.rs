//! Which addresses may be called. In acceptance and production only public ones,
//! checked on the URL and again on every connection: a name that resolves to the
//! inside of the network must not turn this server into a way in (SSRF).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use koppeltaal_core::directory::Domain;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// The addresses an endpoint may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reach {
    /// Addresses of the public internet (acceptance and production).
    Public,
    /// Any address (development and test).
    Any,
    /// This machine (plain `http` in development and test).
    Loopback,
}

impl Reach {
    /// Whether an address is within reach.
    pub fn allows(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Loopback => address.to_canonical().is_loopback(),
            Self::Public => match address {
                IpAddr::V4(address) => is_public_v4(address),
                IpAddr::V6(address) => is_public_v6(address),
            },
        }
    }

    fn refusal(self, address: IpAddr) -> String {
        match self {
            Self::Loopback => format!("address {address} refused: http is for loopback only"),
            Self::Public | Self::Any => format!(
                "address {address} refused: private, loopback and link-local addresses are not \
                 called from acceptance and production"
            ),
        }
    }
}

/// Checks the URL of an endpoint of this domain and tells which addresses it may
/// resolve to; the error says what is wrong with it.
pub fn check_url(text: &str, domain: &Domain) -> Result<(Url, Reach), String> {
    let url = Url::parse(text).map_err(|error| format!("the endpoint is not a URL: {error}"))?;
    let host = url.host().ok_or("the endpoint has no host")?;
    let reach = match url.scheme() {
        "https" if domain.phase.is_strict() => Reach::Public,
        "https" => Reach::Any,
        "http" if !domain.phase.is_strict() && domain.allow_http_loopback && is_loopback(&host) => {
            Reach::Loopback
        }
        "http" => {
            return Err("the endpoint is not https (plain http is allowed to loopback only, in a \
                        development or test domain with allow_http_loopback)"
                .to_owned());
        }
        scheme => return Err(format!("the endpoint is not https but {scheme}")),
    };
    // A literal address never meets the resolver.
    let literal = match host {
        Host::Ipv4(address) => Some(IpAddr::V4(address)),
        Host::Ipv6(address) => Some(IpAddr::V6(address)),
        Host::Domain(_) => None,
    };
    match literal {
        Some(address) if !reach.allows(address) => Err(reach.refusal(address)),
        _ => Ok((url, reach)),
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        // "This network", shared (carrier) space, protocol assignments,
        // benchmarks, multicast, reserved and broadcast.
        || a == 0
        || (a == 100 && (64..128).contains(&b))
        || (a, b, c) == (192, 0, 0)
        || (a == 198 && (18..20).contains(&b))
        || a >= 224
        // The metadata address of a cloud that lies in public space.
        || address == Ipv4Addr::new(168, 63, 129, 16);
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let segments = address.segments();
    let embedded = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        is_public_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        // IPv4 in IPv6: mapped, translated (NAT64), 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            embedded(high, low)
        }
        [0x2002, high, low, ..] => embedded(high, low),
        // Teredo, documentation.
        [0x2001, 0 | 0xdb8, ..] | [0x3fff, ..] => false,
        // Everything public is in 2000::/3; the rest is unique-local, link-local,
        // multicast, loopback or unassigned.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

/// Resolves names, and answers with addresses within reach only: the connection
/// is made to what was checked.
#[derive(Debug, Clone, Copy)]
pub(crate) struct CheckedResolver(pub(crate) Reach);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let allowed: Vec<SocketAddr> =
                found.iter().copied().filter(|address| reach.allows(address.ip())).collect();
            match (allowed.is_empty(), found.first()) {
                (true, Some(refused)) => Err(Refused(reach.refusal(refused.ip())).into()),
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}

/// A name resolved to nothing but addresses out of reach.
#[derive(Debug)]
pub(crate) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use koppeltaal_core::directory::Phase;

    use super::*;

    #[test]
    fn only_public_addresses_are_reached_from_production() {
        for (address, public) in [
            ("8.8.8.8", true),
            ("145.1.2.3", true),
            ("2a00:1450:400e:80c::200e", true),
            ("64:ff9b::808:808", true),
            ("0.0.0.0", false),
            ("10.0.0.1", false),
            ("100.64.0.1", false),
            ("100.100.100.200", false),
            ("127.0.0.1", false),
            ("127.8.9.1", false),
            ("168.63.129.16", false),
            ("169.254.169.254", false),
            ("172.16.0.1", false),
            ("192.0.0.192", false),
            ("192.168.1.1", false),
            ("198.18.0.1", false),
            ("224.0.0.1", false),
            ("255.255.255.255", false),
            ("::", false),
            ("::1", false),
            ("::7f00:1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:10.0.0.1", false),
            ("64:ff9b::a00:1", false),
            ("64:ff9b:1::1", false),
            ("2002:a00:1::1", false),
            ("2001:0:1::1", false),
            ("2001:db8::1", false),
            ("fc00::1", false),
            ("fd00:ec2::254", false),
            ("fe80::1", false),
            ("ff02::1", false),
        ] {
            let parsed: IpAddr = address.parse().unwrap();
            assert_eq!(Reach::Public.allows(parsed), public, "{address}");
            assert!(Reach::Any.allows(parsed), "{address}");
        }
    }

    fn domain(phase: Phase, allow_http_loopback: bool) -> Domain {
        Domain { phase, allow_http_loopback, ..Domain::default() }
    }

    #[test]
    fn plain_http_goes_to_loopback_in_a_domain_that_allows_it() {
        let lenient = domain(Phase::Test, true);
        for url in ["http://127.0.0.1:9100/hook", "http://localhost/", "http://[::1]:80/"] {
            assert_eq!(check_url(url, &lenient).unwrap().1, Reach::Loopback, "{url}");
            assert!(check_url(url, &domain(Phase::Test, false)).is_err(), "{url}");
            assert!(check_url(url, &domain(Phase::Production, true)).is_err(), "{url}");
        }
        for url in ["http://10.0.0.1/", "http://example.org/", "ftp://127.0.0.1/", "hook"] {
            assert!(check_url(url, &lenient).is_err(), "{url}");
        }
    }

    #[test]
    fn an_odd_spelling_of_a_private_address_is_still_that_address() {
        let strict = domain(Phase::Acceptance, false);
        for url in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://[::ffff:10.0.0.1]/",
            "https://169.254.169.254/latest",
        ] {
            assert!(check_url(url, &strict).unwrap_err().contains("refused"), "{url}");
            assert_eq!(check_url(url, &domain(Phase::Test, false)).unwrap().1, Reach::Any);
        }
        assert_eq!(check_url("https://example.org/", &strict).unwrap().1, Reach::Public);
    }

    #[tokio::test]
    async fn a_name_that_resolves_to_loopback_is_refused_for_production() {
        let name = || "localhost".parse::<Name>().unwrap();
        let refused = CheckedResolver(Reach::Public).resolve(name()).await.err().unwrap();
        assert!(refused.downcast_ref::<Refused>().is_some());
        let found = CheckedResolver(Reach::Loopback).resolve(name()).await.ok().unwrap();
        assert!(found.map(|address| address.ip()).all(|address| address.is_loopback()));
    }
}
