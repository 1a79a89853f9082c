//! Owns the words for where messages come from and how they go out. Must never hold a socket.

use std::net::{IpAddr, SocketAddr};

/// What carries SIP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Udp,
    Tcp,
    /// TLS 1.2 or 1.3 over TCP.
    Tls,
}

impl Transport {
    /// Whether it goes by connections: nothing that was sent has to be sent again (RFC 3261 §17).
    pub const fn is_reliable(self) -> bool {
        matches!(self, Transport::Tcp | Transport::Tls)
    }

    /// The port of who names none (RFC 3261 §19.1.2).
    pub const fn port(self) -> u16 {
        match self {
            Transport::Udp | Transport::Tcp => 5_060,
            Transport::Tls => 5_061,
        }
    }

    /// The name in a Via.
    pub const fn name(self) -> &'static str {
        match self {
            Transport::Udp => "UDP",
            Transport::Tcp => "TCP",
            Transport::Tls => "TLS",
        }
    }

    /// What a URI of ours says of it: UDP is what is meant without a word.
    pub const fn uri_parameter(self) -> &'static str {
        match self {
            Transport::Udp => "",
            Transport::Tcp => ";transport=tcp",
            Transport::Tls => ";transport=tls",
        }
    }
}

/// The other end: over TCP and TLS, the other end of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Peer {
    pub transport: Transport,
    pub addr: SocketAddr,
}

impl Peer {
    /// Who sends datagrams from `addr`.
    pub const fn udp(addr: SocketAddr) -> Peer {
        let transport = Transport::Udp;
        Peer { transport, addr }
    }

    /// The connection whose other end is `addr`.
    pub const fn tcp(addr: SocketAddr) -> Peer {
        let transport = Transport::Tcp;
        Peer { transport, addr }
    }

    /// The same over TLS.
    pub const fn tls(addr: SocketAddr) -> Peer {
        let transport = Transport::Tls;
        Peer { transport, addr }
    }
}

/// Where a request came from, and by which of our sockets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    pub peer: Peer,
    pub local: SocketAddr,
}

/// How a message goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// The socket of ours.
    pub local: SocketAddr,
    pub peer: Peer,
    /// Where a new connection leads if the peer's is gone (RFC 3261 §18.2.2).
    pub back: Option<SocketAddr>,
}

/// The families of addresses in which media can arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Families {
    pub v4: bool,
    pub v6: bool,
}

impl Families {
    pub fn contains(self, ip: IpAddr) -> bool {
        if ip.is_ipv4() { self.v4 } else { self.v6 }
    }
}

impl From<IpAddr> for Families {
    /// The family of `ip` alone.
    fn from(ip: IpAddr) -> Families {
        Families {
            v4: ip.is_ipv4(),
            v6: ip.is_ipv6(),
        }
    }
}

/// One of our sockets, which takes datagrams and connections, or connections over TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// As it is bound.
    pub socket: SocketAddr,
    /// The address by which peers reach it, where the operator says that it is another one.
    pub given: Option<IpAddr>,
}

impl Listen {
    /// As peers see it: Via, Contact and SDP name it.
    pub fn shown(&self) -> SocketAddr {
        SocketAddr::new(self.given.unwrap_or(self.socket.ip()), self.socket.port())
    }
}

/// All our sockets.
#[derive(Clone, Debug)]
pub struct Listens {
    plain: Vec<Listen>,
    secure: Vec<Listen>,
}

impl Listens {
    /// Those for UDP and TCP, and those for TLS.
    pub fn new(plain: Vec<Listen>, secure: Vec<Listen>) -> Listens {
        Listens { plain, secure }
    }

    fn all(&self) -> impl Iterator<Item = &Listen> {
        self.plain.iter().chain(&self.secure)
    }

    /// In which families media can arrive.
    pub fn families(&self) -> Families {
        Families {
            v4: self.all().any(|listen| listen.socket.is_ipv4()),
            v6: self.all().any(|listen| listen.socket.is_ipv6()),
        }
    }

    /// Our first socket of the family of `remote`, and for its transport. Who listens for no TLS can still open such a
    /// connection: what the other side has to say comes back by it.
    pub fn towards(&self, remote: Peer) -> Option<Listen> {
        let is_near = |listen: &&Listen| listen.socket.is_ipv4() == remote.addr.is_ipv4();
        let secure = self.secure.iter().filter(|_| remote.transport == Transport::Tls);
        secure.chain(&self.plain).find(is_near).copied()
    }

    /// `address` of ours as peers see it.
    pub fn shown(&self, address: SocketAddr) -> SocketAddr {
        let own = |listen: &&Listen| listen.socket.ip() == address.ip();
        let shown = self.all().find(own).map(|listen| listen.shown().ip());
        SocketAddr::new(shown.unwrap_or(address.ip()), address.port())
    }

    /// Where media for a peer of the family of `remote` arrives: beside the socket that the call came by, else beside the
    /// first one of that family.
    pub fn host_for(&self, remote: SocketAddr, came_by: SocketAddr) -> Option<IpAddr> {
        let sockets = self.all().map(|listen| listen.socket);
        std::iter::once(came_by)
            .chain(sockets)
            .find(|socket| socket.is_ipv4() == remote.is_ipv4())
            .map(|socket| socket.ip())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().expect("address")
    }

    #[test]
    fn media_arrives_beside_the_socket_of_the_call_or_in_the_family_of_the_peer() {
        let listen = |socket: &str, given: &str| Listen {
            socket: address(socket),
            given: given.parse().ok(),
        };
        let plain = vec![
            listen("0.0.0.0:5060", "198.51.100.1"),
            listen("10.0.0.1:5080", ""),
            listen("[::1]:5060", ""),
        ];
        let secure = vec![listen("0.0.0.0:5061", "198.51.100.1")];
        let listens = Listens::new(plain, secure);
        for (remote, came_by, host) in [
            ("192.0.2.1:4", "10.0.0.1:5080", "10.0.0.1"),
            ("192.0.2.1:4", "[::1]:5060", "0.0.0.0"),
            ("[2001:db8::1]:4", "10.0.0.1:5080", "::1"),
        ] {
            let found = listens.host_for(address(remote), address(came_by));
            assert_eq!(found, host.parse().ok(), "{remote} by {came_by}");
        }
        let shown = listens.shown(address("0.0.0.0:20000"));
        assert_eq!(shown, address("198.51.100.1:20000"));
        for (peer, own) in [
            (Peer::udp(address("192.0.2.1:4")), "0.0.0.0:5060"),
            (Peer::tls(address("192.0.2.1:4")), "0.0.0.0:5061"),
            (Peer::tls(address("[2001:db8::1]:4")), "[::1]:5060"),
        ] {
            let found = listens.towards(peer).map(|listen| listen.socket);
            assert_eq!(found, Some(address(own)), "{peer:?}");
        }
        let only_four = Listens::new(vec![listen("10.0.0.1:5060", "10.0.0.1:5060")], Vec::new());
        assert_eq!(
            only_four.host_for(address("[::1]:4"), address("10.0.0.1:5060")),
            None
        );
    }
}
