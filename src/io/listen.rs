//! How our sockets are bound and marked: an IPv6 socket takes IPv6 alone, so that `0.0.0.0` and `[::]` stand side by side.

use super::marking;
use crate::config::Dscp;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A bound socket for datagrams that never blocks.
pub fn udp(address: SocketAddr, dscp: Dscp) -> io::Result<UdpSocket> {
    Ok(UdpSocket::from(bound(address, SocketType::DGRAM, dscp)?))
}

/// A listening socket for connections that never blocks.
pub fn tcp(address: SocketAddr, dscp: Dscp) -> io::Result<TcpListener> {
    let socket = bound(address, SocketType::STREAM, dscp)?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

fn bound(address: SocketAddr, kind: SocketType, dscp: Dscp) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    // Refused: it goes unmarked, and `check` says so.
    marking::mark(&socket, address.is_ipv6(), dscp).ok();
    if kind == SocketType::STREAM {
        // A restarted bridge must not wait until the kernel has forgotten its old connections.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    bind(&socket, &address)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn every_socket_is_marked_in_both_families() {
        let config = Config::parse("sip.dscp = 'AF31'").expect("valid");
        for (host, is_ipv6) in [("127.0.0.1:0", false), ("[::1]:0", true)] {
            let address = host.parse().expect("an address");
            let voice = udp(address, config.rtp.dscp).expect("bound");
            assert_eq!(
                marking::marked(&voice, is_ipv6).expect("read"),
                0xb8,
                "EF at {host}"
            );
            let calls = tcp(address, config.sip.dscp).expect("bound");
            assert_eq!(
                marking::marked(&calls, is_ipv6).expect("read"),
                0x68,
                "AF31 at {host}"
            );
            let plain = udp(address, Dscp::default()).expect("bound");
            assert_eq!(marking::marked(&plain, is_ipv6).expect("read"), 0);
            marking::is_possible(address.ip(), config.rtp.dscp).expect("nothing forbids it here");
        }
    }
}
