//! Owns the answer to "do we talk to this address at all?". Asked before a byte is parsed. Must never guess: an address
//! is served because the operator wrote its network down.

use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// The networks whose datagrams are read, and to which requests of ours may go.
#[derive(Debug, Default)]
pub struct Served(Vec<IpNet>);

impl Served {
    pub fn new(networks: Vec<IpNet>) -> Served {
        Served(networks)
    }

    /// Whether `address` lies in a served network; an IPv4 address mapped into IPv6 counts as what it is.
    pub fn contains(&self, address: SocketAddr) -> bool {
        let ip = match address.ip() {
            IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
            v4 => v4,
        };
        self.0.iter().any(|network| network.contains(&ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_a_named_network_are_served() {
        let networks = ["198.51.100.0/29", "2001:db8::1/128"].map(|text| text.parse().expect("network"));
        let served = Served::new(networks.to_vec());
        for (address, expected) in [
            ("198.51.100.7:5060", true),
            ("[::ffff:198.51.100.1]:5060", true),
            ("198.51.100.8:5060", false),
            ("[2001:db8::1]:5060", true),
            ("[2001:db8::2]:5060", false),
        ] {
            assert_eq!(
                served.contains(address.parse().expect("address")),
                expected,
                "{address}"
            );
        }
        assert!(!Served::default().contains(([127, 0, 0, 1], 5060).into()));
    }
}
