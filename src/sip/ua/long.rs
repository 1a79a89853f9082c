//! Owns what becomes of requests of ours that are too long for a datagram (RFC 3261 §18.1.1): where the trunk takes TCP as well,
//! they go by a connection; if none can be had, by a datagram after all. Must never choose TCP where the operator did not leave the
//! choice to the domain.

use super::UserAgent;
use crate::sip::counters::Noted;
use crate::sip::peer::{Peer, Transport, Way};
use crate::sip::timer::{Owner, T1, TxId};
use crate::sip::transactions::ClientLife;
use crate::sip::{client_invite, client_other};
use crate::units::Time;
use std::net::SocketAddr;

/// Longer ones may be cut into pieces on their way, of which some firewalls let the first one pass alone.
const DATAGRAM_BYTES: usize = 1_300;

impl UserAgent {
    /// How a request that is too long for a datagram goes, and what it says then; `None` if it goes as it is.
    pub(super) fn by_connection(&self, now: Time, way: Way, bytes: &[u8]) -> Option<(Way, Vec<u8>)> {
        let is_long = way.peer.transport == Transport::Udp && bytes.len() > DATAGRAM_BYTES;
        let addr = self.takes_tcp(now, way.peer).filter(|_| is_long)?;
        let way = Way {
            local: way.local,
            peer: Peer::tcp(addr),
            back: Some(addr),
        };
        Some((way, over_tcp(bytes)))
    }

    /// Where on the same host TCP is taken, as far as name servers say, unless it was refused just now.
    fn takes_tcp(&self, now: Time, peer: Peer) -> Option<SocketAddr> {
        let id = self.served.trunk_of(peer.addr.ip())?;
        let trunk = self
            .trunks
            .get(&id)
            .filter(|trunk| trunk.config.place.transport.is_none())?;
        let mut targets = trunk.targets.iter().map(|target| target.peer);
        let is_it = |target: &Peer| {
            target.transport == Transport::Tcp
                && target.addr.ip() == peer.addr.ip()
                && !trunk.avoided.contains(now, *target)
        };
        targets.find(is_it).map(|target| target.addr)
    }

    /// The connection with `peer` could not be had, or is gone: what waits for an answer by it goes by datagrams.
    pub(super) fn fall_back_to_datagrams(&mut self, now: Time, peer: SocketAddr) {
        let lost = Peer::tcp(peer);
        let waiting = self.clients.long_by(lost);
        if let (Some(trunk), false) = (self.served.trunk_of(peer.ip()), waiting.is_empty())
            && let Some(trunk) = self.trunks.get_mut(&trunk)
        {
            trunk.avoided.silent(now, lost);
        }
        for id in waiting {
            self.fall_back(now, id);
        }
    }

    fn fall_back(&mut self, now: Time, id: TxId) {
        let Some(transaction) = self.clients.get_mut(id) else {
            return;
        };
        let is_unanswered = matches!(
            transaction.life,
            ClientLife::Other(client_other::State::Trying | client_other::State::Proceeding)
                | ClientLife::Invite(client_invite::State::Calling)
        );
        let Some((way, bytes)) = transaction.datagram.take_if(|_| is_unanswered) else {
            return;
        };
        (transaction.way, transaction.request, transaction.pause) = (way, bytes.clone(), T1);
        let purpose = transaction.purpose;
        self.timers.stop_all(Owner::Client(id));
        self.start_waiting(now, id, purpose, Transport::Udp);
        self.counters.note(Noted::TcpRefused);
        self.send(way, bytes);
    }
}

/// The same request, with TCP in its Via.
pub(super) fn over_tcp(bytes: &[u8]) -> Vec<u8> {
    let named: [&[u8]; 2] = [b"\r\nVia: SIP/2.0/UDP ", b"\r\nVia: SIP/2.0/TCP "];
    let place = bytes.windows(named[0].len()).position(|part| part == named[0]);
    let mut bytes = bytes.to_vec();
    if let Some(place) = place {
        bytes[place..place + named[0].len()].copy_from_slice(named[1]);
    }
    bytes
}
