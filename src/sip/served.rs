//! Owns the answer to "do we talk to this address at all?". Asked before a byte is parsed. Must never guess: an address
//! is served because the operator wrote its network down, or because a name server, or a registrar that it led to, named it
//! for a trunk at which the operator lets us register.

use super::trunk::TrunkId;
use super::trunk::pace::STAYS_SERVED;
use crate::units::Time;
use ipnet::IpNet;
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};

/// Most addresses that are served for one trunk; of more, those named last stay.
const LEARNT_MAX: usize = 64;

/// Whose datagrams are read, and to whom requests of ours may go.
#[derive(Debug, Default)]
pub struct Served {
    networks: Vec<IpNet>,
    /// The addresses of each trunk, and when they were named last.
    trunks: BTreeMap<TrunkId, BTreeMap<IpAddr, Time>>,
}

impl Served {
    pub fn new(networks: Vec<IpNet>) -> Served {
        Served {
            networks,
            trunks: BTreeMap::new(),
        }
    }

    /// Serves other networks; the trunks' addresses stay.
    pub fn replace(&mut self, networks: Vec<IpNet>) {
        self.networks = networks;
    }

    /// Serves an address of a trunk, and those no longer that were named too long ago.
    pub fn learn(&mut self, now: Time, trunk: TrunkId, address: IpAddr) {
        let known = self.trunks.entry(trunk).or_default();
        known.retain(|_, named| *named + STAYS_SERVED > now);
        known.insert(address.to_canonical(), now);
        while known.len() > LEARNT_MAX {
            let oldest = known
                .iter()
                .min_by_key(|(_, named)| **named)
                .map(|(address, _)| *address);
            oldest.and_then(|address| known.remove(&address));
        }
    }

    /// Serves no address of a trunk any more.
    pub fn forget(&mut self, trunk: TrunkId) {
        self.trunks.remove(&trunk);
    }

    /// Whether `address` is served; an IPv4 address mapped into IPv6 counts as what it is.
    pub fn contains(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.networks.iter().any(|network| network.contains(&ip)) || self.trunk_of(ip).is_some()
    }

    /// The trunk whose address this is.
    pub fn trunk_of(&self, ip: IpAddr) -> Option<TrunkId> {
        let ip = ip.to_canonical();
        let mut trunks = self.trunks.iter();
        trunks
            .find(|(_, known)| known.contains_key(&ip))
            .map(|(trunk, _)| *trunk)
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

    #[test]
    fn an_address_that_was_named_for_a_trunk_stays_served_for_a_day() {
        let address = |text: &str| text.parse::<SocketAddr>().expect("address");
        let (old, new) = (address("192.0.2.1:5060"), address("192.0.2.2:1"));
        let mut served = Served::default();
        served.learn(Time::ZERO, TrunkId(1), old.ip());
        let later = Time::ZERO + STAYS_SERVED / 2;
        served.learn(later, TrunkId(1), new.ip());
        served.replace(Vec::new());
        assert!(served.contains(old) && served.contains(new));
        assert_eq!(served.trunk_of(old.ip()), Some(TrunkId(1)));
        served.learn(Time::ZERO + STAYS_SERVED, TrunkId(1), new.ip());
        assert!(!served.contains(old) && served.contains(new));
        served.forget(TrunkId(1));
        assert!(!served.contains(new));
    }

    #[test]
    fn a_name_with_a_thousand_addresses_holds_those_that_came_last() {
        let mut served = Served::default();
        for nth in 0..1_000_u32 {
            let now = Time::from_millis(u64::from(nth));
            served.learn(now, TrunkId(0), IpAddr::V4((0x0a00_0000 + nth).into()));
        }
        let count = (0..1_000_u32)
            .filter(|nth| served.trunk_of(IpAddr::V4((0x0a00_0000 + nth).into())).is_some())
            .count();
        assert_eq!(count, LEARNT_MAX);
        assert!(served.trunk_of(IpAddr::V4((0x0a00_0000 + 999).into())).is_some());
    }
}
