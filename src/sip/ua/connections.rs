//! Owns the doing around connections: which are taken, what comes by them, when they are closed. A connection is never
//! closed while a call was heard by it last. Must never read a byte from an address that is not served.

use super::{Output, UserAgent};
use crate::sip::counters::{Noted, Refused};
use crate::sip::message;
use crate::sip::peer::{Origin, Peer, Transport, Way};
use crate::sip::stream::{Crowded, PONG, Piece};
use crate::sip::timer::{Owner, Timer};
use crate::sip::trunk::{TlsFault, Trouble};
use crate::units::Time;
use std::net::SocketAddr;

/// Whether a connection may stay.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Welcome,
    /// To be closed at once, without a word; it is counted.
    Refused,
}

impl UserAgent {
    /// A connection stands, whoever opened it; over TLS, one that a peer opened may still have to prove something. `local` is the
    /// socket of ours that listens, not the connection's own.
    pub fn handle_connected(&mut self, now: Time, peer: Peer, local: SocketAddr) -> Admission {
        let refused = match self.served.contains(peer.addr) {
            false => Some(Refused::Unserved),
            true => self
                .connections
                .open(peer, local)
                .err()
                .map(|crowded| match crowded {
                    Crowded::All => Refused::ConnectionsMax,
                    Crowded::Host => Refused::ConnectionsMaxHost,
                }),
        };
        if let Some(why) = refused {
            self.counters.refuse(why);
            return Admission::Refused;
        }
        self.counters.note(Noted::Connected);
        self.start_idle(now, peer.addr);
        self.registrar_connected(now, peer);
        Admission::Welcome
    }

    /// Bytes came by a connection.
    pub fn handle_stream(&mut self, now: Time, peer: SocketAddr, bytes: &[u8]) {
        if !self.served.contains(peer) {
            self.counters.refuse(Refused::Unserved);
            return self.close(peer);
        }
        let Some(connection) = self.connections.get_mut(peer) else {
            return;
        };
        connection.framer.push(bytes);
        let (transport, local) = (connection.transport, connection.local);
        self.start_idle(now, peer);
        let mut whole = false;
        while let Some(piece) = self.next_piece(peer) {
            whole = true;
            let addr = peer;
            self.piece(now, Peer { transport, addr }, local, piece);
        }
        self.watch_half(now, peer, whole);
    }

    /// A connection is gone, or never stood. Calls stand: what they have to say goes out by a new one.
    pub fn handle_closed(&mut self, now: Time, peer: SocketAddr) {
        self.connection_lost(now, peer, Trouble::Disconnected);
    }

    /// A connection is gone because one of the two could not prove over TLS who it is.
    pub fn handle_unproven(&mut self, now: Time, peer: SocketAddr, why: TlsFault) {
        self.counters.refuse(Refused::Tls);
        self.connection_lost(now, peer, Trouble::Tls(why));
    }

    fn connection_lost(&mut self, now: Time, peer: SocketAddr, why: Trouble) {
        self.connections.close(peer);
        self.timers.stop_all(Owner::Connection(peer));
        self.registrar_disconnected(now, peer, why);
        self.fall_back_to_datagrams(now, peer);
    }

    fn next_piece(&mut self, peer: SocketAddr) -> Option<Piece> {
        self.connections.get_mut(peer)?.framer.next()
    }

    fn piece(&mut self, now: Time, peer: Peer, local: SocketAddr, piece: Piece) {
        match piece {
            Piece::Message(bytes) => self.handle_message(now, peer, local, &bytes),
            Piece::Ping => {
                self.counters.note(Noted::KeepAlive);
                let back = None;
                self.send(Way { local, peer, back }, PONG.to_vec());
            }
            Piece::Broken(bytes, fault) => {
                let message = message::read_broken(peer.transport, &bytes, fault);
                self.message(now, Origin { peer, local }, message);
                self.close(peer.addr);
            }
        }
    }

    /// Waits for the rest of a message, but not for ever.
    fn watch_half(&mut self, now: Time, peer: SocketAddr, whole: bool) {
        let owner = Owner::Connection(peer);
        let Some(connection) = self.connections.get_mut(peer) else {
            return;
        };
        let was = connection.half && !whole;
        connection.half = connection.framer.is_half();
        match (was, connection.half) {
            (false, true) => self.timers.start(owner, Timer::Half, Transport::Tcp, now),
            (_, false) => self.timers.stop(owner, Timer::Half),
            (true, true) => {}
        }
    }

    fn start_idle(&mut self, now: Time, peer: SocketAddr) {
        self.timers
            .start(Owner::Connection(peer), Timer::Idle, Transport::Tcp, now);
    }

    pub(super) fn connection_due(&mut self, now: Time, peer: SocketAddr, timer: Timer) {
        let is_needed = |agent: &UserAgent| {
            let mut calls = agent.calls.values();
            let is_it = |other: Peer| other.transport.is_reliable() && other.addr == peer;
            calls.any(|call| is_it(call.dialog.origin().peer)) || agent.is_registered_by(peer)
        };
        match timer {
            Timer::Half => self.counters.note(Noted::ClosedHalf),
            _ if is_needed(self) => return self.start_idle(now, peer),
            _ => self.counters.note(Noted::ClosedIdle),
        }
        self.close(peer);
    }

    fn close(&mut self, peer: SocketAddr) {
        self.timers.stop_all(Owner::Connection(peer));
        if self.connections.close(peer) {
            self.outputs.push_back(Output::Close { peer });
        }
    }
}
