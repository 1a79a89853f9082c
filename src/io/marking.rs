//! Marks sockets for the routers on their way (DSCP). Where the system does not let us, packets travel unmarked: that is no reason
//! to refuse a call.

use super::listen;
use crate::config::Dscp;
use rustix::net::sockopt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;

/// Marks all that `socket` of this family will send.
pub fn mark(socket: impl AsFd, is_ipv6: bool, dscp: Dscp) -> io::Result<()> {
    match (dscp.is_marked(), is_ipv6) {
        (false, _) => Ok(()),
        (true, false) => Ok(sockopt::set_ip_tos(socket, dscp.byte())?),
        (true, true) => Ok(sockopt::set_ipv6_tclass(socket, dscp.byte().into())?),
    }
}

/// How a socket of this family is marked: the whole byte.
pub fn marked(socket: impl AsFd, is_ipv6: bool) -> io::Result<u32> {
    Ok(match is_ipv6 {
        false => sockopt::ip_tos(socket)?.into(),
        true => sockopt::ipv6_tclass(socket)?,
    })
}

/// Whether the system lets a socket on `host` be marked so: tried with one that is closed at once.
pub fn is_possible(host: IpAddr, dscp: Dscp) -> io::Result<()> {
    let socket = listen::udp(SocketAddr::new(host, 0), Dscp::default())?;
    mark(&socket, host.is_ipv6(), dscp)?;
    match marked(&socket, host.is_ipv6())? == u32::from(dscp.byte()) {
        true => Ok(()),
        false => Err(io::Error::other("the system took the mark and does not set it")),
    }
}
