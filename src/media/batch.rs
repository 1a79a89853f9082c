//! The packets of one slot. All that has come is taken before the first packet is looked at, and all is written before the first
//! one is sent, so that the kernel's code and ours each run in one go instead of by turns, leg by leg. Of fixed size; what finds no
//! place waits in its socket.

use super::rtp::PACKET;
use super::wire::{DATAGRAM_MAX, Datagram, Wire};
use std::net::SocketAddr;

/// Bytes and packets that each leg may bring, whatever the others do: one datagram of any size, or four of voice.
const BYTES_A_LEG: usize = 2_048;
const PACKETS_A_LEG: usize = 8;
/// What the legs of a slot may bring beyond that, all together: as much as one leg may ever.
const BYTES_MORE: usize = 32 * DATAGRAM_MAX;
const PACKETS_MORE: usize = 64;

/// What has come.
#[derive(Debug)]
pub struct Inbox {
    bytes: Vec<u8>,
    used: usize,
    came: Vec<Came>,
    /// What is left of that which anybody may bring: bytes, packets.
    more: (usize, usize),
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

impl Own {
    /// These, and those that were taken next.
    pub fn and(self, next: Own) -> Own {
        Own {
            first: self.first,
            count: self.count + next.count,
        }
    }
}

impl Inbox {
    /// For at most `legs` legs.
    pub fn new(legs: usize) -> Inbox {
        Inbox {
            bytes: std::iter::repeat_n(0, BYTES_MORE + legs * BYTES_A_LEG).collect(),
            used: 0,
            came: Vec::with_capacity(PACKETS_MORE + legs * PACKETS_A_LEG),
            more: (BYTES_MORE, PACKETS_MORE),
        }
    }

    /// Everything was looked at.
    pub fn clear(&mut self) {
        self.used = 0;
        self.came.clear();
        self.more = (BYTES_MORE, PACKETS_MORE);
    }

    /// Takes what waits for a leg, at most so much.
    pub fn take<W: Wire>(&mut self, wire: &mut W, most: usize) -> Own {
        let first = self.came.len();
        let (mut bytes, mut packets) = (BYTES_A_LEG, PACKETS_A_LEG);
        while self.came.len() < (first + most).min(self.came.capacity())
            && bytes + self.more.0 >= DATAGRAM_MAX
            && packets + self.more.1 > 0
            && let Some(place) = self.bytes.get_mut(self.used..self.used + DATAGRAM_MAX)
            && let Some(Datagram { len, from }) = wire.receive(place)
        {
            let (at, len) = (self.used, len.min(DATAGRAM_MAX));
            self.came.push(Came { from, at, len });
            self.used += len;
            spend(&mut bytes, &mut self.more.0, len);
            spend(&mut packets, &mut self.more.1, 1);
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

/// Spends what is one's own first, then what is everybody's.
fn spend(own: &mut usize, more: &mut usize, amount: usize) {
    let of_own = amount.min(*own);
    *own -= of_own;
    *more = more.saturating_sub(amount - of_own);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media::wire::ControlDatagram;

    /// So many datagrams of such a length wait.
    struct Waiting(usize, usize);

    impl Wire for Waiting {
        fn receive(&mut self, buffer: &mut [u8]) -> Option<Datagram> {
            let Waiting(count, len) = self;
            *count = count.checked_sub(1)?;
            buffer[..*len].fill(*len as u8);
            let from = SocketAddr::from(([192, 0, 2, 1], 4_000));
            Some(Datagram { len: *len, from })
        }
        fn send(&mut self, _: SocketAddr, _: &[u8]) -> bool {
            true
        }
        fn settle(&mut self, _: SocketAddr) {}
        fn unsettle(&mut self) {}
        fn receive_control(&mut self, _: &mut [u8]) -> Option<ControlDatagram> {
            None
        }
        fn send_control(&mut self, _: SocketAddr, _: &[u8]) -> bool {
            true
        }
    }

    #[test]
    fn a_flood_at_some_legs_takes_nothing_from_the_others() {
        let mut inbox = Inbox::new(100);
        for _ in 0..2 {
            let counts: Vec<_> = (0..100)
                .map(|leg| match leg {
                    0..50 => inbox.take(&mut Waiting(1_000, 1_500), 32).count,
                    _ => inbox.take(&mut Waiting(2, 172), 32).count,
                })
                .collect();
            assert_eq!(counts[0], 32, "one leg may bring as much as it may");
            assert!(counts[..50].iter().all(|&count| count >= 1));
            assert!(counts[50..].iter().all(|&count| count == 2), "{counts:?}");
            inbox.clear();
        }
    }

    #[test]
    fn each_leg_finds_its_own_packets() {
        let mut inbox = Inbox::new(3);
        let own = [3, 0, 2].map(|count| inbox.take(&mut Waiting(count, 10 + count), 32));
        for (own, count) in own.into_iter().zip([3, 0, 2]) {
            let packets: Vec<_> = inbox.of(own).map(|(_, packet)| packet.to_vec()).collect();
            assert_eq!(packets, vec![vec![10 + count as u8; 10 + count]; count]);
        }
    }

    #[test]
    fn what_is_put_is_sent_as_it_was_written_and_no_more_than_a_packet_a_leg() {
        let mut outbox = Outbox::new(2);
        for seat in [7, 3, 5] {
            outbox.put(seat, |packet| {
                packet[..4].fill(seat as u8);
                4
            });
        }
        let sent: Vec<_> = outbox.packets().collect();
        assert_eq!(sent, [(7, &[7; 4][..]), (3, &[3; 4][..])]);
        outbox.clear();
        assert_eq!(outbox.packets().count(), 0);
    }
}
