//! How our sockets are bound: an IPv6 socket takes IPv6 alone, so that `0.0.0.0` and `[::]` stand side by side.

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, listen, socket_with, sockopt};
use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::OwnedFd;

/// Connections that wait to be accepted.
const BACKLOG: i32 = 128;

/// A bound socket for datagrams that never blocks.
pub fn udp(address: SocketAddr) -> io::Result<UdpSocket> {
    Ok(UdpSocket::from(bound(address, SocketType::DGRAM)?))
}

/// A listening socket for connections that never blocks.
pub fn tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = bound(address, SocketType::STREAM)?;
    listen(&socket, BACKLOG)?;
    Ok(TcpListener::from(socket))
}

fn bound(address: SocketAddr, kind: SocketType) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = socket_with(family, kind, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
    if address.is_ipv6() {
        sockopt::set_ipv6_v6only(&socket, true)?;
    }
    if kind == SocketType::STREAM {
        // A restarted bridge must not wait until the kernel has forgotten its old connections.
        sockopt::set_socket_reuseaddr(&socket, true)?;
    }
    bind(&socket, &address)?;
    Ok(socket)
}
