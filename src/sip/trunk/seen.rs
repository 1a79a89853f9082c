//! Owns where a registrar sees us (RFC 3581 §4): behind address translation that is where we are reached, not what we are bound to.
//! Must never overrule what the operator says, nor take a word for it that cannot be true.

use super::Trunk;
use super::reply::first;
use crate::sip::message::Response;
use crate::sip::names::Name;
use crate::sip::peer::{Listen, Transport};
use crate::sip::{text, uri};
use std::net::{IpAddr, SocketAddr};

/// One of our sockets, and where it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    socket: SocketAddr,
    at: SocketAddr,
}

/// What the other side wrote into our Via of where the request came from.
pub(super) fn seen_as(response: &Response) -> Option<SocketAddr> {
    let via = first(response, Name::Via)?;
    let params = &via[via.find(';')?..];
    let ip = text::param(params, "received").and_then(uri::ip)?;
    let port = text::param(params, "rport")?.parse().ok()?;
    Some(SocketAddr::new(ip.to_canonical(), port))
}

impl Trunk {
    /// Takes in where a request that went out from `from` was seen to come from. That holds until another answer says another
    /// thing; one that says nothing changes nothing.
    pub fn learn(&mut self, from: Listen, by: Transport, response: &Response) {
        let Some(at) = seen_as(response) else {
            return;
        };
        let is_news = is_elsewhere(at, from.shown(), by) && may_be_ours(at, from.socket.ip());
        self.seen = (is_news && from.given.is_none()).then_some(Seen {
            socket: from.socket,
            at,
        });
    }

    /// Whether peers are told where we are seen.
    pub fn shows_where_it_is_seen(&self) -> bool {
        self.seen.is_some()
    }

    /// Where peers of this trunk reach `own` of ours, SIP or media, if not where it is bound. By which port a connection leaves says
    /// nothing, nor what becomes of the ports of media.
    pub fn seen_at(&self, own: SocketAddr, by: Transport) -> Option<SocketAddr> {
        let Seen { socket, at } = self.seen.filter(|seen| seen.socket.ip() == own.ip())?;
        let port = match by {
            Transport::Udp if own == socket => at.port(),
            _ => own.port(),
        };
        Some(SocketAddr::new(at.ip(), port))
    }
}

/// Whether a registrar sees us elsewhere than we say.
pub fn is_elsewhere(seen: SocketAddr, shown: SocketAddr, by: Transport) -> bool {
    match by {
        Transport::Udp => seen != shown,
        Transport::Tcp | Transport::Tls => seen.ip() != shown.ip(),
    }
}

/// Whether somebody could reach us there.
fn may_be_ours(seen: SocketAddr, own: IpAddr) -> bool {
    let ip = seen.ip();
    let is_one_host = match ip {
        IpAddr::V4(ip) => !ip.is_broadcast(),
        IpAddr::V6(_) => true,
    };
    is_one_host
        && !ip.is_unspecified()
        && !ip.is_multicast()
        && ip.is_ipv4() == own.is_ipv4()
        && ip.is_loopback() == own.is_loopback()
        && seen.port() != 0
}
