//! Lists of addresses and networks that may call, such as `10.1.0.0/16`.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// An address, or a network in CIDR form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Whether the address belongs to it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let shared = |ours: u128, theirs: u128, width: u32| {
            let ignored = width.saturating_sub(u32::from(self.prefix));
            ours.checked_shr(ignored) == theirs.checked_shr(ignored)
        };
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => shared(a.to_bits().into(), b.to_bits().into(), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => shared(a.to_bits(), b.to_bits(), 128),
            _ => false,
        }
    }
}

/// Whether one of the networks holds the address.
pub fn is_allowed(networks: &[Network], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(address))
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an address or network like 10.1.0.0/16");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| wrong())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(prefix) => prefix.trim().parse().map_err(|_| wrong())?,
            None => width,
        };
        if prefix > width {
            return Err(wrong());
        }
        Ok(Self { address, prefix })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_holds_its_addresses_only() {
        let check = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse().unwrap())
        };
        assert!(check("127.0.0.0/8", "127.3.2.1"));
        assert!(check("127.0.0.0/8", "::ffff:127.0.0.1"));
        assert!(!check("127.0.0.0/8", "128.0.0.1"));
        assert!(check("0.0.0.0/0", "8.8.8.8") && !check("0.0.0.0/0", "::1"));
        assert!(check("::/0", "2001:db8::1") && check("::1", "::1") && !check("::1", "::2"));
        assert!(check("10.0.0.7", "10.0.0.7") && !check("10.0.0.7", "10.0.0.8"));
        for odd in ["", "localhost", "10.0.0.0/33", "10.0.0.0/x", "10.0.0"] {
            assert!(odd.parse::<Network>().is_err(), "{odd}");
        }
    }
}
