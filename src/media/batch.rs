//! The packets of one slot. All that has come is taken before the first packet is looked at, and all is written before the first
//! one is sent, so that the kernel's code and ours each run in one go instead of by turns, leg by leg. Of fixed size; what finds no
//! place waits in its socket.

use super::rtp::PACKET;
use super::wire::{DATAGRAM_MAX, Datagram, Wire};
use std::net::SocketAddr;

/// Bytes and packets that a leg brings at most as a rule; all legs of a slot share what there is.
const BYTES_A_LEG: usize = 1_024;
const PACKETS_A_LEG: usize = 4;
/// Room for one leg that brings as much as it may.
const BYTES_LEAST: usize = 32 * DATAGRAM_MAX;
const PACKETS_LEAST: usize = 64;

/// What has come.
#[derive(Debug)]
pub struct Inbox {
    bytes: Vec<u8>,
    used: usize,
    came: Vec<Came>,
}

/// A datagram, and where it lies.
#[derive(Clone, Copy, Debug)]
struct Came {
    from: SocketAddr,
    at: usize,
    len: usize,
}

/// One leg's datagrams among all.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own {
    first: usize,
    count: usize,
}

impl Inbox {
    /// For at most `legs` legs.
    pub fn new(legs: usize) -> Inbox {
        Inbox {
            bytes: std::iter::repeat_n(0, BYTES_LEAST + legs * BYTES_A_LEG).collect(),
            used: 0,
            came: Vec::with_capacity(PACKETS_LEAST + legs * PACKETS_A_LEG),
        }
    }

    /// Everything was looked at.
    pub fn clear(&mut self) {
        self.used = 0;
        self.came.clear();
    }

    /// Takes what waits for a leg, at most so much.
    pub fn take<W: Wire>(&mut self, wire: &mut W, most: usize) -> Own {
        let first = self.came.len();
        let most = most.min(self.came.capacity() - first);
        while self.came.len() < first + most
            && let Some(place) = self.bytes.get_mut(self.used..self.used + DATAGRAM_MAX)
            && let Some(Datagram { len, from }) = wire.receive(place)
        {
            let (at, len) = (self.used, len.min(DATAGRAM_MAX));
            self.came.push(Came { from, at, len });
            self.used += len;
        }
        Own {
            first,
            count: self.came.len() - first,
        }
    }

    /// A leg's datagrams, in the order in which they came.
    pub fn of(&self, own: Own) -> impl Iterator<Item = (SocketAddr, &[u8])> {
        let came = self
            .came
            .get(own.first..own.first + own.count)
            .unwrap_or_default();
        came.iter()
            .map(|came| (came.from, &self.bytes[came.at..came.at + came.len]))
    }
}

/// What is to be sent: at most a packet a leg.
#[derive(Debug)]
pub struct Outbox {
    packets: Vec<Packet>,
    used: usize,
}

/// A packet of the leg in this seat.
#[derive(Clone, Debug)]
struct Packet {
    seat: u32,
    len: usize,
    bytes: [u8; PACKET],
}

impl Outbox {
    /// For at most `legs` legs.
    pub fn new(legs: usize) -> Outbox {
        let empty = Packet {
            seat: 0,
            len: 0,
            bytes: [0; PACKET],
        };
        Outbox {
            packets: std::iter::repeat_n(empty, legs).collect(),
            used: 0,
        }
    }

    /// Everything was sent.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Lets `write` make a packet of the leg in this seat, and say how long it is.
    pub fn put(&mut self, seat: u32, write: impl FnOnce(&mut [u8; PACKET]) -> usize) {
        // A leg has one frame a tick, and the box a place for each leg.
        if let Some(packet) = self.packets.get_mut(self.used) {
            packet.seat = seat;
            packet.len = write(&mut packet.bytes).min(PACKET);
            self.used += 1;
        }
    }

    /// Each packet, and whose it is.
    pub fn packets(&self) -> impl Iterator<Item = (u32, &[u8])> {
        let used = &self.packets[..self.used];
        used.iter()
            .map(|packet| (packet.seat, &packet.bytes[..packet.len]))
    }
}
